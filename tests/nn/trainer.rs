//! What the trainer promises besides the numbers: errors that leave the model good, validation, early stopping.

use std::cell::Cell;
use std::ops::ControlFlow;
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adam, Batch, Clip, Data, Eager, Error, Failure, Loss, Metric, Mlp, Objective, Order,
    Recorded, Reduction, Sgd, Trainer, accuracy, blobs, moons, r_squared, sine,
};

fn line() -> Mlp {
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[0.5, 0.0]).unwrap();
    mlp
}

#[test]
fn a_loss_that_is_not_finite_stops_and_says_where() {
    let data = Data::new(&[[1.0], [2.0], [-3.0], [4.0]], &[[1.0]; 4]).unwrap();
    let loss = |y: &[Var], t: &[Var]| (y[0].ln() - t[0]).powi(2);
    let mut good = line();
    let two = Data::new(&[[1.0], [2.0]], &[[1.0]; 2]).unwrap();
    Trainer::new(Sgd::new(0.01)).epochs(1).batch(Batch::Each).fit_with(&mut good, loss, &two).unwrap();

    let mut mlp = line();
    let error = Trainer::new(Sgd::new(0.01)).batch(Batch::Each).fit_with(&mut mlp, loss, &data).unwrap_err();
    let Error::NonFinite { step, sample, cause } = &error else { panic!("{error}") };
    assert_eq!((*step, *sample), (2, Some(2)));
    assert!(cause.contains("ln(") && cause.contains("NaN") && cause.contains("nn/trainer.rs"), "{cause}");
    assert!(error.to_string().starts_with("training stopped at update 2, sample 2: "), "{error}");
    assert_eq!(mlp, good, "the two good updates stand");
}

#[test]
fn a_gradient_that_is_not_finite_stops_too() {
    let data = Data::new(&[[0.0]], &[[0.0]]).unwrap();
    let mut mlp = line();
    let error =
        Trainer::new(Sgd::new(0.1)).fit_with(&mut mlp, |y, _| y[0].sqrt(), &data).unwrap_err().to_string();
    assert!(error.contains("update 0, sample 0") && error.contains("sqrt"), "{error}");
    assert_eq!(mlp, line());
}

#[test]
fn an_update_that_overflows_is_taken_back() {
    let data = Data::new(&[[1e100]], &[[0.0]]).unwrap();
    let mut mlp = line();
    let mut last_good = mlp.clone();
    let error = Trainer::new(Sgd::new(1e300))
        .on_epoch(|_, w| {
            last_good.set_parameters(w).unwrap();
            ControlFlow::Continue(())
        })
        .fit(&mut mlp, Loss::Squared, &data)
        .unwrap_err();
    assert!(matches!(error, Error::NonFinite { step: 0, sample: None, .. }), "{error}");
    assert_eq!(mlp, line());
}

#[test]
fn data_that_does_not_fit_is_refused_before_anything_happens() {
    let fit = |mut mlp: Mlp, loss, data: &Data| {
        let before = mlp.clone();
        let error = Trainer::new(Sgd::new(0.1)).fit(&mut mlp, loss, data).unwrap_err().to_string();
        assert_eq!(mlp, before);
        error
    };
    let wide = Data::new(&[[1.0, 2.0]], &[[1.0]]).unwrap();
    assert!(fit(line(), Loss::Squared, &wide).contains("inputs of a sample: 2 given, 1 needed"));
    let classes = Data::classes(&[[1.0]], &[0], 2).unwrap();
    assert!(fit(line(), Loss::CrossEntropy, &classes).contains("targets of a sample: 2 given, 1 needed"));
    let halves = Data::new(&[[1.0], [1.0]], &[[1.0], [0.5]]).unwrap();
    assert!(fit(line(), Loss::Hinge, &halves).contains("sample 1"));
    assert!(fit(line(), Loss::CrossEntropy, &halves).contains("not a distribution"));
    let beyond = Data::new(&[[1.0]], &[[1.5]]).unwrap();
    assert!(fit(line(), Loss::BinaryCrossEntropy, &beyond).contains("from 0 to 1"));
    let none: &[[f64; 1]] = &[];
    assert!(fit(line(), Loss::Squared, &Data::new(none, none).unwrap()).contains("no samples"));
    let mut poisoned = line();
    poisoned.parameters_mut()[0] = f64::NAN;
    let mut trainer = Trainer::new(Sgd::new(0.1));
    let error = trainer.fit(&mut poisoned, Loss::Squared, &beyond).unwrap_err().to_string();
    assert!(error.contains("`layers.0.neurons.0.weights.0` is NaN before training"), "{error}");

    let stopping = Trainer::new(Sgd::new(0.1)).early_stopping(3).fit(&mut line(), Loss::Squared, &beyond);
    assert!(stopping.unwrap_err().to_string().contains("validate_on"));
    let empty = Trainer::new(Sgd::new(0.1)).batch(Batch::Size(0)).fit(&mut line(), Loss::Squared, &beyond);
    assert!(empty.unwrap_err().to_string().contains("at least one sample"));
}

