//! Operations on nalgebra's matrices, each one node on a tape and one instruction of a function.

use crate::number::real::Real;
use crate::table::lists;
use crate::table::matrix::op::{MatrixOp, packed};
use crate::table::matrix::rules;
use nalgebra::allocator::Allocator;
use nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, RawStorage, Scalar, U1, Vector};

/// The product of two matrices.
///
/// ```
/// use nalgebra::{Matrix2, Vector2};
/// use tapegrad::{Var, gradient, matrix};
///
/// // The derivative of the sum of A x with respect to x: the sums of the columns of A.
/// let a = Matrix2::new(1.0, 2.0, 3.0, 4.0).map(Var::from);
/// let by_x = gradient(|[x, y]| matrix::product(&a, &Vector2::new(x, y)).sum(), [5.0, 6.0]);
/// assert_eq!(by_x, [4.0, 6.0]);
/// ```
///
/// # Panics
/// If `a` does not have as many columns as `b` has rows.
#[must_use]
#[track_caller]
pub fn product<R: Real + Scalar, M: Dim, K: Dim, L: Dim, N: Dim>(
    a: &Matrix<R, M, K, impl RawStorage<R, M, K>>,
    b: &Matrix<R, L, N, impl RawStorage<R, L, N>>,
) -> OMatrix<R, M, N>
where
    DefaultAllocator: Allocator<M, N>,
{
    let ((rows, inner), (inner_of_b, columns)) = (a.shape(), b.shape());
    assert!(
        inner == inner_of_b,
        "a {rows} × {inner} matrix cannot be multiplied by a {inner_of_b} × {columns} matrix: the first must have as \
         many columns as the second has rows"
    );
    let entries = rules::product(&entries(a), &entries(b), [rows, inner, columns]);
    OMatrix::from_vec_generic(a.shape_generic().0, b.shape_generic().1, entries)
}

/// The solution `X` of `A X = B`, by a factorisation with pivoting. If `a` is singular, all entries are NaN.
///
/// # Panics
/// If `a` is not square, or does not have as many rows as `b`.
#[must_use]
#[track_caller]
pub fn solve<R: Real + Scalar, M: Dim, D: Dim, E: Dim, N: Dim>(
    a: &Matrix<R, M, D, impl RawStorage<R, M, D>>,
    b: &Matrix<R, E, N, impl RawStorage<R, E, N>>,
) -> OMatrix<R, E, N>
where
    DefaultAllocator: Allocator<E, N>,
{
    let size = square(a);
    right_side(size, b);
    same_shape(b, apply(MatrixOp::Solve(rules::size(size)), entries(a), &entries(b)))
}

/// The solution `X` of `L X = B` for a lower triangular matrix, whose entries above the diagonal are not read. If a number
/// on the diagonal is 0, all entries are NaN.
///
/// # Panics
/// If `l` is not square, or does not have as many rows as `b`.
#[must_use]
#[track_caller]
pub fn solve_lower<R: Real + Scalar, M: Dim, D: Dim, E: Dim, N: Dim>(
    l: &Matrix<R, M, D, impl RawStorage<R, M, D>>,
    b: &Matrix<R, E, N, impl RawStorage<R, E, N>>,
) -> OMatrix<R, E, N>
where
    DefaultAllocator: Allocator<E, N>,
{
    let size = square(l);
    right_side(size, b);
    same_shape(b, apply(MatrixOp::SolveLower(rules::size(size)), lower_triangle(l), &entries(b)))
}

