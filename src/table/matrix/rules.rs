//! The rules of operations on matrices: adjoints and tangents over any [`Number`], by operations on matrices, so that
//! they are differentiated again. See M. Giles, "Collected matrix derivative results for forward and reverse mode
//! algorithmic differentiation" (2008).

use crate::table::matrix::op::{MatrixOp, packed};
use crate::table::number::Number;
use crate::table::zeros::Reach;

/// The adjoints of the operands, given their values, the results and the adjoints of the results; `wanted`: of the first
/// and of the second matrix. What is not wanted is 0.
#[track_caller]
pub(crate) fn adjoints<R: Number>(
    op: MatrixOp,
    operands: &[R],
    results: &[R],
    adjoints: &[R],
    wanted: [bool; 2],
) -> Vec<R> {
    let [a, b] = op.matrices(operands);
    let [first, second] = [a.len(), b.len()];
    let zeros = |count: usize| vec![R::from(0.0); count];
    let [by_a, by_b] = match op {
        MatrixOp::Product { rows, columns } => {
            let (rows, columns) = (rows as usize, usize::from(columns));
            let y = Matrix::of(rows, columns, adjoints);
            let by_a = || y.times(&Matrix::by_columns(columns, b).transposed());
            let by_b = || Matrix::by_rows(rows, a).transposed().times(&y);
            [wanted[0].then(by_a), wanted[1].then(by_b)].map(|it| it.map(|it| it.entries))
        }
        MatrixOp::Solve(size) => {
            let a = Matrix::by_rows(size as usize, a);
            let by_b = a.transposed().solve(&Matrix::by_rows(a.rows, adjoints));
            let by_a = || by_b.negated().times(&Matrix::by_rows(a.rows, results).transposed()).entries;
            [wanted[0].then(by_a), wanted[1].then(|| by_b.entries.clone())]
        }
        MatrixOp::SolveLower(size) => {
            let by_b = Matrix::by_rows(size as usize, adjoints).solved_by_transposed_of(a);
            let by_a = || {
                by_b.negated().times(&Matrix::by_rows(size as usize, results).transposed()).lower_triangle()
            };
            [wanted[0].then(by_a), wanted[1].then(|| by_b.entries.clone())]
        }
        MatrixOp::Cholesky(size) => [Some(cholesky(size as usize, results, adjoints)), None],
        MatrixOp::LnDet(size) => {
            let a = Matrix::by_rows(size as usize, a);
            let scaled = Matrix::from_fn(a.rows, a.rows, |row, column| match row == column {
                true => adjoints[0],
                false => R::from(0.0),
            });
            [Some(a.transposed().solve(&scaled).entries), None]
        }
    };
    [by_a.unwrap_or_else(|| zeros(first)), by_b.unwrap_or_else(|| zeros(second))].concat()
}

/// The tangents of the results, given the operands, the results and the tangents of the operands; `reach`: the paths to the
/// entries of the first and of the second matrix.
#[track_caller]
pub(crate) fn tangents<R: Number>(
    op: MatrixOp,
    operands: &[R],
    results: &[R],
    tangents: &[R],
    reach: [Reach<R>; 2],
) -> Vec<R> {
    let ([a, b], [da, db]) = (op.matrices(operands), op.matrices(tangents));
    let da = (!reach[0].is_never()).then_some(da);
    let db = (!reach[1].is_never()).then_some(db);
    match op {
        MatrixOp::Product { rows, columns } => {
            let (rows, columns) = (rows as usize, usize::from(columns));
            let by_a = da.map(|da| Matrix::by_rows(rows, da).times(&Matrix::by_columns(columns, b)));
            let by_b = db.map(|db| Matrix::by_rows(rows, a).times(&Matrix::by_columns(columns, db)));
            let [by_a, by_b] = [by_a.map(|it| it.masked(reach[0])), by_b.map(|it| it.masked(reach[1]))];
            sum_of(by_a, by_b).map_or_else(|| vec![R::from(0.0); rows * columns], |sum| sum.entries)
        }
        MatrixOp::Solve(size) => {
            let rows = size as usize;
            let x = Matrix::by_rows(rows, results);
            let by_a = da.map(|da| Matrix::by_rows(rows, da).times(&x.negated()).masked(reach[0]));
            let right = sum_of(by_a, db.map(|db| Matrix::by_rows(rows, db)));
            right.map_or_else(
                || vec![R::from(0.0); b.len()],
                |right| Matrix::by_rows(rows, a).solve(&right).masked(reach[0].or(reach[1])).entries,
            )
        }
        MatrixOp::SolveLower(size) => {
            let rows = size as usize;
            let x = Matrix::by_rows(rows, results);
            let by_a =
                da.map(|da| Matrix::from_lower_triangle(rows, da).times(&x.negated()).masked(reach[0]));
            let right = sum_of(by_a, db.map(|db| Matrix::by_rows(rows, db)));
            right.map_or_else(
                || vec![R::from(0.0); b.len()],
                |right| right.solved_by(a).masked(reach[0].or(reach[1])).entries,
            )
        }
        MatrixOp::Cholesky(size) => {
            let size = size as usize;
            let Some(da) = da else { return vec![R::from(0.0); results.len()] };
            let full = Matrix::from_lower_triangle(size, da);
            let symmetric = Matrix::from_fn(size, size, |i, j| full.at(i.max(j), i.min(j)));
            // dL = L Φ(L⁻¹ dA L⁻ᵀ)
            let both = symmetric.solved_by(results).transposed().solved_by(results);
            let dl = Matrix::from_lower_triangle(size, results).times(&both.half_lower());
            dl.masked(reach[0]).lower_triangle()
        }
        MatrixOp::LnDet(size) => {
            let Some(da) = da else { return vec![R::from(0.0)] };
            let rows = size as usize;
            let ratio = Matrix::by_rows(rows, a).solve(&Matrix::by_rows(rows, da));
            vec![reach[0].masked(R::sum_of((0..rows).map(|k| ratio.at(k, k))))]
        }
    }
}

