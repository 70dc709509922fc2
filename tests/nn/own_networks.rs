//! Promise: a network of one's own gets from a trainer what an MLP gets, and its gradients are right.

use crate::nets::fresh_directory;
use tapegrad::nn::{
    Activation, Adam, Backend, Batch, CustomNetwork, Data, Error, Forward, Loss, Metric, Mlp, Network, Order,
    Parameters, Part, Penalty, Sgd, Trainer, sine,
};
use tapegrad::{Real, Var};

// In at most 25 lines, as `examples/residual.rs`.
pub struct Residual {
    first: Part,
    blocks: Vec<Part>,
    last: Part,
}

impl Forward for Residual {
    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        let mut x = self.first.forward(parameters, inputs);
        for block in &self.blocks {
            x = x.iter().zip(block.forward(parameters, &x)).map(|(&x, more)| x + more).collect();
        }
        self.last.forward(parameters, &x)
    }
}

pub fn residual(width: usize, blocks: usize, seed: u64) -> Result<CustomNetwork<Residual>, Error> {
    let mut parameters = Parameters::new(seed);
    let first = parameters.mlp("first", Mlp::builder(1).layer(width, Activation::Tanh))?;
    let block =
        |k| parameters.mlp(&format!("blocks.{k}"), Mlp::builder(width).layer(width, Activation::Tanh));
    let blocks = (0..blocks).map(block).collect::<Result<_, Error>>()?;
    let last = parameters.mlp("last", Mlp::builder(width).layer(1, Activation::Identity))?;
    Ok(CustomNetwork::new("test residual", parameters, [1, 1], Residual { first, blocks, last }))
}

fn trainer(epochs: usize) -> Trainer<'static> {
    Trainer::new(Adam::new(0.02))
        .epochs(epochs)
        .batch(Batch::Size(8))
        .order(Order::Shuffled { seed: 3 })
        .validation_split(0.25, 1)
        .early_stopping(100)
        .metric(Metric::RSquared)
        .penalty(Penalty::l2(1e-5))
}

#[test]
fn it_is_trained_validated_and_stopped_from_a_recording() {
    let mut network = residual(6, 2, 1).unwrap();
    let history = trainer(60).fit(&mut network, Loss::Squared, &sine(40, 0.0, 0)).unwrap();
    let last = history.last().unwrap();
    assert_eq!((history.backend, &history.tape_because), (Some(Backend::Recorded), &None));
    assert!(last.validation_loss.unwrap() < 0.1 && last.metric(Metric::RSquared).unwrap() > 0.8, "{last:?}");
    let best = history.best_epoch.unwrap();
    let lowest =
        history.epochs.iter().filter_map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    assert_eq!(history.epochs[best].validation_loss, Some(lowest));
}

#[test]
fn a_run_is_resumed_to_the_same_bits() {
    let path = fresh_directory("own-resumed").join("run.json");
    let data = sine(24, 0.1, 0);
    let mut whole = residual(5, 1, 1).unwrap();
    let history = trainer(6).fit(&mut whole, Loss::Squared, &data).unwrap();
    trainer(3).checkpoint(&path, 1).fit(&mut residual(5, 1, 1).unwrap(), Loss::Squared, &data).unwrap();
    // What it starts with is ignored.
    let mut resumed = residual(5, 1, 2).unwrap();
    let again = trainer(6).resume_from(&path).fit(&mut resumed, Loss::Squared, &data).unwrap();
    assert_eq!(whole.parameters()[..], resumed.parameters()[..]);
    assert_eq!(history.epochs, again.epochs);
}

