//! Optimisers, schedules, clipping and losses give the numbers that PyTorch gives.

use crate::nets::{json, numbers, pattern};
use approx::assert_relative_eq;
use tapegrad::nn::{Adagrad, Adam, AdamW, Clip, Loss, Optimizer, RmsProp, Schedule, Sgd};

fn optimizers() -> Vec<(&'static str, Box<dyn Optimizer>)> {
    let sgd = Sgd::new(0.1);
    let (rmsprop, adagrad, adam) = (RmsProp::new(0.01), Adagrad::new(0.1), Adam::new(0.05));
    let centered =
        RmsProp { alpha: 0.9, momentum: 0.5, centered: true, weight_decay: 0.02, ..rmsprop.clone() };
    let decaying = Adagrad { rate_decay: 0.1, weight_decay: 0.01, initial_sum: 0.5, ..adagrad.clone() };
    vec![
        ("sgd", Box::new(sgd.clone())),
        ("sgd momentum", Box::new(sgd.clone().momentum(0.9))),
        ("sgd dampened", Box::new(Sgd { dampening: 0.3, ..sgd.clone().momentum(0.9).weight_decay(0.01) })),
        ("sgd nesterov", Box::new(sgd.nesterov(0.9).weight_decay(0.01))),
        ("rmsprop", Box::new(rmsprop)),
        ("rmsprop centered", Box::new(centered)),
        ("adagrad", Box::new(adagrad)),
        ("adagrad decay", Box::new(decaying)),
        ("adam", Box::new(Adam::new(0.01))),
        ("adam decay", Box::new(Adam { betas: (0.8, 0.95), eps: 1e-6, weight_decay: 0.1, ..adam.clone() })),
        ("adam amsgrad", Box::new(Adam { betas: (0.5, 0.6), amsgrad: true, ..adam })),
        ("adamw", Box::new(AdamW { weight_decay: 0.1, ..AdamW::new(0.05) })),
    ]
}

#[test]
fn optimizers_step_as_in_pytorch() {
    let reference = json("training.json");
    let reference = reference["optimizers"].as_object().unwrap();
    let slopes = pattern(400, 1.0);
    let optimizers = optimizers();
    assert_eq!(optimizers.len(), reference.len());
    for (name, mut optimizer) in optimizers {
        let mut w = [1.0, -2.0, 0.5, 30.0, -0.25];
        let mut path = Vec::new();
        for raw in slopes.chunks(4).take(40) {
            optimizer.step(&mut w, &[raw[0] * 10.0, raw[1], raw[2] * 1e-3, raw[3] * 100.0, 0.0]);
            path.push(w);
        }
        assert_eq!(optimizer.state().updates, 40);
        let theirs: Vec<Vec<f64>> = reference[name].as_array().unwrap().iter().map(numbers).collect();
        for (ours, theirs) in [path[0], path[1], path[2], path[39]].iter().zip(&theirs) {
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!((ours / theirs - 1.0).abs() < 1e-13, "{name}: {ours} against {theirs}");
            }
        }
    }
}

#[test]
fn schedules_follow_pytorch() {
    let reference = &json("training.json")["schedules"];
    let schedules = [
        ("step", Schedule::Step { every: 7, factor: 0.3 }),
        ("exponential", Schedule::Exponential(0.93)),
        ("cosine", Schedule::Cosine { over: 30, low: 0.05 }),
        ("linear", Schedule::Linear { from: 0.25, to: 1.0, over: 10 }),
        ("one cycle", Schedule::OneCycle { steps: 30, up: 0.3 }),
    ];
    for (name, schedule) in schedules {
        for (k, theirs) in numbers(&reference[name]).into_iter().enumerate() {
            let ours = schedule.factor(k);
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{name} at {k}: {ours} against {theirs}");
        }
    }
}

#[test]
fn schedules_end_where_they_say() {
    let schedule = Schedule::Cosine { over: 10, low: 0.125 }.after_warm_up(4);
    let factors: Vec<f64> = (0..5).map(|k| schedule.factor(k)).collect();
    assert_eq!(factors, [0.25, 0.5, 0.75, 1.0, 1.0]);
    assert_eq!((schedule.factor(14), schedule.factor(1000)), (0.125, 0.125));
    assert_eq!(Schedule::default().factor(7), 1.0);
    assert_eq!(Schedule::Linear { from: 1.0, to: 0.5, over: 0 }.factor(0), 0.5);
    assert_eq!(Schedule::Step { every: 0, factor: 0.5 }.factor(2), 0.25);
    assert!((Schedule::OneCycle { steps: 30, up: 0.3 }.factor(99) - 4e-6).abs() < 1e-18);
}

#[test]
fn clipping_is_that_of_pytorch() {
    let reference = &json("training.json")["clipping"];
    for (name, clip) in
        [("norm 2", Clip::Norm(2.0)), ("norm 20", Clip::Norm(20.0)), ("value 3.5", Clip::Value(3.5))]
    {
        let mut gradient = [3.0, -4.0, 12.0];
        clip.apply(&mut gradient);
        for (ours, theirs) in gradient.into_iter().zip(numbers(&reference[name])) {
            assert_relative_eq!(ours, theirs, max_relative = 1e-15);
        }
    }
}

