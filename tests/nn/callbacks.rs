//! Promise: callbacks read and set the learning rate and stop a run, by update and by epoch, and a resumed run has the same bits.

use crate::nets::fresh_directory;
use std::cell::{Cell, RefCell};
use std::path::Path;
use tapegrad::nn::{
    Activation, Adam, Batch, Clip, Control, Data, Epoch, Error, History, Loss, Mlp, Order, RateFinder,
    ReduceOnPlateau, Schedule, Sgd, Trainer, moons, sine,
};

fn mlp() -> Mlp {
    Mlp::builder(1).layer(5, Activation::Tanh).layer(1, Activation::Identity).seed(2).build().unwrap()
}

fn data() -> Data {
    sine(20, 0.1, 1)
}

fn fit(trainer: Trainer<'_>) -> (Mlp, History) {
    let mut mlp = mlp();
    let mut trainer = trainer;
    let history = trainer.fit(&mut mlp, Loss::Squared, &data()).unwrap();
    (mlp, history)
}

/// A rate that callbacks set is one that a schedule gives.
#[test]
fn a_rate_is_set_from_the_next_update_on() {
    let rates = RefCell::new(Vec::new());
    let by_update =
        Trainer::new(Sgd::new(0.08)).epochs(3).batch(Batch::Size(5)).on_update_with(|update, control| {
            rates.borrow_mut().push(update.rate);
            assert_eq!(control.rate(), update.rate);
            assert_eq!(control.parameters(), update.parameters);
            control.set_rate(control.rate() * 0.5);
        });
    let scheduled = Trainer::new(Sgd::new(0.08))
        .epochs(3)
        .batch(Batch::Size(5))
        .schedule(Schedule::Step { every: 1, factor: 0.5 });
    assert_eq!(fit(by_update), fit(scheduled));
    let expected: Vec<f64> = (0..12).map(|k| 0.08 * 0.5f64.powi(k)).collect();
    assert_eq!(*rates.borrow(), expected);
    let by_epoch = Trainer::new(Sgd::new(0.08))
        .epochs(3)
        .batch(Batch::Size(5))
        .on_epoch_with(|_, control| control.set_rate(control.rate() * 0.5));
    let scheduled = Trainer::new(Sgd::new(0.08))
        .epochs(3)
        .batch(Batch::Size(5))
        .schedule(Schedule::Step { every: 4, factor: 0.5 });
    assert_eq!(fit(by_epoch), fit(scheduled));
    // With a schedule, the set rate is multiplied by its factor.
    let both = Trainer::new(Sgd::new(0.08))
        .epochs(2)
        .schedule(Schedule::Step { every: 1, factor: 0.5 })
        .on_update_with(|_, control| control.set_rate(0.02));
    assert_eq!(fit(both).1.epochs[1].rate, 0.01);
    for wrong in [-1.0, f64::NAN, f64::INFINITY] {
        let mut mlp = mlp();
        let mut trainer = Trainer::new(Sgd::new(0.1)).on_update_with(|_, control| control.set_rate(wrong));
        let error = trainer.fit(&mut mlp, Loss::Squared, &data()).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { setting: "learning rate", .. }), "{error}");
    }
}

#[test]
fn the_norm_is_that_of_the_gradient_before_it_is_clipped() {
    let (_, gradient) = mlp().loss_and_gradient(Loss::Squared, &data()).unwrap();
    let norm = gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
    let seen = Cell::new(0.0);
    let clipped = Cell::new(0.0);
    let trainer = Trainer::new(Sgd::new(0.1)).epochs(1).clip(Clip::Norm(norm / 10.0)).on_update(|update| {
        seen.set(update.gradient_norm);
        clipped.set(update.gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt());
    });
    fit(trainer);
    assert!((seen.get() - norm).abs() < 1e-13 * norm && (clipped.get() - norm / 10.0).abs() < 1e-5 * norm);
}