/// `ln |det A|`: −∞ if `a` is singular. For a positive definite matrix, [`Cholesky::ln_det`] is quicker.
///
/// ```
/// use nalgebra::Matrix2;
/// use tapegrad::{gradient, matrix};
///
/// // d ln det A = tr(A⁻¹ dA)
/// let by_a = gradient(|[a, b, c, d]| matrix::ln_det(&Matrix2::new(a, b, c, d)), [2.0, 1.0, 1.0, 3.0]);
/// for (derivative, expected) in by_a.into_iter().zip([0.6, -0.2, -0.2, 0.4]) {
///     assert!((derivative - expected).abs() < 1e-15);
/// }
/// ```
///
/// # Panics
/// If `a` is not square.
#[must_use]
#[track_caller]
pub fn ln_det<R: Real + Scalar, M: Dim, D: Dim>(a: &Matrix<R, M, D, impl RawStorage<R, M, D>>) -> R {
    let size = square(a);
    apply(MatrixOp::LnDet(rules::size(size)), entries(a), &[])[0]
}

/// The quadratic form `xᵀ A x`.
///
/// # Panics
/// If `a` is not square, or `x` has another number of entries than `a` has rows.
#[must_use]
#[track_caller]
pub fn quadratic_form<R: Real + Scalar, M: Dim, D: Dim, E: Dim>(
    a: &Matrix<R, M, D, impl RawStorage<R, M, D>>,
    x: &Vector<R, E, impl RawStorage<R, E, U1>>,
) -> R {
    let size = square(a);
    right_side(size, x);
    let x = entries(x);
    lists::dot(&x, &rules::product(&entries(a), &x, [size, size, 1]))
}

/// The Cholesky factorisation `A = L Lᵀ` of a symmetric, positive definite matrix.
///
/// ```
/// use nalgebra::{DMatrix, DVector};
/// use tapegrad::{Real, gradient, matrix};
///
/// /// The logarithm of the density of a normal distribution without mean, but for a constant.
/// fn ln_density<R: Real + nalgebra::Scalar>(covariance: &DMatrix<R>, y: &DVector<R>) -> R {
///     let factor = matrix::Cholesky::new(covariance).expect("a covariance");
///     (factor.ln_det() + factor.inverse_quadratic_form(y)) * -0.5
/// }
///
/// let at = |[scale, y]: [_; 2]| {
///     let covariance = DMatrix::from_fn(3, 3, |i, j| scale * 0.5_f64.powi(i.abs_diff(j) as i32));
///     ln_density(&covariance, &DVector::from_element(3, y))
/// };
/// let [by_scale, by_y] = gradient(at, [2.0, 1.0]);
/// assert!((by_scale - -0.541_666_666_666_666_7).abs() < 1e-15); // (5/3 / 2 − 3) / 4
/// assert!((by_y - -0.833_333_333_333_333_3).abs() < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct Cholesky<R, D> {
    /// The lower triangle, column by column.
    lower: Vec<R>,
    size: D,
}

impl<R: Real + Scalar, D: Dim> Cholesky<R, D> {
    /// Factorises a matrix, of which only the lower triangle is read; `None` if it is not positive definite. A recording
    /// keeps that decision as a guard.
    ///
    /// # Panics
    /// If `a` is not square.
    #[must_use]
    #[track_caller]
    pub fn new<E: Dim>(a: &Matrix<R, D, E, impl RawStorage<R, D, E>>) -> Option<Self> {
        let size = square(a);
        let lower = apply(MatrixOp::Cholesky(rules::size(size)), lower_triangle(a), &[]);
        // If any pivot is not positive, all entries are NaN.
        let is_definite = lower.last().is_none_or(|&last| last > 0.0);
        is_definite.then(|| Cholesky { lower, size: a.shape_generic().0 })
    }

    /// The lower triangular factor `L`, with zeros above the diagonal.
    #[must_use]
    pub fn l(&self) -> OMatrix<R, D, D>
    where
        DefaultAllocator: Allocator<D, D>,
    {
        let mut lower = self.lower.iter();
        let size = self.size.value();
        let places = (0..size).flat_map(|column| (0..size).map(move |row| (row, column)));
        let entries = places.map(|(row, column)| match row < column {
            true => R::from(0.0),
            false => *lower.next().expect("an entry of the lower triangle"),
        });
        OMatrix::from_iterator_generic(self.size, self.size, entries)
    }

