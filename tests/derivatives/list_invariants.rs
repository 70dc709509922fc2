//! Promise: functions of lists keep their invariants at every magnitude and in every mode: shares sum to 1, slopes of a
//! variance to 0. (Backward error, which `accuracy.rs` measures, hides what a shift of all operands does.)

use tapegrad::{
    Dual, Function, Number, Var, hessian,
    lists::{log_sum_exp, norm, product, softmax, sum, variance},
};

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

const MAGNITUDES: [f64; 10] = [0.0, 1.0, 300.0, 1e4, 1e6, 1e8, 1e10, 1e13, 1e15, 1e16];

/// What a shift leaves of these offsets, as numbers of this kind: the shifted list, and the offsets that it has.
fn shifted<const N: usize>(by: f64, offsets: [f64; N], round: impl Fn(f64) -> f64) -> ([f64; N], [f64; N]) {
    let xs = offsets.map(|offset| round(by + offset));
    (xs, xs.map(|x| x - round(by)))
}

/// Shares from their definition, of offsets that are small.
fn shares<const N: usize>(offsets: [f64; N]) -> [f64; N] {
    let largest = offsets.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let total: f64 = offsets.iter().map(|x| (x - largest).exp()).sum();
    offsets.map(|x| (x - largest).exp() / total)
}

#[test]
fn shares_of_log_sum_exp() {
    for (by, sign) in MAGNITUDES.into_iter().flat_map(|by| [(by, 1.0), (by, -1.0)]) {
        for offsets in [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0], [-4.0, 0.0, -2.0, -700.0]] {
            let (xs, offsets) = shifted(by * sign, offsets, |x| x);
            let exact = shares(offsets);
            for (mode, _, slopes) in in_all_modes!(|x| log_sum_exp(x), xs) {
                assert!(close(slopes.iter().sum(), 1.0, 1e-15), "{mode} at {xs:?}: {slopes:?}");
                for (slope, exact) in slopes.iter().zip(exact) {
                    assert!(close(*slope, exact, 2e-15), "{mode} at {xs:?}: {slopes:?}, not {exact}");
                }
            }
            assert!(close(softmax(&xs).iter().sum(), 1.0, 1e-15), "{xs:?}");
            for (share, exact) in softmax(&xs).into_iter().zip(exact) {
                assert!(close(share, exact, 2e-15), "{xs:?}: {share}, not {exact}");
            }
            // Shares do not change if all operands do.
            for (mode, share, slopes) in in_all_modes!(|x| softmax(x)[1], xs) {
                assert!(close(share, exact[1], 2e-15), "{mode} at {xs:?}: {share}");
                assert!(close(slopes.iter().sum(), 0.0, 1e-15), "{mode} at {xs:?}: {slopes:?}");
                let by_itself = exact[1] * (1.0 - exact[1]);
                assert!(close(slopes[1], by_itself, 1e-14), "{mode} at {xs:?}: {slopes:?}");
            }
        }
    }
    assert_eq!(in_all_modes!(|x| log_sum_exp(x), [1e16, 1e16]).last().unwrap().2, [0.5, 0.5]);
}

#[test]
fn shares_in_single_precision() {
    let single = |x: f64| f64::from(x as f32);
    for by in [0.0, 1.0, 300.0, 1e4, 1e6, 1e8, 1e12, 1e16, -1e4, -1e8] {
        let (xs, offsets) = shifted(by, [0.0, 1.0, 2.0, 0.0], single);
        let exact = shares(offsets);
        let function = Function::record(|x: &[Var]| log_sum_exp(x), &xs[..]).unwrap();
        let (_, slopes) = crate::modes::in_lanes::<f32>(&function, &xs);
        assert!(close(slopes.iter().sum(), 1.0, 3e-7), "{xs:?}: {slopes:?}");
        for (slope, exact) in slopes.iter().zip(exact) {
            assert!(close(*slope, exact, 1e-6), "{xs:?}: {slopes:?}, not {exact}");
        }
    }
}

