//! Sums of products over lanes, in tiles whose sums stay in registers.

use crate::function::lanes::vector::Lanes;
use pulp::Simd;

/// Bytes of the widest registers that exist. Sums over lanes are ordered as in such a register, whatever the
/// machine has.
const WIDEST: usize = 64;

/// Runs `$tile` for parts that cover `0..$total`, of those of the given sizes for which `$fits` is true, the larger
/// ones first.
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
pub(super) use cover;

/// Allows parts of all sizes.
pub(super) fn all(_: usize) -> bool {
    true
}

/// A product of a matrix and lanes; several rows of the matrix are computed at once.
#[derive(Clone, Copy)]
pub(super) struct Product<'m, T> {
    /// Row by row.
    pub matrix: &'m [T],
    pub columns: usize,
    /// Whether the transpose of the matrix is multiplied.
    pub is_transposed: bool,
}

/// The initial value of the sums of products.
#[derive(Clone, Copy)]
pub(super) enum Start<'s, T> {
    /// A number per row.
    Offsets(&'s [T]),
    /// The same number for all rows.
    All(T),
    /// The current contents of the result.
    Added,
}

impl<T: Lanes> Product<'_, T> {
    /// `yᵣ = start + Σₖ wᵣₖ xₖ` in all lanes: `x(k)` gives the lanes of operand `k`, and the lanes of row `r` start
    /// at `y[at(r)]`. Only if `apart` is false may rows have the same lanes.
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
                let tile = Tile { matrix: self, lanes, operands, first, row, start };
                tile.evaluate::<S, ROWS, COLUMNS>(simd, x, y, at);
            });
        });
    }
}

/// Some rows of a [`Product`] in some registers.
struct Tile<'m, T> {
    matrix: Product<'m, T>,
    lanes: usize,
    operands: usize,
    /// The first register.
    first: usize,
    row: usize,
    start: Start<'m, T>,
}

impl<T: Lanes> Tile<'_, T> {
    #[inline(always)]
    fn evaluate<'v, S: Simd, const ROWS: usize, const COLUMNS: usize>(
        self,
        simd: S,
        x: impl Fn(usize) -> &'v [T] + Copy,
        y: &mut [T],
        at: impl Fn(usize) -> usize + Copy,
    ) where
        T: 'v,
    {
        let Tile { matrix: Product { matrix, columns, is_transposed }, lanes, operands, first, row, start } =
            self;
        let mut sums = [[T::splat(simd, T::default()); COLUMNS]; ROWS];
        for r in 0..ROWS {
            match start {
                Start::Offsets(offsets) => sums[r] = [T::splat(simd, offsets[row + r]); COLUMNS],
                Start::All(number) => sums[r] = [T::splat(simd, number); COLUMNS],
                Start::Added => {
                    let y = T::vectors::<S>(&y[at(row + r)..][..lanes]);
                    sums[r].copy_from_slice(&y[first..first + COLUMNS]);
                }
            }
        }
        let mut rows: [&[T]; ROWS] = [&[]; ROWS];
        if !is_transposed {
            for r in 0..ROWS {
                rows[r] = &matrix[(row + r) * columns..][..operands];
            }
        }
        for k in 0..operands {
            let x = &T::vectors::<S>(x(k))[first..first + COLUMNS];
            let column = if is_transposed { &matrix[k * columns + row..][..ROWS] } else { &[] };
            for r in 0..ROWS {
                let weight = T::splat(simd, if is_transposed { column[r] } else { rows[r][k] });
                for c in 0..COLUMNS {
                    sums[r][c] = T::mul_add(simd, x[c], weight, sums[r][c]);
                }
            }
        }
        for r in 0..ROWS {
            let y = T::vectors_mut::<S>(&mut y[at(row + r)..][..lanes]);
            y[first..first + COLUMNS].copy_from_slice(&sums[r]);
        }
    }
}

/// For each row and operand, adds `Σ a · b` over the lanes to its entry of `sums`: `a(r)` gives the lanes of row
/// `r`, `b(k)` those of operand `k`.
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
            let registers = T::vectors::<S>(a(row)).len();
            let a = vectors_of::<S, T, HEIGHT>(row, registers, a);
            let b = vectors_of::<S, T, WIDTH>(k, registers, b);
            let product = |sum, r: usize, j: usize, v: usize| T::mul_add(simd, a[r][v], b[j][v], sum);
            let place = |r: usize, j: usize| (row + r) * operands + k + j;
            add_up::<S, T, HEIGHT, WIDTH>(simd, registers, product, sums, place);
        });
    });
}

