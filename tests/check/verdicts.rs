//! Promise: a check gives the verdict that the function deserves.

use tapegrad::check::{
    Entry, Report, Verdict, check_gradient, check_gradient_by_hand, check_hessian, check_hvp, check_jacobian,
};
use tapegrad::{Real, Tape, Var, assert_gradient, check_all, prop_check_gradient};

/// The single entry of a function of one number.
fn only(report: Report) -> Entry {
    assert_eq!(report.entries.len(), 1, "{report}");
    report.entries.into_iter().next().unwrap()
}

fn verdict(f: impl Fn(Var) -> Var, x: f64) -> Verdict {
    only(check_gradient(|[x]: [Var; 1]| f(x), [x])).verdict
}

/// A gradient by hand of a function of one number.
fn by_hand(f: impl Fn(f64) -> f64, derivative: f64, x: f64) -> Verdict {
    only(check_gradient_by_hand(|x| f(x[0]), &[derivative], &[x])).verdict
}

#[test]
fn smooth_functions_pass_at_every_scale() {
    for x in [1e-12, 1e-6, 0.3, 1.0, 17.0, 1e5, 1e12] {
        for x in [x, -x] {
            assert_eq!(verdict(|x| x * x * 3.0 + x, x), Verdict::Pass, "{x}");
            assert_gradient!(|[v]| (v / x).exp() * (v / x).sin(), [x]);
            assert_gradient!(|[x]| x.recip(), [x]);
        }
    }
    // Fast oscillation is followed by the small steps.
    assert_eq!(verdict(|x| (x * 1e4).sin(), 0.7), Verdict::Pass);
    // Stationary points and functions of nothing.
    assert_eq!(verdict(|x| x.cosh(), 0.0), Verdict::Pass);
    assert_eq!(verdict(|x| x * 0.0 + 1e6, 3.0), Verdict::Pass);
    assert_eq!(verdict(|x| x.sin().powi(2) + x.cos().powi(2), 3.0), Verdict::Pass);
}

#[test]
fn errors_are_estimated_honestly() {
    let entry = only(check_gradient_by_hand(|x| x[0].exp(), &[2f64.exp()], &[2.0]));
    assert!(entry.error < 1e-10 && (entry.numeric - 2f64.exp()).abs() <= entry.error, "{entry:?}");
}

#[test]
fn mistakes_are_refuted() {
    let x = 0.7f64;
    for wrong in [2.0 * x.cos(), 0.5 * x.cos(), -x.cos(), x.sin(), 0.0, x.cos() * (1.0 + 1e-5), x.cos() + 1e6]
    {
        assert_eq!(by_hand(f64::sin, wrong, x), Verdict::Mismatch, "{wrong}");
    }
    // A small share of a large function.
    assert_eq!(by_hand(|x| 1e6 + x.sin(), 2.0 * x.cos(), x), Verdict::Mismatch);
    // What the gradient cannot see.
    assert_eq!(verdict(|x| x.detach() * x, 3.0), Verdict::Mismatch);
    assert_eq!(verdict(|x| Var::from(x.value()) * x, 3.0), Verdict::Mismatch);
    assert_eq!(verdict(|x| x.stop_gradient(), 3.0), Verdict::Mismatch);
}

#[test]
fn kinks_report_both_sides() {
    let kink = |verdict| match verdict {
        Verdict::Kink { left, right } => [left, right].map(|side: f64| (side * 1e6).round() / 1e6),
        other => panic!("{other:?}"),
    };
    assert_eq!(kink(verdict(|x| x.abs(), 0.0)), [-1.0, 1.0]);
    assert_eq!(kink(verdict(|x| x.relu(), 0.0)), [0.0, 1.0]);
    assert_eq!(kink(verdict(|x| x.max(0.0), 0.0)), [0.0, 1.0]);
    assert_eq!(kink(verdict(|x| x.max(x * 2.0 - 1.0), 1.0)), [1.0, 2.0]);
    assert_eq!(kink(verdict(|x| (x.exp() - 1.0).abs() + x, 0.0)), [0.0, 2.0]);
    assert_eq!(kink(by_hand(f64::abs, 1.0, 0.0)), [-1.0, 1.0]);
    // Beyond both sides it is no convention, but wrong.
    assert_eq!(by_hand(f64::abs, 1.5, 0.0), Verdict::Mismatch);
    // Beside the kink all is well, or cannot be told; it is never refuted.
    for distance in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-12, 1e-15, 1e-300] {
        for distance in [distance, -distance] {
            let found = verdict(|x| (x + distance).abs() * 3.0, 0.0);
            assert_ne!(found, Verdict::Mismatch, "{distance}");
            if distance.abs() > 1e-5 {
                assert_eq!(found, Verdict::Pass, "{distance}");
            }
        }
    }
}