/// A user's code can change between a checkpoint and the run that resumes from it.
#[test]
fn a_changed_network_refuses_a_checkpoint() {
    struct Line(f64);
    impl Forward for Line {
        fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
            vec![w[0] * x[0] * self.0 + w[1]]
        }
    }
    let line = |name: &str, factor| {
        let mut parameters = Parameters::new(0);
        parameters.numbers(name, &[0.5, 0.0]).unwrap();
        CustomNetwork::new("line", parameters, [1, 1], Line(factor))
    };
    let data = Data::new(&[[1.0], [2.0]], &[[3.0], [5.0]]).unwrap();
    let path = fresh_directory("own-changed").join("run.json");
    let start = Trainer::new(Sgd::new(0.1)).epochs(2).checkpoint(&path, 1).fit(
        &mut line("w", 1.0),
        Loss::Squared,
        &data,
    );
    start.unwrap();
    let resume = |mut network: CustomNetwork<Line>| {
        let before = network.parameters().clone();
        let outcome =
            Trainer::new(Sgd::new(0.1)).epochs(3).resume_from(&path).fit(&mut network, Loss::Squared, &data);
        assert!(outcome.is_ok() || *network.parameters() == before);
        outcome.map_err(|error| error.to_string())
    };
    assert!(resume(line("w", 1.0)).is_ok());
    let error = resume(line("v", 1.0)).unwrap_err();
    assert!(
        error.contains("the network was `line` in version 1: w 2 numbers, and is `line` in version 1: v 2"),
        "{error}"
    );
    let error = resume(line("w", 1.0).version(2)).unwrap_err();
    assert!(error.contains("and is `line` in version 2"), "{error}");
    let error = resume(line("w", 2.0)).unwrap_err();
    assert!(error.contains("what the network computes was a function with CRC-32"), "{error}");
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    let error = Trainer::new(Sgd::new(0.1)).epochs(3).resume_from(&path).fit(&mut mlp, Loss::Squared, &data);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("the network was `line` in version 1: w 2 numbers, and is 1-1 Identity"),
        "{error}"
    );
}

/// Two inputs through the same part; a recurrent network; one with two heads; a formula with an MLP in it.
enum Other {
    Siamese(Part),
    Recurrent { cell: Part, last: Part },
    TwoHeads { body: Part, heads: [Part; 2] },
    Formula { rate: usize, correction: Part },
}

impl Forward for Other {
    fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
        match self {
            Other::Siamese(part) => {
                let [a, b] = [&x[..2], &x[2..]].map(|half| part.forward(w, half));
                vec![a.iter().zip(&b).map(|(&a, &b)| (a - b) * (a - b)).sum()]
            }
            Other::Recurrent { cell, last } => {
                let mut state = vec![R::constant(0.0); cell.outputs()];
                for &x in x {
                    state.push(x);
                    state = cell.forward(w, &state);
                }
                last.forward(w, &state)
            }
            Other::TwoHeads { body, heads } => {
                let x = body.forward(w, x);
                heads.iter().flat_map(|head| head.forward(w, &x)).collect()
            }
            Other::Formula { rate, correction } => {
                let decay = (-(w[*rate] * x[0])).exp();
                vec![decay + correction.forward(w, &x[1..])[0]]
            }
        }
    }
}

fn others() -> [CustomNetwork<Other>; 4] {
    let tanh = |inputs, outputs| Mlp::builder(inputs).layer(outputs, Activation::Tanh);
    let mut p = Parameters::new(1);
    let part = p.mlp("half", tanh(2, 3)).unwrap();
    let siamese = CustomNetwork::new("siamese", p, [4, 1], Other::Siamese(part));
    let mut p = Parameters::new(2);
    let cell = p.mlp("cell", tanh(4, 3)).unwrap();
    let last = p.mlp("last", tanh(3, 1)).unwrap();
    let recurrent = CustomNetwork::new("recurrent", p, [4, 1], Other::Recurrent { cell, last });
    let mut p = Parameters::new(3);
    let body = p.mlp("body", tanh(4, 3)).unwrap();
    let heads = ["a", "b"].map(|name| p.mlp(name, tanh(3, 1)).unwrap());
    let two = CustomNetwork::new("two heads", p, [4, 2], Other::TwoHeads { body, heads });
    let mut p = Parameters::new(4);
    let rate = p.numbers("rate", &[0.7]).unwrap().start;
    let correction = p.mlp("correction", tanh(3, 1)).unwrap();
    let formula = CustomNetwork::new("formula", p, [4, 1], Other::Formula { rate, correction });
    [siamese, recurrent, two, formula]
}

fn data(outputs: usize) -> Data {
    let number = |k: usize| ((k * 37 + 11) % 101) as f64 / 50.0 - 1.0;
    let inputs: Vec<Vec<f64>> = (0..9).map(|s| (0..4).map(|k| number(4 * s + k)).collect()).collect();
    let targets: Vec<Vec<f64>> =
        (0..9).map(|s| (0..outputs).map(|k| number(100 + 2 * s + k)).collect()).collect();
    Data::new(&inputs, &targets).unwrap()
}

