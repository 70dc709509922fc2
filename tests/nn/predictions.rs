//! What a network says is what its outputs mean: classes and probabilities by the output layer, metrics by output, and no
//! class of what is not a number.

use crate::common::panic_of;
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adam, Bias, ConfusionMatrix, Data, Error, Init, Layer, Loss, Metric, Mlp, Model, Predictions,
    Scaler, Sgd, Trainer, accuracy, argmax, r_squared, xor,
};

fn with(activation: Activation, parameters: &[f64], inputs: usize, outputs: usize) -> Mlp {
    let mut mlp = Mlp::builder(inputs).layer(outputs, activation).build().unwrap();
    mlp.set_parameters(parameters).unwrap();
    mlp
}

#[test]
fn a_single_output_speaks_by_its_activation() {
    let activations = [
        (Activation::Identity, 0.0),
        (Activation::Sigmoid, 0.5),
        (Activation::Tanh, 0.0),
        (Activation::Relu, 0.0),
        (Activation::LeakyRelu(0.1), 0.0),
        (Activation::Elu(1.0), 0.0),
        (Activation::Gelu, 0.0),
        (Activation::Silu, 0.0),
        (Activation::Softplus, 2f64.ln()),
    ];
    let data = Data::new(&[[-2.0], [-0.1], [0.1], [2.0]], &[[0.0], [1.0], [0.0], [1.0]]).unwrap();
    for (activation, boundary) in activations {
        let mlp = with(activation, &[1.0, 0.0], 1, 1);
        let model = Model::new(mlp.clone());
        for (k, class) in [0, 0, 1, 1].into_iter().enumerate() {
            assert_eq!(mlp.predict(data.input(k))[0] > boundary, class == 1, "{activation:?}");
            assert_eq!(mlp.classify(data.input(k)), class, "{activation:?}");
            assert_eq!(model.classify(data.input(k)), (class, class.to_string()), "{activation:?}");
        }
        for predictions in [mlp.predict_all(&data), model.predict_all(&data)] {
            assert_eq!(accuracy(&predictions, &data), 0.5);
            assert_eq!(Metric::Accuracy.of(&predictions, &data), 0.5);
            let matrix = ConfusionMatrix::new(&predictions, &data);
            for (truth, predicted) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert_eq!(matrix.count(truth, predicted), 1, "{activation:?}");
            }
        }
    }
}

/// A sigmoid that learned XOR says 0.003 for no, and means no.
#[test]
fn xor_with_a_sigmoid() {
    let mut mlp =
        Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Sigmoid).seed(1).build().unwrap();
    let mut trainer = Trainer::new(Adam::new(0.05)).epochs(300).metric(Metric::Accuracy);
    let history = trainer.fit(&mut mlp, Loss::Squared, &xor()).unwrap();
    assert_eq!(history.last().unwrap().metric(Metric::Accuracy), Some(1.0));
    let data = xor();
    for (k, class) in [0, 1, 1, 0].into_iter().enumerate() {
        assert_eq!(mlp.classify(data.input(k)), class);
        let probabilities = mlp.probabilities(data.input(k)).unwrap();
        assert!(probabilities[class] > 0.9 && (probabilities[0] + probabilities[1] - 1.0).abs() < 1e-15);
    }
}

/// Plain lists are logits unless said; soft targets are of the nearer class.
#[test]
fn lists_of_numbers_are_logits() {
    let data = Data::new(&[[0.0]; 4], &[[0.0], [0.3], [0.7], [1.0]]).unwrap();
    let outputs = vec![vec![0.2], vec![0.3], vec![0.6], vec![0.9]];
    assert_eq!(accuracy(&outputs, &data), 0.5);
    assert_eq!(accuracy(&outputs[..], &data), 0.5);
    let predictions = Predictions::from(&outputs).with_boundary(0.5);
    assert_eq!(accuracy(&predictions, &data), 1.0);
    assert_eq!((predictions.len(), predictions.class(0), predictions.into_outputs()), (4, Some(0), outputs));
}

