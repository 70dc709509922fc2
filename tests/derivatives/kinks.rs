//! Promise: where the derivative at a kink is zero by convention, it is a number, so that an infinity behind it or before it
//! is told; what was not taken is unlinked. So in every mode.

use std::f64::consts::FRAC_PI_2;
use tapegrad::{hessian, lists::norm, masks::lt, primitives};

const INF: f64 = f64::INFINITY;

/// Asserts the gradient in all modes; NaN means that it is to be told.
macro_rules! assert_slopes {
    (|$x:ident| $f:expr, $at:expr, $expected:expr) => {
        for (mode, value, slopes) in in_all_modes!(|$x| $f, $at) {
            for (k, (slope, expected)) in slopes.iter().zip($expected).enumerate() {
                let expected: f64 = expected;
                let is_so = *slope == expected || slope.is_nan() && expected.is_nan();
                assert!(is_so, "{}, {mode} by {k}: {slope}, not {expected} (value {value})", stringify!($f));
            }
        }
    };
}

#[test]
fn a_convention_hides_no_infinity_behind_it() {
    let nan = f64::NAN;
    assert_slopes!(|x| x[0].sqrt().abs(), [0.0], [nan]);
    assert_slopes!(|x| x[0].sqrt().relu(), [0.0], [nan]);
    assert_slopes!(|x| (-x[0].sqrt()).relu(), [0.0], [nan]);
    assert_slopes!(|x| x[0].sqrt().abs() + x[0], [0.0], [nan]);
    assert_slopes!(|x| norm(&[x[0].sqrt(), x[0]]), [0.0], [nan]);
    assert_slopes!(|x| x[0].sqrt().hypot(x[0]), [0.0], [nan]);
    // `clamp(0, √x, 5)` is √x from 0 on.
    assert_slopes!(|x| x[1].clamp(x[0].sqrt(), 5.0), [0.0, 0.0], [nan, 1.0]);
    assert_slopes!(|x| x[1].clamp(-1.0, x[0].sqrt()), [0.0, 0.0], [nan, 1.0]);
    assert_slopes!(|x| x[0].sqrt().max(0.0), [0.0], [INF]);
    assert_slopes!(|x| x[0].sqrt().clamp(0.0, 1.0), [0.0], [INF]);
    assert_slopes!(|x| x[0].sqrt().leaky_relu(0.5), [0.0], [INF]);
    assert_slopes!(|x| x[0].sqrt().elu(1.0), [0.0], [INF]);
}

#[test]
fn a_convention_hides_no_infinity_before_it() {
    let nan = f64::NAN;
    assert_slopes!(|x| x[0].abs().sqrt(), [0.0], [nan]);
    assert_slopes!(|x| x[0].abs().sqrt(), [-0.0], [nan]);
    assert_slopes!(|x| x[0].relu().powf(1.0 / 2.4), [0.0], [nan]);
    assert_slopes!(|x| x[0].relu().sqrt() + x[0], [-0.0], [nan]);
    assert_slopes!(|x| norm(&[x[0], x[1]]).sqrt(), [0.0, 0.0], [nan, nan]);
    assert_slopes!(|x| x[1].clamp(x[0], 5.0).sqrt(), [0.0, 0.0], [nan, INF]);
    assert_slopes!(|x| x[0].max(0.0).sqrt(), [0.0], [INF]);
}

#[test]
fn what_is_not_taken_is_unlinked() {
    assert_slopes!(|x| (-x[0].sqrt() - 1.0).relu() + x[0], [0.0], [1.0]);
    assert_slopes!(|x| (x[0] - 1.0).relu().sqrt() + x[0], [0.0], [1.0]);
    assert_slopes!(|x| x[1].clamp(x[0].sqrt(), 5.0), [0.0, 1.0], [0.0, 1.0]);
    assert_slopes!(|x| x[1].clamp(-5.0, -x[0].sqrt()), [0.0, -1.0], [0.0, 1.0]);
    assert_slopes!(|x| x[0].sqrt().clamp(1.0, 5.0) + x[0], [0.0], [1.0]);
    assert_slopes!(|x| (x[0].sqrt() + 9.0).clamp(1.0, 5.0) + x[0], [0.0], [1.0]);
    // The slope of a unit that is above 0, however it was made.
    assert_slopes!(|x| x[1].leaky_relu(x[0].sqrt()), [0.0, 2.0], [0.0, 1.0]);
    assert_slopes!(|x| x[1].elu(x[0].sqrt()), [0.0, 2.0], [0.0, 1.0]);
    assert_slopes!(|x| x[1].leaky_relu(x[0].sqrt()), [0.0, -2.0], [-INF, 0.0]);
    // Jumps: both sides are flat.
    assert_slopes!(|x| x[0].sqrt().floor() + x[0], [0.0], [1.0]);
    assert_slopes!(|x| x[0].sqrt().ceil() + x[0].sqrt().round() + x[0], [0.0], [1.0]);
    assert_slopes!(|x| x[0].sqrt().trunc() + x[0].sqrt().signum() + x[0], [0.0], [1.0]);
    assert_slopes!(|x| lt(x[0].sqrt(), 0.0).select(x[0].sqrt(), x[0]), [0.0], [1.0]);
}