/// Against central differences of predictions over plain numbers.
#[test]
fn gradients_are_those_of_differences() {
    for mut network in others() {
        let data = data(network.outputs());
        let (loss, gradient) = network.loss_and_gradient(Loss::Squared, &data).unwrap();
        let mean = |network: &CustomNetwork<Other>| -> f64 {
            let of = |k: usize| Loss::Squared.of(&network.predict(data.input(k)), data.target(k));
            (0..data.len()).map(of).sum::<f64>() / data.len() as f64
        };
        assert!((loss - mean(&network)).abs() < 1e-13);
        let at = network.parameters().to_vec();
        for k in 0..at.len() {
            let mut shifted = |step: f64| {
                network.parameters_mut().values_mut()[k] = at[k] + step;
                mean(&network)
            };
            let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            network.parameters_mut().values_mut()[k] = at[k];
            assert!(
                (gradient[k] - difference).abs() < 1e-8,
                "{}: {} {difference}",
                network.description(),
                gradient[k]
            );
        }
    }
}

#[test]
fn every_backend_trains_them_alike() {
    for number in 0..4 {
        let of = |backend| {
            let mut network = others().into_iter().nth(number).unwrap();
            let data = data(network.outputs());
            let history = Trainer::new(Sgd::new(0.05)).epochs(5).batch(Batch::Size(4)).backend(backend).fit(
                &mut network,
                Loss::Squared,
                &data,
            );
            assert_eq!(history.unwrap().backend, Some(backend));
            network.parameters().to_vec()
        };
        let eager = of(Backend::Eager);
        for (backend, tolerance) in [(Backend::Recorded, 1e-13), (Backend::RecordedSingle, 1e-4)] {
            for (found, expected) in of(backend).iter().zip(&eager) {
                assert!((found - expected).abs() < tolerance, "{backend:?}");
            }
        }
    }
}

/// The same network as an MLP and as a part: the same bits.
#[test]
fn an_mlp_in_a_network_is_that_mlp() {
    struct Alone(Part);
    impl Forward for Alone {
        fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
            self.0.forward(w, x)
        }
    }
    let builder = || Mlp::builder(1).layer(5, Activation::Tanh).layer(1, Activation::Identity);
    let mut mlp = builder().seed(3).build().unwrap();
    let mut parameters = Parameters::new(0);
    let part = parameters.mlp("all", builder()).unwrap();
    parameters.set_all(mlp.parameters()).unwrap();
    let mut network = CustomNetwork::new("alone", parameters, [1, 1], Alone(part));
    let fit = || trainer(5).penalty(Penalty::l2(0.01));
    let first = fit().fit(&mut mlp, Loss::Squared, &sine(30, 0.1, 1)).unwrap();
    let second = fit().fit(&mut network, Loss::Squared, &sine(30, 0.1, 1)).unwrap();
    assert_eq!((mlp.parameters(), first.epochs), (&network.parameters()[..], second.epochs));
}

#[test]
fn parameters_have_names() {
    let network = residual(2, 1, 0).unwrap();
    let names: Vec<String> = network.parameters().names().collect();
    assert_eq!(names.len(), network.parameters().len());
    assert_eq!(names[4], "blocks.0.layers.0.neurons.0.weights.0");
    for (k, name) in names.iter().enumerate() {
        assert_eq!(network.parameters().index_of(name).unwrap(), k);
    }
    let mut parameters = Parameters::new(0);
    parameters.weights("w", 2, 2, tapegrad::nn::Init::XavierNormal).unwrap();
    parameters.numbers("c.d", &[1.0, 2.0]).unwrap();
    assert_eq!(parameters.names().collect::<Vec<_>>(), ["w.0", "w.1", "w.2", "w.3", "c.d.0", "c.d.1"]);
    assert_eq!(parameters.biases(), [false, false, false, false, true, true]);
    assert_eq!(parameters.freeze("c").unwrap(), 2);
    assert_eq!(parameters.frozen(), [false, false, false, false, true, true]);
    for wrong in ["w.4", "w.04", "w.+1", "w", "c.d", "c.d.2", "", "x.0"] {
        assert!(matches!(parameters.index_of(wrong), Err(Error::UnknownParameter { .. })), "{wrong}");
    }
    let before = parameters.clone();
    for (wrong, why) in [
        ("", "at least one letter"),
        ("a..b", "between dots"),
        ("w", "`w` already"),
        ("c", "beginning"),
        ("w.x", "`w`"),
    ] {
        let error = parameters.numbers(wrong, &[1.0]).unwrap_err().to_string();
        assert!(error.contains(why), "{wrong}: {error}");
    }
    for error in [
        parameters.numbers("x", &[f64::NAN]).unwrap_err(),
        parameters.weights("x", usize::MAX, 2, tapegrad::nn::Init::Zeros).unwrap_err(),
        parameters.weights("x", 1 << 21, 1 << 20, tapegrad::nn::Init::Zeros).unwrap_err(),
        parameters.weights("x", 2, 2, tapegrad::nn::Init::Uniform(-1.0)).unwrap_err(),
        parameters.mlp("x", Mlp::builder(2)).unwrap_err(),
        parameters.mlp("w", Mlp::builder(2).layer(1, Activation::Tanh)).unwrap_err(),
        parameters.set("w.0", f64::INFINITY).unwrap_err(),
        parameters.set_all(&[0.0]).unwrap_err(),
    ] {
        assert!(!error.to_string().is_empty());
        assert_eq!(parameters, before, "{error}");
    }
}

