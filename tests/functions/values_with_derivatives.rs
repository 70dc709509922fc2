//! Promise: the value with the gradient, and the values with the Jacobian, as one function, are the values and the
//! derivatives, and what they have in common is computed once.

use crate::programs::{Program, Random};
use tapegrad::{Dual, Error, Function, Real, Var, batch::Samples, lists};

/// Values and, after them, the Jacobian, by dual numbers, one direction after the other.
fn by_duals(f: impl Fn(&[Dual]) -> Vec<Dual>, x: &[f64]) -> Vec<f64> {
    let along = |k: usize| {
        let point: Vec<f64> = (0..x.len()).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
        tapegrad::jvp(|x: &[Dual]| f(x), x, &point[..])
    };
    let columns: Vec<Vec<f64>> = (0..x.len()).map(|k| along(k).1).collect();
    let values = tapegrad::jvp(|x: &[Dual]| f(x), x, &vec![0.0; x.len()][..]).0;
    let rows = (0..values.len()).flat_map(|row| columns.iter().map(move |column| column[row]));
    values.iter().copied().chain(rows).collect()
}

fn assert_near(ours: &[f64], exact: &[f64], what: &str) {
    assert_eq!(ours.len(), exact.len(), "{what}");
    for (k, (a, b)) in ours.iter().zip(exact).enumerate() {
        let is_near = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-11 * b.abs().max(1.0);
        assert!(is_near, "{what}, output {k}: {a} and {b}");
    }
}

fn polar<R: Real>(x: &[R]) -> Vec<R> {
    let [r, phi, height] = x else { unreachable!() };
    vec![*r * phi.cos(), *r * phi.sin(), *height, *r * phi.cos() * phi.sin(), R::constant(3.0)]
}