#[test]
fn slopes_of_a_variance() {
    let (xs, exact) = ([1e15, 1e15 + 1.0, 1e15 + 3.0], [-8.0 / 9.0, -2.0 / 9.0, 10.0 / 9.0]);
    for (mode, value, slopes) in in_all_modes!(|x| variance(x), xs) {
        assert!(close(value, 14.0 / 9.0, 1e-15), "{mode}: {value}");
        for (slope, exact) in slopes.iter().zip(exact) {
            assert!(close(*slope, exact, 1e-15), "{mode}: {slopes:?}");
        }
    }
    for by in MAGNITUDES.into_iter().flat_map(|by| [by, -by]) {
        let (xs, offsets) = shifted(by, [0.0, 2.0, 6.0, 12.0, 4.0], |x| x);
        let mean = offsets.iter().sum::<f64>() / 5.0;
        for (mode, _, slopes) in in_all_modes!(|x| variance(x), xs) {
            assert!(close(slopes.iter().sum(), 0.0, 1e-14), "{mode} at {xs:?}: {slopes:?}");
            for (slope, offset) in slopes.iter().zip(offsets) {
                assert!(close(*slope, (offset - mean) * 0.4, 1e-14), "{mode} at {xs:?}: {slopes:?}");
            }
        }
        let (xs, _) = shifted(by, [0.0, 2.0, 6.0, 12.0, 4.0], |x| f64::from(x as f32));
        let function = Function::record(|x: &[Var]| variance(x), &xs[..]).unwrap();
        let (_, slopes) = crate::modes::in_lanes::<f32>(&function, &xs);
        let size = slopes.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
        assert!(close(slopes.iter().sum::<f64>() / size, 0.0, 1e-6), "{xs:?}: {slopes:?}");
    }
}

#[test]
fn slopes_of_products_and_lengths() {
    for scale in [1e-300, 1e-150, 1e-16, 1.0, 1e8, 1e16, 1e150, 1e300] {
        let xs = [3.0 * scale, -4.0 * scale, 12.0 * scale];
        for (mode, value, slopes) in in_all_modes!(|x| norm(x), xs) {
            assert!(close(value / scale / 13.0, 1.0, 1e-15), "{mode} at {xs:?}");
            // A unit vector, and xᵀ∇ is the length (Euler).
            let square: f64 = slopes.iter().map(|slope| slope * slope).sum();
            assert!(close(square, 1.0, 1e-15), "{mode} at {xs:?}: {slopes:?}");
            let along: f64 = xs.iter().zip(&slopes).map(|(x, slope)| x / scale * slope).sum();
            assert!(close(along / 13.0, 1.0, 1e-15), "{mode} at {xs:?}: {slopes:?}");
        }
        // Each factor times the slope by it is the product.
        let xs = [1.0 / scale, 3.0, scale, 0.7];
        for (mode, value, slopes) in in_all_modes!(|x| product(x), xs) {
            for (x, slope) in xs.iter().zip(slopes) {
                assert!(close(x * slope / value, 1.0, 1e-15), "{mode} at {xs:?}: {slope}");
            }
        }
    }
    for (mode, _, slopes) in in_all_modes!(|x| sum(x) + sum::<_>(&x[..0]), [1e16, 1.0, -1e16]) {
        assert_eq!(slopes, [1.0; 3], "{mode}");
    }
}

/// Near the ends of single precision a quotient has lost digits that a product has not.
#[test]
fn powers_and_products_near_the_ends_of_single_precision() {
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-5;
    for x in [3e-23, 1e-20, 1e-15, 3e-10, 2.0, 1e10, 3e18] {
        let square = Function::record(|x: &[Var]| x[0].powf(2.0), &[x][..]).unwrap();
        let (_, slopes) = crate::modes::in_lanes::<f32>(&square, &[x]);
        assert!(close(slopes[0], 2.0 * x), "{x}: {}", slopes[0]);
        let square = Function::record(|x: &[Var]| product(&[x[0], x[1], x[2]]), &[x, x, 1.0][..]).unwrap();
        let (_, slopes) = crate::modes::in_lanes::<f32>(&square, &[x, x, 1.0]);
        assert!(close(slopes[0], x) && close(slopes[1], x), "{x}: {slopes:?}");
        let power = Function::record(|x: &[Var]| x[0].powi(-13), &[1e3][..]).unwrap();
        let (value, slopes) = crate::modes::in_lanes::<f32>(&power, &[1e3]);
        assert!((value / 1e-39 - 1.0).abs() < 1e-4, "{value}");
        assert!((slopes[0] / -1.3e-41 - 1.0).abs() < 0.02, "{}", slopes[0]);
    }
}