#[test]
fn frozen_parameters_stay_and_errors_name_parameters() {
    let mut network = residual(3, 1, 0).unwrap();
    network.parameters_mut().freeze("blocks").unwrap();
    let before = network.parameters().to_vec();
    trainer(3).fit(&mut network, Loss::Squared, &sine(20, 0.0, 0)).unwrap();
    for (k, name) in network.parameters().names().enumerate() {
        assert_eq!(network.parameters()[k] == before[k], name.starts_with("blocks"), "{name}");
    }
    network.parameters_mut().values_mut()[2] = f64::NAN;
    let error = trainer(3).fit(&mut network, Loss::Squared, &sine(20, 0.0, 0)).unwrap_err().to_string();
    assert!(error.contains("`first.layers.0.neurons.1.weights.0` is NaN"), "{error}");
    // A loss that is not finite names the operation and its operands.
    let mut network = residual(3, 1, 0).unwrap();
    let error = Trainer::new(Sgd::new(0.1)).fit_with(
        &mut network,
        |y: &[Var], _: &[Var]| (y[0] - y[0] - 1.0).ln(),
        &sine(4, 0.0, 0),
    );
    assert!(error.unwrap_err().to_string().contains("ln("));
}

#[test]
fn classes_are_those_of_the_activation() {
    struct Inputs(bool);
    impl Forward for Inputs {
        fn forward<R: Real>(&self, _: &[R], x: &[R]) -> Vec<R> {
            x.iter().map(|&x| if self.0 { x.sigmoid() } else { x }).collect()
        }
    }
    let of = |width: usize, is_sigmoid: bool| {
        let network = CustomNetwork::new("inputs", Parameters::new(0), [width, width], Inputs(is_sigmoid));
        network.with_output(if is_sigmoid { Activation::Sigmoid } else { Activation::Identity })
    };
    for is_sigmoid in [false, true] {
        for (input, class) in [(0.1, 1), (-0.1, 0), (0.0, 0)] {
            assert_eq!(of(1, is_sigmoid).try_classify(&[input]).unwrap(), class);
        }
        let [no, yes] = of(1, is_sigmoid).probabilities(&[1.0]).unwrap()[..] else { panic!("two classes") };
        assert!((yes - 1.0 / (1.0 + (-1f64).exp())).abs() < 1e-15 && (no + yes - 1.0).abs() < 1e-15);
    }
    assert_eq!(of(3, false).try_classify(&[0.1, 0.3, 0.2]).unwrap(), 1);
    assert!(of(3, false).try_classify(&[0.1, f64::NAN, 0.2]).is_err());
    let data = Data::new(&[[0.5], [-0.5]], &[[1.0], [0.0]]).unwrap();
    assert_eq!(tapegrad::nn::accuracy(of(1, true).predict_all(&data), &data), 1.0);
}

#[test]
fn data_that_does_not_fit_is_refused() {
    let mut network = residual(3, 1, 0).unwrap();
    let wide = Data::new(&[[1.0, 2.0]], &[[1.0]]).unwrap();
    let error = Trainer::new(Sgd::new(0.1)).fit(&mut network, Loss::Squared, &wide).unwrap_err().to_string();
    assert!(error.contains("inputs of a sample: 2 given, 1 needed"), "{error}");
    let two = Data::new(&[[1.0]], &[[1.0, 2.0]]).unwrap();
    let error = Trainer::new(Sgd::new(0.1)).fit(&mut network, Loss::Squared, &two).unwrap_err().to_string();
    assert!(error.contains("targets of a sample: 2 given, 1 needed"), "{error}");
    assert!(matches!(network.try_predict(&[1.0, 2.0]), Err(Error::Length { .. })));
    assert!(matches!(network.try_predict(&[f64::NAN]), Err(Error::Prediction(_))));
    let sigmoid = others().into_iter().next().unwrap().with_output(Activation::Sigmoid);
    let error = sigmoid.loss_and_gradient(Loss::BinaryCrossEntropy, &data(1)).unwrap_err().to_string();
    assert!(error.contains("applies the sigmoid itself"), "{error}");
}

