//! Promise: a setting that makes no sense is refused by its name, before anything is trained, drawn or changed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use tapegrad::nn::{
    Activation, Adagrad, Adam, AdamW, Batch, Clip, Data, EarlyStopping, Init, Loss, Mlp, Optimizer, Penalty,
    RmsProp, Scaler, Schedule, Sgd, Trainer, blobs, circles, moons, sine, spirals,
};

fn data() -> Data {
    Data::new(&[[0.0], [1.0], [2.0]], &[[1.0], [0.0], [1.0]]).unwrap()
}

fn network() -> Mlp {
    Mlp::builder(1).layer(1, Activation::Identity).seed(3).build().unwrap()
}

/// Training is refused with this name and number, and the network is as it was.
fn assert_refused(trainer: Trainer<'_>, loss: Loss, name: &str, number: f64) {
    let mut mlp = network();
    let told = trainer.epochs(3).validation_split(0.4, 1).fit(&mut mlp, loss, &data());
    let message = told.expect_err(name).to_string();
    let expected = format!("`{name}` is {number}; it has to be ");
    assert!(message.starts_with(&expected), "{message}\nnot {expected}");
    assert_eq!(mlp, network());
}

/// Numbers that no rate, price or deviation can be.
const NONSENSE: [f64; 4] = [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn message_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    panic.downcast_ref::<String>().unwrap().clone()
}

type Make = fn(f64) -> Box<dyn Optimizer>;

/// An optimiser behind a box.
struct Boxed(Box<dyn Optimizer>);

impl Optimizer for Boxed {
    fn rate(&self) -> f64 {
        self.0.rate()
    }
    fn check(&self) -> Result<(), tapegrad::nn::Error> {
        self.0.check()
    }
    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        self.0.step_with(rate, parameters, gradient);
    }
    fn state(&self) -> &tapegrad::nn::State {
        self.0.state()
    }
    fn state_mut(&mut self) -> &mut tapegrad::nn::State {
        self.0.state_mut()
    }
}

#[test]
fn optimizers() {
    let makers: [(&str, Make); 21] = [
        ("Sgd::rate", |x| Box::new(Sgd::new(x))),
        ("Sgd::momentum", |x| Box::new(Sgd::new(0.1).momentum(x))),
        ("Sgd::momentum", |x| Box::new(Sgd::new(0.1).nesterov(x))),
        ("Sgd::dampening", |x| Box::new(Sgd { dampening: x, ..Sgd::new(0.1) })),
        ("Sgd::weight_decay", |x| Box::new(Sgd::new(0.1).weight_decay(x))),
        ("Adam::rate", |x| Box::new(Adam::new(x))),
        ("Adam::betas.0", |x| Box::new(Adam { betas: (x, 0.9), ..Adam::new(0.1) })),
        ("Adam::betas.1", |x| Box::new(Adam { betas: (0.9, x), ..Adam::new(0.1) })),
        ("Adam::eps", |x| Box::new(Adam { eps: x, ..Adam::new(0.1) })),
        ("Adam::weight_decay", |x| Box::new(Adam { weight_decay: x, ..Adam::new(0.1) })),
        ("Adam::rate", |x| Box::new(AdamW::new(x))),
        ("AdamW::weight_decay", |x| Box::new(AdamW { weight_decay: x, ..AdamW::new(0.1) })),
        ("RmsProp::rate", |x| Box::new(RmsProp::new(x))),
        ("RmsProp::alpha", |x| Box::new(RmsProp { alpha: x, ..RmsProp::new(0.1) })),
        ("RmsProp::eps", |x| Box::new(RmsProp { eps: x, ..RmsProp::new(0.1) })),
        ("RmsProp::momentum", |x| Box::new(RmsProp { momentum: x, ..RmsProp::new(0.1) })),
        ("RmsProp::weight_decay", |x| Box::new(RmsProp { weight_decay: x, ..RmsProp::new(0.1) })),
        ("Adagrad::rate", |x| Box::new(Adagrad::new(x))),
        ("Adagrad::rate_decay", |x| Box::new(Adagrad { rate_decay: x, ..Adagrad::new(0.1) })),
        ("Adagrad::initial_sum", |x| Box::new(Adagrad { initial_sum: x, ..Adagrad::new(0.1) })),
        ("Adagrad::weight_decay", |x| Box::new(Adagrad { weight_decay: x, ..Adagrad::new(0.1) })),
    ];
    for (name, make) in makers {
        for number in NONSENSE {
            assert_refused(Trainer::new(Boxed(make(number))), Loss::Squared, name, number);
            // By hand, too.
            let (mut optimizer, mut w) = (make(number), [1.0]);
            let message = message_of(|| optimizer.step(&mut w, &[1.0]));
            assert!(message.starts_with(&format!("`{name}` is {number}")), "{message}");
            assert_eq!((w, optimizer.state().updates), ([1.0], 0));
        }
        if name.contains("betas") {
            assert_refused(Trainer::new(Boxed(make(1.0))), Loss::Squared, name, 1.0);
        }
        make(0.0).step(&mut [1.0], &[1.0]);
    }
}