#[test]
fn a_run_stops_after_the_update_or_the_epoch() {
    let plain = || Trainer::new(Sgd::new(0.05)).epochs(9).batch(Batch::Size(5));
    let (_, history) = fit(plain().on_epoch_with(|epoch, control| {
        if epoch.epoch == 2 {
            control.stop();
        }
    }));
    assert_eq!((history.epochs.len(), history.stopped_early), (3, false));
    // After the second of four updates of the second epoch, whose loss is the mean of what was seen.
    let losses = RefCell::new(Vec::new());
    let stopping = plain().keep_update_losses(true).validation_split(0.0, 1);
    let (stopped, history) = fit(Trainer::new(Sgd::new(0.05))
        .epochs(9)
        .batch(Batch::Size(5))
        .on_update_with(|update, control| {
            losses.borrow_mut().push(update.loss);
            if update.update == 5 {
                control.stop();
            }
        }));
    drop(stopping);
    let losses = losses.into_inner();
    assert_eq!((history.epochs.len(), history.epochs[1].updates, losses.len()), (2, 6, 6));
    assert!((history.epochs[1].loss - (losses[4] + losses[5]) / 2.0).abs() < 1e-15);
    let mut parameters = Vec::new();
    fit(plain().on_update(|update| {
        if update.update == 5 {
            parameters = update.parameters.to_vec();
        }
    }));
    assert_eq!(stopped.parameters(), parameters);
    // `Break` of the older callback, and both together.
    let (_, history) =
        fit(plain().on_epoch(|_, _| std::ops::ControlFlow::Break(())).on_epoch_with(|_, _| {}));
    assert_eq!(history.epochs.len(), 1);
}

/// A callback that keeps what it needs in its memory.
fn bold(epoch: &Epoch, control: &mut Control<'_>) {
    let is_success = control.memory().first().is_none_or(|&last| epoch.loss < last);
    *control.memory() = vec![epoch.loss, epoch.epoch as f64];
    control.set_rate(control.rate() * if is_success { 1.3 } else { 0.4 });
}

fn all_of_it<'a>() -> Trainer<'a> {
    Trainer::new(Adam::new(0.05))
        .batch(Batch::Size(4))
        .order(Order::Shuffled { seed: 1 })
        .validation_split(0.25, 2)
        .early_stopping(20)
        .reduce_on_plateau(ReduceOnPlateau {
            factor: 0.7,
            patience: 1,
            cooldown: 1,
            ..ReduceOnPlateau::default()
        })
        .group("layers.1", Sgd::new(0.01).momentum(0.5))
        .schedule(Schedule::Exponential(0.999))
        .on_epoch_with(bold)
        .on_update_with(|update, control| {
            control.memory().push(update.loss);
            if control.memory().len() == 7 {
                control.memory().clear();
                control.set_rate(control.rate() * 0.95);
            }
        })
}

/// Wherever it is interrupted.
#[test]
fn a_resumed_run_has_the_same_bits() {
    let (whole, history) = fit(all_of_it().epochs(8));
    assert!(history.epochs.windows(2).any(|pair| pair[0].rate != pair[1].rate));
    for interrupted in [1, 3, 6] {
        let path = fresh_directory("callbacks-resumed").join("run.json");
        fit(all_of_it().epochs(interrupted).checkpoint(&path, 1));
        let (resumed, again) = fit(all_of_it().epochs(8).resume_from(&path));
        assert_eq!(
            (resumed.parameters(), &again.epochs),
            (whole.parameters(), &history.epochs),
            "{interrupted}"
        );
    }
}

fn resume_error(trainer: Trainer<'_>, path: &Path) -> String {
    let mut trainer = trainer.epochs(8).resume_from(path);
    trainer.fit(&mut mlp(), Loss::Squared, &data()).unwrap_err().to_string()
}

#[test]
fn other_settings_refuse_the_checkpoint() {
    let path = fresh_directory("callbacks-refused").join("run.json");
    fit(all_of_it().epochs(2).checkpoint(&path, 1));
    let error = resume_error(all_of_it().on_epoch_with(|_, _| {}), &path);
    assert!(error.contains("what its callbacks keep"), "{error}");
    let error = resume_error(all_of_it().reduce_on_plateau(ReduceOnPlateau::default()), &path);
    assert!(error.contains("the reduction on a plateau was ReduceOnPlateau { factor: 0.7"), "{error}");
    let error = resume_error(all_of_it().group("layers.0.neurons.0", Adam::new(0.1)), &path);
    assert!(error.contains("is of 1 groups of parameters, and these are 2"), "{error}");
    // What is not finite cannot be kept.
    let bad = Trainer::new(Sgd::new(0.1))
        .epochs(1)
        .checkpoint(&path, 1)
        .on_epoch_with(|_, control| control.memory().push(f64::NAN));
    let mut bad = bad;
    let error = bad.fit(&mut mlp(), Loss::Squared, &data()).unwrap_err().to_string();
    assert!(error.contains("what a callback keeps is NaN"), "{error}");
}