/// As [`add_correlations`], with transposed operands: `b` has the numbers of all operands sample by sample, and the
/// number of operands fills whole registers on every machine. Each sum runs over the samples in order, never over
/// the lanes of a register.
#[inline(always)]
pub(super) fn add_correlations_of_rows<'v, S: Simd, T: Lanes + 'v>(
    simd: S,
    [rows, operands]: [usize; 2],
    a: impl Fn(usize) -> &'v [T] + Copy,
    b: &[T],
    sums: &mut [T],
) {
    let registers = operands * size_of::<T>() / size_of::<T::Vector<S>>();
    let is_wide = size_of::<T::Vector<S>>() == WIDEST;
    cover!(rows, [4 2 1], all, |row, HEIGHT| {
        cover!(registers, [4 2 1], |width| is_wide || HEIGHT * width <= 8, |first, WIDTH| {
            let mut weights: [&[T]; HEIGHT] = [&[]; HEIGHT];
            let mut tile = [[T::splat(simd, T::default()); WIDTH]; HEIGHT];
            for r in 0..HEIGHT {
                weights[r] = a(row + r);
                let sums = T::vectors::<S>(&sums[(row + r) * operands..][..operands]);
                tile[r].copy_from_slice(&sums[first..first + WIDTH]);
            }
            for (sample, numbers) in b.chunks_exact(operands).enumerate() {
                let numbers = &T::vectors::<S>(numbers)[first..first + WIDTH];
                for r in 0..HEIGHT {
                    let weight = T::splat(simd, weights[r][sample]);
                    for c in 0..WIDTH {
                        tile[r][c] = T::mul_add(simd, numbers[c], weight, tile[r][c]);
                    }
                }
            }
            for r in 0..HEIGHT {
                let sums = T::vectors_mut::<S>(&mut sums[(row + r) * operands..][..operands]);
                sums[first..first + WIDTH].copy_from_slice(&tile[r]);
            }
        });
    });
}

/// Adds the sum of the lanes `a(r)` of each row to its entry of `sums`.
#[inline(always)]
pub(super) fn add_totals<'v, S: Simd, T: Lanes + 'v>(
    simd: S,
    a: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    cover!(sums.len(), [4 1], all, |row, HEIGHT| {
        let registers = T::vectors::<S>(a(row)).len();
        let a = vectors_of::<S, T, HEIGHT>(row, registers, a);
        let add = |sum, r: usize, _: usize, v: usize| T::add(simd, sum, a[r][v]);
        add_up::<S, T, HEIGHT, 1>(simd, registers, add, sums, |r, _| row + r);
    });
}

/// The lanes of `ROWS` rows from `first` on, as registers. (Written as a loop, since closures over arrays are slow
/// to compile.)
#[inline(always)]
fn vectors_of<'v, S: Simd, T: Lanes + 'v, const ROWS: usize>(
    first: usize,
    registers: usize,
    lanes: impl Fn(usize) -> &'v [T],
) -> [&'v [T::Vector<S>]; ROWS] {
    let mut rows: [&[T::Vector<S>]; ROWS] = [&[]; ROWS];
    for r in 0..ROWS {
        rows[r] = &T::vectors::<S>(lanes(first + r))[..registers];
    }
    rows
}

/// `HEIGHT × WIDTH` sums over registers and then over lanes, added to the entries of `sums` at `place`; `add` adds
/// the term of one register. The order is that of the widest registers: each lane over all registers, then the
/// lanes by halves. The sums start with −0, so that a sum of −0 terms stays −0 if `sums` starts with −0.
#[inline(always)]
fn add_up<S: Simd, T: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    simd: S,
    registers: usize,
    add: impl Fn(T::Vector<S>, usize, usize, usize) -> T::Vector<S>,
    sums: &mut [T],
    place: impl Fn(usize, usize) -> usize,
) {
    let none = T::splat(simd, T::NOTHING);
    let mut parts = [[[none; WIDTH]; HEIGHT]; WIDEST / size_of::<f32>()];
    let mut step = WIDEST / size_of::<T::Vector<S>>();
    for part in 0..step {
        let mut tile = [[none; WIDTH]; HEIGHT];
        for v in (part..registers).step_by(step) {
            for r in 0..HEIGHT {
                for j in 0..WIDTH {
                    tile[r][j] = add(tile[r][j], r, j, v);
                }
            }
        }
        parts[part] = tile;
    }
    while step > 1 {
        step /= 2;
        for part in 0..step {
            for r in 0..HEIGHT {
                for j in 0..WIDTH {
                    parts[part][r][j] = T::add(simd, parts[part][r][j], parts[part + step][r][j]);
                }
            }
        }
    }
    for r in 0..HEIGHT {
        for j in 0..WIDTH {
            let sum = &mut sums[place(r, j)];
            *sum = T::plus(*sum, T::total(simd, parts[0][r][j]));
        }
    }
}