#[test]
fn batches_of_one_and_of_all_are_what_they_say() {
    let data = sine(7, 0.1, 3);
    let updates = |batch| {
        let mut trainer = Trainer::new(Sgd::new(0.01)).epochs(2).batch(batch);
        trainer.fit(&mut line(), Loss::Squared, &data).unwrap().last().unwrap().updates
    };
    assert_eq!([Batch::Full, Batch::Each, Batch::Size(3), Batch::Size(99)].map(updates), [2, 14, 6, 2]);

    // By hand: one update per example, in the given order.
    let mut by_hand = [0.5, 0.0];
    for k in 0..data.len() {
        let (x, t) = (data.input(k)[0], data.target(k)[0]);
        let error = by_hand[0] * x + by_hand[1] - t;
        by_hand = [by_hand[0] - 0.1 * (2.0 * error * x), by_hand[1] - 0.1 * (2.0 * error)];
    }
    let mut mlp = line();
    Trainer::new(Sgd::new(0.1)).epochs(1).batch(Batch::Each).fit(&mut mlp, Loss::Squared, &data).unwrap();
    for (ours, by_hand) in mlp.parameters().iter().zip(by_hand) {
        assert!((ours - by_hand).abs() < 1e-14);
    }
}

#[test]
fn sums_are_means_times_the_size() {
    let data = sine(8, 0.0, 0);
    let train = |reduction, rate| {
        let mut mlp = line();
        let mut trainer = Trainer::new(Sgd::new(rate)).epochs(5).batch(Batch::Size(4)).reduction(reduction);
        let history = trainer.fit(&mut mlp, Loss::Squared, &data).unwrap();
        (mlp, history.losses())
    };
    let (by_mean, mean_losses) = train(Reduction::Mean, 0.04);
    let (by_sum, sum_losses) = train(Reduction::Sum, 0.01);
    for (a, b) in by_mean.parameters().iter().zip(by_sum.parameters()) {
        assert!((a - b).abs() < 1e-14);
    }
    for (mean, sum) in mean_losses.iter().zip(&sum_losses) {
        assert!((mean * 8.0 / sum - 1.0).abs() < 1e-14);
    }
}

#[test]
fn orders_are_permutations_that_follow_from_the_seed() {
    let order = Order::Shuffled { seed: 9 };
    let epochs: Vec<Vec<usize>> = (0..4).map(|epoch| order.of_epoch(epoch, 20)).collect();
    for (k, epoch) in epochs.iter().enumerate() {
        let mut sorted = epoch.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, Order::Given.of_epoch(k, 20));
        assert!(epochs[..k].iter().all(|other| other != epoch));
        assert_eq!(*epoch, order.of_epoch(k, 20));
    }
    assert_ne!(epochs[0], Order::Shuffled { seed: 10 }.of_epoch(0, 20));
}

