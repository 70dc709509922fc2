//! Promise: derivatives of functions are functions, exact to any order.

use crate::accuracy::{Exact, HigherFixture, bound, conditions, fixtures, higher_fixtures, ulps};
use crate::programs::{Program, Random};
use tapegrad::{
    Dual, Function, Real, Workspace, hessian, primitives,
    primitives::{Op, reductions},
};

/// A row of the table as a function, recorded where it is evaluated.
fn record(op: Op, at: &[f64]) -> Function {
    Function::record(|x| op.value(x).unwrap(), at).unwrap()
}

#[test]
fn first_derivatives_keep_the_bounds_of_the_table() {
    for row in primitives::all() {
        for fixture in fixtures(row.op) {
            let gradient = record(fixture.op, &fixture.args).gradient().unwrap();
            let partials = gradient.evaluator().values(&fixture.args).unwrap();
            let conditions = conditions(&fixture);
            for (k, partial) in partials.into_iter().enumerate() {
                let error = ulps(partial, fixture.exact[1 + k]) / conditions[1 + k];
                assert!(error <= bound(row.op), "{} {k} at {:?}: {error}", row.op, fixture.args);
            }
        }
    }
}

/// Second derivatives from `gradient` twice, against the fixtures: relative to the largest, 1e-9 (the bounds in
/// units of the last place are those of the rules, and not of what they cancel to).
#[test]
fn second_derivatives_agree_with_fixtures() {
    for row in primitives::all() {
        for fixture in fixtures(row.op) {
            let n = fixture.args.len();
            let Some(exact) = fixture.exact.get(1 + n..) else { continue };
            if fixture.args.iter().any(|x| x.abs() > 1e6 || x.abs() < 1e-6) {
                continue; // what is tiny or huge has its own scale; forward mode over the rules covers it
            }
            let second = record(fixture.op, &fixture.args).gradient().unwrap().jacobian().unwrap();
            let computed = second.evaluator().values(&fixture.args).unwrap();
            let scale = exact.iter().chain(&fixture.exact[..1 + n]).fold(0f64, |m, e| m.max(e.near.abs()));
            let mut upper = exact.iter();
            for i in 0..n {
                for j in i..n {
                    let error = (computed[i * n + j] - upper.next().unwrap().near).abs();
                    assert!(error <= 1e-9 * scale, "{} ({i}, {j}) at {:?}: {error:e}", row.op, fixture.args);
                }
            }
        }
    }
}

/// The functions of the first derivatives of a function with one output.
fn gradients(f: &Function, x: &[f64]) -> Vec<Function> {
    let gradient = f.gradient().unwrap();
    let component = |k: usize| Function::record(|x| gradient.call(x).unwrap()[k], x).unwrap();
    (0..x.len()).map(component).collect()
}

/// Second and third derivatives by repeated `gradient`, of every row and every list: to 1e-11 of the largest of the
/// second derivatives, and of the second and third.
#[test]
fn higher_derivatives_agree_with_fixtures() {
    let mut workspace = Workspace::new();
    let mut without = Vec::new();
    for op in primitives::all().map(|row| row.op).chain(reductions()) {
        let fixtures = higher_fixtures(op);
        if fixtures.is_empty() {
            without.push(op.name());
        }
        for HigherFixture { op, args, seconds, thirds } in fixtures {
            let (mut computed_seconds, mut computed_thirds) = (Vec::new(), Vec::new());
            for (i, first) in gradients(&record(op, &args), &args).iter().enumerate() {
                for (j, second) in gradients(first, &args).iter().enumerate().skip(i) {
                    computed_seconds.push(second.evaluator_in(&mut workspace).value(&args).unwrap());
                    let third =
                        second.gradient().unwrap().evaluator_in(&mut workspace).values(&args).unwrap();
                    computed_thirds.extend_from_slice(&third[j..]);
                }
            }
            let largest = |scale: f64, all: &[Exact]| all.iter().fold(scale, |m, e| m.max(e.near.abs()));
            let mut scale = 0.0;
            for (computed, exact) in [(computed_seconds, seconds), (computed_thirds, thirds)] {
                scale = largest(scale, &exact);
                assert_eq!(computed.len(), exact.len());
                for (computed, exact) in computed.into_iter().zip(exact) {
                    let error = ((computed - exact.near) - exact.rest).abs();
                    assert!(error <= 1e-11 * scale, "{op} at {args:?}: {computed} against {}", exact.near);
                }
            }
        }
    }
    // Masks and what cuts off have no derivatives to look at.
    assert_eq!(without, ["less", "less_equal", "equal", "select", "stop_gradient"]);
}

