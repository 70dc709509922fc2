//! A loss that is not a function of its arguments is never trained on what it was first: it goes to the tape, or is an error.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Backend, Batch, Bias, Data, Eager, Error, Fallback, History, Lbfgs, Loss, Mlp, Moment,
    Objective, Recorded, Reduction, Schedule, Sgd, Trainer, moons, sine,
};

/// `y = w x`, from w = 1.
fn factor() -> Mlp {
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).bias(Bias::None).build().unwrap();
    mlp.set_parameters(&[1.0]).unwrap();
    mlp
}

fn ones(samples: usize) -> Data {
    Data::new(&vec![[1.0]; samples], &vec![[0.0]; samples]).unwrap()
}

const RECORDING: [Backend; 2] = [Backend::Recorded, Backend::RecordedSingle];

fn went_to_the_tape(history: &History, why: &str) -> bool {
    let because = history.tape_because.as_deref().unwrap_or_default();
    assert!(because.contains(why), "{history:?}");
    history.backend == Some(Backend::Eager)
}

/// `s w²` by steps of 0.1, where s is 1, 2, 3 in turn: w is multiplied by 1 − 0.2 s.
#[test]
fn what_a_callback_changes_is_seen_before_the_next_update() {
    for backend in [Backend::Recorded, Backend::RecordedSingle, Backend::Eager] {
        for samples in [1, 7] {
            let scale = Cell::new(1.0);
            let mut mlp = factor();
            let history = Trainer::new(Sgd::new(0.1))
                .epochs(3)
                .backend(backend)
                .on_epoch(|_, _| {
                    scale.set(scale.get() + 1.0);
                    ControlFlow::Continue(())
                })
                .fit_with(&mut mlp, |y: &[Var], _: &[Var]| y[0] * y[0] * scale.get(), &ones(samples))
                .unwrap();
            let tolerance = if backend == Backend::RecordedSingle { 1e-7 } else { 1e-15 };
            let found = mlp.parameters()[0];
            assert!((found - 0.8 * 0.6 * 0.4).abs() < tolerance, "{backend:?}, {samples} samples: {found}");
            match backend {
                Backend::Eager => assert_eq!((history.backend, history.tape_because), (Some(backend), None)),
                _ => assert!(went_to_the_tape(&history, "a constant was first 1, and then 2")),
            }
        }
    }
}

