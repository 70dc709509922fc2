//! Promise: the nonzeros of a sparse derivative are those of the dense one, and everything else is 0.

use crate::programs::{Program, Random, any_point};
use crate::repeated::Repeated;
use tapegrad::{Error, Function, Real, Var, lists, sparse::Pattern};

/// Whether two numbers are the same, NaN included; 0 and −0 are.
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

/// Whether they are the same to rounding, relative to a scale.
fn near(a: f64, b: f64, scale: f64) -> bool {
    same(a, b) || (a - b).abs() <= 1e-12 * scale
}

/// The dense matrix, row by row.
fn dense(pattern: &Pattern, values: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; pattern.rows() * pattern.columns()];
    assert_eq!(values.len(), pattern.nonzeros());
    for ((row, column), &value) in pattern.triplets().zip(values) {
        all[row * pattern.columns() + column] = value;
    }
    all
}

/// The Jacobian of a function at a point, sparse and dense.
fn jacobians(f: &Function, x: &[f64]) -> [Vec<f64>; 2] {
    let sparse = f.sparse_jacobian().unwrap();
    assert_eq!(sparse.pattern(), &f.jacobian_pattern());
    assert_eq!((sparse.pattern().rows(), sparse.pattern().columns()), (f.outputs(), f.variables()));
    let values = sparse.evaluator().values(x).unwrap();
    [dense(sparse.pattern(), &values), f.evaluator().jacobian(x).unwrap()]
}

/// The lower triangle of the Hessian of a function at a point, sparse and dense.
fn hessians(f: &Function, x: &[f64]) -> [Vec<f64>; 2] {
    let (sparse, n) = (f.sparse_hessian().unwrap(), f.variables());
    assert_eq!(sparse.pattern(), &f.hessian_pattern().unwrap());
    let values = sparse.evaluator().values(x).unwrap();
    let mut whole = f.hessian().unwrap().evaluator().values(x).unwrap();
    for row in 0..n {
        whole[row * n..][..n][row + 1..].fill(0.0);
    }
    [dense(sparse.pattern(), &values), whole]
}

#[test]
fn jacobians_of_any_program_at_any_point() {
    let mut random = Random(1);
    let mut nonzeros = 0;
    for case in 0..3000 {
        let inputs = random.below(5);
        let (program, x) = (Program::wide(&mut random, inputs), any_point(&mut random, inputs));
        let Ok(f) = Function::record(|x: &[Var]| program.outputs(x), &x[..]) else { continue };
        let [sparse, dense] = jacobians(&f, &x);
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(same(a, b), "case {case}, {k}: sparse {a}, dense {b}, at {x:?}\n{program:?}");
            nonzeros += usize::from(b != 0.0);
        }
    }
    assert!(nonzeros > 3000, "{nonzeros}");
}

#[test]
fn hessians_of_any_program_at_any_point() {
    let mut random = Random(2);
    for case in 0..1500 {
        let inputs = random.below(4);
        let (program, x) = (Program::wide(&mut random, inputs), any_point(&mut random, inputs));
        let Ok(f) = Function::record(|x: &[Var]| program.outputs(x)[0], &x[..]) else { continue };
        let [sparse, dense] = hessians(&f, &x);
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(same(a, b), "case {case}, {k}: sparse {a}, dense {b}, at {x:?}\n{program:?}");
        }
    }
}

#[test]
fn graphs_of_equal_parts() {
    let mut random = Random(3);
    let mut outputs = 0;
    for case in 0..60 {
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { continue };
        let [sparse, dense] = jacobians(&f, &x);
        outputs = outputs.max(f.outputs());
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(near(a, b, b.abs()), "case {case}, {k}: sparse {a}, dense {b}");
        }
    }
    assert!(outputs > 50, "{outputs}");
}
