//! Training gives the numbers that numpy, PyTorch and JAX give.

use crate::nets::{iris, json, numbers, pattern};
use std::ops::ControlFlow;
use tapegrad::nn::{
    Activation, Adam, Batch, Data, Eager, Loss, Metric, Mlp, Objective, Penalty, Reduction, Schedule, Sgd,
    Trainer,
};

fn close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours:e} against {theirs:e}");
}

/// A part of the run in debug builds, where recording is slow; CI runs the tests in release builds too.
fn shortened(epochs: usize) -> usize {
    if cfg!(debug_assertions) { epochs / 10 } else { epochs }
}

/// `iris_training.json`: numpy, torch and jax agree on it to 1e-13.
#[test]
fn iris_with_adam() {
    let reference = json("iris_training.json");
    let (table, classes) = iris();
    let data = Data::classes(&table, &classes, 3).unwrap();
    let mut mlp = Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).build().unwrap();
    mlp.set_parameters(&numbers(&reference["init_params"])).unwrap();
    let gradient_is = |mlp: &Mlp, key: &str| {
        let mut gradient = vec![0.0; mlp.parameters().len()];
        let samples: Vec<usize> = (0..data.len()).collect();
        Eager::new(&data, Reduction::Mean, |w, x, t| Loss::CrossEntropy.of(&mlp.forward(w, x), t))
            .loss_and_gradient(mlp.parameters(), &samples, &mut gradient)
            .unwrap();
        for (k, (ours, theirs)) in gradient.into_iter().zip(numbers(&reference[key])).enumerate() {
            close(ours, theirs, 1e-10, &format!("{key} by parameter {k}"));
        }
    };
    gradient_is(&mlp, "grad_first");

    let epochs = shortened(500);
    let history = Trainer::new(Adam::new(0.01))
        .epochs(epochs)
        .metric(Metric::Accuracy)
        .fit(&mut mlp, Loss::CrossEntropy, &data)
        .unwrap();
    // Their accuracy before an update is ours after the one before.
    let accuracies: Vec<f64> =
        history.epochs.iter().map(|epoch| epoch.metric(Metric::Accuracy).unwrap()).collect();
    assert_eq!(accuracies, numbers(&reference["accs"])[1..=epochs]);
    let losses = numbers(&reference["losses"]);
    for (k, loss) in history.losses().into_iter().enumerate() {
        close(loss, losses[k], 1e-10, &format!("loss before update {k}"));
    }
    if epochs < 500 {
        return;
    }
    for (k, (&ours, theirs)) in mlp.parameters().iter().zip(numbers(&reference["params_final"])).enumerate() {
        close(ours, theirs, 1e-9, &format!("final parameter {k}"));
    }
    gradient_is(&mlp, "grad_final");

    let mut after = mlp.clone();
    let loss_after =
        Trainer::new(Sgd::new(0.0)).epochs(1).fit(&mut after, Loss::CrossEntropy, &data).unwrap();
    close(loss_after.losses()[0], losses[500], 1e-10, "loss after the last update");
    assert_eq!(after, mlp);
}

#[test]
fn moons_with_hinge_penalty_and_falling_rate() {
    let reference = &json("training.json")["moons"];
    let points: Vec<Vec<f64>> = reference["inputs"].as_array().unwrap().iter().map(numbers).collect();
    let targets: Vec<[f64; 1]> = (0..points.len()).map(|k| [if k % 2 == 0 { -1.0 } else { 1.0 }]).collect();
    let data = Data::new(&points, &targets).unwrap();
    let mut mlp = Mlp::builder(2)
        .layer(16, Activation::Relu)
        .layer(16, Activation::Relu)
        .layer(1, Activation::Identity)
        .build()
        .unwrap();
    let start = pattern(mlp.parameters().len(), 0.5);
    mlp.set_parameters(&start).unwrap();

    let history = Trainer::new(Sgd::new(1.0))
        .epochs(shortened(100))
        .schedule(Schedule::custom(|k| 1.0 - 0.9 * k as f64 / 100.0))
        .penalty(Penalty::l2(1e-4).with_biases())
        .fit(&mut mlp, Loss::Hinge, &data)
        .unwrap();
    for (k, (ours, theirs)) in history.losses().into_iter().zip(numbers(&reference["losses"])).enumerate() {
        close(ours, theirs, 1e-10, &format!("loss {k}"));
    }
    if history.epochs.len() == 100 {
        for (&ours, theirs) in mlp.parameters().iter().zip(numbers(&reference["parameters"])) {
            close(ours, theirs, 1e-9, "parameter");
        }
    }
}

/// Batches in file order, the last one short.
#[test]
fn digits_with_momentum_in_batches() {
    let reference = &json("training.json")["digits"];
    let data = crate::nets::digits();
    let mut mlp =
        Mlp::builder(64).layer(32, Activation::Tanh).layer(10, Activation::Identity).build().unwrap();
    let start = pattern(mlp.parameters().len(), 0.2);
    mlp.set_parameters(&start).unwrap();

    // In debug builds one epoch is enough of a wait.
    let epochs = if cfg!(debug_assertions) { 1 } else { 2 };
    let mut parameters = Vec::new();
    let history = Trainer::new(Sgd::new(0.1).momentum(0.9))
        .epochs(epochs)
        .batch(Batch::Size(64))
        .on_epoch(|_, w| {
            parameters = w.to_vec();
            ControlFlow::Continue(())
        })
        .fit(&mut mlp, Loss::CrossEntropy, &data)
        .unwrap();
    assert_eq!(history.last().unwrap().updates, epochs * 29);
    for (ours, theirs) in history.losses().into_iter().zip(numbers(&reference["losses"])) {
        close(ours, theirs, 1e-10, "loss of an epoch");
    }
    if epochs == 2 {
        for (ours, theirs) in mlp.parameters().iter().step_by(10).zip(numbers(&reference["parameters"])) {
            close(*ours, theirs, 1e-9, "parameter");
        }
    }
    assert_eq!(parameters, mlp.parameters());
}
