//! Networks: order and names of parameters, passes over any number, deltas, frozen parameters, shapes.

use crate::nets::{ACTIVATIONS, LOSSES};
use approx::assert_relative_eq;
use tapegrad::nn::{Activation, Adam, Bias, Data, Init, Loss, Mlp, Penalty, Random, Sgd, Trainer};
use tapegrad::{Dual, Real, Tape};

fn small() -> Mlp {
    Mlp::builder(3).layer(4, Activation::Tanh).layer(2, Activation::Identity).seed(5).build().unwrap()
}

#[test]
fn parameters_lie_neuron_by_neuron_with_the_bias_last() {
    let names: Vec<String> = small().names().collect();
    assert_eq!(names.len(), 3 * 4 + 4 + 4 * 2 + 2);
    assert_eq!(
        names[..4],
        ["weights.0", "weights.1", "weights.2", "bias"].map(|n| format!("layers.0.neurons.0.{n}"))
    );
    assert_eq!(names[16 + 5], "layers.1.neurons.1.weights.0");
    assert_eq!(names[25], "layers.1.neurons.1.bias");

    let shared = Mlp::builder(2).layer(2, Activation::Sigmoid).bias(Bias::Shared).build().unwrap();
    assert_eq!(shared.names().last().unwrap(), "layers.0.bias");
    assert_eq!(shared.names().count(), 5);
    let none = Mlp::builder(2).layer(2, Activation::Sigmoid).bias(Bias::None).build().unwrap();
    assert!(none.names().all(|name| name.contains("weights")));
    assert_eq!(none.predict(&[0.0, 0.0]), [0.5, 0.5]);
}

#[test]
fn every_name_finds_its_parameter_and_no_other_name_does() {
    for bias in [Bias::None, Bias::PerNeuron, Bias::Shared] {
        let mut mlp = Mlp::builder(2)
            .layer(3, Activation::Relu)
            .layer(2, Activation::Identity)
            .bias(bias)
            .build()
            .unwrap();
        let names: Vec<String> = mlp.names().collect();
        for (k, name) in names.iter().enumerate() {
            assert_eq!(mlp.index_of(name).unwrap(), k, "{name}");
            mlp.set(name, k as f64).unwrap();
            assert_eq!((mlp.get(name).unwrap(), mlp.parameters()[k]), (k as f64, k as f64));
        }
        let in_order: Vec<String> = mlp.named().into_keys().collect();
        assert_eq!(in_order, names);
        for name in [
            "",
            "layers",
            "layers.0",
            "layers.2.neurons.0.weights.0",
            "layers.0.neurons.3.weights.0",
            "layers.0.neurons.0.weights.2",
            "layers.0.neurons.00.weights.0",
            "layers.0.neurons.+0.weights.0",
            "layers.0.neurons.0.weights.0.0",
            "layers.99999999999999999999.neurons.0.bias",
        ] {
            assert!(mlp.index_of(name).unwrap_err().to_string().contains("names()"), "{name}");
        }
    }
}

#[test]
fn one_forward_serves_all_numbers() {
    let (mlp, x) = (small(), [0.5, -1.0, 2.0]);
    let values = mlp.predict(&x);
    let tape = Tape::new();
    let net = mlp.bind(&tape);
    let outputs = net.forward(&x);
    assert_eq!(outputs.iter().map(|y| y.value()).collect::<Vec<_>>(), values);
    let duals: Vec<Dual<f64, 1>> = mlp.parameters().iter().map(|&w| Dual::constant(w)).collect();
    let by_input =
        mlp.forward(&duals, &[Dual::variable(x[0], 0), Dual::constant(x[1]), Dual::constant(x[2])]);
    let by_central_difference = |k: usize| {
        let at = |x0: f64| mlp.predict(&[x0, x[1], x[2]])[k];
        (at(x[0] + 1e-6) - at(x[0] - 1e-6)) / 2e-6
    };
    for (k, y) in by_input.iter().enumerate() {
        assert_eq!(y.primal(), values[k]);
        assert_relative_eq!(y.tangent(0), by_central_difference(k), max_relative = 1e-8);
    }
    assert_eq!(net.neuron(0, 1).weights.len(), 3);
    let hidden: Vec<f64> = (0..4).map(|j| mlp.neuron(0, j).forward(&x)).collect();
    assert_eq!(mlp.neuron(1, 0).net_input(&hidden), values[0]);
}

