//! Promise: a sample with weight 2 counts as two samples, in training, validation and metrics alike.

use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adam, Backend, Batch, Data, Eager, Error, Loss, Metric, Mlp, Order, Recorded, Reduction, Sgd,
    Trainer, accuracy, blobs, r_squared,
};

fn mlp() -> Mlp {
    Mlp::builder(2).layer(4, Activation::Tanh).layer(3, Activation::Identity).seed(2).build().unwrap()
}

fn classes() -> Data {
    blobs(12, 3, 2.0, 5)
}

/// Weights 0, 1, 2, 0, 1, 2, …, and the samples repeated as often.
fn weighted_and_repeated(data: &Data) -> (Data, Data) {
    let weights: Vec<f64> = (0..data.len()).map(|k| (k % 3) as f64).collect();
    let repeated: Vec<usize> = (0..data.len()).flat_map(|k| std::iter::repeat_n(k, k % 3)).collect();
    (data.clone().with_weights(&weights).unwrap(), data.select(&repeated))
}

fn fitted(trainer: Trainer<'_>, data: &Data) -> (Vec<f64>, Vec<[f64; 3]>) {
    let mut mlp = mlp();
    let mut trainer = trainer;
    let history = trainer.fit(&mut mlp, Loss::CrossEntropy, data).unwrap();
    let row = |e: &tapegrad::nn::Epoch| {
        [e.loss, e.validation_loss.unwrap_or(0.0), e.metric(Metric::Accuracy).unwrap_or(0.0)]
    };
    (mlp.parameters().to_vec(), history.epochs.iter().map(row).collect())
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {found} {expected}");
    }
}

#[test]
fn integer_weights_are_repetition() {
    let (weighted, repeated) = weighted_and_repeated(&classes());
    for backend in [Backend::Recorded, Backend::RecordedSingle, Backend::Eager] {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let trainer = |validation: &Data| {
                Trainer::new(Sgd::new(0.05))
                    .epochs(10)
                    .backend(backend)
                    .reduction(reduction)
                    .metric(Metric::Accuracy)
                    .validate_on(validation.clone())
            };
            let tolerance = if backend == Backend::RecordedSingle { 1e-4 } else { 1e-12 };
            let ((found, rows), (expected, expected_rows)) =
                (fitted(trainer(&weighted), &weighted), fitted(trainer(&repeated), &repeated));
            assert_near(&found, &expected, tolerance, "parameters");
            assert_near(&rows.concat(), &expected_rows.concat(), tolerance, "losses and metrics");
        }
    }
}

/// Only ratios count for a mean.
#[test]
fn a_common_factor_changes_nothing_but_a_sum() {
    let (weighted, _) = weighted_and_repeated(&classes());
    let scaled: Vec<f64> = weighted.weights().unwrap().iter().map(|weight| weight * 8.0).collect();
    let scaled = weighted.clone().with_weights(&scaled).unwrap();
    let trainer =
        |batch| Trainer::new(Sgd::new(0.05)).epochs(4).batch(batch).order(Order::Shuffled { seed: 1 });
    for batch in [Batch::Full, Batch::Size(5), Batch::Each] {
        assert_near(
            &fitted(trainer(batch), &weighted).0,
            &fitted(trainer(batch), &scaled).0,
            1e-14,
            "parameters",
        );
    }
    let sum = || trainer(Batch::Full).reduction(Reduction::Sum);
    assert!(fitted(sum(), &weighted).0 != fitted(sum(), &scaled).0);
    // Ones are as good as none, to the bit.
    let plain = classes();
    let ones = plain.clone().with_weights(&[1.0; 12]).unwrap();
    assert_eq!(fitted(trainer(Batch::Full), &plain).1, fitted(trainer(Batch::Full), &ones).1);
}