/// The rule of PyTorch's `ReduceLROnPlateau`, transcribed for `mode="min"`, `threshold_mode="rel"`.
struct Reference {
    best: f64,
    bad_epochs: usize,
    cooldown_counter: usize,
}

impl Reference {
    fn step(&mut self, plateau: ReduceOnPlateau, metrics: f64, lr: f64) -> f64 {
        if metrics < self.best * (1.0 - plateau.threshold) {
            self.best = metrics;
            self.bad_epochs = 0;
        } else {
            self.bad_epochs += 1;
        }
        if self.cooldown_counter > 0 {
            self.cooldown_counter -= 1;
            self.bad_epochs = 0;
        }
        if self.bad_epochs > plateau.patience {
            self.cooldown_counter = plateau.cooldown;
            self.bad_epochs = 0;
            return (lr * plateau.factor).max(plateau.min_rate);
        }
        lr
    }
}

#[test]
fn a_plateau_is_that_of_the_reference() {
    for validated in [false, true] {
        for (patience, cooldown, threshold, min_rate) in
            [(1, 0, 1e-4, 0.0), (2, 3, 0.05, 0.0), (1, 1, 0.2, 0.01), (3, 0, 0.0, 0.0)]
        {
            let plateau = ReduceOnPlateau { factor: 0.5, patience, cooldown, threshold, min_rate };
            let plain =
                Trainer::new(Sgd::new(0.4)).epochs(40).batch(Batch::Size(5)).reduce_on_plateau(plateau);
            let (_, history) = fit(if validated { plain.validation_split(0.3, 1) } else { plain });
            let mut reference = Reference { best: f64::INFINITY, bad_epochs: 0, cooldown_counter: 0 };
            let mut rate = 0.4;
            for epoch in &history.epochs {
                assert_eq!(epoch.rate, rate, "{plateau:?} {epoch:?}");
                rate = reference.step(plateau, epoch.validation_loss.unwrap_or(epoch.loss), rate);
            }
            assert!(rate < 0.4, "{plateau:?}: it was never reduced");
        }
    }
}