#[test]
fn early_stopping_takes_back_the_best_parameters() {
    // A step that is too long makes things worse and worse.
    let (train, test) = (sine(12, 0.0, 1), sine(5, 0.0, 2));
    let mut seen = Vec::new();
    let mut mlp = line();
    let history = Trainer::new(Sgd::new(0.1))
        .epochs(100)
        .schedule(tapegrad::nn::Schedule::custom(|k| if k < 5 { 1.0 } else { 5.0 }))
        .validate_on(test)
        .early_stopping(4)
        .on_epoch(|epoch, w| {
            seen.push((epoch.validation_loss.unwrap(), w.to_vec()));
            ControlFlow::Continue(())
        })
        .fit(&mut mlp, Loss::Squared, &train)
        .unwrap();
    let best = (0..seen.len()).min_by(|&a, &b| seen[a].0.total_cmp(&seen[b].0)).unwrap();
    assert!(history.stopped_early && history.best_epoch == Some(best));
    assert_eq!(history.epochs.len(), best + 5);
    assert_eq!(mlp.parameters(), seen[best].1);
}

#[test]
fn a_validation_split_is_not_learned_from() {
    let data = moons(40, 0.1, 1);
    let (train, test) = data.split(0.25, 3);
    assert_eq!((train.len(), test.len()), (30, 10));
    let build = || Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build().unwrap();
    let trainer = || Trainer::new(Adam::new(0.05)).epochs(5).metric(Metric::Accuracy);
    let (mut a, mut b) = (build(), build());
    let by_split = trainer().validation_split(0.25, 3).fit(&mut a, Loss::Hinge, &data).unwrap();
    let by_hand = trainer().validate_on(test.clone()).fit(&mut b, Loss::Hinge, &train).unwrap();
    assert_eq!((&a, by_split), (&b, by_hand.clone()));
    let last = by_hand.last().unwrap();
    assert_eq!(last.metric(Metric::Accuracy), Some(accuracy(a.predict_all(&test), &test)));
    let mean: f64 =
        (0..10).map(|k| Loss::Hinge.of(&a.predict(test.input(k)), test.target(k))).sum::<f64>() / 10.0;
    assert!((last.validation_loss.unwrap() - mean).abs() < 1e-14);
}

#[test]
fn callbacks_can_stop() {
    let stop = |epoch: &tapegrad::nn::Epoch, _: &[f64]| {
        if epoch.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let history =
        Trainer::new(Sgd::new(0.1)).on_epoch(stop).fit(&mut line(), Loss::Squared, &sine(5, 0.0, 0)).unwrap();
    assert_eq!(history.epochs.len(), 3);
}

#[test]
fn the_history_is_a_table() {
    let mut trainer = Trainer::new(Sgd::new(0.25)).epochs(2).metric(Metric::RSquared).clip(Clip::Norm(1.0));
    let history = trainer.fit(&mut line(), Loss::Squared, &sine(5, 0.0, 0)).unwrap();
    let csv = history.to_csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "epoch,updates,rate,loss,validation_loss,R²");
    let second: Vec<&str> = lines[2].split(',').collect();
    assert_eq!((second[0], second[1], second[2], second[4]), ("1", "2", "0.25", ""));
    assert_eq!(second[3].parse::<f64>().unwrap(), history.losses()[1]);
    assert_eq!(second[5].parse::<f64>().ok(), history.epochs[1].metric(Metric::RSquared));
}

#[test]
fn metrics() {
    let data = Data::new(&[[0.0], [0.0], [0.0]], &[[1.0], [2.0], [3.0]]).unwrap();
    assert_eq!(r_squared(&[vec![1.0], vec![2.0], vec![3.0]], &data), 1.0);
    assert_eq!(r_squared(&[vec![2.0], vec![2.0], vec![2.0]], &data), 0.0);
    assert_eq!(r_squared(&[vec![1.0], vec![2.0], vec![4.0]], &data), 0.5);
    let signs = Data::new(&[[0.0], [0.0]], &[[-1.0], [1.0]]).unwrap();
    assert_eq!(accuracy(&[vec![-0.1], vec![-0.1]], &signs), 0.5);
    let three = blobs(6, 3, 0.1, 0);
    let matrix = tapegrad::nn::ConfusionMatrix::new(&vec![vec![0.0, 1.0, 0.0]; 6], &three);
    assert_eq!((matrix.count(0, 1), matrix.count(1, 1), matrix.accuracy()), (2, 2, 1.0 / 3.0));
    let table = matrix.with_names(&["a", "bb", "c"]).to_string();
    assert_eq!(table.lines().nth(2).unwrap().split_whitespace().collect::<Vec<_>>(), ["bb", "0", "2", "0"]);
}