/// A step over one sample is its gradient times its weight, over the mean weight; by hand.
#[test]
fn weights_count_in_batches_of_one() {
    let data = Data::new(&[[1.0], [2.0]], &[[3.0], [5.0]]).unwrap().with_weights(&[1.0, 3.0]).unwrap();
    for backend in [Backend::Recorded, Backend::Eager] {
        let mut line = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
        line.set_parameters(&[0.5, 0.0]).unwrap();
        let history = Trainer::new(Sgd::new(0.01))
            .epochs(1)
            .batch(Batch::Each)
            .backend(backend)
            .fit(&mut line, Loss::Squared, &data)
            .unwrap();
        let (mut w, mut b, mut losses) = (0.5, 0.0, 0.0);
        for (x, t, weight) in [(1.0, 3.0, 1.0 / 2.0), (2.0, 5.0, 3.0 / 2.0)] {
            let error: f64 = w * x + b - t;
            losses += weight * error * error / 2.0;
            (w, b) = (w - 0.01 * weight * 2.0 * error * x, b - 0.01 * weight * 2.0 * error);
        }
        assert_near(line.parameters(), &[w, b], 1e-14, "parameters");
        assert_near(&history.losses(), &[losses], 1e-14, "loss");
    }
}

#[test]
fn a_split_keeps_weights_and_takes_the_mean_of_those_trained_on() {
    let (weighted, _) = weighted_and_repeated(&classes());
    let (first, second) = weighted.split(0.4, 3);
    let split = Trainer::new(Adam::new(0.02)).epochs(5).validation_split(0.4, 3).metric(Metric::Accuracy);
    let given = Trainer::new(Adam::new(0.02)).epochs(5).validate_on(second).metric(Metric::Accuracy);
    let (found, expected) = (fitted(split, &weighted), fitted(given, &first));
    assert_near(&found.0, &expected.0, 1e-14, "parameters");
    assert_near(&found.1.concat(), &expected.1.concat(), 1e-14, "history");
}

#[test]
fn losses_of_ones_own_and_objectives_are_weighted_too() {
    let (weighted, repeated) = weighted_and_repeated(&classes());
    let own = |y: &[Var], t: &[Var]| y.iter().zip(t).map(|(&y, &t)| (y - t).powi(4)).sum::<Var>();
    let fit = |data: &Data| {
        let mut mlp = mlp();
        Trainer::new(Sgd::new(0.01)).epochs(4).fit_with(&mut mlp, own, data).unwrap();
        mlp.parameters().to_vec()
    };
    assert_near(&fit(&weighted), &fit(&repeated), 1e-13, "parameters");
    let line = |w: &[Var], x: &[Var], t: &[Var]| (w[0] * x[0] + w[1] - t[0]).powi(2);
    let minimise = |data: &Data, recorded: bool| {
        let mut w = [0.1, 0.2];
        let mut trainer = Trainer::new(Sgd::new(0.01)).epochs(4);
        match recorded {
            true => trainer.minimize(&mut w, &mut Recorded::new(data, Reduction::Mean, line)),
            false => trainer.minimize(&mut w, &mut Eager::new(data, Reduction::Mean, line)),
        }
        .unwrap();
        w
    };
    assert_near(&minimise(&weighted, true), &minimise(&repeated, false), 1e-13, "recorded");
    assert_near(&minimise(&weighted, false), &minimise(&repeated, true), 1e-13, "eager");
}

#[test]
fn metrics_of_weights_are_those_of_repetition() {
    let (weighted, repeated) = weighted_and_repeated(&classes());
    let mlp = mlp();
    assert_near(
        &[accuracy(mlp.predict_all(&weighted), &weighted)],
        &[accuracy(mlp.predict_all(&repeated), &repeated)],
        1e-14,
        "accuracy",
    );
    assert_near(
        &[r_squared(mlp.predict_all(&weighted), &weighted)],
        &[r_squared(mlp.predict_all(&repeated), &repeated)],
        1e-13,
        "R²",
    );
}

#[test]
fn classes_have_weights() {
    let data = Data::classes(&[[0.0], [1.0], [2.0], [3.0]], &[0, 2, 2, 2], 3).unwrap();
    let weighted = data.clone().with_class_weights(&[3.0, 9.0, 0.5]).unwrap();
    assert_eq!(weighted.weights(), Some(&[3.0, 0.5, 0.5, 0.5][..]));
    let both = data
        .clone()
        .with_weights(&[1.0, 2.0, 3.0, 4.0])
        .unwrap()
        .with_class_weights(&[3.0, 9.0, 0.5])
        .unwrap();
    assert_eq!(both.weights(), Some(&[3.0, 1.0, 1.5, 2.0][..]));
    // scikit-learn: compute_class_weight("balanced", classes=[0, 2], y=[0, 2, 2, 2]) is [2, 2/3].
    let balanced = data.clone().with_balanced_classes().unwrap();
    assert_near(balanced.weights().unwrap(), &[2.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0], 1e-15, "balanced");
    // Single targets, of 0 and 1 and of −1 and 1.
    for targets in [[[0.0], [1.0]], [[-1.0], [1.0]]] {
        let single = Data::new(&[[0.0], [1.0]], &targets).unwrap().with_class_weights(&[5.0, 7.0]).unwrap();
        assert_eq!(single.weights(), Some(&[5.0, 7.0][..]));
    }
    assert!(matches!(
        data.clone().with_class_weights(&[1.0, 2.0]),
        Err(Error::Length { expected: 3, found: 2, .. })
    ));
    let error = data.with_class_weights(&[1.0, -2.0, 1.0]).unwrap_err().to_string();
    assert!(error.contains("the weight of class 1 is -2"), "{error}");
}

