//! Inner products over columns of samples, blocked so that sums stay in registers, and softmax.

use super::lanes::Number;
use pulp::Simd;

/// `C` columns of `N` samples each.
pub type Columns<T, const C: usize, const N: usize> = [[T; N]; C];

/// The rows of a part of a flat list, such as those of the neurons of a layer.
#[inline(always)]
pub fn rows<T, const K: usize, const J: usize>(flat: &[T]) -> &[[T; K]; J] {
    flat.as_chunks().0.try_into().expect("as many numbers as rows need")
}

/// As [`rows`], mutable.
#[inline(always)]
pub fn rows_mut<T, const K: usize, const J: usize>(flat: &mut [T]) -> &mut [[T; K]; J] {
    flat.as_chunks_mut().0.try_into().expect("as many numbers as rows need")
}

/// Calls `$tile` with the literal sizes 8 (or as given), 4, 2, 1 to cover `0..$total`.
macro_rules! cover {
    ($total:expr, [$($size:literal)*], |$start:ident, $SIZE:ident| $tile:expr) => {{
        let mut $start = 0;
        $(while $total - $start >= $size {
            const $SIZE: usize = $size;
            $tile;
            $start += $size;
        })*
    }};
}

/// `out[o] = Σᵢ weight(o, i) · x[i]`, sample by sample. A bias is the weight of a column of ones.
#[inline(always)]
pub fn combine<S: Simd, T: Number, const O: usize, const I: usize, const N: usize>(
    simd: S,
    weight: impl Fn(usize, usize) -> T + Copy,
    x: &Columns<T, I, N>,
    out: &mut Columns<T, O, N>,
) {
    cover!(O, [8 4 2 1], |first, WIDTH| combine_tile::<S, T, WIDTH, O, I, N>(simd, weight, x, out, first));
}

#[inline(always)]
fn combine_tile<S: Simd, T: Number, const WIDTH: usize, const O: usize, const I: usize, const N: usize>(
    simd: S,
    weight: impl Fn(usize, usize) -> T,
    x: &Columns<T, I, N>,
    out: &mut Columns<T, O, N>,
    first: usize,
) {
    for v in 0..T::lanes::<S>(&x[0]).0.len() {
        let mut sums = [T::splat(simd, T::ZERO); WIDTH];
        for i in 0..I {
            let x = T::lanes::<S>(&x[i]).0[v];
            for o in 0..WIDTH {
                sums[o] = T::fused(simd, T::splat(simd, weight(first + o, i)), x, sums[o]);
            }
        }
        for o in 0..WIDTH {
            T::lanes_mut::<S>(&mut out[first + o]).0[v] = sums[o];
        }
    }
}

/// `out[o][i] = Σ slopes[o] · x[i]` over the samples: the gradient of weights. Tiles of 4 × 4 fit where there
/// are 32 registers.
#[inline(always)]
pub fn correlate<S: Simd, T: Number, const O: usize, const I: usize, const N: usize>(
    simd: S,
    slopes: &Columns<T, O, N>,
    x: &Columns<T, I, N>,
    out: &mut [[T; I]; O],
) {
    cover!(O, [4 2 1], |o, HEIGHT| cover!(I, [4 2 1], |i, WIDTH| {
        correlate_tile::<S, T, HEIGHT, WIDTH, O, I, N>(simd, slopes, x, out, [o, i]);
    }));
}

#[inline(always)]
fn correlate_tile<
    S: Simd,
    T: Number,
    const HEIGHT: usize,
    const WIDTH: usize,
    const O: usize,
    const I: usize,
    const N: usize,
>(
    simd: S,
    slopes: &Columns<T, O, N>,
    x: &Columns<T, I, N>,
    out: &mut [[T; I]; O],
    [first_o, first_i]: [usize; 2],
) {
    let mut sums = [[T::splat(simd, T::ZERO); WIDTH]; HEIGHT];
    for v in 0..T::lanes::<S>(&x[0]).0.len() {
        for o in 0..HEIGHT {
            let slope = T::lanes::<S>(&slopes[first_o + o]).0[v];
            for i in 0..WIDTH {
                sums[o][i] = T::fused(simd, slope, T::lanes::<S>(&x[first_i + i]).0[v], sums[o][i]);
            }
        }
    }
    for o in 0..HEIGHT {
        for i in 0..WIDTH {
            out[first_o + o][first_i + i] = T::sum(simd, sums[o][i]);
        }
    }
}

/// As [`correlate`], for `x` stored sample by sample, which needs no sums over lanes. `out` has an additional
/// column, for the biases.
#[inline(always)]
pub fn correlate_rows<
    S: Simd,
    T: Number,
    const O: usize,
    const I: usize,
    const WITH_BIAS: usize,
    const N: usize,