/// The seam: whatever can give loss and gradient of a batch is trained by the same loop.
#[test]
fn an_objective_of_ones_own() {
    struct Bowl {
        batches: Vec<Vec<usize>>,
    }
    impl Objective for Bowl {
        fn samples(&self) -> usize {
            3
        }
        fn loss_and_gradient(&mut self, w: &[f64], batch: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
            self.batches.push(batch.to_vec());
            if self.batches.len() == 5 {
                return Err(Failure { sample: Some(batch[0]), cause: "enough".to_owned() });
            }
            g[0] = 2.0 * w[0];
            Ok(w[0] * w[0])
        }
    }
    let (mut bowl, mut w) = (Bowl { batches: Vec::new() }, [1.0]);
    let error = Trainer::new(Sgd::new(0.25))
        .batch(Batch::Size(2))
        .minimize(&mut w, &mut bowl)
        .unwrap_err()
        .to_string();
    assert!(error.contains("update 4, sample 0: enough"), "{error}");
    assert_eq!(w, [0.0625]);
    assert_eq!(bowl.batches[..2], [vec![0, 1], vec![2]]);
}

/// Samples by themselves go through one recording per branch, made twice, also those of a batch of one at the end, and give what a tape
/// gives; what cannot be recorded goes to the tape.
#[test]
fn samples_by_themselves_are_recorded_once_per_branch() {
    let data =
        Data::new(&[[-2.0], [-1.0], [0.5], [1.0], [3.0]], &[[1.0], [0.0], [2.0], [1.0], [5.0]]).unwrap();
    let calls = Cell::new(0);
    let of_sample = |w: &[Var], x: &[Var], t: &[Var]| {
        calls.set(calls.get() + 1);
        let y = if x[0] * w[0] < 0.0 { x[0] * w[1] } else { (x[0] * w[0]).sin() };
        (y + w[2] - t[0]).powi(2)
    };
    let mut eager = Eager::new(&data, Reduction::Mean, of_sample);
    let mut recorded = Recorded::new(&data, Reduction::Mean, of_sample);
    let [mut expected, mut found] = [[0.0; 3]; 2];
    let mut recordings = 0;
    for step in 0..50 {
        let w = [0.4 - 0.02 * f64::from(step), 0.3, -0.1];
        for sample in 0..data.len() {
            let by_tape = eager.loss_and_gradient(&w, &[sample], &mut expected).unwrap();
            calls.set(0);
            assert_eq!(recorded.loss_and_gradient(&w, &[sample], &mut found).unwrap(), by_tape);
            recordings += calls.get();
            assert_eq!(found, expected, "step {step}, sample {sample}");
        }
    }
    // Each twice, to see that it is the same; and once more after 1, 2, 4, ..., 128 of the 250 batches.
    assert_eq!(recordings, 2 * 2 + 8);

    // With other parameters, more of them.
    let by_tape = eager.loss_and_gradient(&[0.1, 0.2, 0.3, 0.4], &[4], &mut [0.0; 4]).unwrap();
    let found = recorded.loss_and_gradient(&[0.1, 0.2, 0.3, 0.4], &[4], &mut [0.0; 4]).unwrap();
    assert_eq!(found, by_tape);

    // Numbers read out of variables, and what is not finite.
    let reads = |w: &[Var], x: &[Var], _: &[Var]| w[0] * x[0].value();
    let mut recorded = Recorded::new(&data, Reduction::Mean, reads);
    let mut slope = [0.0];
    for (sample, x) in [-2.0, -1.0, 0.5, 1.0, 3.0].into_iter().enumerate() {
        assert_eq!(recorded.loss_and_gradient(&[2.0], &[sample], &mut slope), Ok(2.0 * x));
        assert_eq!(slope, [x]);
    }
    let mut recorded =
        Recorded::new(&data, Reduction::Mean, |w: &[Var], x: &[Var], _: &[Var]| (w[0] + x[0]).ln());
    assert_eq!(recorded.loss_and_gradient(&[2.0], &[4], &mut slope), Ok(5.0_f64.ln()));
    let failure = recorded.loss_and_gradient(&[2.0], &[0], &mut slope).unwrap_err();
    assert!(failure.sample == Some(0) && failure.cause.contains("ln"), "{failure:?}");
}

