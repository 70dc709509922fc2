//! Every loss with every output activation and metric: it trains with the right gradient and the right metric, or is refused
//! with the cure.

use crate::nets::{ACTIVATIONS, LOSSES};
use tapegrad::nn::{
    Activation, Backend, Data, Error, Init, Loss, Metric, Mlp, Random, Reduction, Sgd, Trainer,
};

/// Samples of two classes or more, with targets that the loss takes.
fn data(loss: Loss, outputs: usize) -> Data {
    let mut random = Random::new(7);
    let inputs: Vec<[f64; 3]> = (0..11).map(|_| std::array::from_fn(|_| random.normal())).collect();
    let target = |sample: usize, k: usize| {
        let is_class = if outputs == 1 { sample.is_multiple_of(3) } else { sample % outputs == k };
        match loss {
            Loss::CrossEntropy if outputs == 1 => 1.0,
            Loss::Hinge if !is_class => -1.0,
            _ => f64::from(is_class),
        }
    };
    let targets: Vec<Vec<f64>> =
        (0..11).map(|sample| (0..outputs).map(|k| target(sample, k)).collect()).collect();
    Data::new(&inputs, &targets).unwrap()
}

/// The loss over the data, summed up here.
fn mean_loss(mlp: &Mlp, parameters: &[f64], loss: Loss, data: &Data) -> f64 {
    let of_sample = |k: usize| loss.of(&mlp.forward(parameters, data.input(k)), data.target(k));
    (0..data.len()).map(of_sample).sum::<f64>() / data.len() as f64
}

/// The metric by its definition, with classes by net inputs.
fn expected_metric(metric: Metric, mlp: &Mlp, activation: Activation, data: &Data) -> f64 {
    let outputs: Vec<Vec<f64>> = (0..data.len()).map(|k| mlp.predict(data.input(k))).collect();
    let samples = 0..data.len();
    if metric == Metric::RSquared {
        let of_output = |k: usize| {
            let targets: Vec<f64> = samples.clone().map(|sample| data.target(sample)[k]).collect();
            let mean = targets.iter().sum::<f64>() / targets.len() as f64;
            let total: f64 = targets.iter().map(|t| (t - mean) * (t - mean)).sum();
            let errors: f64 =
                samples.clone().map(|sample| (targets[sample] - outputs[sample][k]).powi(2)).sum();
            if total == 0.0 { f64::from(errors == 0.0) } else { 1.0 - errors / total }
        };
        return (0..data.target_width()).map(of_output).sum::<f64>() / data.target_width() as f64;
    }
    let net_inputs = |k: usize| {
        let tape = tapegrad::Tape::new();
        let last = mlp.bind(&tape).forward_pass(data.input(k)).net_inputs()[1].clone();
        last.iter().map(|a| a.value()).collect::<Vec<f64>>()
    };
    let is_right = |&k: &usize| {
        let (a, targets) = (net_inputs(k), data.target(k));
        if let &[target] = targets {
            let is_one = a[0] > 0.0 && activation != Activation::Softmax;
            return is_one == (target == 1.0);
        }
        let largest = (0..a.len()).max_by(|&i, &j| outputs[k][i].total_cmp(&outputs[k][j]).then(j.cmp(&i)));
        targets[largest.unwrap()] == 1.0
    };
    samples.clone().filter(is_right).count() as f64 / data.len() as f64
}

#[test]
fn every_loss_with_every_output_activation_and_metric() {
    let (mut trained, mut refused) = (0, 0);
    for loss in LOSSES {
        for activation in ACTIVATIONS {
            for outputs in [1, 3] {
                let data = data(loss, outputs);
                let mlp = Mlp::builder(3)
                    .layer(4, Activation::Tanh)
                    .layer(outputs, activation)
                    .init(Init::Linear)
                    .seed(5)
                    .build()
                    .unwrap();
                let what = format!("{loss:?} of {outputs} {activation:?}");
                let is_doubled = matches!(loss, Loss::BinaryCrossEntropy | Loss::CrossEntropy)
                    && matches!(activation, Activation::Sigmoid | Activation::Softmax);
                let answer = mlp.loss_and_gradient(loss, &data);
                if is_doubled {
                    let error = answer.unwrap_err();
                    assert!(matches!(&error, Error::Setting(_)), "{what}: {error}");
                    assert!(error.to_string().contains("give it `Activation::Identity`"), "{what}: {error}");
                } else {
                    let (value, gradient) = answer.unwrap();
                    let expected = mean_loss(&mlp, mlp.parameters(), loss, &data);
                    assert!(
                        (value - expected).abs() < 1e-14 * (1.0 + expected),
                        "{what}: {value} {expected}"
                    );
                    for (k, slope) in gradient.iter().enumerate() {
                        let at = |step: f64| {
                            let mut w = mlp.parameters().to_vec();
                            w[k] += step;
                            mean_loss(&mlp, &w, loss, &data)
                        };
                        let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                        assert!((slope - difference).abs() < 1e-7, "{what}, {k}: {slope} {difference}");
                    }
                }
                for metric in [Metric::Accuracy, Metric::RSquared] {
                    let backends = match metric {
                        Metric::Accuracy => &[Backend::Recorded, Backend::RecordedSingle, Backend::Eager][..],
                        _ => &[Backend::Recorded],
                    };
                    for &backend in backends {
                        let mut trainee = mlp.clone();
                        let trainer = Trainer::new(Sgd::new(0.01)).epochs(1).metric(metric).backend(backend);
                        let outcome = trainer.reduction(Reduction::Mean).fit(&mut trainee, loss, &data);
                        if is_doubled {
                            assert!(outcome.is_err(), "{what}");
                            assert_eq!(trainee, mlp);
                            refused += 1;
                            continue;
                        }
                        let history = outcome.unwrap();
                        let (expected, gradient) = mlp.loss_and_gradient(loss, &data).unwrap();
                        let tolerance = if backend == Backend::RecordedSingle { 1e-5 } else { 1e-13 };
                        assert!(
                            (history.losses()[0] - expected).abs() < tolerance * (1.0 + expected),
                            "{what}"
                        );
                        for ((after, before), slope) in
                            trainee.parameters().iter().zip(mlp.parameters()).zip(&gradient)
                        {
                            assert!(
                                (after - (before - 0.01 * slope)).abs() < tolerance,
                                "{what} {backend:?}"
                            );
                        }
                        let found = history.last().unwrap().metric(metric).unwrap();
                        let expected = expected_metric(metric, &trainee, activation, &data);
                        assert!((found - expected).abs() < 1e-12, "{what} {metric:?}: {found} {expected}");
                        trained += 1;
                    }
                }
            }
        }
    }
    assert_eq!((trained, refused), ((90 - 4) * 2 * 4, 4 * 2 * 4));
}