#[test]
#[should_panic(expected = "gives 1 outputs, and `outputs` says 2")]
fn a_function_of_another_shape_panics() {
    struct One;
    impl Forward for One {
        fn forward<R: Real>(&self, w: &[R], _: &[R]) -> Vec<R> {
            w.to_vec()
        }
    }
    let mut parameters = Parameters::new(0);
    parameters.numbers("w", &[0.5]).unwrap();
    let mut network = CustomNetwork::new("one", parameters, [1, 2], One);
    let _ = Trainer::new(Sgd::new(0.1)).fit(
        &mut network,
        Loss::Squared,
        &Data::new(&[[1.0]], &[[1.0, 2.0]]).unwrap(),
    );
}

/// A comparison is recorded for each outcome; what reads plain numbers goes to the tape, and the history says why.
#[test]
fn branches_are_recorded_and_reads_are_reported() {
    struct Kinked {
        reads: bool,
    }
    impl Forward for Kinked {
        fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
            let slope = if x[0] > 0.0 { w[0] } else { w[1] };
            vec![if self.reads { slope * x[0].value() } else { slope * x[0] }]
        }
    }
    let fit = |reads| {
        let mut parameters = Parameters::new(0);
        parameters.numbers("slopes", &[0.0, 0.0]).unwrap();
        let mut network = CustomNetwork::new("kinked", parameters, [1, 1], Kinked { reads });
        let data = Data::new(&[[1.0], [-1.0], [2.0], [-2.0]], &[[3.0], [2.0], [6.0], [4.0]]).unwrap();
        let history =
            Trainer::new(Sgd::new(0.2)).epochs(200).fit(&mut network, Loss::Squared, &data).unwrap();
        let (found, expected) = (network.parameters().to_vec(), [3.0, -2.0]);
        assert!(
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9),
            "{found:?}"
        );
        history
    };
    assert_eq!(fit(false).backend, Some(Backend::Recorded));
    let history = fit(true);
    assert!(history.backend == Some(Backend::Eager) && history.tape_because.is_some());
}

/// What `forward` reads besides its arguments is not frozen in a recording: the tape takes over, or it is an error.
#[test]
fn a_function_that_reads_what_changes_is_noticed() {
    use std::cell::Cell;
    use std::ops::ControlFlow;
    use tapegrad::nn::Fallback;
    struct Scaled<'c>(&'c Cell<f64>, f64);
    impl Forward for Scaled<'_> {
        fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
            self.0.set(self.0.get() + self.1);
            vec![w[0] * x[0] * self.0.get()]
        }
    }
    let of = |scale, step| {
        let mut parameters = Parameters::new(0);
        parameters.numbers("w", &[1.0]).unwrap();
        CustomNetwork::new("scaled", parameters, [1, 1], Scaled(scale, step))
    };
    let data = Data::new(&[[1.0]], &[[0.0]]).unwrap();
    // `s² w²` by steps of 0.1: w is multiplied by 1 − 0.2 s², where s is 1 and then 2.
    let scale = Cell::new(1.0);
    let mut network = of(&scale, 0.0);
    let history = Trainer::new(Sgd::new(0.1))
        .epochs(2)
        .on_epoch(|_, _| {
            scale.set(2.0);
            ControlFlow::Continue(())
        })
        .fit(&mut network, Loss::Squared, &data)
        .unwrap();
    assert!((network.parameters()[0] - 0.8 * 0.2).abs() < 1e-15, "{:?}", network.parameters());
    assert_eq!(history.backend, Some(Backend::Eager));
    assert!(history.tape_because.unwrap().contains("was first 1, and then 2"));
    // Another number in each call.
    let scale = Cell::new(1.0);
    let error = Trainer::new(Sgd::new(0.1)).fallback(Fallback::Refuse).fit(
        &mut of(&scale, 1.0),
        Loss::Squared,
        &data,
    );
    assert!(matches!(error.unwrap_err(), Error::NotReplayable { step: 0, .. }));
}
