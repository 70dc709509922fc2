//! Promise: a check judges whatever a function returns: an argument as it is, a constant, the same result twice; and
//! what is no number is invalid, neither passed nor refuted.

use std::collections::HashMap;
use tapegrad::check::{
    Entry, Report, Verdict, check_gradient, check_gradient_by_hand, check_hessian, check_hvp, check_jacobian,
};
use tapegrad::{Real, Var, check_all};

/// Functions whose result may stand before an argument, or on no tape.
fn first<R: Real>(x: &[R]) -> R {
    x[0]
}

fn last<R: Real>(x: &[R]) -> R {
    x[x.len() - 1]
}

fn larger<R: Real>(x: &[R]) -> R {
    if x[0] > x[1] { x[0] } else { x[1] }
}

fn median<R: Real>(x: &[R]) -> R {
    let mut x = x.to_vec();
    x.sort_by(|a, b| a.partial_cmp(b).unwrap());
    x[x.len() / 2]
}

fn constant<R: Real>(_: &[R]) -> R {
    R::constant(2.5)
}

/// Before the last argument there is nothing that depends on it.
fn without_the_last<R: Real>(x: &[R]) -> R {
    x[0] * x[0]
}

#[test]
fn an_argument_or_a_constant_passes_every_check() {
    let x = [1.5, -2.0, 0.75];
    macro_rules! check_each {
        ($($f:ident)*) => {$(
            let name = stringify!($f);
            let report = check_all!($f, &x[..]);
            assert!(report.is_pass(), "{name}\n{report}");
            // As arrays, which are taken apart.
            assert!(check_all!(|x: [_; 3]| $f(&x), x).is_pass(), "{name}");
            for report in [
                check_gradient($f, &x[..]),
                check_hessian($f, &x[..]),
                check_hvp($f, &x[..], &[1.0, -0.5, 2.0][..]),
            ] {
                assert!(report.is_pass() && report.entries.len() >= 3, "{name}\n{report}");
            }
        )*};
    }
    check_each!(first last larger median constant without_the_last);
    check_all!(|[x, _y]| x, [1.0, 2.0]).assert_pass();
    check_all!(|[_x, y]| y, [1.0, 2.0]).assert_pass();
    check_all!(|[x, y]| if x > y { x } else { y }, [1.0, 2.0]).assert_pass();
    check_hessian(|[_x]| 3.0.into(), [1.0]).assert_pass();
    check_hvp(|[x, _y]| x, [1.0, 2.0], [0.0, 1.0]).assert_pass();
}

#[test]
fn one_result_twice_and_results_that_are_arguments() {
    let report = check_jacobian(|[x, y]| [y, x, x, x * y, Var::from(2.0), x * y], [0.5, 2.0]);
    assert!(report.is_pass(), "{report}");
    let expected = [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 2.0, 0.5, 0.0, 0.0, 2.0, 0.5];
    assert!(report.entries.iter().map(|entry| entry.analytic).eq(expected), "{report}");
    assert!(check_jacobian(|x: &[Var]| vec![x[0], x[0]], vec![3.0, 1.0]).is_pass());
    assert!(check_jacobian(|_: &[Var]| Vec::<Var>::new(), vec![3.0]).is_pass());
}

#[test]
fn a_function_of_nothing_passes() {
    check_all!(constant, Vec::<f64>::new()).assert_pass();
    check_hvp(constant, Vec::<f64>::new(), Vec::new()).assert_pass();
}

/// How often each verdict occurs, and every report can be printed.
fn count(report: &Report) -> HashMap<&'static str, usize> {
    assert!(!report.to_string().is_empty());
    let mut counts = HashMap::new();
    for Entry { verdict, .. } in &report.entries {
        let name = match verdict {
            Verdict::Pass => "pass",
            Verdict::Mismatch => "mismatch",
            Verdict::Invalid => "invalid",
            Verdict::Unresolved => "unresolved",
            _ => "kink",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[test]
fn a_value_that_is_no_number_is_invalid_in_every_check() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        // The value is none, but the derivatives by x and y are 1 and −1.
        let invalid = |report: Report| {
            assert!(count(&report).keys().eq(["invalid"].iter()), "value {bad}\n{report}");
        };
        invalid(check_all!(|[x, y]| x - y + bad, [3.0, 2.0]));
        invalid(check_gradient(|[x, y]| x - y + bad, [3.0, 2.0]));
        invalid(check_gradient_by_hand(|x| x[0] - x[1] + bad, &[1.0, -1.0], &[3.0, 2.0]));
        invalid(check_hessian(|[x, y]| x - y + bad, [3.0, 2.0]));
        invalid(check_hvp(|[x, y]| x - y + bad, [3.0, 2.0], [1.0, 1.0]));
        invalid(check_jacobian(|[x, y]| [x + bad, y * bad], [3.0, 2.0]));
        invalid(check_all!(|_: &[_]| bad.into(), vec![3.0]));
        // Of several results, only the one that is none.
        let report = check_jacobian(|[x, y]| [x * y, y + bad], [3.0, 2.0]);
        assert_eq!(count(&report), HashMap::from([("pass", 2), ("invalid", 2)]), "{report}");
    }
}

