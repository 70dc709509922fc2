//! Promise: a target that is missing has no part in losses, gradients, validation and metrics.

use tapegrad::Var;
use tapegrad::masks::gt;
use tapegrad::nn::{
    Activation, Backend, Batch, Data, Eager, Error, Loss, Metric, Mlp, Objective, Recorded, Reduction, Sgd,
    Trainer, accuracy, r_squared,
};

const NAN: f64 = f64::NAN;

fn inputs() -> Vec<[f64; 1]> {
    (0..7).map(|k| [k as f64 / 3.0 - 1.0]).collect()
}

/// Targets of two outputs: that of the first is missing for every third sample, that of the second for every second one; once
/// both are.
fn targets() -> Vec<[f64; 2]> {
    let of = |k: usize, x: f64| {
        [if k.is_multiple_of(3) { NAN } else { 2.0 * x + 1.0 }, if k.is_multiple_of(2) { NAN } else { -x }]
    };
    inputs().iter().enumerate().map(|(k, [x])| of(k, *x)).collect()
}

fn data() -> Data {
    Data::with_missing(&inputs(), &targets()).unwrap()
}

fn lines() -> Mlp {
    let mut mlp = Mlp::builder(1).layer(2, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[0.3, 0.1, -0.2, 0.4]).unwrap();
    mlp
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found} {expected}");
    }
}

/// A layer of two neurons is two networks, of which each learns from the samples that have its target.
#[test]
fn two_outputs_are_two_networks() {
    for backend in [Backend::Recorded, Backend::RecordedSingle, Backend::Eager] {
        let trainer = || Trainer::new(Sgd::new(0.02)).epochs(30).backend(backend).reduction(Reduction::Sum);
        let mut together = lines();
        let history = trainer().fit(&mut together, Loss::Squared, &data()).unwrap();
        assert_eq!(history.backend, Some(backend));
        let mut losses = 0.0;
        for k in 0..2 {
            let given: Vec<usize> = (0..7).filter(|&sample| !targets()[sample][k].is_nan()).collect();
            let own = Data::new(
                &given.iter().map(|&sample| inputs()[sample]).collect::<Vec<_>>(),
                &given.iter().map(|&sample| [targets()[sample][k]]).collect::<Vec<_>>(),
            );
            let mut alone = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
            alone.set_parameters(&lines().parameters()[2 * k..][..2]).unwrap();
            losses += trainer().fit(&mut alone, Loss::Squared, &own.unwrap()).unwrap().last().unwrap().loss;
            let tolerance = if backend == Backend::RecordedSingle { 1e-5 } else { 1e-13 };
            assert_near(&together.parameters()[2 * k..][..2], alone.parameters(), tolerance);
        }
        assert!((history.last().unwrap().loss - losses).abs() < 1e-5);
    }
}

/// The loss by hand, as a sum over what is given, with every loss that has a target for each output.
#[test]
fn every_loss_leaves_missing_targets_out() {
    let signs: Vec<[f64; 2]> =
        targets().iter().map(|row| row.map(|t| if t.is_nan() { t } else { t.signum() })).collect();
    let ones: Vec<[f64; 2]> = signs.iter().map(|row| row.map(|t| (t + 1.0) / 2.0)).collect();
    for loss in crate::nets::LOSSES {
        let targets = match loss {
            Loss::CrossEntropy => continue,
            Loss::Hinge => &signs,
            Loss::BinaryCrossEntropy => &ones,
            _ => &targets(),
        };
        let divisor = if matches!(loss, Loss::MeanSquared | Loss::MeanAbsolute) { 2.0 } else { 1.0 };
        let data = Data::with_missing(&inputs(), targets).unwrap();
        let by_hand = |w: &[Var]| -> Var {
            let mut total = Var::from(0.0);
            for (sample, [x]) in inputs().iter().enumerate() {
                for k in 0..2 {
                    if !targets[sample][k].is_nan() {
                        let output = w[2 * k] * *x + w[2 * k + 1];
                        total += loss.of(&[output], &[Var::from(targets[sample][k])]) / divisor;
                    }
                }
            }
            total / 7.0
        };
        let (expected, slopes) = tapegrad::value_and_gradient(by_hand, lines().parameters());
        let (found, gradient) = lines().loss_and_gradient(loss, &data).unwrap();
        assert_near(&[found], &[expected], 1e-14);
        assert_near(&gradient, &slopes, 1e-14);
    }
}

#[test]
fn a_class_is_missing_as_a_whole() {
    let inputs = [[0.5], [1.0], [2.0]];
    let targets = [[1.0, 0.0], [NAN, NAN], [0.0, 1.0]];
    let all = Data::with_missing(&inputs, &targets).unwrap();
    let (found, gradient) = lines().loss_and_gradient(Loss::CrossEntropy, &all).unwrap();
    let given = Data::new(&[inputs[0], inputs[2]], &[targets[0], targets[2]]).unwrap();
    let (expected, slopes) = lines().loss_and_gradient(Loss::CrossEntropy, &given).unwrap();
    assert_near(&[found], &[expected * 2.0 / 3.0], 1e-15);
    assert_near(&gradient, &slopes.iter().map(|slope| slope * 2.0 / 3.0).collect::<Vec<_>>(), 1e-15);
    let part = Data::with_missing(&[[0.5]], &[[1.0, NAN]]).unwrap();
    let error = lines().loss_and_gradient(Loss::CrossEntropy, &part).unwrap_err().to_string();
    assert!(error.contains("sample 0") && error.contains("missing in part"), "{error}");
}