#[test]
fn conventions_where_nothing_is_infinite() {
    assert_slopes!(|x| x[0].abs() + x[0].relu() * 2.0, [0.0], [0.0]);
    assert_slopes!(|x| x[0].max(x[1]), [1.0, 1.0], [0.5, 0.5]);
    assert_slopes!(|x| x[0].clamp(x[1], x[2]), [2.0, 2.0, 2.0], [1.0, 0.0, 0.0]);
    assert_slopes!(|x| x[0].leaky_relu(x[1]), [0.0, 0.25], [0.25, 0.0]);
    assert_slopes!(|x| x[0].elu(x[1]), [0.0, 2.0], [2.0, 0.0]);
}

/// The length of a vector is not differentiable at the origin; 0 is the smallest of its subgradients.
#[test]
fn a_length_at_the_origin() {
    assert_slopes!(|x| norm(x), [0.0, 0.0, 0.0], [0.0; 3]);
    assert_slopes!(|x| norm(x), [0.0, -0.0], [0.0; 2]);
    assert_slopes!(|x| x[0].hypot(x[1]), [0.0, -0.0], [0.0; 2]);
    // These are differentiable, and right: x², a Gaussian kernel.
    assert_slopes!(|x| norm(x).powi(2) + x[0], [0.0, 0.0], [1.0, 0.0]);
    assert_slopes!(|x| (-norm(x).powi(2)).exp(), [0.0, 0.0, 0.0], [0.0; 3]);
    assert_slopes!(|x| (-norm(&[x[0] - x[2], x[1] - x[3]]).powi(2)).exp(), [1.5, 2.0, 1.5, 2.0], [0.0; 4]);
    assert_slopes!(|x| x[0].hypot(x[1]).powi(2) * x[0].hypot(x[1]), [0.0, 0.0], [0.0; 2]);
    // A direction is none.
    let nan = f64::NAN;
    assert_slopes!(|x| x[0].atan2(x[1]), [0.0, 0.0], [nan, nan]);
    assert_slopes!(|x| x[0].atan2(x[1]), [1.0, 0.0], [0.0, -1.0]);
    assert_eq!(1f64.atan2(0.0), FRAC_PI_2);
}

/// The curvature of a length at the origin is infinite, so second derivatives through it are told rather than made up.
#[test]
fn second_derivatives_at_the_origin_are_told() {
    let of_length = hessian(|[x, y]| norm(&[x, y]), [0.0, 0.0]);
    let of_square = hessian(|[x, y]| norm(&[x, y]).powi(2), [0.0, 0.0]);
    let of_hypot = hessian(|[x, y]| x.hypot(y).powi(2), [0.0, 0.0]);
    for h in [of_length, of_square, of_hypot] {
        assert!(!h[0][0].is_finite() && !h[1][1].is_finite(), "{h:?}");
    }
    // Beside it they are right: 2 I.
    for scale in [1e-300, 1e-150, 1.0] {
        let h = hessian(|[x, y]| norm(&[x, y]).powi(2), [0.3 * scale, -0.4 * scale]);
        for (i, row) in h.iter().enumerate() {
            for (j, &entry) in row.iter().enumerate() {
                let expected = if i == j { 2.0 } else { 0.0 };
                assert!((entry - expected).abs() < 1e-14, "{scale}: {h:?}");
            }
        }
    }
}

/// `0 · ln b` is 0 for every `b ≥ 0`, and so is its derivative by `b`.
#[test]
fn a_weight_of_zero_takes_nothing() {
    for p in [0.0, 1e-300, 0.5, 1.0, 7.0, INF] {
        assert_slopes!(|x| x[0].xlogy(x[1]), [0.0, p], [p.ln(), 0.0]);
    }
    // The mixed second derivative is 1 / b.
    assert_eq!(hessian(|[a, b]| a.xlogy(b), [0.0, 4.0]), [[0.0, 0.25], [0.25, 0.0]]);
    assert!(!hessian(|[a, b]| a.xlogy(b), [0.0, 0.0])[0][1].is_finite());
}

/// The second derivatives at the kink are those of the branch that the first took.
#[test]
fn elu_at_its_kink() {
    let h = hessian(|[a, b]| a.elu(b), [0.0, 2.0]);
    assert_eq!(h, [[2.0, 1.0], [1.0, 0.0]]);
    let h = hessian(|[a, b]| a.leaky_relu(b), [0.0, 2.0]);
    assert_eq!(h, [[0.0, 1.0], [1.0, 0.0]]);
}

/// Of a number that is none there is no slope either, in first and in second derivatives.
#[test]
fn elu_of_nan() {
    let nan = f64::NAN;
    assert_slopes!(|x| x[0].elu(x[1]), [nan, 2.0], [nan, nan]);
    let h = hessian(|[a, b]| a.elu(b), [nan, 2.0]);
    assert!(h[0][0].is_nan() && h[0][1].is_nan() && h[1][0].is_nan(), "{h:?}");
}

/// Every row at its own kinks and ties: the second derivatives are symmetric.
#[test]
fn second_derivatives_at_kinks_are_symmetric() {
    for row in primitives::all().filter(|row| row.domain.len() == 2) {
        for at in [[0.0, 2.0], [0.0, 0.5], [2.0, 2.0], [1.0, 2.0], [-0.0, 1.0]] {
            let h = hessian(|x: [_; 2]| row.op.value(&x).unwrap(), at);
            let is_symmetric =
                (h[0][1] - h[1][0]).abs() < 1e-15 || !h[0][1].is_finite() || !h[1][0].is_finite();
            assert!(is_symmetric, "{} at {at:?}: {h:?}", row.op);
        }
    }
}