/// Batches of a loss that branches by parameters and by samples: each step meets recordings that the parameters do not fit.
#[test]
fn branches_by_parameters_and_by_samples() {
    let data = Data::new(&[[-2.0], [-1.0], [0.5], [1.0], [3.0]], &[[1.0]; 5]).unwrap();
    let of_sample = |w: &[Var], x: &[Var], t: &[Var]| {
        let slope = if w[0] < 0.2 { w[0] * 3.0 } else { w[0] * w[1] };
        let y = if x[0] < 0.0 { x[0] * slope } else { (x[0] * slope).sin() };
        (y - t[0]).powi(2)
    };
    let mut eager = Eager::new(&data, Reduction::Mean, of_sample);
    let mut recorded = Recorded::new(&data, Reduction::Mean, of_sample);
    for step in 0..40 {
        let w = [(f64::from(step) * 1.7).sin(), 0.5];
        for batch in [&[0, 1, 2, 3, 4][..], &[4, 0, 3], &[2, 3]] {
            let [mut expected, mut found] = [[0.0; 2]; 2];
            let by_tape = eager.loss_and_gradient(&w, batch, &mut expected).unwrap();
            let loss = recorded.loss_and_gradient(&w, batch, &mut found).unwrap();
            assert!((loss - by_tape).abs() < 1e-13, "step {step}: {loss} and {by_tape}");
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-13, "step {step}: {found} and {expected}");
            }
        }
    }
}

/// Every epoch is shuffled anew.
#[test]
fn every_epoch_has_its_own_order() {
    struct Noted(Vec<usize>);
    impl Objective for Noted {
        fn samples(&self) -> usize {
            20
        }
        fn loss_and_gradient(&mut self, w: &[f64], batch: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
            self.0.extend(batch);
            g[0] = w[0];
            Ok(w[0] * w[0])
        }
    }
    for order in [Order::Given, Order::Shuffled { seed: 3 }] {
        let mut noted = Noted(Vec::new());
        Trainer::new(Sgd::new(0.1))
            .epochs(3)
            .batch(Batch::Size(7))
            .order(order)
            .minimize(&mut [1.0], &mut noted)
            .unwrap();
        for (epoch, found) in noted.0.chunks(20).enumerate() {
            assert_eq!(found, order.of_epoch(epoch, 20), "{order:?}, epoch {epoch}");
        }
    }
}

/// The square of a gradient of 1e200 is infinite: Adam's average of squares would stay so, and the parameter where it is.
#[test]
fn an_optimiser_whose_memory_overflows_is_told() {
    let data = Data::new(&[[1.0]], &[[0.0]]).unwrap();
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    let steep = |y: &[Var], _: &[Var]| y[0] * 1e200;
    let error = Trainer::new(Adam::new(0.1)).epochs(3).fit_with(&mut mlp, steep, &data).unwrap_err();
    assert!(matches!(&error, Error::NonFinite { step: 1, .. }), "{error}");
    assert!(error.to_string().contains("`layers.0.neurons.0.weights.0` is not finite"), "{error}");
    assert!(mlp.parameters().iter().all(|w| w.is_finite()));
    // A gradient that is clipped is fine.
    let mut clipped = Trainer::new(Adam::new(0.1)).epochs(3).clip(Clip::Norm(1.0));
    clipped.fit_with(&mut mlp, steep, &data).unwrap();
}
