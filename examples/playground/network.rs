//! Networks that learn while they are watched: each in a thread of its own, with limits on size and time.

use super::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tapegrad::nn::{
    Activation, Adagrad, Adam, Batch, Data, Error, History, Loss, Mlp, Optimizer, Order, RmsProp, Schedule,
    Sgd, Trainer, TrainingPage, circles, moons, sine, spirals, xor,
};

fn problem<T>(field: &str, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::new(field, message))
}

/// A network is at most so large, and is trained at most so long.
const LAYERS: usize = 4;
const NEURONS: usize = 16;
const POINTS: usize = 300;
const EPOCHS: usize = 20_000;
const TIME: Duration = Duration::from_secs(600);

/// Frames that nobody fetched are dropped, the oldest first.
const FRAMES: usize = 64;
const BETWEEN_FRAMES: Duration = Duration::from_millis(60);

/// What a visitor asks for.
#[derive(Debug, Clone)]
pub struct Settings {
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub loss: Loss,
    pub optimizer: String,
    pub rate: f64,
    pub data: Data,
    pub batch: usize,
    pub epochs: usize,
    pub seed: u64,
}

impl Settings {
    /// The settings of a request, each within its limits.
    pub fn read(request: &Value) -> Result<Settings, Problem> {
        let hidden: Vec<usize> = field(request, "hidden")?;
        if hidden.len() > LAYERS || !hidden.iter().all(|neurons| (1..=NEURONS).contains(neurons)) {
            return problem("hidden", format!("at most {LAYERS} layers, of 1 to {NEURONS} neurons each"));
        }
        let rate = positive(request, "rate")?;
        let noise: f64 = field(request, "noise")?;
        if !(0.0..=1.0).contains(&noise) {
            return problem("noise", "from 0 to 1");
        }
        let seed = field::<u32>(request, "seed")?.into();
        let loss = match field::<String>(request, "loss")?.as_str() {
            "hinge" => Loss::Hinge,
            "binary_cross_entropy" => Loss::BinaryCrossEntropy,
            "half_squared" => Loss::HalfSquared,
            "absolute" => Loss::Absolute,
            _ => return problem("loss", "no such loss"),
        };
        let data = data_of(request, noise, seed, loss)?;
        let batch = within(request, "batch", 1..=POINTS)?;
        let epochs = within(request, "epochs", 1..=EPOCHS)?;
        let settings = Settings {
            hidden,
            activation: field(request, "activation")?,
            loss,
            optimizer: field(request, "optimizer")?,
            rate,
            data,
            batch,
            epochs,
            seed,
        };
        settings.optimizer()?;
        settings.network()?;
        Ok(settings)
    }

    pub fn optimizer(&self) -> Result<Box<dyn Optimizer>, Problem> {
        Ok(match self.optimizer.as_str() {
            "sgd" => Box::new(Sgd::new(self.rate)),
            "momentum" => Box::new(Sgd::new(self.rate).momentum(0.9)),
            "adam" => Box::new(Adam::new(self.rate)),
            "rmsprop" => Box::new(RmsProp::new(self.rate)),
            "adagrad" => Box::new(Adagrad::new(self.rate)),
            _ => return problem("optimizer", "no such optimiser"),
        })
    }

    pub fn network(&self) -> Result<Mlp, Problem> {
        let builder = Mlp::builder(self.data.input_width());
        let hidden =
            self.hidden.iter().fold(builder, |builder, &neurons| builder.layer(neurons, self.activation));
        let built = hidden.layer(1, Activation::Identity).seed(self.seed).build();
        built.or_else(|error| problem("activation", error.to_string()))
    }
}

/// A field of a request, of the type that it has to have.
fn field<T: DeserializeOwned>(request: &Value, name: &str) -> Result<T, Problem> {
    let value = request.get(name).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).or_else(|error| problem(name, error.to_string()))
}

