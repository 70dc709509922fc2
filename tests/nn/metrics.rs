//! Promise: metrics have the values of scikit-learn, with and without weights; where one is not defined, the error says so; the
//! history keeps all of them by name, and early stopping goes by any of them.

use crate::common::panic_of;
use crate::nets::{json, matrix, numbers};
use serde_json::Value;
use std::collections::HashMap;
use tapegrad::nn::{
    Activation, Adam, Average, ConfusionMatrix, Data, Error, Goal, Loss, Metric, Mlp, Predictions, Sgd,
    Trainer, blobs, moons, sine,
};

/// Every metric, for this number of classes.
fn all(classes: usize) -> Vec<Metric> {
    let mut averages = vec![Average::Macro, Average::Micro, Average::BySamples];
    averages.extend((0..classes).map(Average::Class));
    let mut metrics = vec![
        Metric::Accuracy,
        Metric::BalancedAccuracy,
        Metric::RocAuc,
        Metric::LogLoss,
        Metric::MeanAbsoluteError,
        Metric::MeanSquaredError,
        Metric::RootMeanSquaredError,
        Metric::RSquared,
    ];
    for average in averages {
        metrics.extend([Metric::Precision(average), Metric::Recall(average), Metric::F1(average)]);
    }
    metrics
}

fn data_of(case: &Value, outputs: &[Vec<f64>]) -> Data {
    let inputs = vec![[0.0]; outputs.len()];
    if case["kind"] == "numbers" {
        return Data::new(&inputs, &matrix(&case["truth"])).unwrap();
    }
    let truth: Vec<usize> = numbers(&case["truth"]).into_iter().map(|class| class as usize).collect();
    match outputs[0].len() {
        1 => Data::new(&inputs, &truth.iter().map(|&class| [class as f64]).collect::<Vec<_>>()).unwrap(),
        classes => Data::classes(&inputs, &truth, classes).unwrap(),
    }
}

#[track_caller]
fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 2e-14 * expected.abs().max(1.0), "{what}: {found}, not {expected}");
}

