//! Sums of products over lanes: tiles whose sums stay in registers.

use super::vector::Lanes;
use pulp::Simd;

/// Into so many lanes the derivative by a weight is summed; they are added up once, at the end of a leaf.
pub(super) const FOLDED: usize = 8;
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
                let x = |k: usize| x(k);
                if self.is_transposed {
                    let rows = self.matrix.chunks_exact(self.columns).map(|w| &w[row..row + ROWS]);
                    let weights = rows.map(|w| <[T; ROWS]>::try_from(w).expect("as many weights"));
                    tile::<S, T, ROWS, COLUMNS>(simd, first, start, weights.zip((0..operands).map(x)), y, at);
                } else {
                    let rows: [&[T]; ROWS] =
                        std::array::from_fn(|r| &self.matrix[(row + r) * operands..][..operands]);
                    let weights = (0..operands).map(|k| rows.map(|w| w[k]));
                    tile::<S, T, ROWS, COLUMNS>(simd, first, start, weights.zip((0..operands).map(x)), y, at);
                }
            });
        });
    }
}

#[inline(always)]
fn tile<'v, S: Simd, T: Lanes + 'v, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    first: usize,
    start: [Option<T>; ROWS],
    terms: impl Iterator<Item = ([T; ROWS], &'v [T])>,
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
    for (weights, x) in terms {
        let x = &T::vectors::<S>(x)[first..first + COLUMNS];
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

/// Adds `Σ a · b` over the lanes, folded, to each of the `sums` of a row and an operand: `a(r)` gives the lanes of the row,
/// `b(k)` those of the operand.
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
            let place = |r: usize, j: usize| ((row + r) * operands + k + j) * FOLDED;
            correlate::<S, T, HEIGHT, WIDTH>(simd, a, b, sums, place);
        });
    });
}

#[inline(always)]
fn correlate<S: Simd, T: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    simd: S,
    a: [&[T::Vector<S>]; HEIGHT],
    b: [&[T::Vector<S>]; WIDTH],
    sums: &mut [T],
    place: impl Fn(usize, usize) -> usize,
) {
    let registers = a[0].len();
    let (a, b) = (a.map(|a| &a[..registers]), b.map(|b| &b[..registers]));
    let step = WIDEST / size_of::<T::Vector<S>>();
    for part in 0..step {
        let mut tile = [[T::splat(simd, T::default()); WIDTH]; HEIGHT];
        for v in (part..registers).step_by(step) {
            for r in 0..HEIGHT {
                for j in 0..WIDTH {
                    tile[r][j] = T::mul_add(simd, a[r][v], b[j][v], tile[r][j]);
                }
            }
        }
        for r in 0..HEIGHT {
            for j in 0..WIDTH {
                fold_register(simd, part, tile[r][j], &mut sums[place(r, j)..][..FOLDED]);
            }
        }
    }
}

/// Adds the lanes, folded, to `sums`.
#[inline(always)]
pub(super) fn fold<S: Simd, T: Lanes>(simd: S, lanes: &[T], sums: &mut [T]) {
    let (lanes, step) = (T::vectors::<S>(lanes), WIDEST / size_of::<T::Vector<S>>());
    for part in 0..step {
        let none = T::splat(simd, T::default());
        let sum = lanes[part..].iter().step_by(step).fold(none, |sum, &lanes| T::add(simd, sum, lanes));
        fold_register(simd, part, sum, sums);
    }
}

/// As [`fold`], for rows from some place on, each to its sums.
#[inline(always)]
pub(super) fn fold_rows<'v, S: Simd, T: Lanes + 'v>(
    simd: S,
    rows: usize,
    a: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    let step = WIDEST / size_of::<T::Vector<S>>();
    cover!(rows, [4 1], all, |row, HEIGHT| {
        let a: [&[T::Vector<S>]; HEIGHT] = std::array::from_fn(|r| T::vectors::<S>(a(row + r)));
        let registers = a[0].len();
        let a = a.map(|a| &a[..registers]);
        for part in 0..step {
            let mut tile = [T::splat(simd, T::default()); HEIGHT];
            for v in (part..registers).step_by(step) {
                for r in 0..HEIGHT {
                    tile[r] = T::add(simd, tile[r], a[r][v]);
                }
            }
            for (r, &sum) in tile.iter().enumerate() {
                fold_register(simd, part, sum, &mut sums[(row + r) * FOLDED..][..FOLDED]);
            }
        }
    });
}

/// Adds one register, the `part`-th of the widest there are, to folded sums.
#[inline(always)]
fn fold_register<S: Simd, T: Lanes>(simd: S, part: usize, register: T::Vector<S>, sums: &mut [T]) {
    let lanes = size_of::<T::Vector<S>>() / size_of::<T>();
    if lanes <= FOLDED {
        let place = &mut T::vectors_mut::<S>(sums)[part % (FOLDED / lanes)];
        *place = T::add(simd, *place, register);
    } else {
        let mut numbers = [T::default(); 2 * FOLDED];
        T::vectors_mut::<S>(&mut numbers)[0] = register;
        let (low, high) = numbers.split_at(FOLDED);
        for (sum, (&low, &high)) in sums.iter_mut().zip(low.iter().zip(high)) {
            *sum = T::sum(T::sum(*sum, low), high);
        }
    }
}

/// The sum of folded lanes, as a tree.
#[inline(always)]
pub(super) fn total<T: Lanes>(folded: &[T]) -> T {
    let &[a, b, c, d, e, f, g, h] = folded else { unreachable!("so many lanes") };
    let sum = T::sum;
    sum(sum(sum(a, e), sum(c, g)), sum(sum(b, f), sum(d, h)))
}