/// The product of two matrices, of `rows × inner` and `inner × columns` entries.
#[track_caller]
pub(crate) fn product<R: Number>(a: &[R], b: &[R], [rows, inner, columns]: [usize; 3]) -> Vec<R> {
    if inner == 0 {
        return vec![R::from(0.0); rows * columns];
    }
    let mut entries = Vec::with_capacity(rows * columns);
    for b in b.chunks(inner * usize::from(u16::MAX)) {
        let op = MatrixOp::Product { rows: size(rows), columns: (b.len() / inner) as u16 };
        entries.extend(R::matrix(op, &[a, b].concat()));
    }
    entries
}

/// `L⁻ᵀ B`, for the lower triangle of `L`. Rows and columns in reverse order make the transpose lower triangular.
#[cfg(feature = "nalgebra")]
#[track_caller]
pub(crate) fn solve_transposed<R: Number>(l: &[R], b: &[R], rows: usize) -> Vec<R> {
    Matrix::by_rows(rows, b).solved_by_transposed_of(l).entries
}

/// A size as a field of an operation.
#[track_caller]
pub(crate) fn size(size: usize) -> u32 {
    u32::try_from(size).expect("fewer than 2³² rows")
}

/// The adjoints of the lower triangle of a symmetric matrix, given those of its Cholesky factor: the lower triangle of
/// `S + Sᵀ`, with its diagonal halved, for `S = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹`, where `Φ` takes the lower triangle with its diagonal
/// halved.
#[track_caller]
fn cholesky<R: Number>(size: usize, l: &[R], adjoints: &[R]) -> Vec<R> {
    let mut adjoints = Matrix::from_lower_triangle(size, adjoints);
    if !R::IS_RECORDED {
        let l = Matrix::from_lower_triangle(size, l).transposed();
        adjoints = adjoints.transposed();
        cholesky_in_place(size, &l.entries, &mut adjoints.entries);
        return adjoints.transposed().lower_triangle();
    }
    let inner = Matrix::from_lower_triangle(size, l).transposed().times(&adjoints).half_lower();
    let s = inner.solved_by_transposed_of(l).transposed().solved_by_transposed_of(l);
    Matrix::from_fn(size, size, |i, j| match i == j {
        true => s.at(i, i),
        false => s.at(i, j) + s.at(j, i),
    })
    .lower_triangle()
}

/// The same at a sixth of the multiplications, entry by entry, for numbers that are not recorded. Matrices are given row
/// by row. See I. Murray, "Differentiation of the Cholesky decomposition" (2016), `chol_unblocked_rev`.
#[track_caller]
fn cholesky_in_place<R: Number>(size: usize, l: &[R], adjoints: &mut [R]) {
    for pivot in (0..size).rev() {
        let (above, below) = adjoints.split_at_mut((pivot + 1) * size);
        let (row, rest) = above[pivot * size..].split_at_mut(pivot);
        let (l_row, l_below) = (&l[pivot * size..][..pivot], &l[(pivot + 1) * size..]);
        let (adjoint, diagonal) = (&mut rest[0], l[pivot * size + pivot]);
        for (below, l) in below.chunks_exact_mut(size).zip(l_below.chunks_exact(size)) {
            *adjoint -= l[pivot] * below[pivot] / diagonal;
            below[pivot] /= diagonal;
        }
        *adjoint /= diagonal;
        row.iter_mut().zip(l_row).for_each(|(to, &l)| *to -= *adjoint * l);
        *adjoint *= 0.5;
        for (below, l_below) in below.chunks_exact_mut(size).zip(l_below.chunks_exact(size)) {
            let (below, factor) = below.split_at_mut(pivot);
            let factor = factor[0];
            for (((to, below), &l), &l_below) in row.iter_mut().zip(below).zip(l_row).zip(&l_below[..pivot]) {
                *to -= factor * l_below;
                *below -= factor * l;
            }
        }
    }
}