/// The adjoints of the net inputs are the deltas of backpropagation, and give the gradient.
#[test]
fn deltas_of_every_layer() {
    let (mlp, x, t) = (small(), [0.5, -1.0, 2.0], [1.0, 0.0]);
    let tape = Tape::new();
    let net = mlp.bind(&tape);
    let pass = net.forward_pass(&x);
    let loss = Loss::HalfSquared.of(pass.outputs(), &t.map(|t| t.into()));
    let g = loss.backward();
    let deltas = pass.deltas(&g);

    let hidden: Vec<f64> = pass.net_inputs()[0].iter().map(|a| a.value().tanh()).collect();
    for (k, y) in pass.outputs().iter().enumerate() {
        assert_relative_eq!(deltas[1][k], y.value() - t[k], max_relative = 1e-14);
    }
    for (j, h) in hidden.iter().enumerate() {
        let back: f64 = (0..2).map(|k| deltas[1][k] * mlp.neuron(1, k).weights[j]).sum();
        assert_relative_eq!(deltas[0][j], back * (1.0 - h * h), max_relative = 1e-13);
    }
    let gradient = net.gradient(&g);
    for (name, index) in
        [("layers.0.neurons.2.weights.1", (0, 2, x[1])), ("layers.1.neurons.1.bias", (1, 1, 1.0))]
    {
        let (layer, neuron, input) = index;
        let slope = gradient[mlp.index_of(name).unwrap()];
        assert_relative_eq!(slope, deltas[layer][neuron] * input, max_relative = 1e-14);
    }
}

/// The reverse-mode gradient of every activation and loss, against differences.
#[test]
fn gradients_of_activations_and_losses() {
    // Softmax is for outputs alone.
    let hidden = ACTIVATIONS.into_iter().filter(|activation| *activation != Activation::Softmax);
    for (k, activation) in hidden.enumerate() {
        let output = if k % 2 == 0 { Activation::Identity } else { Activation::Softmax };
        let mlp =
            Mlp::builder(2).layer(3, activation).layer(2, output).init(Init::Linear).seed(3).build().unwrap();
        for loss in LOSSES {
            let targets = if loss == Loss::Hinge { [1.0, -1.0] } else { [0.25, 0.75] };
            let of = |w: &[f64]| loss.of(&mlp.forward(w, &[0.7, -0.4]), &targets);
            let in_vars = |w: &[tapegrad::Var]| {
                loss.of(&mlp.forward(w, &[0.7.into(), (-0.4).into()]), &targets.map(|t| t.into()))
            };
            let gradient = tapegrad::gradient(in_vars, mlp.parameters());
            for (k, slope) in gradient.into_iter().enumerate() {
                let at = |step: f64| {
                    let mut w = mlp.parameters().to_vec();
                    w[k] += step;
                    of(&w)
                };
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!(
                    (slope - difference).abs() < 1e-8,
                    "{activation:?} {loss:?} {k}: {slope} {difference}"
                );
            }
        }
    }
}

#[test]
fn frozen_parameters_stay() {
    let data = Data::new(&[[1.0, 2.0, 3.0]], &[[1.0, -1.0]]).unwrap();
    let mut mlp = small();
    assert_eq!(mlp.freeze("layers.0").unwrap(), 16);
    assert_eq!(mlp.freeze("layers.1.neurons.1.bias").unwrap(), 1);
    assert_eq!(mlp.unfreeze("layers.0.neurons.0").unwrap(), 4);
    assert!(mlp.freeze("layers.1.neurons.1.b").is_err());
    let before = mlp.clone();
    // Weight decay and momentum would move them as well.
    let mut trainer = Trainer::new(Adam { weight_decay: 0.1, ..Adam::new(0.1) }).epochs(3).penalty(Penalty {
        l1: 0.1,
        l2: 0.1,
        biases: true,
    });
    trainer.fit(&mut mlp, Loss::Squared, &data).unwrap();
    for (k, (after, before)) in mlp.parameters().iter().zip(before.parameters()).enumerate() {
        assert_eq!(after == before, mlp.frozen()[k], "parameter {k}");
    }
    assert!(mlp.summary().ends_with("(13 frozen)"));
}

#[test]
fn a_shared_bias_gets_the_sum_of_the_deltas() {
    let mlp = Mlp::builder(2).layer(3, Activation::Sigmoid).bias(Bias::Shared).seed(1).build().unwrap();
    let tape = Tape::new();
    let net = mlp.bind(&tape);
    let pass = net.forward_pass(&[0.3, 0.6]);
    let g = Loss::HalfSquared.of(pass.outputs(), &[0.0.into(), 1.0.into(), 0.5.into()]).backward();
    let total: f64 = pass.deltas(&g)[0].iter().sum();
    assert_relative_eq!(*net.gradient(&g).last().unwrap(), total, max_relative = 1e-14);
}

