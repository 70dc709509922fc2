//! Promise: residuals, Jacobian, gradient and the products of Gauss and Newton are those of the residuals' derivatives by
//! dual numbers, in whatever order they are asked for.

use crate::programs::Random;
use tapegrad::solvers::LeastSquares;
use tapegrad::{Dual, Error, Function, Real, Var, jvp};

fn decay<R: Real>(x: &[R]) -> Vec<R> {
    (0..12).map(|k| x[0] * (x[1] * (0.3 * k as f64)).exp() + x[2].sin() - 0.5 * k as f64).collect()
}

/// Fewer residuals than variables.
fn narrow<R: Real>(x: &[R]) -> Vec<R> {
    vec![x[0] * x[1] - x[2], x[3]]
}

/// The residuals, and the Jacobian row by row.
fn by_duals(f: fn(&[Dual]) -> Vec<Dual>, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = x.len();
    let along = |k: usize| {
        let direction: Vec<f64> = (0..n).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
        jvp(|x: &[Dual]| f(x), x, &direction[..])
    };
    let columns: Vec<Vec<f64>> = (0..n).map(|k| along(k).1).collect();
    let rows = columns[0].len();
    (along(0).0, (0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect())
}

fn assert_near(ours: &[f64], exact: &[f64], what: &str) {
    let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
    assert!(
        ours.len() == exact.len() && ours.iter().zip(exact).all(is_near),
        "{what}: {ours:?} and {exact:?}"
    );
}

fn check(recorded: fn(&[Var]) -> Vec<Var>, f: fn(&[Dual]) -> Vec<Dual>, n: usize) {
    let problem = LeastSquares::new(Function::record(|x: &[Var]| recorded(x), &vec![0.5; n][..]).unwrap());
    let mut evaluator = problem.evaluator();
    let mut random = Random(4);
    for _ in 0..4 {
        let mut numbers = |n: usize| (0..n).map(|_| random.uniform(-1.0, 1.0)).collect::<Vec<f64>>();
        let (x, v) = (numbers(n), numbers(n));
        let (r, j) = by_duals(f, &x);
        let m = r.len();
        assert_eq!((problem.residuals(), problem.variables()), (m, n));
        let entry = |row: usize, column: usize| j[row * n + column];
        let transposed: Vec<f64> =
            (0..n).flat_map(|c| (0..m).map(move |r| (r, c))).map(|(r, c)| entry(r, c)).collect();
        let back = |weights: &[f64]| {
            (0..n).map(|c| (0..m).map(|r| entry(r, c) * weights[r]).sum()).collect::<Vec<f64>>()
        };
        let along: Vec<f64> = (0..m).map(|r| (0..n).map(|c| entry(r, c) * v[c]).sum()).collect();
        let matrix: Vec<f64> =
            (0..n * n).map(|k| (0..m).map(|r| entry(r, k / n) * entry(r, k % n)).sum()).collect();

        // Products first, so that they do not find a Jacobian.
        assert_near(&evaluator.gauss_newton_product(&x, &v).unwrap(), &back(&along), "JᵀJ v");
        assert_near(&evaluator.gradient(&x).unwrap(), &back(&r), "Jᵀr");
        let (ours, gradient) = evaluator.normal_equations(&x).unwrap();
        assert_near(&ours, &matrix, "JᵀJ");
        assert_near(&gradient, &back(&r), "Jᵀr beside JᵀJ");
        assert_near(&evaluator.jacobian_by_columns(&x).unwrap(), &transposed, "J by columns");
        assert_near(&evaluator.jacobian(&x).unwrap(), &j, "J");
        assert_near(&evaluator.residuals(&x).unwrap(), &r, "r");
        assert_near(&[evaluator.cost(&x).unwrap()], &[0.5 * r.iter().map(|r| r * r).sum::<f64>()], "cost");
    }
}

#[test]
fn as_dual_numbers_say() {
    check(decay, decay, 3);
    check(narrow, narrow, 4);
}

#[test]
fn held_inputs_are_parameters() {
    let f = Function::record(|[a, t, b]| [a * t - 1.0, b * t * t], [1.0, 2.0, 3.0])
        .unwrap()
        .with_held([1])
        .unwrap();
    let problem = LeastSquares::new(f);
    let mut evaluator = problem.evaluator();
    assert_eq!(evaluator.jacobian(&[5.0, 6.0]).unwrap(), [2.0, 0.0, 0.0, 4.0]);
    assert_eq!(evaluator.residuals(&[5.0, 6.0]).unwrap(), [9.0, 24.0]);
    evaluator.set_parameters(&[3.0]).unwrap();
    assert_eq!(evaluator.jacobian(&[5.0, 6.0]).unwrap(), [3.0, 0.0, 0.0, 9.0]);
    assert_eq!(evaluator.residuals(&[5.0, 6.0]).unwrap(), [14.0, 54.0]);
    assert!(matches!(
        evaluator.set_parameters(&[]),
        Err(Error::Length { what: "parameters", expected: 1, got: 0 })
    ));
}

#[test]
fn the_smallest() {
    let none = LeastSquares::new(Function::record(|_: &[Var]| Vec::<Var>::new(), &[1.0, 2.0][..]).unwrap());
    let mut at = none.evaluator();
    assert_eq!((at.cost(&[1.0, 2.0]).unwrap(), at.residuals(&[1.0, 2.0]).unwrap()), (0.0, vec![]));
    assert_eq!(at.gradient(&[1.0, 2.0]).unwrap(), [0.0, 0.0]);
    assert_eq!(at.normal_equations(&[1.0, 2.0]).unwrap(), (vec![0.0; 4], vec![0.0; 2]));
    assert!(at.jacobian_by_columns(&[1.0, 2.0]).unwrap().is_empty());

    let fixed = LeastSquares::new(Function::record(|[x]| [x, x], [3.0]).unwrap().with_held([0]).unwrap());
    assert_eq!(fixed.evaluator().cost(&[]).unwrap(), 9.0);
    assert_eq!(fixed.evaluator().normal_equations(&[]).unwrap(), (vec![], vec![]));
}

#[test]
fn errors_leave_no_trace() {
    let f = Function::record(|[x]| if x < 1.0 { [x, x * x] } else { [x, x] }, [0.5]).unwrap();
    let problem = LeastSquares::new(f);
    let mut at = problem.evaluator();
    for _ in 0..2 {
        assert_eq!(at.jacobian(&[0.25]).unwrap(), [1.0, 0.5]);
        assert!(matches!(at.jacobian(&[2.0]), Err(Error::BranchChanged { .. })));
        assert!(matches!(at.cost(&[2.0]), Err(Error::BranchChanged { .. })));
        assert!(matches!(at.gauss_newton_product(&[2.0], &[1.0]), Err(Error::BranchChanged { .. })));
        assert!(matches!(at.normal_equations(&[2.0]), Err(Error::BranchChanged { .. })));
    }
    assert_eq!(at.residuals(&[0.25]).unwrap(), [0.25, 0.0625]);
    let mut out = [7.0; 3];
    assert!(matches!(at.residuals_into(&[0.25], &mut out), Err(Error::Length { what: "residuals", .. })));
    assert!(matches!(at.jacobian_into(&[0.25], &mut out), Err(Error::Length { what: "derivatives", .. })));
    assert!(matches!(at.jacobian_by_columns_into(&[0.25], &mut out), Err(Error::Length { .. })));
    assert!(matches!(at.cost(&[0.25, 1.0]), Err(Error::Length { what: "variables", expected: 1, got: 2 })));
    assert!(matches!(
        at.gauss_newton_product(&[0.25], &[1.0, 2.0]),
        Err(Error::Length { what: "directions", .. })
    ));
    assert_eq!(out, [7.0; 3]);
}

#[test]
fn nasty_numbers() {
    let problem = LeastSquares::new(Function::record(|[x, y]| [x.sqrt(), y], [1.0, 1.0]).unwrap());
    let mut at = problem.evaluator();
    assert_eq!(at.jacobian(&[0.0, 2.0]).unwrap(), [f64::INFINITY, 0.0, 0.0, 1.0]);
    assert!(at.cost(&[-1.0, 2.0]).unwrap().is_nan());
    assert_eq!(at.cost(&[f64::INFINITY, 2.0]).unwrap(), f64::INFINITY);
    assert_eq!(at.jacobian(&[f64::INFINITY, 2.0]).unwrap(), [0.0, 0.0, 0.0, 1.0]);
}