/// A matrix, column by column.
#[derive(Clone)]
struct Matrix<R> {
    rows: usize,
    columns: usize,
    entries: Vec<R>,
}

impl<R: Number> Matrix<R> {
    fn of(rows: usize, columns: usize, entries: &[R]) -> Self {
        Matrix { rows, columns, entries: entries.to_vec() }
    }

    fn by_rows(rows: usize, entries: &[R]) -> Self {
        Matrix::of(rows, entries.len() / rows.max(1), entries)
    }

    fn by_columns(columns: usize, entries: &[R]) -> Self {
        Matrix::of(entries.len() / columns.max(1), columns, entries)
    }

    fn from_fn(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> R) -> Self {
        let mut entries = Vec::with_capacity(rows * columns);
        for column in 0..columns {
            entries.extend((0..rows).map(|row| entry(row, column)));
        }
        Matrix { rows, columns, entries }
    }

    fn from_lower_triangle(size: usize, lower: &[R]) -> Self {
        let mut entries = vec![R::from(0.0); size * size];
        let mut rest = lower;
        for column in 0..size {
            let (now, after) = rest.split_at(size - column);
            entries[column * size + column..][..now.len()].copy_from_slice(now);
            rest = after;
        }
        Matrix { rows: size, columns: size, entries }
    }

    fn lower_triangle(&self) -> Vec<R> {
        let mut lower = Vec::with_capacity(packed(self.rows));
        for column in 0..self.columns {
            lower.extend_from_slice(&self.entries[column * self.rows + column..][..self.rows - column]);
        }
        lower
    }

    fn at(&self, row: usize, column: usize) -> R {
        self.entries[column * self.rows + row]
    }

    fn transposed(&self) -> Self {
        Matrix::from_fn(self.columns, self.rows, |row, column| self.at(column, row))
    }

    #[track_caller]
    fn negated(&self) -> Self {
        Matrix { entries: self.entries.iter().map(|&entry| -entry).collect(), ..*self }
    }

    /// Contributions along this path; 0 where there is none.
    #[track_caller]
    fn masked(self, path: Reach<R>) -> Self {
        Matrix { entries: self.entries.into_iter().map(|entry| path.masked(entry)).collect(), ..self }
    }

    /// The lower triangle with its diagonal halved.
    #[track_caller]
    fn half_lower(&self) -> Self {
        Matrix::from_fn(self.rows, self.columns, |row, column| match row.cmp(&column) {
            std::cmp::Ordering::Less => R::from(0.0),
            std::cmp::Ordering::Equal => self.at(row, column) * 0.5,
            std::cmp::Ordering::Greater => self.at(row, column),
        })
    }

    #[track_caller]
    fn times(&self, other: &Self) -> Self {
        let entries = product(&self.entries, &other.entries, [self.rows, self.columns, other.columns]);
        Matrix { rows: self.rows, columns: other.columns, entries }
    }

    /// `self⁻¹ right`
    #[track_caller]
    fn solve(&self, right: &Self) -> Self {
        let operands = [&self.entries[..], &right.entries].concat();
        Matrix { entries: R::matrix(MatrixOp::Solve(self.rows as u32), &operands), ..*right }
    }

    /// `L⁻¹ self`
    #[track_caller]
    fn solved_by(&self, l: &[R]) -> Self {
        let operands = [l, &self.entries].concat();
        Matrix { entries: R::matrix(MatrixOp::SolveLower(self.rows as u32), &operands), ..*self }
    }

    /// `L⁻ᵀ self`. Rows and columns in reverse order make a lower triangular matrix of the transposed `L`.
    #[track_caller]
    fn solved_by_transposed_of(&self, l: &[R]) -> Self {
        let (size, last) = (self.rows, self.rows.wrapping_sub(1));
        let full = Matrix::from_lower_triangle(size, l);
        let reversed = Matrix::from_fn(size, size, |row, column| full.at(last - column, last - row));
        let upside_down = |matrix: &Self| {
            Matrix::from_fn(size, matrix.columns, |row, column| matrix.at(last - row, column))
        };
        upside_down(&upside_down(self).solved_by(&reversed.lower_triangle()))
    }
}

/// The sum of the terms that there are.
#[track_caller]
fn sum_of<R: Number>(a: Option<Matrix<R>>, b: Option<Matrix<R>>) -> Option<Matrix<R>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let entries = a.entries.iter().zip(&b.entries).map(|(&a, &b)| a + b).collect();
            Some(Matrix { entries, ..a })
        }
        (a, b) => a.or(b),
    }
}