fn within(request: &Value, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, Problem> {
    let number = field(request, name)?;
    let (low, high) = (range.start(), range.end());
    if range.contains(&number) { Ok(number) } else { problem(name, format!("from {low} to {high}")) }
}

fn positive(request: &Value, name: &str) -> Result<f64, Problem> {
    let number: f64 = field(request, name)?;
    if number > 0.0 && number <= 100.0 { Ok(number) } else { problem(name, "above 0, and at most 100") }
}

/// The samples: of a generator, or the visitor's own points, `[x, y, class]`.
fn data_of(request: &Value, noise: f64, seed: u64, loss: Loss) -> Result<Data, Problem> {
    let data = match field::<String>(request, "data")?.as_str() {
        "moons" => moons(100, noise, seed),
        "circles" => circles(100, noise, seed),
        "spirals" => spirals(100, 2, noise, seed),
        "xor" => xor(),
        "sine" => sine(60, noise, seed),
        "points" => {
            let points: Vec<(f64, f64, u8)> = field(request, "points")?;
            let is_fine = |&(x, y, class): &(f64, f64, u8)| x.abs() <= 1e3 && y.abs() <= 1e3 && class < 2;
            if points.is_empty() || points.len() > POINTS || !points.iter().all(is_fine) {
                return problem(
                    "points",
                    format!("1 to {POINTS} points [x, y, class], up to ±1000, of class 0 or 1"),
                );
            }
            let (inputs, targets): (Vec<_>, Vec<_>) =
                points.iter().map(|&(x, y, class)| ([x, y], [f64::from(class)])).unzip();
            Data::new(&inputs, &targets).or_else(|error| problem("points", error.to_string()))?
        }
        _ => return problem("data", "no such data set"),
    };
    if data.input_width() == 1 {
        let is_of_numbers = matches!(loss, Loss::HalfSquared | Loss::Absolute);
        return if is_of_numbers {
            Ok(data)
        } else {
            problem("loss", "a curve needs a squared or absolute loss")
        };
    }
    // Classes as the loss takes them.
    let low = if loss == Loss::BinaryCrossEntropy { 0.0 } else { -1.0 };
    let samples = 0..data.len();
    let inputs: Vec<&[f64]> = samples.clone().map(|k| data.input(k)).collect();
    let targets: Vec<[f64; 1]> =
        samples.map(|k| [if data.target(k).last() > Some(&0.5) { 1.0 } else { low }]).collect();
    Data::new(&inputs, &targets).or_else(|error| problem("data", error.to_string()))
}

/// A network that learns in a thread. Dropping it stops the thread.
pub struct Learning {
    shared: Arc<Shared>,
}

/// What the thread and the visitor's requests share.
struct Shared {
    is_stopped: AtomicBool,
    is_paused: AtomicBool,
    /// The bits of the learning rate.
    rate: AtomicU64,
    /// Epochs a second; 0 is as fast as it goes.
    speed: AtomicU64,
    told: Mutex<Told>,
    changed: Condvar,
}

/// What the thread has told.
#[derive(Default)]
struct Told {
    /// The run without its updates.
    run: String,
    frames: VecDeque<(u64, String)>,
    next: u64,
    wants_page: bool,
    page: Option<String>,
    parameters: Vec<f64>,
    is_over: bool,
    error: Option<String>,
}

impl Drop for Learning {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }
}

impl Learning {
    /// Starts to train.
    pub fn start(settings: Settings, speed: u64) -> Learning {
        let shared = Arc::new(Shared {
            is_stopped: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
            rate: AtomicU64::new(settings.rate.to_bits()),
            speed: AtomicU64::new(speed),
            told: Mutex::default(),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| learn(&settings, &of_thread)));
            let mut told = of_thread.told();
            told.error = outcome.unwrap_or_else(|_| Err("the training stopped by a panic".to_owned())).err();
            told.is_over = true;
            of_thread.changed.notify_all();
        });
        Learning { shared }
    }

    /// Pauses, goes on, stops, changes the rate or the speed, as the request says.
    pub fn change(&self, request: &Value) -> Result<(), Problem> {
        if request.get("rate").is_some() {
            self.shared.rate.store(positive(request, "rate")?.to_bits(), Ordering::Relaxed);
        }
        if request.get("speed").is_some() {
            self.shared.speed.store(field::<u32>(request, "speed")?.into(), Ordering::Relaxed);
        }
        for (name, flag) in [("paused", &self.shared.is_paused), ("stopped", &self.shared.is_stopped)] {
            if request.get(name).is_some() {
                flag.store(field(request, name)?, Ordering::Relaxed);
            }
        }
        self.shared.changed.notify_all();
        Ok(())
    }

    /// What happened since this frame: the run itself at first, further frames, and whether it is over. Waits a moment for
    /// the first.
    pub fn news(&self, since: u64) -> String {
        let told = self.shared.told();
        let is_empty = |told: &mut Told| told.next <= since && !told.is_over;
        let (told, _) = self
            .shared
            .changed
            .wait_timeout_while(told, Duration::from_millis(500), is_empty)
            .unwrap_or_else(PoisonError::into_inner);
        let frames: Vec<&str> =
            told.frames.iter().filter(|(k, _)| *k >= since).map(|(_, frame)| frame.as_str()).collect();
        let run = if since == 0 && !told.run.is_empty() { told.run.as_str() } else { "null" };
        format!(
            r#"{{"run":{run},"frames":[{}],"next":{},"over":{},"error":{},"parameters":{}}}"#,
            frames.join(","),
            told.next,
            told.is_over,
            json!(told.error),
            json!(told.parameters),
        )
    }

    /// The run so far as a training page.
    pub fn page(&self) -> Option<String> {
        let mut told = self.shared.told();
        told.wants_page = !told.is_over;
        self.shared.changed.notify_all();
        let is_missing = |told: &mut Told| told.wants_page && !told.is_over;
        let (told, _) = self
            .shared
            .changed
            .wait_timeout_while(told, Duration::from_secs(5), is_missing)
            .unwrap_or_else(PoisonError::into_inner);
        told.page.clone()
    }
}

