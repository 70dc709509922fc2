//! Sparsity patterns: where a matrix of derivatives may have numbers other than 0.

use std::fmt;
use std::ops::Range;

/// Where a matrix of derivatives may have numbers other than 0; everywhere else it is 0 at every point. It is in
/// compressed rows (CSR): nonzeros row by row, in each row by ascending columns. That is also the order in which their
/// values are computed.
///
/// ```
/// use tapegrad::Function;
///
/// let f = Function::record(|[x, y, z]| [x * y, z.exp(), x + z], [1.0; 3])?;
/// let pattern = f.jacobian_pattern();
/// assert_eq!(pattern.to_string(), "3 × 3, 5 nonzeros");
/// assert_eq!((pattern.offsets(), pattern.indices()), (&[0, 2, 3, 5][..], &[0, 1, 2, 0, 2][..]));
/// assert!(pattern.triplets().eq([(0, 0), (0, 1), (1, 2), (2, 0), (2, 2)]));
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    columns: usize,
    offsets: Vec<usize>,
    indices: Vec<usize>,
}

/// A pattern by columns (CSC), and where the values stand that a plan computes row by row; see [`Pattern::by_columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Where each column begins among the nonzeros, and where the last one ends: one more than there are columns.
    pub offsets: Vec<usize>,
    /// The row of each nonzero, ascending in each column.
    pub indices: Vec<usize>,
    /// The position of each nonzero in the order of rows.
    pub order: Vec<usize>,
}

impl Columns {
    /// The values by columns, from those in the order of rows.
    ///
    /// # Panics
    /// If there are fewer values than nonzeros.
    #[must_use]
    #[track_caller]
    pub fn arrange(&self, values: &[f64]) -> Vec<f64> {
        self.order.iter().map(|&position| values[position]).collect()
    }
}

impl Pattern {
    /// A pattern without rows, to which [`push`](Self::push) appends.
    pub(super) fn new(columns: usize) -> Pattern {
        Pattern { columns, offsets: vec![0], indices: Vec::new() }
    }

    /// Appends a row, given its columns in ascending order.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = usize>) {
        self.indices.extend(row);
        self.offsets.push(self.indices.len());
    }

    /// How many rows the matrix has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many columns the matrix has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many nonzeros there are.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.indices.len()
    }

    /// Where each row begins among the nonzeros, and where the last one ends: one more than there are rows. (`indptr` of
    /// SciPy and sprs, `row_offsets` of nalgebra-sparse.)
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The column of each nonzero. (`indices` of SciPy and sprs, `col_indices` of nalgebra-sparse.)
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The columns of the nonzeros of a row, in ascending order.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn row(&self, row: usize) -> &[usize] {
        &self.indices[self.range(row)]
    }

    /// The positions of the nonzeros of a row.
    pub(crate) fn range(&self, row: usize) -> Range<usize> {
        self.offsets[row]..self.offsets[row + 1]
    }

    /// The row and the column of each nonzero, in order.
    pub fn triplets(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.rows()).flat_map(|row| self.row(row).iter().map(move |&column| (row, column)))
    }

    /// The position of an entry among the nonzeros; `None` if it is 0 at every point.
    #[must_use]
    pub fn position(&self, row: usize, column: usize) -> Option<usize> {
        let [start, end] = [*self.offsets.get(row)?, *self.offsets.get(row + 1)?];
        self.indices[start..end].binary_search(&column).ok().map(|k| start + k)
    }

    /// The same pattern by columns (CSC).
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y]| [x * y, x * x * 3.0], [1.0; 2])?;
    /// let sparse = f.sparse_jacobian()?;
    /// let values = sparse.evaluator().values(&[2.0, 5.0])?;
    /// let columns = sparse.pattern().by_columns();
    /// assert_eq!((&columns.offsets[..], &columns.indices[..]), (&[0, 2, 3][..], &[0, 1, 0][..]));
    /// assert_eq!((&values[..], columns.arrange(&values)), (&[5.0, 2.0, 12.0][..], vec![5.0, 12.0, 2.0]));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn by_columns(&self) -> Columns {
        let mut offsets = vec![0; self.columns + 1];
        self.indices.iter().for_each(|&column| offsets[column + 1] += 1);
        for column in 0..self.columns {
            offsets[column + 1] += offsets[column];
        }
        let mut next = offsets.clone();
        let (mut indices, mut order) = (vec![0; self.nonzeros()], vec![0; self.nonzeros()]);
        for (position, (row, column)) in self.triplets().enumerate() {
            (indices[next[column]], order[next[column]]) = (row, position);
            next[column] += 1;
        }
        Columns { offsets, indices, order }
    }

    /// Of a lower triangle, the whole symmetric matrix, and the position of each of its nonzeros in the triangle.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y]| x * x * y, [1.0; 2])?;
    /// let sparse = f.sparse_hessian()?;
    /// let (whole, order) = sparse.pattern().mirrored();
    /// let values = sparse.evaluator().values(&[3.0, 5.0])?; // 2y and 2x: the entry (1, 1) is 0
    /// assert!(whole.triplets().eq([(0, 0), (0, 1), (1, 0)]));
    /// assert_eq!(order.iter().map(|&k| values[k]).collect::<Vec<_>>(), [10.0, 6.0, 6.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there is a nonzero above the diagonal.
    #[must_use]
    #[track_caller]
    pub fn mirrored(&self) -> (Pattern, Vec<usize>) {
        assert!(
            self.triplets().all(|(row, column)| column <= row),
            "a nonzero stands above the diagonal; give the pattern of a lower triangle"
        );
        let Columns { offsets, indices, order } = self.by_columns();
        let (mut whole, mut positions) = (Pattern::new(self.columns), Vec::new());
        for row in 0..self.rows() {
            let above = offsets[row]..offsets[row + 1];
            let above = above.filter(|&k| indices[k] != row);
            let (columns, those): (Vec<usize>, Vec<usize>) = above.map(|k| (indices[k], order[k])).unzip();
            whole.push(self.row(row).iter().copied().chain(columns));
            positions.extend(self.range(row).chain(those));
        }
        (whole, positions)
    }

    /// The lower triangle of a matrix that is symmetric: an entry is in it if it or its mirror image is.
    pub(crate) fn lower(&self) -> Pattern {
        let Columns { offsets, indices, .. } = self.by_columns();
        let mut lower = Pattern::new(self.columns);
        let mut row = Vec::new();
        for k in 0..self.rows() {
            let mirrored = &indices[offsets[k]..offsets[k + 1]];
            row.clear();
            row.extend(self.row(k).iter().chain(mirrored).copied().filter(|&column| column <= k));
            row.sort_unstable();
            row.dedup();
            lower.push(row.iter().copied());
        }
        lower
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}, {} nonzeros", self.rows(), self.columns, self.nonzeros())
    }
}