/// Third derivatives, against nested forward mode, which shares only the table with it.
#[test]
fn third_derivatives_agree_with_nested_forward_mode() {
    type Nested = Dual<Dual<Dual>>;
    fn seed(x: f64) -> Nested {
        Dual::new(
            Dual::new(Dual::variable(x, 0), [Dual::from(1.0)]),
            [Dual::new(Dual::from(1.0), [Dual::from(0.0)])],
        )
    }
    for row in primitives::all().filter(|row| row.domain.len() == 1) {
        let on = &row.domain[0];
        for k in 1..8 {
            let x = on.start + (on.end - on.start) * (f64::from(k) + 0.3) / 8.7;
            let third = record(row.op, &[x]).gradient().unwrap().gradient().unwrap().gradient().unwrap();
            let computed = third.evaluator().values(&[x]).unwrap()[0];
            let nested = row.op.value(&[seed(x)]).unwrap().tangent(0).tangent(0).tangent(0);
            let error = (computed - nested).abs();
            assert!(error <= 1e-9 * (1.0 + nested.abs()), "{} at {x}: {computed} {nested}", row.op);
        }
    }
}

#[test]
fn zero_times_infinity_is_never_zero() {
    let f = Function::record(|[x]| x.sqrt() * x.sqrt(), [1.0]).unwrap();
    let mut workspace = Workspace::new();
    let mut gradient = [0.0];
    f.evaluator_in(&mut workspace).value_and_gradient_into(&[0.0], &mut gradient).unwrap();
    assert!(gradient[0].is_nan());
    for derivative in [f.gradient().unwrap(), f.gradient().unwrap().optimize()] {
        assert!(derivative.evaluator_in(&mut workspace).value(&[0.0]).unwrap().is_nan());
    }
}

/// What was not taken does not poison, in a derivative function either.
#[test]
fn structural_zeros_stay_zero() {
    let f =
        Function::record(|[x, y]| tapegrad::masks::lt(x, 1.0).select(x * 2.0, y.sqrt()), [0.5, 0.0]).unwrap();
    let gradient = f.gradient().unwrap();
    let mut workspace = Workspace::new();
    assert_eq!(gradient.evaluator_in(&mut workspace).values(&[0.5, 0.0]).unwrap(), [2.0, 0.0]);
    assert_eq!(gradient.evaluator_in(&mut workspace).values(&[2.0, 4.0]).unwrap(), [0.0, 0.25]);
    let max = Function::record(|[x, y]| x.max(y.ln()), [1.0, 0.5]).unwrap().gradient().unwrap();
    assert_eq!(max.evaluator_in(&mut workspace).values(&[1.0, 0.0]).unwrap(), [1.0, 0.0]);
}

#[test]
fn all_forms_agree_on_random_programs() {
    let mut random = Random(3);
    for _ in 0..200 {
        let n = 1 + random.below(3);
        let program = Program::random(&mut random, n, 8, false);
        let x: Vec<f64> = (0..n).map(|_| random.uniform(-1.5, 1.5)).collect();
        let v: Vec<f64> = (0..n).map(|_| random.uniform(-1.0, 1.0)).collect();
        let f = Function::record(|x| program.run(x), &x).unwrap();
        let mut workspace = Workspace::new();
        let mut duals = Workspace::new();

        let mut direct = vec![0.0; n];
        f.evaluator_in(&mut workspace).value_and_gradient_into(&x, &mut direct).unwrap();
        let gradient = f.gradient().unwrap();
        close(&gradient.evaluator_in(&mut workspace).values(&x).unwrap(), &direct);
        close(&gradient.optimize().evaluator_in(&mut workspace).values(&x).unwrap(), &direct);

        let at = |more: &[f64]| [&x[..], more].concat();
        let jvp = f.jvp().unwrap().evaluator_in(&mut workspace).values(&at(&v)).unwrap();
        let slope: f64 = direct.iter().zip(&v).map(|(g, v)| g * v).sum();
        close(&jvp[1..], &[slope]);
        let vjp = f.vjp().unwrap().evaluator_in(&mut workspace).values(&at(&[2.0])).unwrap();
        close(&vjp[1..], &direct.iter().map(|g| 2.0 * g).collect::<Vec<_>>());

        let mut full = vec![0.0; n * n];
        f.evaluator_in(&mut duals).hessian_into(&x, &mut full).unwrap();
        close(&f.hessian().unwrap().evaluator_in(&mut workspace).values(&x).unwrap(), &full);
        let front: Vec<f64> = hessian(|x| program.run(x), &x).concat();
        close(&front, &full);
        let product: Vec<f64> =
            full.chunks(n).map(|row| row.iter().zip(&v).map(|(h, v)| h * v).sum()).collect();
        close(&f.hvp().unwrap().evaluator_in(&mut workspace).values(&at(&v)).unwrap(), &product);
    }
}