#[test]
fn all_have_the_values_of_scikit_learn() {
    let mut seen = HashMap::new();
    for (k, case) in json("metrics.json")["cases"].as_array().unwrap().iter().enumerate() {
        let outputs = matrix(&case["outputs"]);
        let data = data_of(case, &outputs);
        let weights = case["weights"].as_array().map(|_| numbers(&case["weights"]));
        let weights = weights.as_deref();
        for (name, expected) in case["values"].as_object().unwrap() {
            let what = format!("{name} of case {k}");
            let metric =
                *all(outputs[0].len().max(2)).iter().find(|metric| metric.to_string() == *name).unwrap();
            let found = metric.evaluate(&outputs, &data, weights);
            match expected.as_f64() {
                Some(expected) => assert_close(found.unwrap(), expected, &what),
                None => assert!(matches!(found, Err(Error::Metric { .. })), "{what}: {found:?}"),
            }
            if let (None, Some(expected)) = (weights, expected.as_f64()) {
                assert_close(metric.of(&outputs, &data), expected, &what);
            }
            *seen.entry(name.split(" (").next().unwrap().to_owned()).or_insert(0) += 1;
        }
        if let Some(each) = case["each"].as_object() {
            for (name, expected) in each {
                let metric = *all(2).iter().find(|metric| metric.to_string() == *name).unwrap();
                let found = metric.per_output(&outputs, &data, weights).unwrap();
                for (found, expected) in found.iter().zip(numbers(expected)) {
                    assert_close(*found, expected, &format!("{name} of each output of case {k}"));
                }
            }
            continue;
        }
        let found = ConfusionMatrix::weighted(&outputs, &data, weights).unwrap();
        let expected = matrix(&case["matrix"]);
        for (truth, row) in expected.iter().enumerate() {
            for (class, &expected) in row.iter().enumerate() {
                assert_close(found.weight(truth, class), expected, "confusion matrix");
            }
        }
        assert_close(found.accuracy(), case["values"]["accuracy"].as_f64().unwrap(), "its accuracy");
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
}

#[test]
fn probabilities_and_logits_have_the_same_log_loss() {
    let data = Data::classes(&[[0.0], [0.0]], &[0, 2], 3).unwrap();
    let logits = [vec![1.0, 0.0, -1.0], vec![0.5, 0.5, 2.0]];
    let probabilities = logits.clone().map(|row| tapegrad::lists::softmax(&row));
    let expected = Metric::LogLoss.of(&logits, &data);
    assert_close(
        Metric::LogLoss.of(Predictions::from(&probabilities).as_probabilities(), &data),
        expected,
        "softmax",
    );
    // And as a network has them.
    for (activation, outputs) in [(Activation::Identity, logits), (Activation::Softmax, probabilities)] {
        let mut mlp = Mlp::builder(1).layer(3, activation).build().unwrap();
        for (row, outputs) in outputs.iter().enumerate() {
            mlp.set_parameters(&[0.0; 6]).unwrap();
            let one = data.select(&[row]);
            let alone = Metric::LogLoss.of(std::slice::from_ref(outputs), &one);
            if activation == Activation::Identity {
                (0..3).for_each(|k| mlp.parameters_mut()[2 * k + 1] = outputs[k]);
                assert_close(Metric::LogLoss.of(mlp.predict_all(&one), &one), alone, "a network");
            }
        }
    }
}

/// What a metric cannot be computed of, and the words that say why.
#[test]
fn what_is_not_defined_is_told() {
    let classes = |of: &[usize]| Data::classes(&vec![[0.0]; of.len()], of, 3).unwrap();
    let none: &[[f64; 1]] = &[];
    let empty = Data::new(none, none).unwrap();
    let numbers = Data::new(&[[0.0], [0.0]], &[[1.0], [2.0]]).unwrap();
    let rows = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]];
    let no_rows: [Vec<f64>; 0] = [];
    let (one, two) = ([vec![1.0]], [vec![1.0], vec![2.0]]);
    let nan = [vec![1.0], vec![f64::NAN]];
    let cases: Vec<(Result<f64, Error>, &str)> = vec![
        (Metric::RocAuc.evaluate(&rows, &classes(&[0, 1]), None), "no target is of class 2"),
        (
            Metric::RocAuc.evaluate(&two, &Data::new(&[[0.0]; 2], &[[1.0]; 2]).unwrap(), None),
            "no target is of class 0",
        ),
        (Metric::RSquared.evaluate(&one, &numbers.select(&[0]), None), "at least two samples"),
        (Metric::Accuracy.evaluate(&no_rows, &empty, None), "there are no samples"),
        (Metric::RSquared.evaluate(&no_rows, &empty, None), "there are no samples"),
        (
            Metric::F1(Average::Class(3)).evaluate(&rows, &classes(&[0, 1]), None),
            "there is no class 3: there are 3",
        ),
        (Metric::MeanAbsoluteError.evaluate(&one, &numbers, None), "1 predictions for 2 samples"),
        (Metric::MeanAbsoluteError.evaluate(&rows, &numbers, None), "3 outputs, and a sample has 1 targets"),
        (Metric::MeanAbsoluteError.evaluate(&nan, &numbers, None), "prediction 1 is [NaN]"),
        (Metric::F1(Average::Macro).evaluate(&nan, &numbers, None), "prediction 1 is [NaN]"),
        (Metric::Accuracy.evaluate(&two, &numbers, Some(&[1.0])), "1 weights for 2 samples"),
        (Metric::Accuracy.evaluate(&two, &numbers, Some(&[1.0, -1.0])), "the weight of sample 1 is -1"),
        (Metric::Accuracy.evaluate(&two, &numbers, Some(&[f64::NAN, 1.0])), "the weight of sample 0 is NaN"),
        (
            Metric::Accuracy.evaluate(&two, &numbers, Some(&[1.0, f64::INFINITY])),
            "the weight of sample 1 is inf",
        ),
        (Metric::Accuracy.evaluate(&two, &numbers, Some(&[0.0, 0.0])), "all weights are 0"),
        (
            Metric::LogLoss.evaluate(Predictions::from(&two).as_probabilities(), &numbers, None),
            "gives no probabilities",
        ),
        (
            Metric::LogLoss.evaluate(Predictions::from(&two).with_boundary(0.5), &numbers, None),
            "`as_probabilities`",
        ),
        (Metric::Accuracy.per_output(&two, &numbers, None).map(|_| 0.0), "no value for each output"),
        (
            ConfusionMatrix::weighted(&nan, &numbers, None).map(|_| 0.0),
            "there is no confusion matrix: prediction 1",
        ),
    ];
    for (outcome, expected) in cases {
        let error = outcome.expect_err(expected);
        assert!(matches!(error, Error::Metric { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}, not {expected}");
    }
    // Training tells it before it starts, of those samples that are measured.
    let data = Data::new(&[[0.0], [1.0], [2.0]], &[[0.0], [1.0], [1.0]]).unwrap();
    let fit = |trainer: Trainer<'_>| {
        let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
        let before = mlp.clone();
        let mut trainer = trainer.epochs(2);
        let outcome = trainer.fit(&mut mlp, Loss::BinaryCrossEntropy, &data);
        let has_trained =
            outcome.as_ref().map_or_else(|error| matches!(error, Error::NonFinite { .. }), |_| true);
        assert!(has_trained || mlp == before);
        outcome
    };
    let trainer = || Trainer::new(Sgd::new(0.1));
    let only_ones = data.select(&[1, 2]);
    assert!(fit(trainer().metric(Metric::RocAuc)).is_ok());
    let error = fit(trainer().metric(Metric::RocAuc).validate_on(only_ones)).unwrap_err().to_string();
    assert!(error.contains("ROC AUC") && error.contains("class 0"), "{error}");
    let validated = || trainer().metric(Metric::Accuracy).validate_on(data.clone());
    for (trainer, expected) in [
        (validated().metric(Metric::Accuracy), "two metrics have the name `accuracy`"),
        (validated().early_stopping(3).monitor(Metric::RocAuc), "`ROC AUC` cannot be monitored"),
        (validated().monitor(Metric::Accuracy), "say when to stop, with `early_stopping`"),
        (trainer().metric(Metric::Recall(Average::Class(2))), "there is no class 2"),
        (
            validated().metric_with("odd", Goal::Maximize, |_, _| f64::NAN).early_stopping(3).monitor("odd"),
            "the monitored odd is not finite",
        ),
    ] {
        let error = fit(trainer).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
    assert!(Metric::RSquared.of(&one, &numbers.select(&[0])).is_nan());
    assert!(panic_of(|| Metric::RSquared.of(&one, &numbers)).message.contains("1 predictions for 2 samples"));
}

#[test]
fn the_history_has_all_metrics_of_both_parts_by_name() {
    let data = blobs(90, 3, 1.0, 3);
    let (train, test) = data.split(1.0 / 3.0, 5);
    let metrics = [Metric::F1(Average::Macro), Metric::LogLoss, Metric::RocAuc];
    let fit = |both: bool| {
        let mut mlp = Mlp::builder(2).layer(3, Activation::Identity).seed(2).build().unwrap();
        let trainer =
            Trainer::new(Adam::new(0.05)).epochs(4).validate_on(test.clone()).training_metrics(both);
        let mut trainer = metrics
            .into_iter()
            .fold(trainer, |trainer, metric| trainer.metric(metric))
            .metric_with("share of class 1, \"ours\"", Goal::Maximize, |predictions, data| {
                assert_eq!(predictions.len(), data.len());
                let ones = (0..data.len()).filter(|&k| predictions.class(k) == Some(1)).count();
                ones as f64 / data.len() as f64
            })
            .metric_with("never", Goal::Minimize, |_, _| f64::INFINITY);
        let history = trainer.fit(&mut mlp, Loss::CrossEntropy, &train).unwrap();
        (mlp, history)
    };
    let (mlp, history) = fit(true);
    let last = history.last().unwrap();
    for (k, metric) in metrics.into_iter().enumerate() {
        let of = |data: &Data| Some(metric.of(mlp.predict_all(data), data));
        assert_eq!(
            (last.metrics[k].training, last.metrics[k].validation),
            (of(&train), of(&test)),
            "{metric}"
        );
        assert_eq!((last.metric(metric), &last.metrics[k].name), (of(&test), &metric.to_string()));
    }
    assert!(last.metric("share of class 1, \"ours\"").is_some_and(|share| (0.0..=1.0).contains(&share)));
    assert_eq!((last.metric("never"), last.metric("no such metric")), (None, None));
    let csv = history.to_csv();
    assert!(csv.starts_with(
        "epoch,updates,rate,loss,validation_loss,F1 (macro),training F1 (macro),log loss,training log loss,ROC AUC,\
         training ROC AUC,\"share of class 1, \"\"ours\"\"\",\"training share of class 1, \"\"ours\"\"\",never\n"
    ));
    assert_eq!(csv.lines().count(), 5);

    let (again, alone) = fit(false);
    assert_eq!(again, mlp, "metrics do not change training");
    assert!(alone.epochs.iter().all(|epoch| epoch.metrics.iter().all(|metric| metric.training.is_none())));
}

#[test]
fn early_stopping_goes_by_any_metric_in_its_direction() {
    let data = sine(40, 0.3, 2);
    // Metrics that count epochs: better until the fourth, then worse.
    for (goal, sign) in [(Goal::Maximize, 1.0), (Goal::Minimize, -1.0)] {
        let calls = std::cell::Cell::new(0);
        let rule = |_: &Predictions<'_>, _: &Data| {
            calls.set(calls.get() + 1);
            sign * [1.0, 2.0, 2.5, 4.0, 3.9, 3.0, 4.0, 3.0][calls.get() - 1]
        };
        let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
        let mut parameters = Vec::new();
        let history = Trainer::new(Sgd::new(0.01))
            .validation_split(0.25, 1)
            .metric_with("own", goal, rule)
            .early_stopping(4)
            .monitor("own")
            .on_epoch(|_, w| {
                parameters.push(w.to_vec());
                std::ops::ControlFlow::Continue(())
            })
            .fit(&mut mlp, Loss::Squared, &data)
            .unwrap();
        assert_eq!(
            (history.epochs.len(), history.best_epoch, history.stopped_early),
            (8, Some(3), true),
            "{goal:?}"
        );
        assert_eq!(mlp.parameters(), parameters[3]);
    }
    let mut mlp =
        Mlp::builder(2).layer(6, Activation::Tanh).layer(1, Activation::Identity).seed(3).build().unwrap();
    for metric in [Metric::RocAuc, Metric::LogLoss, Metric::F1(Average::Class(1))] {
        let history = Trainer::new(Adam::new(0.05))
            .epochs(60)
            .validation_split(0.5, 1)
            .metric(metric)
            .early_stopping(usize::MAX)
            .monitor(metric)
            .fit(&mut mlp, Loss::Hinge, &moons(60, 0.3, 4))
            .unwrap();
        let values: Vec<f64> = history.epochs.iter().map(|epoch| epoch.metric(metric).unwrap()).collect();
        let best = match metric.goal() {
            Goal::Maximize => values.iter().copied().fold(f64::MIN, f64::max),
            Goal::Minimize => values.iter().copied().fold(f64::MAX, f64::min),
        };
        assert_eq!(
            history.best_epoch,
            values.iter().position(|&value| value == best),
            "the first of the best"
        );
    }
}
