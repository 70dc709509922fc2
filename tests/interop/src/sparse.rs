//! Patterns as the sparse matrices of faer, nalgebra-sparse and sprs.

use faer::Col;
use faer::linalg::solvers::Solve;
use nalgebra_sparse::{CscMatrix, CsrMatrix};
use sprs::CsMat;
use tapegrad::interop::faer::from_pattern;
use tapegrad::{Error, Function, Var};

/// A function whose Jacobian is no triangle and has an empty row, and its Jacobian.
fn jacobian(x: &[f64; 4]) -> (tapegrad::sparse::Pattern, Vec<f64>, Vec<f64>) {
    let outputs = |x: &[Var]| vec![x[0] * x[3], x[1].exp(), Var::from(2.0), x[2] * x[2] + x[0], x[3] * x[1]];
    let f = Function::record(outputs, &x[..]).unwrap();
    let sparse = f.sparse_jacobian().unwrap();
    let values = sparse.evaluator().values(x).unwrap();
    (sparse.pattern().clone(), values, f.evaluator().jacobian(x).unwrap())
}

#[test]
fn rows_and_columns_are_those_of_other_crates() {
    let (pattern, values, dense) = jacobian(&[0.5, -1.0, 2.0, 3.0]);
    let (rows, columns) = (pattern.rows(), pattern.columns());
    let (offsets, indices) = (pattern.offsets().to_vec(), pattern.indices().to_vec());
    let by_columns = pattern.by_columns();
    let csr = CsrMatrix::try_from_csr_data(rows, columns, offsets.clone(), indices.clone(), values.clone())
        .unwrap();
    let (starts, places) = (by_columns.offsets.clone(), by_columns.indices.clone());
    let csc =
        CscMatrix::try_from_csc_data(rows, columns, starts, places, by_columns.arrange(&values)).unwrap();
    let of_sprs = CsMat::new((rows, columns), offsets, indices, values.clone());
    let of_faer = from_pattern(&pattern, &values).unwrap();
    for row in 0..rows {
        for column in 0..columns {
            let expected = dense[row * columns + column];
            let entries = [
                csr.get_entry(row, column).unwrap().into_value(),
                csc.get_entry(row, column).unwrap().into_value(),
                of_sprs.get(row, column).copied().unwrap_or(0.0),
                of_faer.get(row, column).copied().unwrap_or(0.0),
            ];
            assert_eq!(entries, [expected; 4], "({row}, {column})");
        }
    }
}

/// A step of Newton's method by a sparse Cholesky factorisation, from the lower triangle.
#[test]
fn a_newton_step_by_the_lower_triangle() {
    let energy = |x: &[Var]| {
        let bonds = x.windows(2).map(|w| (w[1] - w[0]).cosh());
        bonds.chain(x.iter().map(|&x| (x - 1.0).powi(2))).sum::<Var>()
    };
    let x: Vec<f64> = (0..50).map(|k| (f64::from(k) * 0.7).sin()).collect();
    let f = Function::record(energy, &x[..]).unwrap();
    let sparse = f.sparse_hessian().unwrap();
    let lower = from_pattern(sparse.pattern(), &sparse.evaluator().values(&x).unwrap()).unwrap();
    let mut numbers = f.evaluator();
    let gradient = numbers.gradient(&x).unwrap();
    let step = lower.sp_cholesky(faer::Side::Lower).unwrap().solve(Col::from_fn(50, |k| gradient[k]));
    let step: Vec<f64> = step.iter().copied().collect();
    let product = numbers.hvp(&x, &step).unwrap();
    assert!(product.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn values_that_do_not_fit() {
    let (pattern, values, _) = jacobian(&[1.0; 4]);
    let expected = Error::Length { what: "nonzeros", expected: 7, got: 6 };
    assert_eq!(from_pattern(&pattern, &values[1..]).unwrap_err(), expected);
}
