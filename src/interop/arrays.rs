//! Arrays of ndarray: operators with single numbers, points, columns of batches. One body for the versions of ndarray.

macro_rules! arrays {
    ($ndarray:ident) => {
        use crate::error::Error;
        use crate::function::Column;
        use crate::interop::rows::row_by_row;
        use crate::number::dual::Dual;
        use crate::number::point::{Point, sealed::Sealed};
        use crate::number::real::Real;
        use crate::tape::Var;
        use ::$ndarray::{
            Array, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Dimension, RawData, ScalarOperand,
        };

        impl ScalarOperand for Var {}
        impl<R: Real, const N: usize> ScalarOperand for Dual<R, N> {}

        arrays! { @point ArrayBase<S, D> }
        arrays! { @point &ArrayBase<S, D> }

        /// The columns of a table with one sample per row, for a batched function. Nothing is copied. For samples in columns
        /// pass the transposed view, `table.t()`.
        ///
        /// # Errors
        /// [`Error::Layout`] if there are gaps in memory between the numbers, as in a part of a larger table: without unsafe
        /// code it is not accessible as a slice then. Arrays in row-major or column-major order have none, nor have such
        /// arrays with reversed axes.
        pub fn columns(table: ArrayView2<'_, f64>) -> Result<Vec<Column<'_>>, Error> {
            let (rows, columns) = table.dim();
            let [by_row, by_column] = [table.strides()[0], table.strides()[1]];
            let contiguous = if table.is_empty() { Some(&[][..]) } else { table.to_slice_memory_order() };
            let data = contiguous.ok_or_else(|| Error::Layout {
                shape: table.shape().to_vec(),
                strides: table.strides().to_vec(),
            })?;
            let column = |k: usize| {
                let k = if by_column < 0 { columns - 1 - k } else { k };
                let start = k * by_column.unsigned_abs();
                // The stride of a single row can be anything.
                let column = match by_row.unsigned_abs() {
                    stride if rows > 1 && stride > 1 => Column::strided(data, start, stride),
                    _ => Column::from(&data[start.min(data.len())..][..rows]),
                };
                if by_row < 0 { column.reversed() } else { column }
            };
            Ok((0..columns).map(column).collect())
        }

        /// Without a copy, if the numbers are contiguous in memory; for a column of a table see [`columns`].
        impl<'a> TryFrom<ArrayView1<'a, f64>> for Column<'a> {
            type Error = Error;

            /// # Errors
            /// [`Error::Layout`] if there are gaps between the numbers.
            fn try_from(numbers: ArrayView1<'a, f64>) -> Result<Column<'a>, Error> {
                Ok(columns(numbers.insert_axis(Axis(1)))?[0])
            }
        }

        /// A Jacobian or Hessian as a matrix: one row per output, one column per variable. It may be given number by number,
        /// as an [`Evaluator`](crate::Evaluator) returns it, or row by row, as [`jacobian`](crate::jacobian) and
        /// [`hessian`](crate::hessian) return it.
        ///
        /// # Errors
        /// [`Error::Length`] if there are not `rows · columns` derivatives.
        pub fn matrix(
            derivatives: impl IntoIterator<Item: Point<f64>>,
            rows: usize,
            columns: usize,
        ) -> Result<Array2<f64>, Error> {
            let numbers = row_by_row(derivatives, rows, columns)?;
            Ok(Array2::from_shape_vec((rows, columns), numbers).expect("as many numbers as places"))
        }
    };
    (@point $Point:ty) => {
        impl<S: RawData, D> Sealed for $Point {}
        // Elements are numbers, not further points, so that the compiler knows the type of those of `Array::zeros(n)`.
        impl<T: Copy, S: Data<Elem = T>, D: Dimension + 'static> Point<T> for $Point {
            type Of<U: 'static> = Array<U, D>;
            type Args<'a, U: Copy + 'static> = &'a Array<U, D>;

            // In the logical order, which `each` has too. ndarray's own `map` visits in the order of memory.
            fn map_numbers<U: 'static>(&self, f: &mut impl FnMut(T) -> U) -> Array<U, D> {
                let numbers = self.iter().map(|&number| f(number)).collect();
                Array::from_shape_vec(self.raw_dim(), numbers).expect("as many numbers as places")
            }
            fn each<'a, U: 'static>(of: &'a Array<U, D>, visit: &mut impl FnMut(&'a U)) {
                of.iter().for_each(visit);
            }
            fn args<U: Copy + 'static>(of: &Array<U, D>) -> &Array<U, D> {
                of
            }
            fn lengths<U: 'static>(of: &Array<U, D>, lengths: &mut Vec<usize>) {
                lengths.push(of.ndim());
                lengths.extend(of.shape());
            }
        }
    };
}

/// Arrays of ndarray 0.17 (feature `ndarray`): [`Var`](crate::Var) and [`Dual`](crate::Dual) on the right of their operators,
/// arrays as [`Point`](crate::Point)s, columns of batches, matrices of results.
///
/// ```
/// use ndarray::array;
///
/// let (by_w, by_scale) = tapegrad::gradient(|(w, scale)| (w.dot(w) * scale).sum(), (array![[1.0, 2.0], [0.0, 3.0]], 0.5));
/// assert_eq!(by_w, array![[2.0, 2.0], [4.0, 4.0]]); // ½ (1 (W 1)ᵀ + (Wᵀ 1) 1ᵀ)
/// assert_eq!(by_scale, 1.0 + 8.0 + 0.0 + 9.0);
/// ```
#[cfg(feature = "ndarray")]
pub mod ndarray {
    arrays!(ndarray);
}

/// Arrays of ndarray 0.16 (feature `ndarray-0-16`), as the module `ndarray` for 0.17.
#[cfg(feature = "ndarray-0-16")]
pub mod ndarray_0_16 {
    arrays!(ndarray_0_16);
}