#[track_caller]
fn close(a: &[f64], b: &[f64]) {
    let scale = b.iter().fold(1e-3f64, |m, b| m.max(b.abs()));
    let same = a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-8 * scale || a.is_nan() && b.is_nan());
    assert!(a.len() == b.len() && same, "{a:?} {b:?}");
}

#[test]
fn parameters_are_given_and_not_differentiated() {
    let f = Function::record(|[x, p]| x * x * p, [1.0, 1.0]).unwrap().with_held(1..2).unwrap();
    assert_eq!((f.inputs(), f.variables()), (2, 1));
    let slope = f.gradient().unwrap();
    assert_eq!(slope.evaluator().values(&[3.0, 10.0]).unwrap(), [60.0]);
    assert_eq!(slope.gradient().unwrap().evaluator().values(&[3.0, 10.0]).unwrap(), [20.0]);
}

/// Wherever the parameters stand among the inputs.
#[test]
fn directions_belong_to_variables() {
    let f = Function::record(|[p, x, q, y]| p * x * x * q * y, [1.0; 4]).unwrap();
    let f = f.with_held(0..1).unwrap().with_held(2..3).unwrap();
    let at = [2.0, 3.0, 5.0, 7.0]; // by x: 420, by y: 90; second: 140, 60, 0
    let mut workspace = Workspace::new();
    let with = |v: &[f64]| [&at[..], v].concat();
    assert_eq!(
        f.jvp().unwrap().evaluator_in(&mut workspace).values(&with(&[1.0, 10.0])).unwrap(),
        [630.0, 1320.0]
    );
    assert_eq!(
        f.vjp().unwrap().evaluator_in(&mut workspace).values(&with(&[2.0])).unwrap(),
        [630.0, 840.0, 180.0]
    );
    assert_eq!(
        f.hvp().unwrap().evaluator_in(&mut workspace).values(&with(&[1.0, 10.0])).unwrap(),
        [740.0, 60.0]
    );
    let mut direct = [0.0; 2];
    f.evaluator().hvp_into(&at, &[1.0, 10.0], &mut direct).unwrap();
    assert_eq!(direct, [740.0, 60.0]);
}

/// The derivative of a fixed number of Newton steps that use a derivative themselves.
#[test]
fn nested_differentiation_is_exact() {
    // x² = a by Newton's method with a recorded derivative; d√a/da = 1 / (2√a).
    let residual = Function::record(|[x, a]| x * x - a, [1.0, 2.0]).unwrap().with_held(1..2).unwrap();
    let slope = residual.gradient().unwrap();
    fn root<R: Real>(residual: &Function, slope: &Function, a: R) -> R {
        (0..8).fold(R::constant(1.0), |x, _| {
            x - residual.call(&[x, a]).unwrap()[0] / slope.call(&[x, a]).unwrap()[0]
        })
    }
    let [derivative] = tapegrad::gradient(|[a]| root(&residual, &slope, a), [2.0]);
    assert!((derivative - 0.5 / 2f64.sqrt()).abs() < 1e-15);
    let whole = Function::record(|[a]| root(&residual, &slope, a), [2.0]).unwrap();
    let second = whole.gradient().unwrap().gradient().unwrap();
    let curvature = second.evaluator().value(&[3.0]).unwrap();
    assert!((curvature + 0.25 * 3f64.powf(-1.5)).abs() < 1e-14);
}

/// Derivatives of a function with branches are refused where the function is.
#[test]
fn derivatives_keep_the_guards_and_their_lines() {
    let line = line!() + 1;
    let f = Function::record(|[x]| if x < 1.0 { x * x } else { x }, [0.5]).unwrap();
    let second = f.gradient().unwrap().gradient().unwrap();
    assert_eq!(second.evaluator().value(&[0.1]), Ok(2.0));
    match second.evaluator().value(&[2.0]) {
        Err(tapegrad::Error::BranchChanged { at, .. }) => assert_eq!((at.line(), at.file()), (line, file!())),
        other => panic!("{other:?}"),
    }
}
