//! The values of operations on matrices over plain numbers, computed by nalgebra.

#[cfg(feature = "nalgebra")]
pub(crate) use with_nalgebra::value;

/// Without nalgebra there are no operations on matrices: none is recorded, and none is loaded.
#[cfg(not(feature = "nalgebra"))]
pub(crate) fn value(op: super::op::MatrixOp, _: &[f64]) -> Vec<f64> {
    unreachable!("`{op}` needs the feature `nalgebra`")
}

#[cfg(feature = "nalgebra")]
mod with_nalgebra {
    use crate::table::matrix::op::MatrixOp;
    use nalgebra::{Cholesky, DMatrix, DMatrixView};

    /// The results, given the operands. NaN where there is no result.
    pub(crate) fn value(op: MatrixOp, operands: &[f64]) -> Vec<f64> {
        let [a, b] = op.matrices(operands);
        let inner = |rows: usize| a.len() / rows.max(1);
        let of_size = |entries: &[f64], size: usize| {
            DMatrix::from_column_slice(size, entries.len() / size.max(1), entries)
        };
        match op {
            // Without terms a product is 0.
            MatrixOp::Product { .. } if operands.is_empty() => vec![0.0; op.results(0)],
            MatrixOp::Product { rows, columns } => {
                let (rows, columns) = (rows as usize, usize::from(columns));
                let inner = if rows > 0 { inner(rows) } else { b.len() / columns };
                let product =
                    DMatrixView::from_slice(a, rows, inner) * DMatrixView::from_slice(b, inner, columns);
                product.data.into()
            }
            MatrixOp::Solve(size) => {
                let mut x = of_size(b, size as usize);
                match of_size(a, size as usize).lu().solve_mut(&mut x) {
                    true => x.data.into(),
                    false => vec![f64::NAN; b.len()],
                }
            }
            MatrixOp::SolveLower(size) => {
                let mut x = of_size(b, size as usize);
                match unpacked(a, size as usize).solve_lower_triangular_mut(&mut x) {
                    true => x.data.into(),
                    false => vec![f64::NAN; b.len()],
                }
            }
            MatrixOp::Cholesky(size) => match Cholesky::new(unpacked(a, size as usize)) {
                Some(factor) => {
                    let l = factor.l_dirty();
                    (0..size as usize)
                        .flat_map(|column| &l.as_slice()[column * l.nrows()..][column..l.nrows()])
                        .copied()
                        .collect()
                }
                None => vec![f64::NAN; a.len()],
            },
            MatrixOp::LnDet(size) => {
                let factors = of_size(a, size as usize).lu();
                vec![factors.lu_internal().diagonal().iter().map(|pivot| pivot.abs().ln()).sum::<f64>() + 0.0]
            }
        }
    }

    /// A matrix with this lower triangle, and zeros above.
    fn unpacked(lower: &[f64], size: usize) -> DMatrix<f64> {
        let mut matrix = DMatrix::zeros(size, size);
        let mut rest = lower;
        for (column, mut to) in matrix.column_iter_mut().enumerate() {
            let (now, after) = rest.split_at(size - column);
            to.rows_mut(column, now.len()).copy_from_slice(now);
            rest = after;
        }
        matrix
    }
}