/// Where one operand dominates, 1 less its share has no digit left; the second derivatives are made of the others.
#[test]
fn second_derivatives_where_one_operand_dominates() {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs();
    // hypot: b²/y³, −ab/y³, a²/y³.
    for (a, b) in [(1.0, 1e-8), (1.0, 1e-12), (-3.0, 1e-9), (1e-9, 2.0), (1.0, 1.0), (3e100, 4e90)] {
        let y = f64::hypot(a, b);
        let exact = [b / y * (b / y) / y, -(a / y) * (b / y) / y, a / y * (a / y) / y];
        for h in [
            hessian(|[a, b]| a.hypot(b), [a, b]),
            hessian(|[a, b]| norm(&[a, b]), [a, b]),
            hessian(|[a, b]| norm(&[b, a]), [a, b]),
        ] {
            for (found, exact) in [h[0][0], h[0][1], h[1][1]].into_iter().zip(exact) {
                assert!(near(found, exact), "{a}, {b}: {h:?}, not {exact}");
            }
            assert!(near(h[1][0], exact[1]), "{a}, {b}: {h:?}");
        }
    }
    // log_sum_exp: p (1 − p), −p q.
    for d in [0.0, 1.0, 20.0, 37.0, 40.0, 300.0] {
        let e = f64::exp(-d);
        let exact = e / (1.0 + e) / (1.0 + e);
        for by in [0.0, 5.0, 1e6] {
            let h = hessian(|[a, b]| log_sum_exp(&[a, b]), [by, by - d]);
            for (found, exact) in [(h[0][0], exact), (h[0][1], -exact), (h[1][0], -exact), (h[1][1], exact)] {
                assert!(near(found, exact), "{d}, {by}: {h:?}, not {exact}");
            }
        }
    }
    // The curvature across is infinite, along there is none.
    let h = hessian(|[x]| x.hypot(0.0).gelu(), [1e-300]);
    assert!(near(h[0][0], 0.797_884_560_802_865_4), "{h:?}");
    let h = hessian(|[x]| norm(&[x, Number::constant(0.0)]).gelu(), [1e-300]);
    assert!(near(h[0][0], 0.797_884_560_802_865_4), "{h:?}");
}

/// The same of functions, whose second derivatives are the sweep of a sweep; and of more operands.
#[test]
fn second_derivatives_as_functions_where_one_operand_dominates() {
    type Lists = fn(&[Var]) -> Var;
    let tail = f64::exp(-40.0);
    let cases: [(Lists, [f64; 3], f64); 3] = [
        (|x| norm(x), [1.0, 3e-9, 4e-9], 25e-18),
        (|x| x[0].hypot(x[1]), [1.0, 5e-9, 0.0], 25e-18),
        (|x| log_sum_exp(x), [0.0, -40.0, -40.0], 2.0 * tail),
    ];
    for (f, at, exact) in cases {
        let function = Function::record(|x: &[Var]| f(x), &at[..]).unwrap();
        let second = function.hessian().unwrap().evaluator().values(&at).unwrap()[0];
        assert!((second / exact - 1.0).abs() < 1e-13, "{at:?}: {second}, not {exact}");
        let mut numeric = [0.0; 9];
        function.evaluator().hessian_into(&at, &mut numeric).unwrap();
        assert!((numeric[0] / exact - 1.0).abs() < 1e-13, "{at:?}: {numeric:?}, not {exact}");
    }
}

/// `Σ` of an iterator begins as that of plain numbers does: what is generic has the same bits.
#[test]
fn sums_of_nothing() {
    fn generic<R: tapegrad::Real>() -> [R; 2] {
        [std::iter::empty::<R>().sum(), std::iter::empty::<R>().product()]
    }
    let plain = generic::<f64>().map(f64::to_bits);
    assert_eq!(generic::<Var>().map(|y| y.value().to_bits()), plain);
    assert_eq!(generic::<tapegrad::Dual>().map(|y| y.primal().to_bits()), plain);
    // The table's sum of nothing is 0 over every number.
    assert_eq!(sum::<f64>(&[]).to_bits(), 0);
    assert_eq!(sum::<Var>(&[]).value().to_bits(), 0);
}

/// Where a factor is tiny, the quotient of the product and the factor has no digits for a second derivative.
#[test]
fn second_derivatives_of_products_are_exact_beside_a_tiny_factor() {
    for tiny in [2.5e-11, 1e-100, 3e-280] {
        assert_eq!(tapegrad::hessian(|x: [_; 2]| product(&x), [tiny, 1.6]), [[0.0, 1.0], [1.0, 0.0]]);
        let inner = [Dual::<f64, 2>::variable(tiny, 0), Dual::variable(1.6, 1)];
        let outer: [Dual<_, 2>; 2] = std::array::from_fn(|k| Dual::variable(inner[k], k));
        let rows = product(&outer).tangents().map(|row| row.tangents());
        assert_eq!(rows, [[0.0, 1.0], [1.0, 0.0]]);
    }
}