#[test]
fn schedules() {
    type Make = fn(f64) -> Schedule;
    let makers: [(&str, Make); 6] = [
        ("Schedule::Step::factor", |factor| Schedule::Step { every: 1, factor }),
        ("Schedule::Exponential", Schedule::Exponential),
        ("Schedule::Cosine::low", |low| Schedule::Cosine { over: 3, low }),
        ("Schedule::Linear::from", |from| Schedule::Linear { from, to: 1.0, over: 3 }),
        ("Schedule::Linear::to", |to| Schedule::Linear { from: 1.0, to, over: 3 }),
        ("Schedule::OneCycle::up", |up| Schedule::OneCycle { steps: 3, up }),
    ];
    for (name, make) in makers {
        for number in NONSENSE {
            for schedule in [make(number), make(number).after_warm_up(2)] {
                let trainer = Trainer::new(Sgd::new(0.1)).schedule(schedule);
                assert_refused(trainer, Loss::Squared, name, number);
            }
        }
        make(0.0).check().unwrap();
    }
    let never = Schedule::Step { every: 0, factor: 0.5 };
    assert_refused(Trainer::new(Sgd::new(0.1)).schedule(never), Loss::Squared, "Schedule::Step::every", 0.0);
    let nothing = Schedule::OneCycle { steps: 0, up: 0.5 };
    assert_refused(
        Trainer::new(Sgd::new(0.1)).schedule(nothing),
        Loss::Squared,
        "Schedule::OneCycle::steps",
        0.0,
    );
    // What a rule of one's own gives is looked at when it does.
    let rule = Schedule::custom(|k| if k < 1 { 0.0 } else { -1.0 });
    let trainer = Trainer::new(Sgd::new(0.5)).schedule(rule);
    assert_refused(trainer, Loss::Squared, "learning rate by the schedule", -0.5);
}

#[test]
fn clips_penalties_losses_stopping() {
    let trainer = || Trainer::new(Sgd::new(0.1));
    for number in [-1.0, f64::NAN, 0.0, f64::NEG_INFINITY] {
        for (name, clip) in [("Clip::Norm", Clip::Norm(number)), ("Clip::Value", Clip::Value(number))] {
            assert_refused(trainer().clip(clip), Loss::Squared, name, number);
            let mut gradient = [3.0, -4.0];
            let message = message_of(|| clip.apply(&mut gradient));
            assert!(message.starts_with(&format!("`{name}` is {number}")), "{message}");
            assert_eq!(gradient, [3.0, -4.0]);
        }
        assert_refused(trainer(), Loss::Huber(number), "Loss::Huber", number);
        let message = message_of(|| Loss::Huber(number).of(&[1.0], &[0.5]));
        assert!(message.starts_with("`Loss::Huber` is "), "{message}");
    }
    let mut gradient = [3.0, -4.0];
    Clip::Norm(f64::INFINITY).apply(&mut gradient);
    Clip::Value(f64::INFINITY).apply(&mut gradient);
    assert_eq!(gradient, [3.0, -4.0]);
    for number in NONSENSE {
        assert_refused(trainer().penalty(Penalty::l1(number)), Loss::Squared, "Penalty::l1", number);
        assert_refused(trainer().penalty(Penalty::l2(number)), Loss::Squared, "Penalty::l2", number);
        let stopping = EarlyStopping { patience: 2, min_improvement: number };
        let name = "EarlyStopping::min_improvement";
        assert_refused(trainer().early_stopping_with(stopping), Loss::Squared, name, number);
    }
    assert_refused(trainer().early_stopping(0), Loss::Squared, "EarlyStopping::patience", 0.0);
    assert_refused(trainer().checkpoint("never written", 0), Loss::Squared, "Trainer::checkpoint", 0.0);
    assert_refused(trainer().batch(Batch::Size(0)), Loss::Squared, "Batch::Size", 0.0);
}

#[test]
fn initial_weights() {
    for number in NONSENSE {
        let builder = || Mlp::builder(2).layer(3, Activation::Tanh);
        let own = Mlp::builder(2).layer_with(3, Activation::Tanh, Init::Uniform(number));
        for builder in [builder().init(Init::Uniform(number)), own] {
            let message = builder.build().unwrap_err().to_string();
            assert!(message.starts_with(&format!("`Init::Uniform` is {number}")), "{message}");
        }
    }
    // Between ±MAX a distance overflows.
    assert!(Mlp::builder(2).layer(3, Activation::Tanh).init(Init::Uniform(f64::MAX)).build().is_err());
    let wide =
        Mlp::builder(2).layer(3, Activation::Tanh).init(Init::Uniform(f64::MAX / 2.0)).build().unwrap();
    assert!(wide.parameters().iter().all(|w| w.is_finite()));
    Mlp::builder(2).layer(3, Activation::Tanh).init(Init::Uniform(0.0)).build().unwrap();
}

#[test]
fn generated_data() {
    for number in NONSENSE {
        let makers: [(&str, &dyn Fn() -> Data); 5] = [
            ("moons: noise", &|| moons(4, number, 0)),
            ("circles: noise", &|| circles(4, number, 0)),
            ("spirals: noise", &|| spirals(4, 2, number, 0)),
            ("sine: noise", &|| sine(4, number, 0)),
            ("blobs: deviation", &|| blobs(4, 2, number, 0)),
        ];
        for (name, make) in makers {
            let message = message_of(make);
            assert!(message.starts_with(&format!("`{name}` is {number}; ")), "{message}");
        }
    }
}

#[test]
fn scalers_take_whole_rows() {
    for make in [Scaler::standard_of, Scaler::min_max_of] {
        for (rows, width, last) in [(5, 2, 1), (3, 2, 1), (7, 4, 3), (1, 2, 1), (2, usize::MAX, 2)] {
            let numbers: Vec<f64> = (0..rows).map(f64::from).collect();
            let message = make(&numbers, width).unwrap_err().to_string();
            assert!(message.contains(&format!("{last} given, {width} needed")), "{message}");
        }
        assert_eq!(make(&[1.0, 2.0, 3.0, 4.0], 2).unwrap().width(), 2);
        assert!(make(&[], 2).is_err() && make(&[1.0], 0).is_err() && make(&[f64::NAN, 1.0], 1).is_err());
    }
}