#[test]
fn what_is_given_is_still_checked() {
    let data = Data::with_missing(&[[0.0], [1.0]], &[[NAN, 1.0], [0.5, NAN]]).unwrap();
    let error = lines().loss_and_gradient(Loss::Hinge, &data).unwrap_err();
    assert!(matches!(error, Error::Target { sample: 1, .. }), "{error}");
    assert!(matches!(
        Data::new(&[[0.0]], &[[NAN]]),
        Err(Error::NotANumber { what: "target", sample: 0, column: 0, .. })
    ));
    assert!(matches!(Data::with_missing(&[[0.0]], &[[f64::INFINITY]]), Err(Error::NotANumber { .. })));
    assert!(matches!(Data::with_missing(&[[NAN]], &[[0.0]]), Err(Error::NotANumber { what: "input", .. })));
    let none: &[[f64; 1]] = &[];
    assert!(Data::with_missing(none, none).unwrap().is_empty());
    // Nothing missing is nothing special.
    let plain = Data::with_missing(&[[0.0]], &[[1.0]]).unwrap();
    assert!(!plain.has_missing() && plain == Data::new(&[[0.0]], &[[1.0]]).unwrap());
    assert!(data.has_missing() && data == data.clone());
}

/// Selecting and scaling keep what is missing; all may be.
#[test]
fn parts_of_data_keep_what_is_missing() {
    let data = data();
    assert!(data.target(0).iter().all(|target| target.is_nan()));
    assert!(data.select(&[0, 2]).has_missing());
    let scaler = tapegrad::nn::Scaler::new(vec![1.0, 2.0], vec![2.0, 4.0]).unwrap();
    let scaled = data.clone().scale_targets(&scaler);
    assert!(scaled.target(2)[1].is_nan() && scaled.target(2)[0] == (data.target(2)[0] - 1.0) / 2.0);
    let mut mlp = lines();
    let history =
        Trainer::new(Sgd::new(0.1)).epochs(2).fit(&mut mlp, Loss::Squared, &data.select(&[0])).unwrap();
    assert_eq!((history.last().unwrap().loss, mlp), (0.0, lines()));
}

/// An output that is infinite where its target is missing.
#[test]
fn an_infinite_term_that_is_left_out_has_no_part() {
    let data = Data::with_missing(&[[1.0], [2.0]], &[[NAN, 1.0], [NAN, 2.0]]).unwrap();
    let mut mlp = lines();
    mlp.set_parameters(&[1e200, 0.0, 0.5, 0.0]).unwrap();
    for backend in [Backend::Recorded, Backend::Eager] {
        let mut mlp = mlp.clone();
        Trainer::new(Sgd::new(0.01)).epochs(3).backend(backend).fit(&mut mlp, Loss::Squared, &data).unwrap();
        assert_eq!(mlp.parameters()[..2], [1e200, 0.0]);
        assert!(mlp.parameters()[2] > 0.5);
    }
}

#[test]
fn validation_and_metrics_leave_them_out() {
    let (train, validation) = (data().select(&[1, 5]), data());
    let mut mlp = lines();
    let history =
        Trainer::new(Sgd::new(0.02)).epochs(1).validate_on(validation.clone()).metric(Metric::RSquared);
    let mut history = history;
    let last = history.fit(&mut mlp, Loss::Squared, &train).unwrap().last().cloned().unwrap();
    let given = |k: usize| (0..7).filter(move |&sample| !targets()[sample][k].is_nan());
    let error = |sample: usize, k: usize| (mlp.predict(&inputs()[sample])[k] - targets()[sample][k]).powi(2);
    let loss: f64 = (0..2)
        .flat_map(|k| given(k).map(move |sample| (sample, k)))
        .map(|(sample, k)| error(sample, k))
        .sum();
    assert_near(&[last.validation_loss.unwrap()], &[loss / 7.0], 1e-14);
    let of_output = |k: usize| {
        let samples: Vec<usize> = given(k).collect();
        let mean = samples.iter().map(|&s| targets()[s][k]).sum::<f64>() / samples.len() as f64;
        let total: f64 = samples.iter().map(|&s| (targets()[s][k] - mean).powi(2)).sum();
        1.0 - samples.iter().map(|&s| error(s, k)).sum::<f64>() / total
    };
    assert_near(&[last.metric(Metric::RSquared).unwrap()], &[(of_output(0) + of_output(1)) / 2.0], 1e-13);
    assert_near(
        &[r_squared(mlp.predict_all(&validation), &validation)],
        &[last.metric(Metric::RSquared).unwrap()],
        1e-15,
    );
    let classes = Data::with_missing(&[[0.0], [1.0], [2.0]], &[[1.0, 0.0], [NAN, NAN], [1.0, 0.0]]).unwrap();
    assert_eq!(accuracy(&[vec![1.0, 0.0], vec![1.0, 0.0], vec![0.0, 1.0]], &classes), 0.5);
}

