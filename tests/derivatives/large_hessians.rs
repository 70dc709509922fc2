//! Promise: the Hessian of a function of many variables, which is computed from a recording, is that of few variables: entry
//! by entry that of the same function with all other variables held, whatever the function does.

use std::cell::Cell;
use tapegrad::{Dual, HessianNumber, Real, hessian, lists, masks};

const N: usize = 150;

fn point() -> Vec<f64> {
    (0..N).map(|k| 0.3 + (0.7 * k as f64).sin()).collect()
}

/// Compares some rows and columns with the second derivatives in two variables, by the other way.
fn agrees(f: impl Fn(&[HessianNumber]) -> HessianNumber, x: &[f64]) {
    let all = hessian(|x: &[HessianNumber]| f(x), x);
    assert!(all.len() == x.len() && all.iter().all(|row| row.len() == x.len()));
    for (i, j) in [(0, 1), (0, 2), (1, 2), (17, 18), (17, 90), (64, 63), (N - 2, N - 1), (0, N - 1)] {
        let two = hessian(
            |[a, b]| {
                let mut all: Vec<HessianNumber> = x.iter().map(|&x| HessianNumber::from(x)).collect();
                (all[i], all[j]) = (a, b);
                f(&all)
            },
            [x[i], x[j]],
        );
        let ours = [[all[i][i], all[i][j]], [all[j][i], all[j][j]]];
        for (&a, &b) in ours.as_flattened().iter().zip(two.as_flattened()) {
            let is_same = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * (1.0 + b.abs());
            assert!(is_same, "({i}, {j}): {ours:?}, {two:?}");
        }
    }
}

fn chain<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).sin()).sum()
}

#[test]
fn sparse_and_dense() {
    agrees(chain, &point());
    agrees(|x| lists::log_sum_exp(x) * lists::norm(x), &point());
    agrees(|x| x[1..].iter().map(|&y| (x[0] * y).exp()).sum(), &point());
    agrees(|x| x[3], &point());
    agrees(|_| Dual::from(2.5), &point());
}

#[test]
fn branches_and_masks() {
    let branches = |x: &[HessianNumber]| {
        x.windows(2).map(|w| if w[0] < w[1] { w[0] * w[1] } else { w[0].powi(3) }).sum::<HessianNumber>()
    };
    agrees(branches, &point());
    let choose = |x: &[HessianNumber]| {
        x.iter().map(|&x| masks::gt(x, 0.0).select(x.sqrt(), x * x)).sum::<HessianNumber>()
    };
    agrees(choose, &point());
}

/// A rule of one's own decides the derivatives, and not the code of the value.
#[test]
fn own_rules() {
    fn cube<R: Real>(x: R) -> (R, [R; 1]) {
        (x * x * x, [x * 7.0])
    }
    let own =
        |x: &[HessianNumber]| x.iter().map(|&x| Dual::custom([x], |[x]| cube(x))).sum::<HessianNumber>();
    let second = hessian(own, &point());
    assert_eq!((second[3][3], second[3][4]), (7.0, 0.0));
    agrees(own, &point());
    let constant =
        |x: &[HessianNumber]| x.iter().map(|&x| Dual::custom([x], |[x]| (1.0.into(), [x * x]))).sum();
    assert_eq!(hessian(constant, &point())[3][3], 2.0 * point()[3]);
}

/// What cannot be recorded is evaluated all the same.
#[test]
fn numbers_that_are_read() {
    let reading = |x: &[HessianNumber]| {
        let scale = x[5].primal().value();
        x.iter().map(|&x| x * x * scale).sum::<HessianNumber>()
    };
    assert_eq!(hessian(reading, &point())[7][7], 2.0 * point()[5]);
}

#[test]
fn infinities_and_zeros() {
    let mut x = point();
    (x[17], x[64], x[N - 1]) = (0.0, f64::INFINITY, -0.0);
    agrees(|x| x.windows(2).map(|w| w[0].sqrt() * w[1]).sum(), &x);
    agrees(|x| x.iter().map(|&x| x.abs() * x.relu()).sum(), &x);
}

#[test]
fn it_is_evaluated_once() {
    let calls = Cell::new(0);
    let counted = |x: &[HessianNumber]| {
        calls.set(calls.get() + 1);
        chain(x)
    };
    let _ = hessian(counted, &point());
    assert_eq!(calls.get(), 1);
}

#[test]
#[should_panic(expected = "its tangents are missing")]
fn constants_that_depend_on_arguments() {
    let _ = hessian(|x: &[HessianNumber]| x[0] * Dual::constant(x[1].primal()), &point());
}

#[test]
#[should_panic(expected = "of another tape")]
fn variables_of_another_tape() {
    let tape = tapegrad::Tape::new();
    let stranger = tape.var(1.0);
    let _ = hessian(|_: &[HessianNumber]| Dual::constant(stranger), &point());
}
