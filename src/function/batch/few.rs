//! Sums of products in blocks of few samples, whose lanes do not fill a register: registers hold operands or rows instead.
//! Every sum has the terms and the order that it would have in a block of more lanes, but for the terms of lanes without a
//! sample, which are zeros.

use super::matmul::{all, cover};
use crate::function::lanes::float::Float;

/// Runs code for a number of lanes that the compiler knows.
macro_rules! with_lanes {
    ($lanes:expr, |$LANES:ident| $run:expr) => {
        match $lanes {
            1 => with_lanes!(@ 1, $LANES, $run),
            2 => with_lanes!(@ 2, $LANES, $run),
            4 => with_lanes!(@ 4, $LANES, $run),
            8 => with_lanes!(@ 8, $LANES, $run),
            lanes => unreachable!("few lanes, not {lanes}"),
        }
    };
    (@ $lanes:literal, $LANES:ident, $run:expr) => {{
        const $LANES: usize = $lanes;
        $run
    }};
}
pub(super) use with_lanes;

/// `yᵣ = offsetᵣ + Σₖ wᵣₖ xₖ`, or without offsets if there are none: `weights` are row by row, `x(k)` gives the lanes of
/// operand `k`, and `y` has the lanes of all rows.
#[inline(always)]
pub(super) fn add_products<'v, T: Float, const LANES: usize>(
    weights: &[T],
    offsets: &[T],
    [rows, operands]: [usize; 2],
    x: impl Fn(usize) -> &'v [T] + Copy,
    y: &mut [T],
) {
    cover!(rows, [8 4 2 1], all, |row, ROWS| {
        let mut sums = [[T::NOTHING; LANES]; ROWS];
        let mut weights_of: [&[T]; ROWS] = [&[]; ROWS];
        for r in 0..ROWS {
            weights_of[r] = &weights[(row + r) * operands..][..operands];
            if !offsets.is_empty() {
                sums[r] = [offsets[row + r]; LANES];
            }
        }
        for k in 0..operands {
            let x: [T; LANES] = lanes_of(x(k));
            for r in 0..ROWS {
                for lane in 0..LANES {
                    sums[r][lane] = T::plus_product(sums[r][lane], x[lane], weights_of[r][k]);
                }
            }
        }
        for r in 0..ROWS {
            y[(row + r) * LANES..][..LANES].copy_from_slice(&sums[r]);
        }
    });
}

/// `yₖ = Σᵣ wᵣₖ aᵣ`, or that added to `yₖ`: the lanes of `yₖ` start at `y[at(k)]`. Only if `apart` is false may several of
/// them be the same.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // a product of matrices and how they lie in memory
pub(super) fn add_products_of_columns<'v, T: Float, const LANES: usize>(
    weights: &[T],
    [rows, operands]: [usize; 2],
    is_first: bool,
    a: impl Fn(usize) -> &'v [T] + Copy,
    y: &mut [T],
    at: impl Fn(usize) -> usize + Copy,
    apart: bool,
) {
    cover!(operands, [8 4 2 1], |_| apart, |first, OPERANDS| {
        let mut sums = [[T::default(); OPERANDS]; LANES];
        if !is_first {
            for k in 0..OPERANDS {
                let y: [T; LANES] = lanes_of(&y[at(first + k)..]);
                for lane in 0..LANES {
                    sums[lane][k] = y[lane];
                }
            }
        }
        for row in 0..rows {
            let weights: [T; OPERANDS] = lanes_of(&weights[row * operands + first..]);
            let a: [T; LANES] = lanes_of(a(row));
            for lane in 0..LANES {
                for k in 0..OPERANDS {
                    sums[lane][k] = T::plus_product(sums[lane][k], a[lane], weights[k]);
                }
            }
        }
        for k in 0..OPERANDS {
            let y = &mut y[at(first + k)..][..LANES];
            for lane in 0..LANES {
                y[lane] = sums[lane][k];
            }
        }
    });
}

/// For each row and operand, adds `Σ a · b` over the lanes to its entry of `sums`: `a(r)` gives the lanes of row `r`, and `b`
/// has the numbers of all operands sample by sample.
#[inline(always)]
pub(super) fn add_correlations<'v, T: Float, const LANES: usize>(
    [rows, operands]: [usize; 2],
    a: impl Fn(usize) -> &'v [T] + Copy,
    b: &[T],
    sums: &mut [T],
) {
    cover!(operands, [8 4 2 1], all, |first, OPERANDS| {
        let mut numbers = [[T::default(); OPERANDS]; LANES];
        for lane in 0..LANES {
            numbers[lane] = lanes_of(&b[lane * operands + first..]);
        }
        for row in 0..rows {
            let a: [T; LANES] = lanes_of(a(row));
            let mut terms = numbers;
            for lane in 0..LANES {
                for k in 0..OPERANDS {
                    terms[lane][k] = terms[lane][k] * a[lane];
                }
            }
            let mut half = LANES / 2;
            while half > 0 {
                for lane in 0..half {
                    for k in 0..OPERANDS {
                        terms[lane][k] = terms[lane][k] + terms[lane + half][k];
                    }
                }
                half /= 2;
            }
            let sums = &mut sums[row * operands + first..][..OPERANDS];
            for k in 0..OPERANDS {
                sums[k] = sums[k] + terms[0][k];
            }
        }
    });
}

/// Adds the sum of the lanes `a(r)` of each row to its entry of `sums`.
#[inline(always)]
pub(super) fn add_totals<'v, T: Float, const LANES: usize>(
    a: impl Fn(usize) -> &'v [T] + Copy,
    sums: &mut [T],
) {
    for (row, sum) in sums.iter_mut().enumerate() {
        let mut lanes: [T; LANES] = lanes_of(a(row));
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] = lanes[lane] + lanes[lane + half];
            }
            half /= 2;
        }
        *sum = *sum + lanes[0];
    }
}

/// The first so many numbers.
#[inline(always)]
fn lanes_of<T: Copy + Default, const LANES: usize>(numbers: &[T]) -> [T; LANES] {
    numbers[..LANES].try_into().expect("as many numbers")
}