    /// The solution `X` of `A X = B`.
    ///
    /// # Panics
    /// If `b` does not have as many rows as the matrix.
    #[must_use]
    #[track_caller]
    pub fn solve<E: Dim, N: Dim>(&self, b: &Matrix<R, E, N, impl RawStorage<R, E, N>>) -> OMatrix<R, E, N>
    where
        DefaultAllocator: Allocator<E, N>,
    {
        right_side(self.size.value(), b);
        same_shape(b, rules::solve_transposed(&self.lower, &self.half_solved(b), self.size.value()))
    }

    /// `ln det A`.
    #[must_use]
    #[track_caller]
    pub fn ln_det(&self) -> R {
        let size = self.size.value();
        let pivots = (0..size).map(|k| self.lower[packed(size) - packed(size - k)]);
        let terms: Vec<R> = pivots.map(|pivot| pivot.ln()).collect();
        lists::sum(&terms) * 2.0
    }

    /// The quadratic form `xᵀ A⁻¹ x`: the square of the Mahalanobis distance of `x` for the covariance `A`.
    ///
    /// # Panics
    /// If `x` does not have as many entries as the matrix has rows.
    #[must_use]
    #[track_caller]
    pub fn inverse_quadratic_form<E: Dim>(&self, x: &Vector<R, E, impl RawStorage<R, E, U1>>) -> R {
        right_side(self.size.value(), x);
        let half = self.half_solved(x);
        lists::dot(&half, &half)
    }

    /// `L⁻¹ B`
    #[track_caller]
    fn half_solved<E: Dim, N: Dim>(&self, b: &Matrix<R, E, N, impl RawStorage<R, E, N>>) -> Vec<R> {
        apply(MatrixOp::SolveLower(rules::size(self.size.value())), self.lower.clone(), &entries(b))
    }
}

#[track_caller]
fn apply<R: Real>(op: MatrixOp, mut operands: Vec<R>, second: &[R]) -> Vec<R> {
    operands.extend_from_slice(second);
    let is_empty = operands.is_empty() && !matches!(op, MatrixOp::LnDet(_));
    if is_empty { operands } else { R::matrix(op, &operands) }
}

fn entries<R: Scalar + Copy, M: Dim, N: Dim>(matrix: &Matrix<R, M, N, impl RawStorage<R, M, N>>) -> Vec<R> {
    matrix.iter().copied().collect()
}

fn lower_triangle<R: Scalar + Copy, M: Dim, N: Dim>(
    matrix: &Matrix<R, M, N, impl RawStorage<R, M, N>>,
) -> Vec<R> {
    let size = matrix.ncols();
    let mut lower = Vec::with_capacity(packed(size));
    for column in 0..size {
        lower.extend((column..size).map(|row| matrix[(row, column)]));
    }
    lower
}

/// The size of a square matrix.
#[track_caller]
fn square<R, M: Dim, N: Dim>(matrix: &Matrix<R, M, N, impl RawStorage<R, M, N>>) -> usize {
    let (rows, columns) = matrix.shape();
    assert!(rows == columns, "a {rows} × {columns} matrix where a square matrix is needed");
    rows
}

#[track_caller]
fn right_side<R, M: Dim, N: Dim>(size: usize, b: &Matrix<R, M, N, impl RawStorage<R, M, N>>) {
    let (rows, columns) = b.shape();
    assert!(
        rows == size,
        "a {size} × {size} matrix and a right side of {rows} × {columns}: it must have as many rows as the matrix"
    );
}

/// A matrix of the shape of another.
fn same_shape<R: Scalar, M: Dim, N: Dim>(
    matrix: &Matrix<R, M, N, impl RawStorage<R, M, N>>,
    entries: Vec<R>,
) -> OMatrix<R, M, N>
where
    DefaultAllocator: Allocator<M, N>,
{
    let (rows, columns) = matrix.shape_generic();
    OMatrix::from_vec_generic(rows, columns, entries)
}