#[test]
fn settings_of_a_plateau_and_a_finder_are_checked() {
    for (plateau, named) in [
        (ReduceOnPlateau { factor: 1.5, ..ReduceOnPlateau::default() }, "ReduceOnPlateau::factor"),
        (ReduceOnPlateau { factor: f64::NAN, ..ReduceOnPlateau::default() }, "ReduceOnPlateau::factor"),
        (ReduceOnPlateau { patience: 0, ..ReduceOnPlateau::default() }, "ReduceOnPlateau::patience"),
        (ReduceOnPlateau { threshold: -1.0, ..ReduceOnPlateau::default() }, "ReduceOnPlateau::threshold"),
        (
            ReduceOnPlateau { min_rate: f64::INFINITY, ..ReduceOnPlateau::default() },
            "ReduceOnPlateau::min_rate",
        ),
    ] {
        let error = Trainer::new(Sgd::new(0.1))
            .reduce_on_plateau(plateau)
            .fit(&mut mlp(), Loss::Squared, &data())
            .unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    for (finder, named) in [
        (RateFinder { lowest: 0.0, ..RateFinder::default() }, "RateFinder::lowest"),
        (RateFinder { highest: f64::INFINITY, ..RateFinder::default() }, "RateFinder::highest"),
        (RateFinder { lowest: 2.0, highest: 1.0, ..RateFinder::default() }, "above the lowest"),
        (RateFinder { updates: 0, ..RateFinder::default() }, "RateFinder::updates"),
        (RateFinder { diverged: f64::NAN, ..RateFinder::default() }, "RateFinder::diverged"),
    ] {
        let error =
            Trainer::new(Sgd::new(0.1)).find_rate(&mut mlp(), Loss::Squared, &data(), finder).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn a_finder_raises_the_rate_and_leaves_the_network() {
    let finder = RateFinder { lowest: 1e-4, highest: 1.0, updates: 30, ..RateFinder::default() };
    let mut network = mlp();
    let mut trainer = Trainer::new(Sgd::new(0.1))
        .batch(Batch::Size(6))
        .early_stopping(3)
        .schedule(Schedule::Exponential(0.5));
    let curve = trainer.find_rate(&mut network, Loss::Squared, &data(), finder).unwrap();
    assert_eq!(network, mlp());
    assert!(
        curve.rates.len() <= 30
            && curve.rates.len() == curve.losses.len()
            && curve.losses.len() == curve.smoothed.len()
    );
    for (k, rate) in curve.rates.iter().enumerate() {
        let expected = 1e-4 * 1e4f64.powf(k as f64 / 29.0);
        assert!((rate - expected).abs() < 1e-12 * expected, "{k}: {rate} {expected}");
    }
    // Smoothed by the definition: weights 0.98^age.
    for k in 0..curve.losses.len() {
        let weight = |j: usize| 0.98f64.powi((k - j) as i32);
        let (sum, total): (f64, f64) = (0..=k)
            .fold((0.0, 0.0), |(sum, total), j| (sum + weight(j) * curve.losses[j], total + weight(j)));
        assert!((curve.smoothed[k] - sum / total).abs() < 1e-12 * sum, "{k}");
    }
    // The same run again; and a run with these rates as its schedule.
    let again = trainer.find_rate(&mut network, Loss::Squared, &data(), finder).unwrap();
    assert_eq!(again, curve);
    let own = |y: &[tapegrad::Var], t: &[tapegrad::Var]| Loss::Squared.of(y, t);
    assert_eq!(trainer.find_rate_with(&mut network, own, &data(), finder).unwrap(), curve);
    let rates = curve.rates.clone();
    let scheduled = Trainer::new(Sgd::new(1.0))
        .epochs(2)
        .batch(Batch::Size(6))
        .keep_update_losses(true)
        .schedule(Schedule::custom(move |k| rates[k]));
    assert_eq!(fit(scheduled).1.update_losses, curve.losses[..8]);
}

/// A quadratic of curvature 2: gradient descent falls fastest below a rate of 1, and diverges above.
#[test]
fn a_finder_finds_what_is_known() {
    let data = Data::new(&[[1.0]], &[[0.0]]).unwrap();
    let mut line =
        Mlp::builder(1).layer(1, Activation::Identity).bias(tapegrad::nn::Bias::None).build().unwrap();
    line.set_parameters(&[1.0]).unwrap();
    let finder = RateFinder { lowest: 1e-5, highest: 1e8, updates: 200, diverged: 1e300 };
    let curve = Trainer::new(Sgd::new(0.1)).find_rate(&mut line, Loss::Squared, &data, finder).unwrap();
    let steepest = curve.steepest().unwrap();
    assert!((0.005..1.0).contains(&steepest), "{steepest}");
    assert!(curve.lowest().unwrap() > steepest && curve.lowest().unwrap() < 10.0);
    assert!(curve.losses.len() < 200, "the loss overflows, which ends the search");
    let curve = Trainer::new(Sgd::new(0.1)).find_rate(
        &mut line,
        Loss::Squared,
        &data,
        RateFinder { diverged: 4.0, ..finder },
    );
    assert!(*curve.unwrap().rates.last().unwrap() < 1e3);
    // From the minimum the loss falls nowhere.
    line.set_parameters(&[0.0]).unwrap();
    let curve = Trainer::new(Sgd::new(0.1))
        .find_rate(&mut line, Loss::Squared, &data, RateFinder::default())
        .unwrap();
    assert_eq!((curve.steepest(), curve.losses.len()), (None, 100));
    // A single update has no slope; a first loss that is not finite is an error.
    let one = RateFinder { updates: 1, ..RateFinder::default() };
    let curve = Trainer::new(Sgd::new(0.1)).find_rate(&mut line, Loss::Squared, &data, one).unwrap();
    assert_eq!((curve.rates, curve.losses), (vec![1e-6], vec![0.0]));
    line.set_parameters(&[1e200]).unwrap();
    let error = Trainer::new(Sgd::new(0.1)).find_rate(&mut line, Loss::Squared, &data, one).unwrap_err();
    assert!(matches!(error, Error::NonFinite { step: 0, .. }), "{error}");
    assert_eq!(line.parameters(), [1e200]);
}

/// Moons with the rate that was found.
#[test]
fn a_found_rate_trains() {
    let data = moons(60, 0.1, 7);
    let mut mlp =
        Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(7).build().unwrap();
    let curve =
        Trainer::new(Adam::new(1.0)).find_rate(&mut mlp, Loss::Hinge, &data, RateFinder::default()).unwrap();
    let mut trainer = Trainer::new(Adam::new(curve.steepest().unwrap())).epochs(60);
    assert!(trainer.fit(&mut mlp, Loss::Hinge, &data).unwrap().last().unwrap().loss < 0.4);
}
