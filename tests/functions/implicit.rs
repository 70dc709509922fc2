//! A solution of equations is differentiated as the implicit function that it is, to second order; what is no solution is
//! refused.

use crate::common::assert_says;
use tapegrad::{Atomic, Error, Function, Real, Var, check_all, derivative, hessian};

/// Checks the first result combined with the others in every mode, and the recorded function beside.
macro_rules! check {
    ($atomic:expr, $at:expr) => {{
        let atomic = &$atomic;
        let combined = |p: &[_]| {
            let y = atomic.call(p).unwrap();
            y.iter().enumerate().fold(y[0], |sum, (k, &y)| sum + y * y * (0.5 + k as f64))
        };
        check_all!(
            |p: &[_]| {
                let y = atomic.call(p).unwrap();
                y.iter().enumerate().fold(y[0], |sum, (k, &y)| sum + y * y * (0.5 + k as f64))
            },
            &$at[..]
        )
        .assert_pass();
        // As functions: the same as by sweeps over the tape.
        let f = Function::record(|p: &[Var]| combined(p), &$at[..]).unwrap();
        let by_tape = tapegrad::gradient(|p: &[Var]| combined(p), &$at[..]);
        close(&f.gradient().unwrap().evaluator().values(&$at[..]).unwrap(), &by_tape);
        close(&f.evaluator().gradient(&$at[..]).unwrap(), &by_tape);
        let hessian = f.evaluator().hessian(&$at[..]).unwrap();
        close(&f.hessian().unwrap().evaluator().values(&$at[..]).unwrap(), &hessian);
    }};
}

fn close(ours: &[f64], theirs: &[f64]) {
    let scale = theirs.iter().fold(1e-300, |most: f64, it| most.max(it.abs()));
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 1e-9 * scale, "{ours} and {theirs}");
    }
}

/// Kepler's equation: `E − e sin E = M`.
#[test]
fn keplers_equation() {
    let residual = Function::record(|[y, e, m]| [y - e * y.sin() - m], [1.0, 0.3, 0.8]).unwrap();
    let kepler = Atomic::newton(residual, [1.0]).unwrap();
    check!(kepler, [0.3, 0.8]);
    check!(kepler, [0.7, 2.5]);
    // dE/dM = 1 / (1 − e cos E), d²E/dM² = −e sin E / (1 − e cos E)³.
    let anomaly = kepler.call(&[0.7, 2.5]).unwrap()[0];
    let denominator = 1.0 - 0.7 * anomaly.cos();
    let slope = derivative(|m| kepler.call(&[0.7.into(), m]).unwrap()[0], 2.5);
    assert!((slope - 1.0 / denominator).abs() < 1e-13);
    let second = hessian(|[m]| kepler.call(&[0.7.into(), m]).unwrap()[0], [2.5])[0][0];
    assert!((second + 0.7 * anomaly.sin() / denominator.powi(3)).abs() < 1e-13, "{second}");
}

/// A linear system with a matrix of parameters.
#[test]
fn a_linear_system() {
    let residual = Function::record(
        |x: &[Var]| (0..2).map(|k| x[2 + 2 * k] * x[0] + x[3 + 2 * k] * x[1] - x[6 + k]).collect::<Vec<_>>(),
        &[0.1, 0.2, 2.0, 1.0, -1.0, 3.0, 0.5, 0.7][..],
    )
    .unwrap();
    let solution = Atomic::newton(residual, [0.0, 0.0]).unwrap();
    check!(solution, [2.0, 1.0, -1.0, 3.0, 0.5, 0.7]);
}

/// A fixed point, by iteration that stops early.
#[test]
fn a_fixed_point() {
    fn map<R: Real>(x: &[R]) -> Vec<R> {
        vec![(x[1] * 0.5 + x[2]).cos() * 0.4, (x[0] * x[3]).sin() * 0.3 + x[2] * x[2]]
    }
    let recorded = Function::record(|x: &[Var]| map(x), &[0.1, 0.2, 0.3, 1.5][..]).unwrap();
    let iterate = |p: &[f64]| {
        let mut y = vec![0.0; 2];
        for _ in 0..12 {
            y = map(&[&y, p].concat());
        }
        Ok(y)
    };
    let point = Atomic::fixed_point(&recorded, iterate).unwrap();
    check!(point, [0.3, 1.5]);
    // Stopped after twelve steps, and yet solved to the last digits.
    let y = point.call(&[0.3, 1.5]).unwrap();
    close(&map(&[&y[..], &[0.3, 1.5]].concat()), &y);
}

/// The weights of a regularised logistic regression, as a function of the penalty and of the labels' noise.
#[test]
fn a_minimiser() {
    let objective = Function::record(
        |[a, b, penalty, shift]| {
            let loss = |x: f64, label: f64| ((a * x + b + shift) * -label).exp().ln_1p();
            loss(0.5, 1.0) + loss(-1.0, -1.0) + loss(2.0, -1.0) + loss(1.5, 1.0) + (a * a + b * b) * penalty
        },
        [0.1, 0.1, 0.2, 0.05],
    )
    .unwrap();
    let gradient = objective.clone().with_held([2, 3]).unwrap().gradient().unwrap();
    let by_newton = Atomic::newton(gradient.clone(), [0.0, 0.0]).unwrap();
    let descent = move |p: &[f64]| {
        let (mut w, mut evaluator) = (vec![0.0; 2], gradient.evaluator());
        for _ in 0..400 {
            let slopes = evaluator.values(&[&w, p].concat()).unwrap();
            w.iter_mut().zip(slopes).for_each(|(w, slope)| *w -= 0.3 * slope);
        }
        Ok(w)
    };
    let fitted = Atomic::minimiser(&objective, 2, descent).unwrap();
    check!(fitted, [0.2, 0.05]);
    close(&fitted.call(&[0.2, 0.05]).unwrap(), &by_newton.call(&[0.2, 0.05]).unwrap());
}

