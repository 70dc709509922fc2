//! Sums of products over lanes: tiles of rows and operands whose sums stay in registers.

use super::float::Float;
use super::pack::WIDTH;

/// Rows or operands that are done together.
const TILE: usize = 4;
/// Into so many lanes the derivative by a weight is summed; they are added up once, at the end of a leaf.
pub(super) const FOLDED: usize = 8;

/// `yᵣ += Σₖ wᵣₖ xₖ` in all lanes: `x(k)` gives the lanes of an operand, `w(r, k)` a weight; `y` holds the lanes of the rows,
/// each from `at(r)` on.
#[inline(always)]
pub(super) fn add_products<'v, T: Float>(
    lanes: usize,
    rows: usize,
    operands: usize,
    x: impl Fn(usize) -> &'v [T] + Copy,
    w: impl Fn(usize, usize) -> T + Copy,
    y: &mut [T],
    at: impl Fn(usize) -> usize + Copy,
) {
    let mut row = 0;
    while row + TILE <= rows {
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
    for row in (0..rows / 2 * 2).step_by(2) {
        let mut k = 0;
        while k + TILE <= operands {
            correlation::<T, 2, TILE>(lanes, row, k, operands, a, b, sums);
            k += TILE;
        }
        while k < operands {
            correlation::<T, 2, 1>(lanes, row, k, operands, a, b, sums);
            k += 1;
        }
    }
    if rows % 2 == 1 {
        let mut k = 0;
        while k + TILE <= operands {
            correlation::<T, 1, TILE>(lanes, rows - 1, k, operands, a, b, sums);
            k += TILE;
        }
        while k < operands {
            correlation::<T, 1, 1>(lanes, rows - 1, k, operands, a, b, sums);
            k += 1;
        }
    }
}

#[inline(always)]
fn correlation<'v, T: Float, const ROWS: usize, const OPERANDS: usize>(
    lanes: usize,
    row: usize,
    operand: usize,
    operands: usize,
    a: impl Fn(usize) -> &'v [T] + Copy,
    b: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    let a: [&[T]; ROWS] = std::array::from_fn(|r| &a(row + r)[..lanes]);
    let b: [&[T]; OPERANDS] = std::array::from_fn(|k| &b(operand + k)[..lanes]);
    let mut tile = [[[T::default(); FOLDED]; OPERANDS]; ROWS];
    let mut from = 0;
    while from + FOLDED <= lanes {
        let a: [&[T; FOLDED]; ROWS] = std::array::from_fn(|r| lanes_at(a[r], from));
        let b: [&[T; FOLDED]; OPERANDS] = std::array::from_fn(|k| lanes_at(b[k], from));
        for r in 0..ROWS {
            for k in 0..OPERANDS {
                for lane in 0..FOLDED {
                    tile[r][k][lane] = a[r][lane].mul_add(b[k][lane], tile[r][k][lane]);
                }
            }
        }
        from += FOLDED;
    }
    for (r, tile) in tile.iter().enumerate() {
        for (k, tile) in tile.iter().enumerate() {
            let sums = &mut sums[((row + r) * operands + operand + k) * FOLDED..][..FOLDED];
            for lane in 0..FOLDED {
                sums[lane] = sums[lane] + tile[lane];
            }
        }
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
