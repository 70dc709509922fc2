//! Sums of products over lanes: tiles whose sums stay in registers.

use super::vector::Lanes;
use pulp::Simd;

/// Bytes of the widest registers there are. The lanes of a sum are those of one, whatever the machine has.
const WIDEST: usize = 64;

/// Runs `$tile` for the parts that cover `0..$total`, the larger ones first, of those sizes that `$fits`.
macro_rules! cover {
    ($total:expr, [$($size:literal)*], $fits:expr, |$start:ident, $SIZE:ident| $tile:expr) => {{
        let (total, mut $start) = ($total, 0);
        $(while total - $start >= $size && ($size == 1 || $fits($size)) {
            const $SIZE: usize = $size;
            $tile;
            $start += $size;
        })*
    }};
}

/// Parts of all sizes.
fn all(_: usize) -> bool {
    true
}

/// A product of a matrix and lanes, of which several rows are done at once.
#[derive(Clone, Copy)]
pub(super) struct Product<'m, T> {
    /// Row by row.
    pub matrix: &'m [T],
    pub columns: usize,
    /// Whether it is the columns of the matrix that are multiplied by lanes.
    pub is_transposed: bool,
}

/// What the sums of products are added to.
#[derive(Clone, Copy)]
pub(super) enum Start<'s, T> {
    /// A number per row, or nothing.
    Offsets(&'s [T]),
    /// What is there already.
    Added,
}

impl<T: Lanes> Product<'_, T> {
    /// `yᵣ = start + Σₖ wᵣₖ xₖ` in all lanes: `x(k)` gives the lanes of an operand, and the lanes of a row are those of `y`
    /// from `at(r)` on. Rows that are not `apart` may be the same lanes.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // a product of matrices and how they lie in memory
    pub fn over_lanes<'v, S: Simd>(
        self,
        simd: S,
        lanes: usize,
        [rows, operands]: [usize; 2],
        start: Start<'_, T>,
        x: impl Fn(usize) -> &'v [T] + Copy,
        y: &mut [T],
        at: impl Fn(usize) -> usize + Copy,
        apart: bool,
    ) where
        T: 'v,
    {
        let registers = lanes * size_of::<T>() / size_of::<T::Vector<S>>();
        cover!(registers, [2 1], all, |first, COLUMNS| {
            cover!(rows, [4 2 1], |_| apart, |row, ROWS| {
                let start: [Option<T>; ROWS] = std::array::from_fn(|r| match start {
                    Start::Offsets(offsets) => Some(offsets.get(row + r).copied().unwrap_or_default()),
                    Start::Added => None,
                });
                let at = |r: usize| at(row + r)..at(row + r) + lanes;
                if self.is_transposed {
                    let weights = |k: usize| *self.matrix[k * self.columns + row..].first_chunk().expect("a row");
                    tile::<S, T, ROWS, COLUMNS>(simd, first, start, operands, weights, x, y, at);
                } else {
                    let rows: [&[T]; ROWS] =
                        std::array::from_fn(|r| &self.matrix[(row + r) * operands..][..operands]);
                    let weights = |k: usize| rows.map(|w| w[k]);
                    tile::<S, T, ROWS, COLUMNS>(simd, first, start, operands, weights, x, y, at);
                }
            });
        });
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // a product of matrices and how they lie in memory
fn tile<'v, S: Simd, T: Lanes + 'v, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    first: usize,
    start: [Option<T>; ROWS],
    operands: usize,
    weights: impl Fn(usize) -> [T; ROWS],
    x: impl Fn(usize) -> &'v [T],
    y: &mut [T],
    at: impl Fn(usize) -> std::ops::Range<usize>,
) {
    let mut sums = [[T::splat(simd, T::default()); COLUMNS]; ROWS];
    for r in 0..ROWS {
        match start[r] {
            Some(number) => sums[r] = [T::splat(simd, number); COLUMNS],
            None => sums[r].copy_from_slice(&T::vectors::<S>(&y[at(r)])[first..first + COLUMNS]),
        }
    }
    for k in 0..operands {
        let (weights, x) = (weights(k), &T::vectors::<S>(x(k))[first..first + COLUMNS]);
        for r in 0..ROWS {
            let weight = T::splat(simd, weights[r]);
            for c in 0..COLUMNS {
                sums[r][c] = T::mul_add(simd, x[c], weight, sums[r][c]);
            }
        }
    }
    for r in 0..ROWS {
        T::vectors_mut::<S>(&mut y[at(r)])[first..first + COLUMNS].copy_from_slice(&sums[r]);
    }
}

