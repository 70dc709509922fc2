//! Sums of products side by side, and sums over the results of a run. The order of summation does not depend on the machine.

use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Lanes;
use crate::function::schedule::Operand;
use pulp::Simd;
use std::ops::Range;

/// `yᵢ = Σₖ aₖᵢ bₖᵢ + cᵢ` for all results, from left to right, every operation rounded.
#[inline(always)]
pub(super) fn sums_of_products<T: Lanes, S: Simd>(
    simd: S,
    values: &mut [T],
    pairs: impl Iterator<Item = (Operand, Operand)> + Clone,
    offset: Option<Operand>,
    results: Range<usize>,
) {
    sums(
        simd,
        values,
        results,
        #[inline(always)]
        |values, first, sums| {
            for (a, b) in pairs.clone() {
                for (k, sum) in sums.iter_mut().enumerate() {
                    let (a, b) = (load(simd, values, a, first, k), load(simd, values, b, first, k));
                    *sum = T::add(simd, *sum, T::mul(simd, a, b));
                }
            }
            add_term(simd, values, offset, first, sums);
        },
    );
}

/// `yᵢ = Σₖ aₖᵢ` for all results, from left to right.
#[inline(always)]
pub(super) fn sums_of_terms<T: Lanes, S: Simd>(
    simd: S,
    values: &mut [T],
    terms: &[Operand],
    results: Range<usize>,
) {
    sums(
        simd,
        values,
        results,
        #[inline(always)]
        |values, first, sums| {
            for &term in terms {
                add_term(simd, values, Some(term), first, sums);
            }
        },
    );
}

/// Sums in registers, group by group: `add_up` adds the terms of the results from the given one on.
#[inline(always)]
fn sums<T: Lanes, S: Simd>(
    simd: S,
    values: &mut [T],
    results: Range<usize>,
    add_up: impl Fn(&[T], usize, &mut [T::Vector<S>]),
) {
    let registers = WIDTH * size_of::<T>() / size_of::<T::Vector<S>>();
    for first in (0..results.len()).step_by(WIDTH) {
        let mut sums = [T::splat(simd, T::NOTHING); WIDTH];
        let sums = &mut sums[..registers];
        add_up(values, first, sums);
        T::vectors_mut::<S>(&mut values[results.start + first..][..WIDTH]).copy_from_slice(sums);
    }
}

/// Adds a term, if there is one, to each sum.
#[inline(always)]
fn add_term<T: Lanes, S: Simd>(
    simd: S,
    values: &[T],
    term: Option<Operand>,
    first: usize,
    sums: &mut [T::Vector<S>],
) {
    let Some(term) = term else { return };
    for (k, sum) in sums.iter_mut().enumerate() {
        *sum = T::add(simd, *sum, load(simd, values, term, first, k));
    }
}

/// Register `k` of an operand, from the result `first` on.
#[inline(always)]
fn load<T: Lanes, S: Simd>(simd: S, values: &[T], operand: Operand, first: usize, k: usize) -> T::Vector<S> {
    let at = operand.at as usize;
    if operand.is_same {
        T::splat(simd, values[at])
    } else {
        T::vectors::<S>(&values[at + first..][..WIDTH])[k]
    }
}

/// The sum of these numbers.
#[inline(always)]
pub(super) fn total<T: Float>(numbers: &[T]) -> T {
    let mut sums = [T::NOTHING; WIDTH];
    let (whole, rest) = numbers.split_at(numbers.len() / WIDTH * WIDTH);
    for group in whole.chunks_exact(WIDTH) {
        for (sum, &number) in sums.iter_mut().zip(group) {
            *sum = *sum + number;
        }
    }
    halved(sums, rest.iter().copied())
}

/// The sum of the products of these numbers.
#[inline(always)]
pub(super) fn inner_product<T: Float>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::NOTHING; WIDTH];
    let whole = a.len() / WIDTH * WIDTH;
    for (a, b) in a[..whole].chunks_exact(WIDTH).zip(b[..whole].chunks_exact(WIDTH)) {
        for k in 0..WIDTH {
            sums[k] = sums[k] + a[k] * b[k];
        }
    }
    halved(sums, a[whole..].iter().zip(&b[whole..]).map(|(&a, &b)| a * b))
}

/// The sum of partial sums and of a rest.
#[inline(always)]
fn halved<T: Float>(mut sums: [T; WIDTH], rest: impl Iterator<Item = T>) -> T {
    for (sum, number) in sums.iter_mut().zip(rest) {
        *sum = *sum + number;
    }
    let mut half = WIDTH / 2;
    while half > 0 {
        for k in 0..half {
            sums[k] = sums[k] + sums[k + half];
        }
        half /= 2;
    }
    sums[0]
}