#[test]
fn a_derivative_that_is_no_number_is_invalid_and_hides_no_other() {
    // By x it is infinite; that by y is wrong on purpose, and the infinity is no reason to let it pass.
    for report in [
        check_all!(|[x, y]| x.sqrt() + y.stop_gradient() * y, [0.0, 2.0]),
        check_all!(|[y, x]| x.cbrt() + y.stop_gradient() * y, [2.0, 0.0]),
    ] {
        let of_y = if report.entries[0].verdict == Verdict::Invalid { 1 } else { 0 };
        let named = |group: &str| {
            let name = format!("{group}: x[{of_y}]");
            report.entries.iter().find(|entry| entry.name == name).unwrap().verdict
        };
        assert_eq!(named("differences"), Verdict::Mismatch, "{report}");
        assert_eq!(named("forward"), Verdict::Pass, "{report}");
        assert!(report.entries.iter().any(|entry| entry.verdict == Verdict::Invalid), "{report}");
        assert!(report.entries.iter().all(|entry| entry.error.is_finite() || entry.verdict != Verdict::Pass));
    }
    // Two ways that differ, beside one that is infinite: the tangent is lost in forward mode alone.
    let report = tapegrad::check::all(
        |[x, y]: [Var; 2]| x.sqrt() + y * y,
        |[x, y]: [tapegrad::Dual; 2]| x.sqrt() + y * y.primal(),
        |[x, y]| x.sqrt() + y * y,
        [0.0, 2.0],
    );
    assert_eq!(report.entries[0].verdict, Verdict::Invalid, "{report}");
    assert_eq!(report.entries[1].verdict, Verdict::Mismatch, "{report}");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let report = check_gradient_by_hand(|x| x[0] * x[1], &[bad, 3.0], &[3.0, 2.0]);
        assert_eq!(count(&report), HashMap::from([("pass", 1), ("invalid", 1)]), "{report}");
    }
}

#[test]
fn a_coordinate_or_direction_that_is_no_number_is_invalid() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        // The function ignores it, or is finite there.
        let report = check_gradient(|[x, _]| x * x, [3.0, bad]);
        assert_eq!(count(&report), HashMap::from([("pass", 1), ("invalid", 1)]), "{report}");
        let report = check_gradient_by_hand(|x| x[0].atan(), &[0.0], &[bad]);
        assert_eq!(count(&report), HashMap::from([("invalid", 1)]), "{report}");
        let report = check_hessian(|[x, _]| x * x, [3.0, bad]);
        assert_eq!(count(&report), HashMap::from([("pass", 2), ("invalid", 2)]), "{report}");
        for (x, v) in [([3.0, bad], [1.0, 1.0]), ([3.0, 2.0], [1.0, bad]), ([3.0, 2.0], [bad, 0.0])] {
            let report = check_hvp(|[x, _]| x * x, x, v);
            let counts = count(&report);
            assert!(
                !counts.contains_key("mismatch") && counts.contains_key("invalid"),
                "{x:?} {v:?}\n{report}"
            );
            assert_eq!(report.entries[1].verdict, Verdict::Invalid, "{x:?} {v:?}\n{report}");
        }
    }
    // The largest number there is: beside it lies infinity, so nothing can be told.
    for slope in [0.5, 1.0] {
        let report = check_gradient_by_hand(|x| x[0] * 0.5, &[slope], &[f64::MAX]);
        assert_eq!(report.entries[0].verdict, Verdict::Unresolved, "{report}");
        let report = check_gradient_by_hand(|x| x[0].atan(), &[slope], &[-f64::MAX]);
        assert_eq!(report.entries[0].verdict, Verdict::Unresolved, "{report}");
    }
}

