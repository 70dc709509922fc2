//! Jacobians and Hessians as matrices of faer (feature `faer`).
//!
//! They may be given number by number, as an [`Evaluator`](crate::Evaluator) returns them, or row by row, as
//! [`jacobian`](crate::jacobian) and [`hessian`](crate::hessian) return them.
//!
//! Matrices *of* [`Var`](crate::Var), as with nalgebra and ndarray, are not offered: faer's trait `ComplexField` asks for
//! vectors of the scalar that are plain bytes (`unsafe impl Pod`) and that are loaded through raw pointers, and there is no
//! unsafe code in this crate.
//!
//! A step of Newton's method:
//!
//! ```
//! use faer::{Col, linalg::solvers::Solve};
//! use tapegrad::{Function, interop::faer::matrix};
//!
//! let f = Function::record(|[x, y]| x.powi(2) * 2.0 + x * y + y.powi(2) - x * 7.0, [0.0; 2])?;
//! let (mut numbers, at) = (f.evaluator(), [3.0, 3.0]);
//! let gradient = numbers.gradient(&at)?;
//! let hessian = matrix(numbers.hessian(&at)?, 2, 2)?;
//! let step = hessian.partial_piv_lu().solve(Col::from_fn(2, |k| -gradient[k]));
//! let minimum = [at[0] + step[0], at[1] + step[1]];
//! assert!((minimum[0] - 2.0).abs() < 1e-14 && (minimum[1] + 1.0).abs() < 1e-14);
//! # Ok::<(), tapegrad::Error>(())
//! ```

use super::rows::row_by_row;
use crate::error::Error;
use crate::function::{Columns, Pattern, length};
use crate::number::point::Point;
use ::faer::sparse::{SparseColMat, SymbolicSparseColMat};
use ::faer::{Mat, MatRef};

/// A Jacobian or Hessian as a matrix: one row per output, one column per variable.
///
/// # Errors
/// [`Error::Length`] if there are not `rows · columns` derivatives.
pub fn matrix(
    derivatives: impl IntoIterator<Item: Point<f64>>,
    rows: usize,
    columns: usize,
) -> Result<Mat<f64>, Error> {
    let numbers = row_by_row(derivatives, rows, columns)?;
    Ok(MatRef::from_row_major_slice(&numbers, rows, columns).to_owned())
}

/// As [`matrix`], as a sparse matrix. Derivatives that are exactly 0 are left out, so which entries it has can differ from
/// point to point.
///
/// # Errors
/// As [`matrix`].
pub fn sparse(
    derivatives: impl IntoIterator<Item: Point<f64>>,
    rows: usize,
    columns: usize,
) -> Result<SparseColMat<usize, f64>, Error> {
    let numbers = row_by_row(derivatives, rows, columns)?;
    let (mut starts, mut places, mut values) = (vec![0], Vec::new(), Vec::new());
    for column in 0..columns {
        for row in 0..rows {
            let derivative = numbers[row * columns + column];
            if derivative != 0.0 {
                places.push(row);
                values.push(derivative);
            }
        }
        starts.push(values.len());
    }
    let entries = SymbolicSparseColMat::new_checked(rows, columns, starts, None, places);
    Ok(SparseColMat::new(entries, values))
}

/// The nonzeros of a sparse derivative, in the order of its pattern, as a sparse matrix. Which entries it has is the same at every
/// point, so a symbolic factorisation can be kept.
///
/// ```
/// use tapegrad::{Function, interop::faer::from_pattern};
///
/// let f = Function::record(|[x, y]| [x * y, x.exp()], [1.0; 2])?;
/// let sparse = f.sparse_jacobian()?;
/// let jacobian = from_pattern(sparse.pattern(), &sparse.evaluator().values(&[0.0, 2.0])?)?;
/// assert_eq!((jacobian.get(0, 0), jacobian.get(0, 1), jacobian.get(1, 1)), (Some(&2.0), Some(&0.0), None));
/// # Ok::<(), tapegrad::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] if there are not as many values as nonzeros.
pub fn from_pattern(pattern: &Pattern, values: &[f64]) -> Result<SparseColMat<usize, f64>, Error> {
    length("nonzeros", pattern.nonzeros(), values.len())?;
    let columns = pattern.by_columns();
    let values = columns.arrange(values);
    let Columns { offsets, indices, .. } = columns;
    let entries =
        SymbolicSparseColMat::new_checked(pattern.rows(), pattern.columns(), offsets, None, indices);
    Ok(SparseColMat::new(entries, values))
}