#[test]
fn a_boundary_is_in_the_scale_of_the_data() {
    let mlp = with(Activation::Sigmoid, &[1.0, 0.0], 1, 1);
    let model = Model::new(mlp).scaling_targets(Scaler::new(vec![10.0], vec![20.0]).unwrap()).unwrap();
    assert_eq!((model.classify(&[-1.0]).0, model.classify(&[1.0]).0), (0, 1));
    let data = Data::new(&[[-1.0], [1.0]], &[[0.0], [1.0]]).unwrap();
    assert_eq!(accuracy(model.predict_all(&data), &data), 1.0);
    assert!(model.probabilities(&[0.0]).unwrap_err().to_string().contains("scales its targets"));
}

/// Closed forms: σ(ln 3) = 3/4, softmax(0, ln 3) = (1/4, 3/4).
#[test]
fn probabilities_follow_from_the_output_layer() {
    let ln3 = 3f64.ln();
    let of = |activation, parameters: &[f64], outputs| {
        with(activation, parameters, 1, outputs).probabilities(&[1.0])
    };
    let close = |found: Vec<f64>, expected: &[f64]| {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    };
    close(of(Activation::Identity, &[0.0, ln3], 1).unwrap(), &[0.25, 0.75]);
    close(of(Activation::Sigmoid, &[0.0, ln3], 1).unwrap(), &[0.25, 0.75]);
    close(of(Activation::Identity, &[0.0, 0.0, 0.0, ln3], 2).unwrap(), &[0.25, 0.75]);
    close(of(Activation::Softmax, &[0.0, 0.0, 0.0, ln3], 2).unwrap(), &[0.25, 0.75]);
    close(of(Activation::Sigmoid, &[0.0, ln3, 0.0, -ln3], 2).unwrap(), &[0.75, 0.25]);
    let error = of(Activation::Tanh, &[0.0, 1.0], 1).unwrap_err().to_string();
    assert!(error.contains("Tanh") && error.contains("Activation::Identity"), "{error}");
}

#[test]
fn what_is_no_number_is_of_no_class() {
    let mlp = with(Activation::Identity, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], 2, 2);
    let model = Model::new(mlp.clone());
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let errors = [
            mlp.try_classify(&[0.0, bad]).unwrap_err(),
            mlp.try_predict(&[0.0, bad]).unwrap_err(),
            mlp.probabilities(&[0.0, bad]).unwrap_err(),
            model.try_classify(&[0.0, bad]).unwrap_err(),
            model.try_predict(&[0.0, bad]).unwrap_err(),
            model.probabilities(&[0.0, bad]).unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().contains(&format!("input 1 is {bad}")), "{error}");
        }
        assert!(panic_of(|| model.classify(&[bad, 0.0])).message.contains("input 0 is"));
        let panic = panic_of(|| mlp.classify(&[bad, 0.0]));
        assert!(panic.message.contains("try_classify") && panic.file.ends_with("nn/predictions.rs"));
    }
    for inputs in [&[][..], &[1.0], &[1.0; 3], &[1.0; 4]] {
        let errors = [mlp.try_predict(inputs).unwrap_err(), model.try_classify(inputs).unwrap_err()];
        for error in errors {
            assert!(
                matches!(error, Error::Length { expected: 2, found, .. } if found == inputs.len()),
                "{error}"
            );
        }
    }
    let overflows = mlp.try_classify(&[f64::MAX, f64::MAX]).unwrap_err().to_string();
    assert!(overflows.contains("output 1 is inf"), "{overflows}");
    assert_eq!(model.try_classify(&[3.0, 1.0]).unwrap(), (1, "1".to_owned()));

    assert!(panic_of(|| argmax(&[f64::NAN, f64::NAN])).message.contains("none is the largest"));
    assert_eq!(argmax(&[f64::NAN, f64::NEG_INFINITY]), 1);
    let data = Data::classes(&[[0.0], [0.0]], &[0, 1], 2).unwrap();
    let broken = [vec![f64::NAN, 0.0], vec![0.0, 1.0]];
    assert_eq!(accuracy(&broken, &data), 0.5);
    assert!(panic_of(|| ConfusionMatrix::new(&broken, &data)).message.contains("prediction 0 is [NaN, 0.0]"));
}