>(
    simd: S,
    slopes: &Columns<T, O, N>,
    x: &[[T; I]; N],
    out: &mut [[T; WITH_BIAS]; O],
) {
    const HEIGHT: usize = 4;
    const WIDTH: usize = 4;
    let registers = T::lanes::<S>(&x[0]).0.len();
    for first_o in (0..O).step_by(HEIGHT) {
        for first in (0..registers).step_by(WIDTH) {
            let mut sums = [[T::splat(simd, T::ZERO); WIDTH]; HEIGHT];
            for s in 0..N {
                let x = &T::lanes::<S>(&x[s]).0[first..first + WIDTH];
                for o in 0..HEIGHT {
                    let slope = T::splat(simd, slopes[first_o + o][s]);
                    for i in 0..WIDTH {
                        sums[o][i] = T::fused(simd, slope, x[i], sums[o][i]);
                    }
                }
            }
            for o in 0..HEIGHT {
                let row = T::lanes_mut::<S>(&mut out[first_o + o][..I]).0;
                row[first..first + WIDTH].copy_from_slice(&sums[o]);
            }
        }
    }
    for o in 0..O {
        out[o][I] = sum(simd, &slopes[o]);
    }
}

/// `Σ x`, in as many sums as there are lanes.
#[inline(always)]
pub fn sum<S: Simd, T: Number>(simd: S, x: &[T]) -> T {
    let one = T::splat(simd, T::ONE);
    let (lanes, rest) = T::lanes::<S>(x);
    let sums = lanes.iter().fold(T::splat(simd, T::ZERO), |sums, &x| T::fused(simd, x, one, sums));
    rest.iter().fold(T::sum(simd, sums), |sum, &x| sum + x)
}

/// `Σ x²`, likewise.
#[inline(always)]
pub fn sum_of_squares<S: Simd, T: Number>(simd: S, x: &[T]) -> T {
    let (lanes, rest) = T::lanes::<S>(x);
    let sums = lanes.iter().fold(T::splat(simd, T::ZERO), |sums, &x| T::fused(simd, x, x, sums));
    rest.iter().fold(T::sum(simd, sums), |sum, &x| x.mul_add(x, sum))
}

/// `tanh` of every number.
#[inline(always)]
pub fn tanh<T: Number, const C: usize, const N: usize>(columns: &mut Columns<T, C, N>) {
    for x in columns.as_flattened_mut() {
        *x = x.tanh();
    }
}

/// From derivatives with respect to the outputs `h` of `tanh` to those with respect to its arguments.
#[inline(always)]
pub fn through_tanh<T: Number, const C: usize, const N: usize>(
    slopes: &mut Columns<T, C, N>,
    h: &Columns<T, C, N>,
) {
    for (slope, &h) in slopes.as_flattened_mut().iter_mut().zip(h.as_flattened()) {
        *slope = *slope * (-h).mul_add(h, T::ONE);
    }
}

/// The weights of samples in a mean over `count` of them; padding has weight 0.
pub fn shares<T: Number, const N: usize>(count: usize) -> [T; N] {
    std::array::from_fn(|s| if s < count { T::of(1.0 / count as f64) } else { T::ZERO })
}

/// The mean cross entropy; overwrites the scores with the derivatives. `targets` are one-hot times `shares`.
#[inline(always)]
pub fn cross_entropy<S: Simd, T: Number, const C: usize, const N: usize>(
    simd: S,
    scores: &mut Columns<T, C, N>,
    targets: &Columns<T, C, N>,
    shares: &[T; N],
) -> f64 {
    // A loss is `ln Σ exp(score − top) + top − score of the class`; `rest` is the part without the logarithm.
    let (mut top, mut rest, mut total) = (scores[0], [T::ZERO; N], [T::ZERO; N]);
    for scores in &scores[1..] {
        for s in 0..N {
            top[s] = scores[s].at_least(top[s]);
        }
    }
    for s in 0..N {
        rest[s] = top[s] * shares[s];
    }
    for (scores, targets) in scores.iter_mut().zip(targets) {
        for s in 0..N {
            rest[s] -= targets[s] * scores[s];
            scores[s] = (scores[s] - top[s]).exp();
            total[s] += scores[s];
        }
    }
    let mut scale = [T::ZERO; N];
    for s in 0..N {
        scale[s] = shares[s] / total[s];
    }
    for (scores, targets) in scores.iter_mut().zip(targets) {
        for s in 0..N {
            scores[s] = scores[s] * scale[s] - targets[s];
        }
    }
    shares[0].to_f64() * logarithm_of_product(&total, shares) + sum(simd, &rest).to_f64()
}

/// `Σ ln total` over the samples with weight. Since totals are between 1 and the number of classes, many can be
/// multiplied before the logarithm is taken.
#[inline(always)]
fn logarithm_of_product<T: Number, const N: usize>(total: &[T; N], shares: &[T; N]) -> f64 {
    const GROUPS: usize = 8;
    let mut products = [1.0; GROUPS];
    for (total, shares) in total.as_chunks::<GROUPS>().0.iter().zip(shares.as_chunks::<GROUPS>().0) {
        for k in 0..GROUPS {
            products[k] *= if shares[k] > T::ZERO { total[k].to_f64() } else { 1.0 };
        }
    }
    products.iter().product::<f64>().ln()
}