#[test]
fn a_change_is_an_error_if_the_tape_is_not_wanted() {
    for backend in RECORDING {
        let scale = Cell::new(1.0);
        let mut mlp = factor();
        let error = Trainer::new(Sgd::new(0.125))
            .epochs(5)
            .backend(backend)
            .fallback(Fallback::Refuse)
            .on_epoch(|epoch, _| {
                scale.set(if epoch.epoch < 1 { 1.0 } else { 3.0 });
                ControlFlow::Continue(())
            })
            .fit_with(&mut mlp, |y: &[Var], _: &[Var]| y[0] * y[0] * scale.get(), &ones(4))
            .unwrap_err();
        assert!(matches!(error, Error::NotReplayable { step: 2, .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains("was first 1, and then 3"), "{message}");
        assert!(message.contains("Backend::Eager"), "{message}");
        assert_eq!(mlp.parameters(), [0.75 * 0.75]);
    }
}

/// Every call is another function: w goes down by 0.1 times the number of the call.
#[test]
fn noise_is_seen_before_the_first_update() {
    for backend in RECORDING {
        for samples in [1, 3] {
            let calls = Cell::new(0.0);
            let noisy = |y: &[Var], _: &[Var]| {
                calls.set(calls.get() + 1.0);
                y[0] * calls.get()
            };
            let mut mlp = factor();
            let history = Trainer::new(Sgd::new(0.1))
                .epochs(10)
                .backend(backend)
                .reduction(Reduction::Sum)
                .fit_with(&mut mlp, noisy, &ones(samples))
                .unwrap();
            assert!(went_to_the_tape(&history, "a constant was first 1, and then 2"));
            let drawn: usize = (3..3 + 10 * samples).sum();
            assert!((mlp.parameters()[0] - (1.0 - 0.1 * drawn as f64)).abs() < 1e-12);

            let mut mlp = factor();
            let error = Trainer::new(Sgd::new(0.1))
                .backend(backend)
                .fallback(Fallback::Refuse)
                .fit_with(&mut mlp, noisy, &ones(samples))
                .unwrap_err();
            assert!(matches!(error, Error::NotReplayable { step: 0, .. }), "{error}");
            assert_eq!(mlp, factor());
        }
    }
}

/// Only negative outputs draw noise: the recording of that branch is never used.
#[test]
fn noise_in_one_branch_is_seen_when_it_is_first_taken() {
    let draws = Cell::new(0.0);
    let noisy = |y: &[Var], _: &[Var]| {
        if y[0] > 0.5 {
            return y[0] * 2.0;
        }
        draws.set(draws.get() + 1.0);
        y[0] * draws.get()
    };
    let mut mlp = factor();
    let history = Trainer::new(Sgd::new(0.125)).epochs(5).fit_with(&mut mlp, noisy, &ones(1)).unwrap();
    // After two updates by 2 it is looked at, and then recorded twice; the tape draws 4, 5 and 6.
    assert!(went_to_the_tape(&history, "a constant was first 2, and then 3"));
    assert_eq!(mlp.parameters(), [0.5 - 0.125 * (4.0 + 5.0 + 6.0)]);
}

#[test]
fn other_operations_and_other_branches_are_changes_too() {
    let square = Cell::new(false);
    let by_structure = |y: &[Var], _: &[Var]| if square.get() { y[0] * y[0] } else { y[0] * 2.0 };
    let limit = Cell::new(false);
    let by_branch = |y: &[Var], _: &[Var]| {
        let over = if limit.get() { y[0] < 10.0 } else { y[0] > 10.0 };
        if over { y[0] * 3.0 } else { y[0] * 2.0 }
    };
    let more = Cell::new(false);
    let by_length = |y: &[Var], _: &[Var]| y[0] * 2.0 + if more.get() { y[0] } else { 0.0.into() };
    type Loss<'l> = &'l dyn Fn(&[Var], &[Var]) -> Var;
    let losses: [(&Cell<bool>, Loss<'_>); 3] =
        [(&square, &by_structure), (&limit, &by_branch), (&more, &by_length)];
    for (k, (changed, loss)) in losses.into_iter().enumerate() {
        let mut by_tape = factor();
        let mut mlp = factor();
        for (mlp, backend) in [(&mut by_tape, Backend::Eager), (&mut mlp, Backend::Recorded)] {
            changed.set(false);
            let history = Trainer::new(Sgd::new(0.01))
                .epochs(20)
                .backend(backend)
                .on_epoch(|epoch, _| {
                    changed.set(epoch.epoch >= 9);
                    ControlFlow::Continue(())
                })
                .fit_with(mlp, loss, &ones(3))
                .unwrap();
            assert_eq!(history.backend, Some(Backend::Eager), "loss {k}");
        }
        assert!((mlp.parameters()[0] - by_tape.parameters()[0]).abs() < 1e-15, "loss {k}");
    }
}

/// A schedule is the caller's code too, but nobody looks after each of its calls: what is found late is told, never kept.
#[test]
fn a_change_that_is_found_late_is_an_error_in_any_case() {
    for changes_at in [1, 2, 3, 7, 50, 99] {
        for fallback in [Fallback::Tape, Fallback::Refuse] {
            let scale = Arc::new(AtomicU32::new(1));
            let schedule = Schedule::custom({
                let scale = scale.clone();
                move |update| {
                    scale.store(if update < changes_at { 1 } else { 2 }, Ordering::Relaxed);
                    1.0
                }
            });
            let loss = |y: &[Var], _: &[Var]| y[0] * y[0] * f64::from(scale.load(Ordering::Relaxed));
            let mut mlp = factor();
            let mut trainer = Trainer::new(Sgd::new(0.01)).epochs(100).schedule(schedule).fallback(fallback);
            let outcome = trainer.fit_with(&mut mlp, loss, &ones(2));
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::NotReplayable { step, .. } if step >= changes_at), "{error}");
            assert!(error.to_string().contains("computed with the outdated recording"), "{error}");
        }
    }
}

#[test]
fn the_history_says_why_the_tape_had_to() {
    let loss = |y: &[Var], t: &[Var]| (y[0] - t[0]).powi(2) * (1.0 + 0.0 * y[0].value());
    for backend in RECORDING {
        let mut trainer = Trainer::new(Sgd::new(0.01)).epochs(2).backend(backend);
        let history = trainer.fit_with(&mut factor(), loss, &sine(5, 0.0, 0)).unwrap();
        assert!(went_to_the_tape(&history, "a value was read out of a variable"));
        assert!(went_to_the_tape(&history, "nn/state.rs"));
        let history = trainer.fit(&mut factor(), Loss::Squared, &sine(5, 0.0, 0)).unwrap();
        assert_eq!((history.backend, history.tape_because), (Some(backend), None));
        let refused = trainer.fallback(Fallback::Refuse).fit_with(&mut factor(), loss, &sine(5, 0.0, 0));
        assert!(matches!(refused.unwrap_err(), Error::NotReplayable { step: 0, .. }));
    }
}

/// Constants that are NaN or −0, branches by sample and more of them than are kept, code that runs at other points: all of it
/// is the same function, and none is accused.
#[test]
fn a_function_of_its_arguments_stays_recorded() {
    let steps = |y: &[Var], t: &[Var]| {
        let mut total = (y[0] - t[0]).powi(2) + (f64::NAN * y[0]).max(-0.0);
        for k in -20..20 {
            if y[0] + t[0] > f64::from(k) * 0.1 {
                total += y[0] * 1e-3;
            }
        }
        total
    };
    let data = moons(20, 0.3, 1);
    for backend in RECORDING {
        for batch in [Batch::Each, Batch::Size(7), Batch::Full] {
            let mut mlp =
                Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build().unwrap();
            let mut by_tape = mlp.clone();
            let trainer = || {
                Trainer::new(Sgd::new(0.01)).epochs(5).batch(batch).on_epoch(|_, _| ControlFlow::Continue(()))
            };
            let history = trainer().backend(backend).fit_with(&mut mlp, steps, &data).unwrap();
            assert_eq!((history.backend, history.tape_because), (Some(backend), None));
            trainer().backend(Backend::Eager).fit_with(&mut by_tape, steps, &data).unwrap();
            let tolerance = if backend == Backend::RecordedSingle { 1e-4 } else { 1e-12 };
            for (found, expected) in mlp.parameters().iter().zip(by_tape.parameters()) {
                assert!((found - expected).abs() < tolerance, "{backend:?} {batch:?}: {found} {expected}");
            }
        }
    }
}

/// The objective by itself, as other minimisers use it.
#[test]
fn an_objective_looks_by_itself() {
    let data = ones(3);
    let scale = Cell::new(1.0);
    let loss = |w: &[Var], _: &[Var], _: &[Var]| w[0] * scale.get();
    let mut slope = [0.0];
    let mut objective = Recorded::new(&data, Reduction::Mean, loss);
    assert_eq!(objective.loss_and_gradient(&[2.0], &[0, 1], &mut slope), Ok(2.0));
    scale.set(5.0);
    let failure = objective.loss_and_gradient(&[2.0], &[0, 1], &mut slope).unwrap_err();
    assert!(failure.cause.contains("a constant was first 1, and then 5"), "{failure:?}");
    assert!(objective.report().is_refused);
    assert_eq!(objective.loss_and_gradient(&[2.0], &[0], &mut slope), Err(failure), "it stays refused");

    // Where it is known when the change came, the tape goes on.
    let mut objective = Recorded::new(&data, Reduction::Mean, loss);
    assert_eq!(objective.loss_and_gradient(&[2.0], &[0, 1], &mut slope), Ok(10.0));
    scale.set(7.0);
    assert_eq!(objective.look_again(&[2.0], 2, Moment::AfterCallback), Ok(()));
    assert_eq!(objective.loss_and_gradient(&[2.0], &[0, 1], &mut slope), Ok(14.0));
    assert_eq!(objective.report().backend, Some(Backend::Eager));
}

#[test]
fn other_minimisers_are_told_too() {
    let (data, calls) = (ones(3), Cell::new(0.0));
    let loss = |w: &[Var], _: &[Var], _: &[Var]| {
        calls.set(calls.get() + 1.0);
        (w[0] - 1.0).powi(2) * calls.get()
    };
    let mut objective = Recorded::new(&data, Reduction::Mean, loss).fallback(Fallback::Refuse);
    let mut w = [3.0];
    let error = Lbfgs::default().minimize(&mut w, &mut objective).unwrap_err();
    assert!(matches!(error, Error::NotReplayable { step: 0, .. }), "{error}");
    assert_eq!(w, [3.0]);
}

#[test]
fn batches_that_are_none_are_refused() {
    let data = ones(3);
    let loss = |w: &[Var], x: &[Var], _: &[Var]| w[0] * x[0];
    let mut objectives: [Box<dyn Objective>; 2] = [
        Box::new(Eager::new(&data, Reduction::Mean, loss)),
        Box::new(Recorded::new(&data, Reduction::Mean, loss)),
    ];
    for objective in &mut objectives {
        let failure = objective.loss_and_gradient(&[1.0], &[], &mut [0.0]).unwrap_err();
        assert!(failure.cause.contains("no samples"), "{failure:?}");
        let panics = |parameters: &[f64], batch: &[usize], gradient: &mut [f64]| {
            let call = || objective.loss_and_gradient(parameters, batch, gradient).map(|_| ());
            *std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
                .unwrap_err()
                .downcast::<String>()
                .unwrap()
        };
        let mut panics = panics;
        assert!(
            panics(&[1.0], &[0, 1], &mut [0.0; 2])
                .contains("room for 2 derivatives, and there are 1 parameters")
        );
        assert!(
            panics(&[1.0, 2.0], &[0], &mut [0.0])
                .contains("room for 1 derivatives, and there are 2 parameters")
        );
        assert!(panics(&[1.0], &[0, 3], &mut [0.0]).contains("there is no sample 3: there are 3"));
    }
}

#[test]
fn losses_of_updates_are_kept_on_request() {
    let data = sine(10, 0.1, 0);
    let mut trainer = Trainer::new(Sgd::new(0.05)).epochs(3).batch(Batch::Size(4));
    assert!(trainer.fit(&mut factor(), Loss::Squared, &data).unwrap().update_losses.is_empty());
    let history = trainer.keep_update_losses(true).fit(&mut factor(), Loss::Squared, &data).unwrap();
    assert_eq!(history.update_losses.len(), 9);
    for (losses, epoch) in history.update_losses.chunks(3).zip(history.losses()) {
        assert!((0.4 * losses[0] + 0.4 * losses[1] + 0.2 * losses[2] - epoch).abs() < 1e-15);
    }
}

#[test]
fn a_checkpoint_keeps_what_the_history_says() {
    let path = std::env::temp_dir().join(format!("tapegrad-nn-state-{}.json", std::process::id()));
    let data = sine(10, 0.1, 0);
    let trainer = |epochs| {
        Trainer::new(Sgd::new(0.05))
            .epochs(epochs)
            .batch(Batch::Size(4))
            .keep_update_losses(true)
            .checkpoint(&path, 1)
    };
    let whole = trainer(6).fit(&mut factor(), Loss::Squared, &data).unwrap();
    trainer(2).fit(&mut factor(), Loss::Squared, &data).unwrap();
    let resumed = trainer(6).resume_from(&path).fit(&mut factor(), Loss::Squared, &data).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((whole.update_losses.len(), resumed), (18, whole));
}
