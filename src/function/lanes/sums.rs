//! Sums of products over lanes: tiles of rows and operands whose sums stay in registers.

use super::float::Float;
use super::pack::WIDTH;

/// Rows or operands that are done together.
const TILE: usize = 4;
/// Into so many lanes the derivative by a weight is summed; they are added up once, at the end of a leaf.
pub(super) const FOLDED: usize = 8;

/// `yᵣ += Σₖ wᵣₖ xₖ` in all lanes: `x(k)` gives the lanes of an operand, `w(r, k)` a weight; `y` holds the lanes of the rows,
/// each from `at(r)` on. Rows that are `apart` are no two the same lanes, so that several may be done together.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // a product of matrices and how they lie in memory
pub(super) fn add_products<'v, T: Float>(
    lanes: usize,
    rows: usize,
    operands: usize,
    x: impl Fn(usize) -> &'v [T] + Copy,
    w: impl Fn(usize, usize) -> T + Copy,
    y: &mut [T],
    at: impl Fn(usize) -> usize + Copy,
    apart: bool,
) {
    let mut row = 0;
    while apart && row + TILE <= rows {
        tiles::<T, TILE>(lanes, row, operands, x, w, y, at);
        row += TILE;
    }
    while row < rows {
        tiles::<T, 1>(lanes, row, operands, x, w, y, at);
        row += 1;
    }
}

#[inline(always)]
fn tiles<'v, T: Float, const ROWS: usize>(
    lanes: usize,
    row: usize,
    operands: usize,
    x: impl Fn(usize) -> &'v [T] + Copy,
    w: impl Fn(usize, usize) -> T + Copy,
    y: &mut [T],
    at: impl Fn(usize) -> usize + Copy,
) {
    let mut from = 0;
    while from < lanes {
        let mut sums = [[T::default(); WIDTH]; ROWS];
        for (r, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(&y[at(row + r) + from..][..WIDTH]);
        }
        for k in 0..operands {
            let x: &[T; WIDTH] = x(k)[from..from + WIDTH].try_into().expect("as many lanes");
            for (r, sums) in sums.iter_mut().enumerate() {
                let w = w(row + r, k);
                for lane in 0..WIDTH {
                    sums[lane] = x[lane].mul_add(w, sums[lane]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            y[at(row + r) + from..][..WIDTH].copy_from_slice(sums);
        }
        from += WIDTH;
    }
}

/// Adds `Σ a · b` over the lanes, folded, to each of the `sums` of a row and an operand: `a(r)` gives the lanes of the row,
/// `b(k)` those of the operand.
#[inline(always)]
pub(super) fn add_correlations<'v, T: Float>(
    lanes: usize,
    rows: usize,
    operands: usize,
    a: impl Fn(usize) -> &'v [T] + Copy,
    b: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    for row in 0..rows {
        let (a, sums) = (&a(row)[..lanes], &mut sums[row * operands * FOLDED..][..operands * FOLDED]);
        let mut k = 0;
        while k + TILE <= operands {
            let lanes_of = |j: usize| &b(k + j)[..lanes];
            correlate_four(a, [lanes_of(0), lanes_of(1), lanes_of(2), lanes_of(3)], &mut sums[k * FOLDED..]);
            k += TILE;
        }
        while k < operands {
            correlate_one(a, &b(k)[..lanes], &mut sums[k * FOLDED..]);
            k += 1;
        }
    }
}

/// With four accumulators by name: in an array, they would not stay in registers.
#[inline(always)]
fn correlate_four<T: Float>(a: &[T], [b, c, d, e]: [&[T]; TILE], sums: &mut [T]) {
    let none = [T::default(); WIDTH];
    let (mut ab, mut ac, mut ad, mut ae) = (none, none, none, none);
    let mut from = 0;
    while from < a.len() {
        let a = lanes_at(a, from);
        add_product(&mut ab, a, lanes_at(b, from));
        add_product(&mut ac, a, lanes_at(c, from));
        add_product(&mut ad, a, lanes_at(d, from));
        add_product(&mut ae, a, lanes_at(e, from));
        from += WIDTH;
    }
    for (sum, tile) in sums.chunks_exact_mut(FOLDED).zip([ab, ac, ad, ae]) {
        fold(&tile, sum);
    }
}

#[inline(always)]
fn correlate_one<T: Float>(a: &[T], b: &[T], sum: &mut [T]) {
    let mut tile = [T::default(); WIDTH];
    let mut from = 0;
    while from < a.len() {
        add_product(&mut tile, lanes_at(a, from), lanes_at(b, from));
        from += WIDTH;
    }
    fold(&tile, &mut sum[..FOLDED]);
}

#[inline(always)]
fn add_product<T: Float>(sum: &mut [T; WIDTH], a: &[T; WIDTH], b: &[T; WIDTH]) {
    for lane in 0..WIDTH {
        sum[lane] = a[lane].mul_add(b[lane], sum[lane]);
    }
}

#[inline(always)]
fn lanes_at<T, const N: usize>(lanes: &[T], from: usize) -> &[T; N] {
    lanes[from..from + N].try_into().expect("as many lanes")
}

/// Adds the lanes, folded, to `sums`.
#[inline(always)]
pub(super) fn fold<T: Float>(lanes: &[T], sums: &mut [T]) {
    for lanes in lanes.chunks_exact(FOLDED) {
        for (sum, &lane) in sums.iter_mut().zip(lanes) {
            *sum = *sum + lane;
        }
    }
}

/// The sum of folded lanes, as a tree.
#[inline(always)]
pub(super) fn total<T: Float>(folded: &[T]) -> f64 {
    let &[a, b, c, d, e, f, g, h] = lanes_at::<T, FOLDED>(folded, 0);
    (((a + e) + (c + g)) + ((b + f) + (d + h))).double()
}