/// NaN somewhere beside the point: what is left decides, or nothing does. It is never refuted for it.
#[test]
fn a_neighbour_that_is_no_number_is_left_out() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for reach in [1e-12, 1e-8, 1e-4, 1e-2] {
            for side in [-1.0, 1.0] {
                // A hole at some distance on one side; and all from there on.
                let hole = |x: f64| ((x - 2.0) * side - reach).abs() < reach / 2.0;
                let beyond = |x: f64| (x - 2.0) * side > reach;
                let near = |x: f64| x != 2.0 && (x - 2.0).abs() < reach;
                for outside in [&hole as &dyn Fn(f64) -> bool, &beyond, &near] {
                    let f = |x: &[f64]| if outside(x[0]) { bad } else { x[0].sin() };
                    let right = check_gradient_by_hand(f, &[2f64.cos()], &[2.0]);
                    assert!(!right.is_refuted(), "{bad} {reach} {side}\n{right}");
                    let wrong = check_gradient_by_hand(f, &[-(2f64.cos())], &[2.0]);
                    assert!(!wrong.is_pass(), "{bad} {reach} {side}\n{wrong}");
                }
            }
        }
    }
    // The gradient is finite there, but the function is not: outside of the domain for second order too.
    let report = check_hessian(|[x]| x * x + (x - 1.0).sqrt() * 0.0, [2.0]);
    assert!(report.is_pass(), "{report}");
}

/// Slopes that overflow are neither a derivative nor a reason to refuse one.
#[test]
fn slopes_near_overflow_refute_nothing() {
    for size in [1e290, 1e300, 1e304, 1e306, 1e307, 1.7e308] {
        for rate in [1.0, 7.0, 1e3, 1e5] {
            for x in [0.1, 1.0, 1e3, -2.0] {
                let derivative: f64 = size * rate * f64::cos(rate * x);
                let report = check_gradient_by_hand(|x| size * (rate * x[0]).sin(), &[derivative], &[x]);
                let is_refuted = report.entries[0].verdict == Verdict::Mismatch;
                assert!(!is_refuted, "{size} {rate} {x}\n{report}");
            }
        }
    }
}

/// What is left of terms that cancel is noise, and the ways to it need not agree.
#[test]
fn terms_that_cancel_refute_nothing() {
    for k in 1..200 {
        let x = [0.013 * f64::from(k) - 2.0, 1.2 + 0.001 * f64::from(k)];
        let report = check_all!(
            |[x, y]| {
                let d = y.sin() * 3.96 - x.sin() * 3.96;
                d.atan2(d)
            },
            x
        );
        let is_refuted = report.entries.iter().any(|entry| entry.verdict == Verdict::Mismatch);
        assert!(!is_refuted, "{x:?}\n{report}");
    }
    // A tangent that is lost is none of that, however small the function.
    for scale in [1.0, 1e-9, 1e-30] {
        let report = tapegrad::check::all(
            |[x]: [Var; 1]| x * x * scale,
            |[x]: [tapegrad::Dual; 1]| x * x.primal() * scale,
            |[x]| x * x * scale,
            [1.5],
        );
        assert_eq!(report.entries[0].verdict, Verdict::Mismatch, "{report}");
    }
}

/// A direction that moves coordinates of very different sizes is sampled where each of them varies.
#[test]
fn directions_over_many_scales_refute_nothing() {
    for scale in [1.0, 1e-8, 1e8, 1e12, 1e16] {
        for direction in [[1.0, -0.5], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1e-6, 1e6]] {
            let x = [-0.32, scale];
            let report = check_hvp(|[p, u]| u.powf(p).normal_cdf(), x, direction);
            let is_refuted = report.entries.iter().any(|entry| entry.verdict == Verdict::Mismatch);
            assert!(!is_refuted, "{x:?} {direction:?}\n{report}");
        }
    }
    // And a product that is wrong is refuted.
    let wrong = |[x, y]: [_; 2]| tapegrad::Dual::custom([x, y], |[x, y]| (x * y * y, [y * y, x * y]));
    let report = check_hvp(wrong, [1.5, 1e6], [1.0, 1e3]);
    assert!(report.entries.iter().any(|entry| entry.verdict == Verdict::Mismatch), "{report}");
}
