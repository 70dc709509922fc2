//! Sums of products side by side, and sums over the results of a run. The order of summation does not depend on the machine.

use super::seen::Seen;
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Lanes;
use crate::function::schedule::Operand;
use pulp::Simd;

/// `yᵢ = Σₖ aₖᵢ bₖᵢ + cᵢ` for all results, from left to right, every operation rounded.
#[inline(always)]
pub(super) fn sums_of_products<T: Lanes, S: Simd>(
    simd: S,
    seen: Seen<'_, T>,
    pairs: impl Iterator<Item = (Operand, Operand)> + Clone,
    offset: Option<Operand>,
    y: &mut [T],
) {
    sums(simd, y, |first, sums| {
        for (a, b) in pairs.clone() {
            for (k, sum) in sums.iter_mut().enumerate() {
                let (a, b) = (load(simd, seen, a, first, k), load(simd, seen, b, first, k));
                *sum = T::add(simd, *sum, T::mul(simd, a, b));
            }
        }
        add_term(simd, seen, offset, first, sums);
    });
}

/// `yᵢ = Σₖ aₖᵢ` for all results, from left to right.
#[inline(always)]
pub(super) fn sums_of_terms<T: Lanes, S: Simd>(simd: S, seen: Seen<'_, T>, terms: &[Operand], y: &mut [T]) {
    sums(simd, y, |first, sums| {
        for &term in terms {
            add_term(simd, seen, Some(term), first, sums);
        }
    });
}

/// Sums in registers, group by group: `add_up` adds the terms of the results from `first` on.
#[inline(always)]
fn sums<T: Lanes, S: Simd>(simd: S, y: &mut [T], add_up: impl Fn(usize, &mut [T::Vector<S>])) {
    let registers = WIDTH * size_of::<T>() / size_of::<T::Vector<S>>();
    for (group, y) in y.chunks_exact_mut(WIDTH).enumerate() {
        let mut sums = [T::splat(simd, T::NOTHING); WIDTH];
        let sums = &mut sums[..registers];
        add_up(group * WIDTH, sums);
        T::vectors_mut::<S>(y).copy_from_slice(sums);
    }
}

/// Adds a term, if there is one, to each sum.
#[inline(always)]
fn add_term<T: Lanes, S: Simd>(
    simd: S,
    seen: Seen<'_, T>,
    term: Option<Operand>,
    first: usize,
    sums: &mut [T::Vector<S>],
) {
    let Some(term) = term else { return };
    for (k, sum) in sums.iter_mut().enumerate() {
        *sum = T::add(simd, *sum, load(simd, seen, term, first, k));
    }
}

/// Register `k` of an operand, from the result `first` on.
#[inline(always)]
fn load<T: Lanes, S: Simd>(
    simd: S,
    seen: Seen<'_, T>,
    operand: Operand,
    first: usize,
    k: usize,
) -> T::Vector<S> {
    if operand.is_same {
        T::splat(simd, seen.same(operand))
    } else {
        T::vectors::<S>(seen.slice(operand.at as usize + first, WIDTH))[k]
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