/// Adds `Σ a · b` over the lanes to each of the `sums` of a row and an operand: `a(r)` gives the lanes of the row, `b(k)`
/// those of the operand.
#[inline(always)]
pub(super) fn add_correlations<'v, S: Simd, T: Lanes + 'v>(
    simd: S,
    [rows, operands]: [usize; 2],
    a: impl Fn(usize) -> &'v [T] + Copy,
    b: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    // Sixteen sums fit into 32 registers, but not into 16.
    let is_wide = size_of::<T::Vector<S>>() == WIDEST;
    cover!(rows, [4 2 1], all, |row, HEIGHT| {
        cover!(operands, [4 2 1], |width| is_wide || HEIGHT * width <= 8, |k, WIDTH| {
            let a: [&[T::Vector<S>]; HEIGHT] = std::array::from_fn(|r| T::vectors::<S>(a(row + r)));
            let b: [&[T::Vector<S>]; WIDTH] = std::array::from_fn(|j| T::vectors::<S>(b(k + j)));
            let (a, b) = (a.map(|lanes| &lanes[..a[0].len()]), b.map(|lanes| &lanes[..a[0].len()]));
            let product = |sum, r: usize, j: usize, v: usize| T::mul_add(simd, a[r][v], b[j][v], sum);
            let totals = totals::<S, T, HEIGHT, WIDTH>(simd, a[0].len(), product);
            for (r, totals) in totals.iter().enumerate() {
                for (j, &total) in totals.iter().enumerate() {
                    let place = &mut sums[(row + r) * operands + k + j];
                    *place = T::sum(*place, total);
                }
            }
        });
    });
}

/// Adds the sum of the lanes of each row, which `a` gives, to that of `sums`.
#[inline(always)]
pub(super) fn add_totals<'v, S: Simd, T: Lanes + 'v>(
    simd: S,
    a: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    cover!(sums.len(), [4 1], all, |row, HEIGHT| {
        let a: [&[T::Vector<S>]; HEIGHT] = std::array::from_fn(|r| T::vectors::<S>(a(row + r)));
        let a = a.map(|lanes| &lanes[..a[0].len()]);
        let add = |sum, r: usize, _: usize, v: usize| T::add(simd, sum, a[r][v]);
        let totals = totals::<S, T, HEIGHT, 1>(simd, a[0].len(), add);
        for (sum, &[total]) in sums[row..].iter_mut().zip(&totals) {
            *sum = T::sum(*sum, total);
        }
    });
}

/// So many sums over registers, to each of which `add` adds a term, and over their lanes. Lanes are summed as those of the
/// widest registers are: the `v`-th with all that lie whole registers further on; then by halves.
#[inline(always)]
fn totals<S: Simd, T: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    simd: S,
    registers: usize,
    add: impl Fn(T::Vector<S>, usize, usize, usize) -> T::Vector<S>,
) -> [[T; WIDTH]; HEIGHT] {
    let none = T::splat(simd, T::default());
    let mut parts = [[[none; WIDTH]; HEIGHT]; WIDEST / size_of::<f32>()];
    let mut step = WIDEST / size_of::<T::Vector<S>>();
    for (part, sums) in parts.iter_mut().take(step).enumerate() {
        for v in (part..registers).step_by(step) {
            for r in 0..HEIGHT {
                for j in 0..WIDTH {
                    sums[r][j] = add(sums[r][j], r, j, v);
                }
            }
        }
    }
    while step > 1 {
        step /= 2;
        let (low, high) = parts.split_at_mut(step);
        for (low, high) in low.iter_mut().flatten().flatten().zip(high.iter().flatten().flatten()) {
            *low = T::add(simd, *low, *high);
        }
    }
    parts[0].map(|sums| sums.map(|sum| T::total(simd, sum)))
}