/// A number in −1..1 that jumps with every bit of `x`.
fn hash(x: f64) -> f64 {
    let mixed = (x.to_bits() ^ (x.to_bits() >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

#[test]
fn noise_is_never_mistaken_for_a_derivative() {
    for k in 0..300 {
        let x = -3.0 + 0.02 * f64::from(k);
        let noisy = |x: f64| x.sin() + 1e-6 * hash(x + f64::from(k));
        assert_eq!(by_hand(noisy, x.cos(), x), Verdict::Unresolved, "{x}");
        assert_eq!(by_hand(noisy, x.cos() * (1.0 + 1e-6), x), Verdict::Unresolved, "{x}");
    }
}

#[test]
fn jumps_are_unresolved() {
    assert_eq!(verdict(|x| x.floor(), 2.0), Verdict::Unresolved);
    assert_eq!(verdict(|x| if x < 1.0 { x } else { x + 1.0 }, 1.0), Verdict::Unresolved);
    // Away from the jump the small steps decide.
    assert_eq!(verdict(|x| x.floor() + x, 2.001), Verdict::Pass);
}

#[test]
fn where_the_domain_ends_one_side_decides() {
    assert_eq!(verdict(|x| (x * x * x).sqrt(), 1e-3), Verdict::Pass);
    let half = |x: f64| if x < 1.0 { f64::NAN } else { x.sin() };
    assert_eq!(by_hand(half, 1f64.cos(), 1.0), Verdict::Pass);
    assert_eq!(by_hand(half, -1f64.cos(), 1.0), Verdict::Mismatch);
    let other_half = |x: f64| if x > 1.0 { f64::INFINITY } else { x.sin() };
    assert_eq!(by_hand(other_half, 1f64.cos(), 1.0), Verdict::Pass);
    assert_eq!(by_hand(other_half, 2.0, 1.0), Verdict::Mismatch);
    let isolated = |x: f64| if x == 1.0 { 0.0 } else { f64::NAN };
    assert_eq!(by_hand(isolated, 0.0, 1.0), Verdict::Unresolved);
}

#[test]
fn what_is_no_number_is_invalid() {
    assert_eq!(verdict(|x| x.sqrt(), 0.0), Verdict::Invalid);
    assert_eq!(verdict(|x| x.ln(), -1.0), Verdict::Invalid);
    assert_eq!(by_hand(|x| x, f64::NAN, 1.0), Verdict::Invalid);
    assert_eq!(by_hand(|_| f64::NAN, 1.0, 1.0), Verdict::Invalid);
    assert_eq!(by_hand(|x| x, 1.0, f64::INFINITY), Verdict::Invalid);
    let short = check_gradient_by_hand(|x| x[0] + x[1], &[1.0], &[1.0, 2.0]);
    assert_eq!(only(short).verdict, Verdict::Invalid);
    // A function of nothing has nothing wrong.
    assert!(check_gradient_by_hand(|_| 1.0, &[], &[]).is_pass());
}

#[test]
fn every_shape_of_point() {
    let f = |x: &[Var]| x[0] * x[1];
    assert!(check_gradient(f, vec![1.0, 2.0]).is_pass());
    assert!(check_gradient(f, &vec![1.0, 2.0]).is_pass());
    assert!(check_gradient(f, &[1.0, 2.0][..]).is_pass());
    assert!(check_gradient(|[x, y]| x * y, &[1.0, 2.0]).is_pass());
    assert_gradient!(|[x, y]| x * y, [1.0, 2.0]);
}

#[test]
fn second_order_and_jacobians() {
    let report = check_jacobian(|[x, y]| [x * y, x.sin(), y.detach() * y], [0.5, 2.0]);
    let verdicts: Vec<_> = report.entries.iter().map(|entry| (entry.name.as_str(), entry.verdict)).collect();
    assert_eq!(verdicts[..2], [("y[0] by x[0]", Verdict::Pass), ("y[0] by x[1]", Verdict::Pass)]);
    assert_eq!(verdicts[4..], [("y[2] by x[0]", Verdict::Pass), ("y[2] by x[1]", Verdict::Mismatch)]);
    assert!(check_jacobian(|x: &[Var]| vec![x[0] / x[1]; 3], vec![1.0, 3.0]).is_pass());

    fn smooth<R: Real>(x: &[R]) -> R {
        (x[0] * x[1]).exp() + x[2].powi(3) * x[0] + (x[3] * x[4]).sin()
    }
    let x = [0.3, -0.5, 1.5, 0.2, 2.0];
    assert!(check_hessian(smooth, &x[..]).is_pass());
    assert!(check_hvp(smooth, &x[..], &[1.0, 0.0, -2.0, 1e3, 0.5][..]).is_pass());
    assert!(check_hvp(smooth, &x[..], &[0.0; 5][..]).is_pass());
    let kinky = check_hessian(|[x]| x * x.abs(), [0.0]);
    assert!(matches!(only(kinky).verdict, Verdict::Kink { .. }));
    // A rule by hand with a wrong partial: the gradient takes the value apart, only the second order is wrong.
    let wrong = check_hessian(|[x]| tapegrad::Dual::custom([x], |[x]| (x * x * x, [x * x * 2.0])), [2.0]);
    assert_eq!(only(wrong).verdict, Verdict::Mismatch);
}

#[test]
fn all_ways_agree() {
    check_all!(|[x, y]| (x * y).tanh() + x.atan2(y), [0.3, 0.8]).assert_pass();
    let report = check_all!(|[x, y]| x.stop_gradient() * y, [3.0, 2.0]);
    let wrong: Vec<_> = report.entries.iter().filter(|entry| entry.verdict == Verdict::Mismatch).collect();
    assert_eq!(wrong[0].name, "differences: x[0]");
    assert!(report.entries.iter().any(|entry| entry.name == "dot test: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩"));
    assert!(report.entries.iter().any(|entry| entry.name == "symmetry: x[1] x[0]"));
}

/// A check takes nothing and leaves nothing on the tapes of its caller.
#[test]
fn a_check_leaves_no_trace() {
    let tape = Tape::recording();
    let _ = tape.var(2.0);
    let nodes = tape.len();
    assert_gradient!(|[x]| x.powi(3), [2.0]);
    assert_eq!(tape.len(), nodes);
}

/// The function is evaluated some sixty times for a coordinate.
#[test]
fn what_a_check_costs() {
    for x in [0.0, 1.0, 1e-8, 1e8] {
        let calls = std::cell::Cell::new(0);
        let f = |x: &[f64]| {
            calls.set(calls.get() + 1);
            x[0]
        };
        let _ = check_gradient_by_hand(f, &[1.0], &[x]);
        assert!(calls.get() <= if x == 1.0 { 63 } else { 130 }, "{}", calls.get());
    }
}

fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}
prop_check_gradient! { rosenbrock_all_over, rosenbrock, vec![-2.0..2.0; 4] }
prop_check_gradient! { polar_coordinates, |[r, phi]| r * phi.cos(), [0.1..2.0, -3.0..3.0] }
prop_check_gradient! {
    #[should_panic(expected = "the gradient does not pass its check at [")]
    a_lost_derivative_is_found, |[x, y]| x * y.detach(), [-2.0..2.0, -2.0..2.0]
}
prop_check_gradient! {
    #[should_panic(expected = "too few points of the domain can be decided")]
    wild_functions_fail, |[x]| x + (x * 1e15).sin(), [-2.0..2.0]
}