#[test]
fn as_dual_numbers_say() {
    let f = Function::record(|x: &[Var]| polar(x), &[1.0, 0.5, 2.0][..]).unwrap();
    let both = f.values_and_jacobian().unwrap();
    assert_eq!((both.inputs(), both.outputs()), (3, 5 + 15));
    assert_eq!(both.names().collect::<Vec<_>>(), f.names().collect::<Vec<_>>());
    for x in [[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [-3.0, 100.0, 1e300]] {
        let exact = by_duals(polar::<Dual>, &x);
        assert_near(&both.evaluator().values(&x).unwrap(), &exact, "as a function");
        let (values, jacobian) = f.evaluator().values_and_jacobian(&x).unwrap();
        assert_near(&[values, jacobian].concat(), &exact, "as numbers");
    }
}

/// Random programs, their values to the bit, their derivatives against the evaluator's, which other tests hold against other
/// modes.
#[test]
fn of_random_programs() {
    for seed in 0..200 {
        let program = Program::random(&mut Random(seed), 3, 12, true);
        let f = Function::record(|x: &[Var]| program.run(x), &[0.7, -0.4, 1.3][..]).unwrap();
        let both = f.value_and_gradient().unwrap();
        let Ok((value, gradient)) = f.evaluator().value_and_gradient(&[0.6, -0.3, 1.2]) else { continue };
        let ours = both.evaluator().values(&[0.6, -0.3, 1.2]).unwrap();
        assert!(ours[0].to_bits() == value.to_bits() || value.is_nan() && ours[0].is_nan(), "{seed}");
        let scale = gradient.iter().fold(1.0, |most: f64, slope| most.max(slope.abs()));
        for (a, b) in ours[1..].iter().zip(&gradient) {
            let is_near = a == b || (a - b).abs() <= 1e-9 * scale || !a.is_finite() && !b.is_finite();
            assert!(is_near, "{seed}: {a} and {b}");
        }
    }
}

/// The values are there already when the derivatives need them.
#[test]
fn what_they_have_in_common_is_computed_once() {
    let chain = |x: &[Var]| (0..50).fold(x[0], |y, _| (y * x[1]).sin().exp());
    let f = Function::record(chain, &[0.3, 0.7][..]).unwrap();
    let operations = |f: &Function| f.statistics().operations;
    let (alone, both) = (f.gradient().unwrap().optimize(), f.value_and_gradient().unwrap());
    assert!(operations(&both) <= operations(&alone) + 1, "{} and {}", operations(&both), operations(&alone));
    assert_eq!(operations(&both), operations(&both.optimize()), "there is nothing left to do");
}

#[test]
fn of_one_output_only() {
    let two = Function::record(|[x, y]| [x, y], [1.0, 2.0]).unwrap();
    assert!(matches!(two.value_and_gradient(), Err(Error::Length { what: "outputs", expected: 1, got: 2 })));
}

#[test]
fn the_smallest() {
    let none = Function::record(|_: &[Var]| Vec::<Var>::new(), &[1.0, 2.0][..]).unwrap();
    assert_eq!(none.values_and_jacobian().unwrap().outputs(), 0);
    assert_eq!(none.evaluator().values_and_jacobian(&[1.0, 2.0]).unwrap(), (vec![], vec![]));

    let constant = Function::record(|_: &[Var]| Var::from(3.0), &[0.0; 0][..]).unwrap();
    assert_eq!(constant.value_and_gradient().unwrap().evaluator().values(&[]).unwrap(), [3.0]);

    let same = Function::record(|[x]| x, [1.0]).unwrap().value_and_gradient().unwrap();
    assert_eq!(same.evaluator().values(&[f64::INFINITY]).unwrap(), [f64::INFINITY, 1.0]);

    let nothing_varies = Function::record(|[x, y]| [x * y, x], [1.0; 2]).unwrap().with_held([0, 1]).unwrap();
    assert_eq!(
        nothing_varies.values_and_jacobian().unwrap().evaluator().values(&[2.0, 3.0]).unwrap(),
        [6.0, 2.0]
    );
}

#[test]
fn held_inputs_are_not_differentiated() {
    let f = Function::record(|[x, scale, y]| x * x * scale + y, [1.0; 3]).unwrap().with_held([1]).unwrap();
    let both = f.value_and_gradient().unwrap();
    assert_eq!(both.evaluator().values(&[3.0, 10.0, 1.0]).unwrap(), [91.0, 60.0, 1.0]);
    assert_eq!((both.inputs(), both.variables()), (3, 2));
}

#[test]
fn branches_and_nasty_numbers() {
    let f = Function::record(|[x]| if x < 1.0 { x.sqrt() } else { x }, [0.5]).unwrap();
    let both = f.value_and_gradient().unwrap();
    let told = |f: &Function| f.evaluator().values(&[2.0]).unwrap_err();
    assert_eq!(told(&both), told(&f), "the same line too");
    assert_eq!(both.evaluator().values(&[0.0]).unwrap(), [0.0, f64::INFINITY]);
    assert!(both.evaluator().values(&[-1.0]).unwrap().iter().all(|number| number.is_nan()));
    // Nothing is written where a guard fails, or a length is wrong.
    let (mut values, mut jacobian) = ([7.0], [7.0]);
    let mut write =
        |x: &[f64], n: usize| f.evaluator().values_and_jacobian_into(x, &mut values[..n], &mut jacobian);
    assert_eq!(write(&[2.0], 1), Err(told(&f)));
    assert!(matches!(write(&[0.5], 0), Err(Error::Length { what: "values", expected: 1, got: 0 })));
    assert_eq!((values, jacobian), ([7.0], [7.0]));
}

/// Many outputs and few variables go forward; the values are those of a plain evaluation all the same.
#[test]
fn values_beside_a_jacobian_in_forward_mode() {
    let data = |k: usize| 0.1 * k as f64;
    let f =
        |x: &[Var]| (0..40).map(|k| x[0] * (x[1] * data(k)).exp() - (x[0] - x[1]).sqrt()).collect::<Vec<_>>();
    let f = Function::record(f, &[2.0, -0.5][..]).unwrap();
    for x in [[2.0, -0.5], [1.0, 1.0], [f64::NAN, 1.0], [1e300, 1e3]] {
        let (values, jacobian) = f.evaluator().values_and_jacobian(&x).unwrap();
        let bits = |numbers: Vec<f64>| {
            numbers.iter().map(|x| (!x.is_nan()).then(|| x.to_bits())).collect::<Vec<_>>()
        };
        assert_eq!(bits(values), bits(f.evaluator().values(&x).unwrap()));
        assert_eq!(bits(jacobian), bits(f.evaluator().jacobian(&x).unwrap()));
    }
}

/// Products of a batch: the functions of `jvp` and `vjp` over many samples, directions and weights shared or not.
#[test]
fn products_of_a_batch() {
    let f = Function::record(|[a, x, y]| [a * x * y, lists::sum(&[a, x.sin()])], [1.0; 3]).unwrap();
    let (x, y) = ([0.5, -1.0, 2.0], [3.0, 0.25, -2.0]);
    let (a, direction, weights) = (1.5, [0.0, 1.0, -2.0], [0.5, 3.0]);

    // The inputs of `jvp` are those of `f` and a direction; of `vjp`, those of `f` and weights.
    let columns = [(&x).into(), (&y).into()];
    let samples = Samples::new(&columns).unwrap();
    let shared = |more: &[f64]| [&[a], more].concat();
    let along = f.jvp().unwrap().batched([0, 3, 4, 5]).unwrap();
    let along = along.evaluator().values(&shared(&direction), &samples).unwrap();
    let back = f.vjp().unwrap().batched([0, 3, 4]).unwrap();
    let back = back.evaluator().values(&shared(&weights), &samples).unwrap();
    for k in 0..3 {
        let point = [a, x[k], y[k]];
        let (values, product) = f.evaluator().jvp(&point, &direction).unwrap();
        assert_near(&along[4 * k..][..4], &[values, product].concat(), "jvp");
        let (values, product) = f.evaluator().vjp(&point, &weights).unwrap();
        assert_near(&back[5 * k..][..5], &[values, product].concat(), "vjp");
    }
}