#[test]
fn a_loss_of_ones_own_is_told_or_refused() {
    let quartic = |y: &[Var], t: &[Var], given: &[Var]| {
        (0..2).map(|k| gt(given[k], 0.5).select((y[k] - t[k]).powi(4), 0.0)).sum::<Var>()
    };
    for batch in [Batch::Full, Batch::Each] {
        let fit = |backend| {
            let mut mlp = lines();
            Trainer::new(Sgd::new(0.01))
                .epochs(3)
                .batch(batch)
                .backend(backend)
                .fit_masked(&mut mlp, quartic, &data())
                .unwrap();
            mlp.parameters().to_vec()
        };
        assert_near(&fit(Backend::Recorded), &fit(Backend::Eager), 1e-14);
    }
    // Where nothing is missing, everything is given.
    let plain = Data::new(&inputs(), &[[1.0, 2.0]; 7]).unwrap();
    let [mut masked, mut unmasked] = [lines(), lines()];
    Trainer::new(Sgd::new(0.001)).epochs(3).fit_masked(&mut masked, quartic, &plain).unwrap();
    let whole = |y: &[Var], t: &[Var]| (y[0] - t[0]).powi(4) + (y[1] - t[1]).powi(4);
    Trainer::new(Sgd::new(0.001)).epochs(3).fit_with(&mut unmasked, whole, &plain).unwrap();
    assert_near(masked.parameters(), unmasked.parameters(), 1e-14);

    let error = Trainer::new(Sgd::new(0.1)).fit_with(&mut lines(), whole, &data()).unwrap_err().to_string();
    assert!(error.contains("targets are missing") && error.contains("fit_masked"), "{error}");
    let error =
        Trainer::new(Sgd::new(0.1)).validate_on(data()).fit_with(&mut lines(), whole, &plain).unwrap_err();
    assert!(error.to_string().contains("targets are missing"), "{error}");
    let narrow = Data::new(&[[1.0]], &[[1.0]]).unwrap();
    let error = Trainer::new(Sgd::new(0.1))
        .validate_on(narrow)
        .fit_masked(&mut lines(), quartic, &plain)
        .unwrap_err();
    assert!(error.to_string().contains("targets of a validation sample: 1 given, 2 needed"), "{error}");
    let line = |w: &[Var], x: &[Var], t: &[Var]| (w[0] * x[0] - t[0]).powi(2);
    let (data, mut gradient) = (data(), [0.0]);
    for objective in [
        &mut Recorded::new(&data, Reduction::Mean, line) as &mut dyn Objective,
        &mut Eager::new(&data, Reduction::Mean, line),
    ] {
        let failure = objective.loss_and_gradient(&[1.0], &[0, 1], &mut gradient).unwrap_err();
        assert!(failure.cause.contains("targets are missing"), "{}", failure.cause);
    }
}

/// Pictures that show every target.
#[test]
fn pages_and_plots_refuse_them() {
    use tapegrad::nn::TrainingPage;
    let page =
        TrainingPage::new("missing", &lines(), Loss::Squared, &data()).map(|_| ()).unwrap_err().to_string();
    assert!(page.contains("missing targets"), "{page}");
    let weighted = Data::new(&inputs(), &[[1.0, 2.0]; 7]).unwrap().with_weights(&[1.0; 7]).unwrap();
    let page =
        TrainingPage::new("weights", &lines(), Loss::Squared, &weighted).map(|_| ()).unwrap_err().to_string();
    assert!(page.contains("without weights"), "{page}");
    let plane = Data::with_missing(&[[0.0, 1.0]], &[[NAN]]).unwrap();
    let mlp = Mlp::builder(2).layer(1, Activation::Identity).build().unwrap();
    let plot = tapegrad::plot::decision_boundary(&mlp, &plane, &[]).map(|_| ()).unwrap_err().to_string();
    assert!(plot.contains("targets are missing"), "{plot}");
}

/// Weights and missing targets together.
#[test]
fn weights_and_missing_targets_go_together() {
    let weighted = data().with_weights(&[1.0, 2.0, 0.0, 1.0, 3.0, 1.0, 1.0]).unwrap();
    let repeated = data().select(&[0, 1, 1, 3, 4, 4, 4, 5, 6]);
    let fit = |data: &Data| {
        let mut mlp = lines();
        Trainer::new(Sgd::new(0.02)).epochs(5).fit(&mut mlp, Loss::Squared, data).unwrap();
        mlp.parameters().to_vec()
    };
    assert_near(&fit(&weighted), &fit(&repeated), 1e-13);
    let error = Data::with_missing(&[[0.0]], &[[NAN]]).unwrap().with_class_weights(&[1.0, 1.0]).unwrap_err();
    assert!(matches!(error, Error::Target { sample: 0, .. }), "{error}");
}