#[test]
fn losses_are_those_of_pytorch() {
    let reference = &json("training.json")["losses"];
    let (y, t, sign) = ([1.5, -0.25, 40.0], [0.5, 0.25, 0.25], [1.0, -1.0, -1.0]);
    for (name, ours) in [
        ("half squared", Loss::HalfSquared.of(&y, &t)),
        ("squared", Loss::Squared.of(&y, &t)),
        ("mean squared", Loss::MeanSquared.of(&y, &t)),
        ("absolute", Loss::Absolute.of(&y, &t)),
        ("mean absolute", Loss::MeanAbsolute.of(&y, &t)),
        ("huber 0.75", Loss::Huber(0.75).of(&y, &t)),
        ("hinge", Loss::Hinge.of(&y, &sign)),
        ("binary cross entropy", Loss::BinaryCrossEntropy.of(&y, &t)),
        ("cross entropy", Loss::CrossEntropy.of(&y, &t)),
        ("cross entropy of class 1", Loss::CrossEntropy.of(&y, &[0.0, 1.0, 0.0])),
    ] {
        assert_relative_eq!(ours, reference[name].as_f64().unwrap(), max_relative = 1e-14);
    }
}

/// Where a naive formula overflows, divides 0 by 0 or loses all digits.
#[test]
fn losses_on_logits_are_stable() {
    for (logit, target, loss, slope) in [
        (1e4, 1.0, 0.0, 0.0),
        (1e4, 0.0, 1e4, 1.0),
        (-1e4, 1.0, 1e4, -1.0),
        (-1e4, 0.0, 0.0, 0.0),
        (40.0, 1.0, 4.248354255291589e-18, -4.248354255291589e-18),
    ] {
        let of = |[y]: [tapegrad::Var; 1]| Loss::BinaryCrossEntropy.of(&[y], &[target.into()]);
        let (value, [by_logit]) = tapegrad::value_and_gradient(of, [logit]);
        assert_relative_eq!(value, loss, max_relative = 1e-15);
        assert_relative_eq!(by_logit, slope, max_relative = 1e-15);
    }
    let of = |y: [tapegrad::Var; 3]| Loss::CrossEntropy.of(&y, &[0.0.into(), 1.0.into(), 0.0.into()]);
    assert_eq!(tapegrad::value_and_gradient(of, [-1e4, 1e4, 0.0]), (0.0, [0.0, 0.0, 0.0]));
    assert_eq!(tapegrad::value_and_gradient(of, [1e4, -1e4, 0.0]), (2e4, [1.0, -1.0, 0.0]));
}

/// A panic for a wrong length leaves parameters and state as they were.
#[test]
fn a_refused_step_changes_nothing() {
    for (name, mut optimizer) in optimizers() {
        let mut w = [1.0, -2.0, 0.5];
        for round in 0..2 {
            let (before, state) = (w, optimizer.state().clone());
            for gradient in [&[1.0; 2][..], &[1.0; 4], &[]] {
                let step = std::panic::AssertUnwindSafe(|| optimizer.step(&mut w, gradient));
                assert!(std::panic::catch_unwind(step).is_err(), "{name}");
                assert_eq!((w, optimizer.state()), (before, &state), "{name}");
            }
            if round == 1 {
                let (mut other, others) = ([1.0; 5], [1.0; 5]);
                let step = std::panic::AssertUnwindSafe(|| optimizer.step(&mut other, &others));
                assert!(std::panic::catch_unwind(step).is_err(), "{name} of another model");
                assert_eq!((other, optimizer.state()), ([1.0; 5], &state), "{name}");
            }
            optimizer.step(&mut w, &[1.0, 2.0, 3.0]);
            assert_eq!(optimizer.state().updates, round + 1);
        }
    }
}

/// The length of the gradient may be beyond all numbers, or its square: the direction stays all the same.
#[test]
fn clipping_has_no_overflow() {
    for largest in [f64::MAX, 1e300, 1e155] {
        let mut gradient = [largest, largest];
        Clip::Norm(1.0).apply(&mut gradient);
        assert_relative_eq!(gradient[0], 0.5f64.sqrt(), max_relative = 1e-15);
        assert_eq!(gradient[0], gradient[1]);
        let mut gradient = [0.0, -largest, largest * 0.75, 0.0];
        Clip::Norm(5e-3).apply(&mut gradient);
        for (slope, expected) in gradient.into_iter().zip([0.0, -4e-3, 3e-3, 0.0]) {
            assert!((slope - expected).abs() <= 1e-17, "{slope} and {expected}");
        }
    }
    // What is no number is not made one.
    let mut gradient = [f64::NAN, 2.0, -3.0];
    Clip::Value(1.0).apply(&mut gradient);
    assert!(gradient[0].is_nan() && gradient[1..] == [1.0, -1.0], "{gradient:?}");
    let mut gradient = [f64::INFINITY, 2.0];
    Clip::Norm(1.0).apply(&mut gradient);
    assert!(gradient[0].is_nan(), "{gradient:?}");
    let mut small = [1e-200, -1e-300];
    Clip::Norm(1.0).apply(&mut small);
    assert_eq!(small, [1e-200, -1e-300]);
}