/// A sigmoid in the network and one in the loss: 0.504 and 0.686 were reported where 0.002 and 0.314 were meant.
#[test]
fn a_loss_on_logits_refuses_probabilities() {
    let data = xor();
    let classes = Data::classes(&[[0.0, 0.0], [1.0, 0.0]], &[0, 1], 2).unwrap();
    for (loss, data, outputs) in [(Loss::BinaryCrossEntropy, &data, 1), (Loss::CrossEntropy, &classes, 2)] {
        for activation in [Activation::Sigmoid, Activation::Softmax] {
            let mut mlp = Mlp::builder(2).layer(outputs, activation).build().unwrap();
            let before = mlp.clone();
            let errors = [
                Trainer::new(Sgd::new(0.1)).fit(&mut mlp, loss, data).unwrap_err(),
                mlp.loss_and_gradient(loss, data).unwrap_err(),
                loss.check_output(activation).unwrap_err(),
            ];
            for error in errors.map(|error| error.to_string()) {
                let named = [
                    format!("{loss:?}"),
                    format!("Activation::{activation:?}"),
                    "Activation::Identity".into(),
                ];
                assert!(named.iter().all(|name| error.contains(name)) && error.contains("logits"), "{error}");
            }
            assert_eq!(mlp, before);
        }
    }
}

/// scikit-learn's `r2_score`, by default the mean over outputs; the example of its documentation, in fractions.
#[test]
fn r_squared_is_that_of_each_output_averaged() {
    let data = Data::new(&[[0.0]; 3], &[[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]]).unwrap();
    let predictions = [vec![0.0, 2.0], vec![-1.0, 2.0], vec![8.0, -5.0]];
    let expected = (209.5 / 217.0 + 89.0 / 98.0) / 2.0;
    assert!((r_squared(&predictions, &data) - expected).abs() < 1e-15);
    assert!((Metric::RSquared.of(&predictions, &data) - expected).abs() < 1e-15);

    // Scales do not matter: one output a thousand times the other.
    let data = Data::new(&[[0.0]; 3], &[[1.0, 1000.0], [2.0, 2000.0], [3.0, 3000.0]]).unwrap();
    let found = r_squared(&[vec![1.0, 1000.0], vec![2.0, 2000.0], vec![4.0, 3000.0]], &data);
    assert!((found - 0.75).abs() < 1e-15, "{found}");

    // Targets that do not vary, also where their mean is rounded: 1 if met, else 0.
    let data = Data::new(&[[0.0]; 3], &[[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]]).unwrap();
    let of = |first| r_squared(&[vec![first, 1.0], vec![first, 2.0], vec![first, 3.0]], &data);
    assert_eq!([of(0.1), of(0.2)], [1.0, 0.5]);
    assert!(of(f64::NAN).is_nan());
    let one = Data::new(&[[0.0]], &[[1.0]]).unwrap();
    assert!(r_squared(&[vec![1.0]], &one).is_nan());
}

#[test]
fn metrics_look_at_widths() {
    let data = Data::new(&[[0.0], [1.0]], &[[1.0, 0.0, 2.0], [0.0, 1.0, 2.0]]).unwrap();
    let narrow = [vec![1.0, 2.0], vec![1.0, 2.0]];
    let complaints = [
        panic_of(|| accuracy(&narrow, &data)),
        panic_of(|| r_squared(&narrow, &data)),
        panic_of(|| ConfusionMatrix::new(&narrow, &data)),
        panic_of(|| Metric::RSquared.of(&narrow, &data)),
    ];
    for panic in complaints {
        assert!(
            panic.message.contains("prediction 0 has 2 outputs, and a sample has 3 targets"),
            "{}",
            panic.message
        );
        assert!(panic.file.ends_with("nn/predictions.rs"), "{}", panic.file);
    }
    let few = panic_of(|| accuracy(&[vec![1.0; 3]], &data)).message;
    assert!(few.contains("1 predictions for 2 samples"), "{few}");

    let loss = |y: &[Var], t: &[Var]| (y[0] - t[2]).powi(2) + y[1];
    for metric in [Metric::Accuracy, Metric::RSquared] {
        let mut mlp = Mlp::builder(1).layer(2, Activation::Identity).build().unwrap();
        let outcome = Trainer::new(Sgd::new(0.1)).metric(metric).fit_with(&mut mlp, loss, &data);
        let error = outcome.unwrap_err().to_string();
        assert!(
            error.contains("2 outputs and 3 targets") && error.contains(&format!("{metric:?}")),
            "{error}"
        );
        // Of validation samples too; without a metric a loss may use targets as it likes.
        let fitting = Data::new(&[[0.0]], &[[0.0, 1.0]]).unwrap();
        let mut trainer = Trainer::new(Sgd::new(0.1)).metric(metric).validate_on(data.clone());
        assert!(trainer.fit_with(&mut mlp, |y: &[Var], _: &[Var]| y[0], &fitting).is_err());
        assert!(Trainer::new(Sgd::new(0.1)).epochs(1).fit_with(&mut mlp, loss, &data).is_ok());
    }
}