#[test]
fn the_same_seed_gives_the_same_network() {
    for init in [
        Init::Uniform(0.5),
        Init::XavierUniform,
        Init::XavierNormal,
        Init::HeUniform,
        Init::HeNormal,
        Init::LecunUniform,
        Init::LecunNormal,
        Init::Linear,
    ] {
        let build =
            |seed| Mlp::builder(50).layer(40, Activation::Relu).init(init).seed(seed).build().unwrap();
        assert_eq!(build(3), build(3));
        assert_ne!(build(3), build(4));
        let weights: Vec<f64> = (0..40).flat_map(|j| build(3).neuron(0, j).weights.to_vec()).collect();
        let variance = weights.iter().map(|w| w * w).sum::<f64>() / weights.len() as f64;
        let expected = match init {
            Init::Uniform(_) => 0.25 / 3.0,
            Init::XavierUniform | Init::XavierNormal => 2.0 / 90.0,
            Init::HeUniform | Init::HeNormal => 2.0 / 50.0,
            Init::LecunUniform | Init::LecunNormal => 1.0 / 50.0,
            _ => 1.0 / 150.0,
        };
        assert!((variance / expected - 1.0).abs() < 0.1, "{init:?}: {variance} {expected}");
    }
    let zeros = Mlp::builder(2).layer(2, Activation::Relu).init(Init::Zeros).build().unwrap();
    assert!(zeros.parameters().iter().all(|&w| w == 0.0));
}

#[test]
fn impossible_shapes_are_refused() {
    let refused = |mlp: Result<Mlp, tapegrad::nn::Error>| mlp.unwrap_err().to_string();
    assert!(refused(Mlp::builder(2).build()).contains("at least one layer"));
    assert!(refused(Mlp::builder(0).layer(1, Activation::Relu).build()).contains("0 inputs"));
    assert!(refused(Mlp::builder(2).layer(0, Activation::Relu).build()).contains("0 neurons"));
    let hidden = Mlp::builder(2).layer(2, Activation::Softmax).layer(2, Activation::Relu).build();
    assert!(refused(hidden).contains("softmax is for the output"));
    let huge = Mlp::builder(usize::MAX).layer(usize::MAX, Activation::Relu).build();
    assert!(refused(huge).contains("more parameters than can be counted"));
    let mut mlp = small();
    assert!(mlp.set_parameters(&[1.0]).unwrap_err().to_string().contains("1 given, 26 needed"));
}

#[test]
fn networks_go_between_threads() {
    fn assert_send<T: Send + Sync + Clone + 'static>(_: &T) {}
    let mlp = small();
    assert_send(&mlp);
    let there = std::thread::spawn({
        let mlp = mlp.clone();
        move || mlp.predict(&[1.0, 2.0, 3.0])
    });
    assert_eq!(there.join().unwrap(), mlp.predict(&[1.0, 2.0, 3.0]));
}

/// A model of one's own needs no network: any loss over variables can be trained.
#[test]
fn sgd_on_a_model_of_ones_own() {
    fn model<R: Real>(w: &[R], x: R) -> R {
        w[0] * (w[1] * x).sin()
    }
    let rows: Vec<[f64; 1]> = (0..20).map(|k| [f64::from(k) / 10.0]).collect();
    let targets: Vec<[f64; 1]> = rows.iter().map(|&[x]| [model(&[2.0, 1.5], x)]).collect();
    let data = Data::new(&rows, &targets).unwrap();
    let loss =
        |w: &[tapegrad::Var], x: &[tapegrad::Var], t: &[tapegrad::Var]| (model(w, x[0]) - t[0]).powi(2);
    let mut objective = tapegrad::nn::Eager::new(&data, tapegrad::nn::Reduction::Mean, loss);
    let mut w = [1.0, 1.0];
    Trainer::new(Sgd::new(0.05).momentum(0.9)).epochs(300).minimize(&mut w, &mut objective).unwrap();
    assert_relative_eq!(w[0], 2.0, max_relative = 1e-6);
    assert_relative_eq!(w[1], 1.5, max_relative = 1e-6);
}

#[test]
fn random_numbers_do_not_repeat_between_streams() {
    let first = |seed, n| Random::nth(seed, n).unit();
    let mut draws: Vec<u64> =
        (0..50).flat_map(|seed| (0..50).map(move |n| first(seed, n).to_bits())).collect();
    draws.sort_unstable();
    draws.dedup();
    assert_eq!(draws.len(), 2500);
}