/// Trains, and tells how it goes.
fn learn(settings: &Settings, shared: &Arc<Shared>) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let of_field = |problem: Problem| problem.message;
    let (mut mlp, optimizer) =
        (settings.network().map_err(of_field)?, settings.optimizer().map_err(of_field)?);
    let page = TrainingPage::new("A network of the playground", &mlp, settings.loss, &settings.data)
        .map_err(text)?;
    let page =
        RefCell::new(if settings.data.input_width() > 1 { page.class_names(&["0", "1"]) } else { page });
    shared.told().run = page.borrow().run_json();

    let (base, of_schedule) = (settings.rate, Arc::clone(shared));
    // Exactly 1, until the visitor changes the rate.
    let factor = move |_| f64::from_bits(of_schedule.rate.load(Ordering::Relaxed)) / base;
    let begin = Instant::now();
    let mut last_told: Option<Instant> = None;
    let history = RefCell::new(History::default());
    let outcome = Trainer::new(optimizer)
        .epochs(settings.epochs)
        .batch(Batch::Size(settings.batch))
        .order(Order::Shuffled { seed: settings.seed })
        .schedule(Schedule::custom(factor))
        .on_update(|update| page.borrow_mut().record(update))
        .on_epoch(|epoch, parameters| {
            history.borrow_mut().epochs.push(epoch.clone());
            if last_told.is_none_or(|last| last.elapsed() >= BETWEEN_FRAMES) {
                last_told = Some(Instant::now());
                shared.tell(&page.borrow(), parameters);
            }
            shared.wait(begin, || page.borrow().html(&history.borrow()))
        })
        .fit(&mut mlp, settings.loss, &settings.data);
    let (page, history) = (page.borrow(), history.borrow());
    shared.tell(&page, mlp.parameters());
    shared.told().page = Some(page.html(&history));
    outcome.map(|_| ()).map_err(text)
}

impl Shared {
    /// A panic of the thread leaves what was told before.
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the last update and the parameters after it.
    fn tell(&self, page: &TrainingPage<'_>, parameters: &[f64]) {
        let frame = page.last_frame_json();
        let mut told = self.told();
        told.parameters = parameters.to_vec();
        let Some(frame) = frame else { return };
        if told.frames.len() == FRAMES {
            told.frames.pop_front();
        }
        let number = told.next;
        told.frames.push_back((number, frame));
        told.next += 1;
        self.changed.notify_all();
    }

    /// Waits between two epochs: as the speed says, and as long as the run is paused. Writes the page if it is asked for.
    fn wait(&self, begin: Instant, page: impl Fn() -> String) -> ControlFlow<()> {
        let done = Instant::now();
        loop {
            if self.is_stopped.load(Ordering::Relaxed) || begin.elapsed() > TIME {
                return ControlFlow::Break(());
            }
            let mut told = self.told();
            if std::mem::take(&mut told.wants_page) {
                told.page = Some(page());
                self.changed.notify_all();
            }
            let pause = match self.speed.load(Ordering::Relaxed) {
                _ if self.is_paused.load(Ordering::Relaxed) => Duration::from_secs(1),
                0 => return ControlFlow::Continue(()),
                speed => Duration::from_secs_f64(1.0 / speed as f64).saturating_sub(done.elapsed()),
            };
            if pause.is_zero() {
                return ControlFlow::Continue(());
            }
            drop(self.changed.wait_timeout(told, pause));
        }
    }
}