/// The steady state of Robertson's stiff reaction with inflow and outflow, whose rates differ by ten orders of magnitude. The
/// parameters are factors of the rates.
#[test]
fn the_steady_state_of_a_stiff_reaction() {
    fn rates<R: Real>(x: &[R]) -> Vec<R> {
        let (a, b, c) = (x[0], x[1], x[2]);
        let [flow, slow, fast, back] = [x[3] * 1e-3, x[4] * 0.04, x[5] * 3e7, x[6] * 1e4];
        let (forth, dimer, again) = (slow * a, fast * b * b, back * b * c);
        vec![
            flow * (R::constant(1.0) - a) - forth + again,
            forth - again - dimer - flow * b,
            dimer - flow * c,
        ]
    }
    let factors = [1.0; 4];
    let at = [&[0.5, 1e-5, 0.5][..], &factors].concat();
    let residual = Function::record(|x: &[Var]| rates(x), &at[..]).unwrap();
    let steady = Atomic::newton(residual, [1.0, 1e-5, 0.1]).unwrap();
    let y = steady.call(&factors).unwrap();
    // What flows in is what there is: a + b + c = 1.
    assert!((y.iter().sum::<f64>() - 1.0).abs() < 1e-14, "{y:?}");
    check!(steady, factors);
    // The sensitivities to the flow by differences of solutions.
    let step = 1e-4;
    let moved = |by: f64| steady.call(&[1.0 + by, 1.0, 1.0, 1.0]).unwrap();
    let jacobian = tapegrad::jacobian(|p: &[Var]| steady.call(p).unwrap(), &factors[..]);
    for k in 0..3 {
        let difference = (moved(step)[k] - moved(-step)[k]) / (2.0 * step);
        assert!((jacobian[k][0] - difference).abs() <= 1e-6 * difference.abs(), "{k}");
    }
}

#[test]
fn what_is_no_solution_is_refused() {
    let residual = Function::record(|[y, p]| [y * y - p], [1.0, 1.0]).unwrap();
    let wrong = Atomic::implicit(residual.clone(), |p| Ok(vec![p[0]])).unwrap();
    assert_eq!(wrong.call(&[1.0]).unwrap(), [1.0]);
    let error = wrong.call(&[4.0]).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }));
    assert_says(&error.to_string(), &["the solver returned [4.0]", "no solution"]);
    // A double root: the derivative is infinite, or as large as rounding makes it.
    let double = Atomic::newton(residual.clone(), [1.0]).unwrap();
    assert!(double.call(&[0.0]).is_err() || derivative(|p| double.call(&[p]).unwrap()[0], 0.0) > 1e7);
    let singular = Function::record(|[y, z, p]| [y + z - p, y + z - p], [1.0, 1.0, 2.0]).unwrap();
    let error = Atomic::newton(singular, [0.0, 0.0]).unwrap().call(&[1.0]).unwrap_err();
    assert_says(&error.to_string(), &["singular"]);
    // No root at all.
    let error = Atomic::newton(residual.clone(), [1.0]).unwrap().call(&[-1.0]);
    assert!(error.is_err(), "{error:?}");
    let none = Atomic::implicit(residual.clone(), |_| Err("out of luck".into())).unwrap();
    assert_says(&none.call(&[1.0]).unwrap_err().to_string(), &["out of luck"]);
    let many = Atomic::implicit(residual.clone(), |_| Ok(vec![1.0, 2.0])).unwrap();
    assert!(matches!(many.call(&[1.0]).unwrap_err(), Error::Length { expected: 1, got: 2, .. }));
    assert!(matches!(Atomic::newton(residual, [1.0, 2.0]).unwrap_err(), Error::Length { .. }));
    let over = Function::record(|[y]| [y, y * 2.0], [1.0]).unwrap();
    assert!(matches!(
        Atomic::newton(over, [1.0, 1.0]).unwrap_err(),
        Error::Length { expected: 2, got: 1, .. }
    ));
}

/// A rule that is wrong does not pass the check.
#[test]
fn a_wrong_rule_is_found() {
    let value = Function::record(|[x]| x.sin(), [0.5]).unwrap();
    for (factor, passes) in [(1.0, true), (1.001, false), (-1.0, false)] {
        let jvp = Function::record(|[x, dx]| x.cos() * dx * factor, [0.5, 1.0]).unwrap();
        let rule = Atomic::with_jvp(value.clone(), jvp).unwrap();
        let report = check_all!(|[x]| rule.call(&[x]).unwrap()[0] * 2.0, [0.5]);
        assert_eq!((report.is_pass(), report.is_refuted()), (passes, !passes), "{factor}");
    }
    // In reverse mode alone.
    let jvp = Function::record(|[x, dx]| x.cos() * dx, [0.5, 1.0]).unwrap();
    let vjp = Function::record(|[x, u]| x.cos() * u * 0.999, [0.5, 1.0]).unwrap();
    let rule = Atomic::with_rules(value, jvp, vjp).unwrap();
    let report = check_all!(|[x]| rule.call(&[x]).unwrap()[0] * 2.0, [0.5]);
    assert!(report.is_refuted());
}
