//! Jacobians and Hessians as matrices of faer, dense and sparse.

use faer::linalg::solvers::Solve;
use faer::{Col, Mat, mat};
use tapegrad::interop::faer::{matrix, sparse};
use tapegrad::{Error, Function, Real, hessian, jacobian};

/// Its Hessian has three diagonals.
fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

/// Newton's method by dense and by sparse decompositions takes the same way, to the minimum.
#[test]
fn newtons_method() {
    let f = Function::record(rosenbrock, vec![0.0; 5]).unwrap();
    let mut numbers = f.evaluator();
    let mut x = vec![0.9, 1.1, 0.95, 1.02, 1.1];
    for _ in 0..10 {
        let gradient = numbers.gradient(&x).unwrap();
        let down = Col::from_fn(5, |k| -gradient[k]);
        let dense = matrix(numbers.hessian(&x).unwrap(), 5, 5).unwrap().partial_piv_lu().solve(&down);
        let by_sparse = sparse(numbers.hessian(&x).unwrap(), 5, 5).unwrap().sp_lu().unwrap().solve(&down);
        assert!((&dense - by_sparse).norm_max() < 1e-12);
        x.iter_mut().zip(dense.iter()).for_each(|(x, step)| *x += step);
    }
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-12), "{x:?}");
}

/// Row by row or number by number, in whatever shape the rows have; never transposed.
#[test]
fn rows_are_outputs_and_columns_are_variables() {
    let f = Function::record(|[x, y, z]| [x * y, z * 4.0], [1.0; 3]).unwrap();
    let expected = mat![[3.0, 2.0, 0.0], [0.0, 0.0, 4.0]];
    let numbers = f.evaluator().jacobian(&[2.0, 3.0, 5.0]).unwrap();
    assert_eq!(matrix(numbers.chunks(3), 2, 3).unwrap(), expected);
    assert_eq!(matrix(numbers.iter().copied(), 2, 3).unwrap(), expected);
    assert_eq!(matrix(numbers, 2, 3).unwrap(), expected);
    let rows = jacobian(|(x, [y, z])| [x * y, z * 4.0], (2.0, [3.0, 5.0]));
    assert_eq!(matrix(rows, 2, 3).unwrap(), expected);
    let rows = hessian(rosenbrock, &[-1.0, 2.0][..]);
    assert_eq!(matrix(&rows, 2, 2).unwrap(), mat![[402.0, 400.0], [400.0, 200.0]]);
    assert_eq!(sparse(&rows, 2, 2).unwrap().to_dense(), matrix(&rows, 2, 2).unwrap());
}

/// What is exactly 0 is left out, of either sign; what is not a number is not.
#[test]
fn entries_of_sparse_matrices() {
    let jacobian = [[0.0, 2.0, -0.0], [f64::NAN, 0.0, 1e-300]];
    let entries = sparse(jacobian, 2, 3).unwrap();
    assert_eq!((entries.nrows(), entries.ncols(), entries.compute_nnz()), (2, 3, 3));
    assert_eq!((entries.get(0, 1), entries.get(1, 2), entries.get(0, 0)), (Some(&2.0), Some(&1e-300), None));
    assert!(entries.get(1, 0).is_some_and(|number| number.is_nan()));
}

#[test]
fn shapes_that_do_not_fit_and_empty_ones() {
    let expected = Error::Length { what: "derivatives", expected: 6, got: 4 };
    assert_eq!(matrix([1.0; 4], 2, 3).unwrap_err(), expected);
    assert_eq!(sparse([[1.0; 2]; 2], 2, 3).unwrap_err(), expected);
    assert!(matrix([1.0; 4], usize::MAX, 2).is_err());
    for (rows, columns) in [(0, 0), (0, 3), (3, 0)] {
        let none: [f64; 0] = [];
        assert_eq!(matrix(none, rows, columns).unwrap(), Mat::<f64>::zeros(rows, columns));
        let none = sparse(none, rows, columns).unwrap();
        assert_eq!((none.nrows(), none.ncols(), none.compute_nnz()), (rows, columns, 0));
    }
}
