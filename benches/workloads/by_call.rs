//! What is called or repeated: by plans of it, beside one operation at a time, and its values beside code by hand.

use std::hint::black_box;
use tapegrad::{Atomic, Function, Real, Scan, Var, lists, with_plans_after};

/// The shortest times of two actions, in nanoseconds, measured in turns.
type Least<'l> = &'l dyn Fn([&mut dyn FnMut(); 2]) -> [f64; 2];

pub fn compare(least: impl Fn([&mut dyn FnMut(); 2]) -> [f64; 2]) {
    called(&least);
    scanned(&least);
    mapped(&least, "sums and products", spring, spring);
    mapped(&least, "exponentials", discounted, discounted);
}

/// `atomic` makes the function anew, since a plan once made is used; `by_hand` computes the values.
fn row(
    what: &str,
    least: Least<'_>,
    atomic: &dyn Fn() -> Atomic,
    record: &dyn Fn(&Atomic) -> Function,
    by_hand: &mut dyn FnMut(&[f64]) -> f64,
) {
    // Recording evaluates, too.
    let (planned, plain) = (record(&atomic()), with_plans_after(usize::MAX, || record(&atomic())));
    let x = planned.recorded_at().to_vec();
    let (mut ours, mut theirs) = (planned.evaluator(), plain.evaluator());
    let (mut gradient, mut same) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let (mut value, mut hand) = (0.0, 0.0);
    for _ in 0..150 {
        value = ours.value_and_gradient_into(&x, &mut gradient).unwrap();
    }
    let one_by_one = with_plans_after(usize::MAX, || theirs.value_and_gradient_into(&x, &mut same).unwrap());
    assert_eq!((value.to_bits(), &gradient), (one_by_one.to_bits(), &same), "{what}");
    let values = least([&mut || drop(black_box(ours.value(black_box(&x)))), &mut || {
        drop(black_box(with_plans_after(usize::MAX, || theirs.value(black_box(&x)))))
    }]);
    let beside = least([&mut || drop(black_box(ours.value(black_box(&x)))), &mut || {
        hand = black_box(by_hand(black_box(&x)))
    }]);
    assert!((hand - value).abs() <= 1e-9 * value.abs(), "{what}: {value}, by hand {hand}");
    let gradients = least([
        &mut || drop(black_box(ours.value_and_gradient_into(black_box(&x), &mut gradient))),
        &mut || {
            let evaluate = || theirs.value_and_gradient_into(black_box(&x), &mut same);
            drop(black_box(with_plans_after(usize::MAX, evaluate)))
        },
    ]);
    println!(
        "{what}: value {:.1} µs, {:.2} of one by one, {:.2} times by hand; with gradient {:.1} µs, {:.2} of one by one",
        values[0] / 1e3,
        values[0] / values[1],
        beside[0] / beside[1],
        gradients[0] / 1e3,
        gradients[0] / gradients[1],
    );
}

/// A step of Burgers' equation on a ring of cells.
fn flow<R: Real>(u: &[R]) -> Vec<R> {
    let n = u.len();
    let next = |k: usize| {
        let (left, here, right) = (u[(k + n - 1) % n], u[k], u[(k + 1) % n]);
        here - (right - left) * here * 0.05 + (right - here * 2.0 + left) * 0.1
    };
    (0..n).map(next).collect()
}

fn start(n: usize) -> Vec<f64> {
    (0..n).map(|k| 1.0 + 0.5 * (k as f64 * 0.3).sin()).collect()
}

/// 20 calls, one after the other, of a function of 1,800 operations.
fn called(least: Least<'_>) {
    let record = |atomic: &Atomic| {
        let code = |x: &[Var]| lists::sum(&(0..20).fold(x.to_vec(), |x, _| atomic.call(&x).unwrap()));
        Function::record(code, &start(200)[..]).unwrap()
    };
    let atomic = || Atomic::new(Function::record(|x: &[Var]| flow(x), &start(200)[..]).unwrap());
    let mut by_hand = |x: &[f64]| (0..20).fold(x.to_vec(), |x, _| flow(&x)).iter().sum();
    row("20 calls, 1,800 operations each", least, &atomic, &record, &mut by_hand);
}

/// 500 steps of 900 operations.
fn scanned(least: Least<'_>) {
    let record = |atomic: &Atomic| {
        Function::record(|x: &[Var]| lists::sum(&atomic.call(x).unwrap()), &start(100)[..]).unwrap()
    };
    let atomic = || {
        let step = Function::record(|x: &[Var]| flow(x), &start(100)[..]).unwrap();
        Atomic::scan(step, Scan { steps: 500, carry: 100, ..Scan::default() }).unwrap()
    };
    let mut by_hand = |x: &[f64]| (0..500).fold(x.to_vec(), |x, _| flow(&x)).iter().sum();
    row("a scan of 500 steps, 900 operations each", least, &atomic, &record, &mut by_hand);
}

/// 10 operations, of two numbers and two that are shared.
fn spring<R: Real>(x: &[R]) -> R {
    let (position, speed, stiffness, damping) = (x[0], x[1], x[2], x[3]);
    let force = position * position * position * stiffness + speed * damping - position;
    force * speed + position * 0.5
}

/// 10 operations, of which an exponential and a logarithm.
fn discounted<R: Real>(x: &[R]) -> R {
    let (spot, strike, rate, spread) = (x[0], x[1], x[2], x[3]);
    let moneyness = (spot / strike).ln() + rate * 0.5;
    spot * moneyness - strike * (-(rate * spread)).exp() * spread
}

/// A map over 10,000 lists; the same code over variables and over numbers.
fn mapped(least: Least<'_>, what: &str, code: fn(&[Var]) -> Var, number: fn(&[f64]) -> f64) {
    let n = 10_000;
    let at = [&start(2 * n)[..], &[0.3, 0.2]].concat();
    let record = |atomic: &Atomic| {
        Function::record(|x: &[Var]| lists::sum(&atomic.call(x).unwrap()), &at[..]).unwrap()
    };
    let atomic = || {
        let function = Function::record(|x: &[Var]| code(x), &[1.0, 1.1, 0.3, 0.2][..]).unwrap();
        Atomic::map(function, n, 2).unwrap()
    };
    let mut by_hand = |x: &[f64]| {
        let (lists, shared) = x.split_at(2 * n);
        lists.chunks_exact(2).map(|list| number(&[list[0], list[1], shared[0], shared[1]])).sum()
    };
    row(&format!("a map of {what}, 10,000 times"), least, &atomic, &record, &mut by_hand);
}