#[test]
fn wrong_weights_are_refused() {
    let data = || Data::new(&[[0.0], [1.0]], &[[0.0], [1.0]]).unwrap();
    assert!(matches!(data().with_weights(&[1.0]), Err(Error::Length { expected: 2, found: 1, .. })));
    for wrong in [f64::NAN, -1.0, f64::INFINITY, -f64::MIN_POSITIVE] {
        let error = data().with_weights(&[1.0, wrong]).unwrap_err();
        assert!(matches!(error, Error::Weight { what: "sample", index: 1, .. }), "{error}");
        assert!(
            error.to_string().contains(&format!("the weight of sample 1 is {wrong}; weights are finite")),
            "{error}"
        );
    }
    for wrong in [[0.0, 0.0], [0.0, -0.0]] {
        let error = data().with_weights(&wrong).unwrap_err().to_string();
        assert!(error.contains("all weights are 0"), "{error}");
    }
    let error = data().with_weights(&[f64::MAX, f64::MAX]).unwrap_err().to_string();
    assert!(error.contains("overflows"), "{error}");
    // The smallest data: none, and one sample.
    let none: &[[f64; 1]] = &[];
    assert!(Data::new(none, none).unwrap().with_weights(&[]).unwrap().is_empty());
    assert!(Data::new(none, none).unwrap().with_balanced_classes().unwrap().is_empty());
    let one = Data::new(&[[1.0]], &[[2.0]]).unwrap().with_weights(&[1e-300]).unwrap();
    let mut line = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    line.set_parameters(&[0.5, 0.0]).unwrap();
    Trainer::new(Sgd::new(0.1)).epochs(1).fit(&mut line, Loss::Squared, &one).unwrap();
    assert_near(line.parameters(), &[0.8, 0.3], 1e-12, "a weight that is alone");
    // All that is trained on, or validated on, has weight 0.
    let zeros = data().with_weights(&[0.0, 1.0]).unwrap();
    let half = |samples: &[usize]| zeros.select(samples);
    let error =
        Trainer::new(Sgd::new(0.1)).fit(&mut line, Loss::Squared, &half(&[0])).unwrap_err().to_string();
    assert!(error.contains("all weights of the training samples are 0"), "{error}");
    let error = Trainer::new(Sgd::new(0.1))
        .validate_on(half(&[0]))
        .fit(&mut line, Loss::Squared, &data())
        .unwrap_err()
        .to_string();
    assert!(error.contains("all weights of the validation samples are 0"), "{error}");
}

/// Other weights are other data to a checkpoint.
#[test]
fn other_weights_are_another_run() {
    let path = crate::nets::fresh_directory("other-weights").join("run.json");
    let (weighted, _) = weighted_and_repeated(&classes());
    let fit = |data: &Data, trainer: Trainer<'_>| {
        let mut trainer = trainer;
        trainer.fit(&mut mlp(), Loss::CrossEntropy, data).map(|_| ()).map_err(|error| error.to_string())
    };
    let plain = |epochs| Trainer::new(Sgd::new(0.1)).epochs(epochs);
    fit(&weighted, plain(1).checkpoint(&path, 1)).unwrap();
    assert_eq!(fit(&weighted, plain(2).resume_from(&path)), Ok(()));
    let error = fit(&classes(), plain(2).resume_from(&path)).unwrap_err();
    assert!(
        error.contains("3 targets with weights, CRC-32")
            && error.contains("is 12 samples of 2 inputs and 3 targets, CRC"),
        "{error}"
    );
}