#[test]
fn parameters_are_finite_numbers() {
    let mut mlp = with(Activation::Identity, &[1.0, 2.0], 1, 1);
    let before = mlp.clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = mlp.set_parameters(&[1.0, bad]).unwrap_err().to_string();
        assert!(error.contains("`layers.0.neurons.0.bias`") && error.contains(&bad.to_string()), "{error}");
        assert!(mlp.set("layers.0.neurons.0.weights.0", bad).is_err());
        let built = Mlp::builder(1).layer(1, Activation::Relu).init(Init::Uniform(bad)).build();
        assert!(built.is_err());
    }
    assert_eq!(mlp, before);
}

#[test]
fn what_cannot_be_counted_or_kept_is_refused() {
    let refused = |inputs, neurons| {
        for bias in [Bias::None, Bias::PerNeuron, Bias::Shared] {
            let mlp = Mlp::builder(inputs).layer(neurons, Activation::Relu).bias(bias).build();
            assert!(matches!(mlp, Err(Error::Shape(_))), "{inputs} x {neurons}, {bias:?}");
        }
    };
    refused(1 << 32, 1 << 32);
    refused(usize::MAX, 1 << 62);
    refused(1 << 31, 1 << 31);
    refused(10_000_000, 1_000_000); // 80 TB
    refused(10_000_000_000_000_000, 1);
    let layer = Layer::new(1 << 32, 1 << 32, Activation::Relu, Bias::PerNeuron);
    let panic = panic_of(|| layer.parameter_count());
    assert!(panic.message.contains("4294967296 neurons") && panic.file.ends_with("nn/predictions.rs"));
    assert_eq!(Layer::new(usize::MAX, 1, Activation::Relu, Bias::None).parameter_count(), usize::MAX);
}

#[test]
fn places_that_are_none_are_named() {
    let mlp = with(Activation::Identity, &[1.0, 2.0], 1, 1);
    let (data, tape) = (xor(), tapegrad::Tape::new());
    let matrix = ConfusionMatrix::new(&[vec![1.0], vec![1.0], vec![1.0], vec![1.0]], &data);
    let complaints = [
        (panic_of(|| mlp.range(1)), "there is no layer 1: there are 1"),
        (panic_of(|| mlp.neuron(2, 0).bias), "there is no layer 2: there are 1"),
        (panic_of(|| mlp.bind(&tape).neuron(2, 0).bias), "there is no layer 2: there are 1"),
        (panic_of(|| mlp.neuron(0, 1).bias), "there is no neuron 1"),
        (panic_of(|| data.input(4)[0]), "there is no sample 4: there are 4"),
        (panic_of(|| data.target(usize::MAX)[0]), "there is no sample"),
        (panic_of(|| data.input(1 << 63)[0]), "there is no sample"),
        (panic_of(|| data.select(&[0, 9])), "there is no sample 9: there are 4"),
        (panic_of(|| matrix.count(0, 2)), "there are 2 classes"),
        (panic_of(|| matrix.clone().with_names(&["a"])), "1 names for 2 classes"),
        (panic_of(|| mlp.predict_all(&data).class(4)), "the network takes 1 inputs, and 2 are given"),
        (panic_of(|| mlp.predict(&[1.0, 2.0])), "the layer takes 1 inputs, and 2 are given"),
    ];
    for (panic, expected) in complaints {
        assert!(panic.message.contains(expected), "{expected}: {}", panic.message);
        assert!(panic.file.ends_with("nn/predictions.rs"), "{expected}: {}", panic.file);
    }
}
