//! Which operations on matrices there are, and how many operands and results each has.

use std::fmt;

/// An operation on matrices, whose results are the entries of a matrix; recorded by the functions of the module `matrix`,
/// with the feature `nalgebra`.
///
/// Operands and results are entries column by column. Of a triangular or symmetric matrix, they are those of the lower
/// triangle alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatrixOp {
    /// The product of a matrix with this number of rows and a matrix with this number of columns.
    Product {
        /// The rows of the first matrix.
        rows: u32,
        /// The columns of the second matrix.
        columns: u16,
    },
    /// `A⁻¹ B` for a square matrix of this size. All entries are NaN if it is singular.
    Solve(u32),
    /// `L⁻¹ B` for a lower triangular matrix of this size. All entries are NaN if it is singular.
    SolveLower(u32),
    /// The lower triangular `L` with `L Lᵀ = A` for a symmetric matrix of this size. All entries are NaN if it is not
    /// positive definite.
    Cholesky(u32),
    /// `ln |det A|` for a square matrix of this size.
    LnDet(u32),
}

/// The number of entries in the lower triangle of a matrix of this size.
pub(crate) const fn packed(size: usize) -> usize {
    // One of the factors is even; halved first, the product is as small as possible.
    if size.is_multiple_of(2) { size / 2 * (size + 1) } else { size.div_ceil(2) * size }
}

impl MatrixOp {
    /// The name: `product`, `solve`, `cholesky`.
    pub fn name(self) -> &'static str {
        match self {
            MatrixOp::Product { .. } => "matrix_product",
            MatrixOp::Solve(_) => "solve",
            MatrixOp::SolveLower(_) => "solve_lower",
            MatrixOp::Cholesky(_) => "cholesky",
            MatrixOp::LnDet(_) => "ln_det",
        }
    }

    /// The operation whose `Display` is this text.
    pub(crate) fn parse(text: &str) -> Option<MatrixOp> {
        let (name, size) = text.strip_suffix(']')?.split_once('[')?;
        if let Some((rows, columns)) = size.split_once(", ") {
            let product = MatrixOp::Product { rows: rows.parse().ok()?, columns: columns.parse().ok()? };
            return (name == product.name()).then_some(product);
        }
        let size = size.parse().ok()?;
        [MatrixOp::Solve, MatrixOp::SolveLower, MatrixOp::Cholesky, MatrixOp::LnDet]
            .map(|op| op(size))
            .into_iter()
            .find(|op| op.name() == name)
    }

    /// The numbers of operands that are the first matrix and the second, if there are as many in total; `None` if the
    /// operation cannot have this number of operands.
    pub(crate) fn split(self, operands: usize) -> Option<[usize; 2]> {
        let square = |size: u32| (size as usize).checked_mul(size as usize);
        let triangle =
            |size: u32| (size as usize).checked_mul(size as usize + 1).map(|_| packed(size as usize));
        let first = match self {
            MatrixOp::Product { rows, columns } => {
                let (rows, both) = (rows as usize, rows as usize + usize::from(columns));
                let has_inner = both > 0 && operands.is_multiple_of(both);
                return has_inner.then(|| [operands / both * rows, operands / both * usize::from(columns)]);
            }
            MatrixOp::Solve(size) | MatrixOp::LnDet(size) => square(size)?,
            MatrixOp::SolveLower(size) | MatrixOp::Cholesky(size) => triangle(size)?,
        };
        let second = operands.checked_sub(first)?;
        let fits = match self {
            MatrixOp::Solve(size) | MatrixOp::SolveLower(size) => {
                size > 0 && second.is_multiple_of(size as usize)
            }
            _ => second == 0,
        };
        fits.then_some([first, second])
    }

    /// The entries of the first matrix and of the second.
    ///
    /// # Panics
    /// If the operation cannot have this number of operands.
    pub(crate) fn matrices<T>(self, operands: &[T]) -> [&[T]; 2] {
        let [first, _] = self.split(operands.len()).expect("the operands of this operation");
        let (a, b) = operands.split_at(first);
        [a, b]
    }

    /// How many results there are for this number of operands.
    pub(crate) fn results(self, operands: usize) -> usize {
        match self {
            MatrixOp::Product { rows, columns } => rows as usize * usize::from(columns),
            MatrixOp::LnDet(_) => 1,
            MatrixOp::Cholesky(_) => operands,
            MatrixOp::Solve(_) | MatrixOp::SolveLower(_) => {
                self.split(operands).map_or(0, |[_, second]| second)
            }
        }
    }
}

impl fmt::Display for MatrixOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            MatrixOp::Product { rows, columns } => write!(f, "[{rows}, {columns}]"),
            MatrixOp::Solve(size)
            | MatrixOp::SolveLower(size)
            | MatrixOp::Cholesky(size)
            | MatrixOp::LnDet(size) => write!(f, "[{size}]"),
        }
    }
}
