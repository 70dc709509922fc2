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
                // A factor that is the same for all comes first.
                let (a, b) = if b.is_same { (b, a) } else { (a, b) };
                if a.is_same && b.is_same {
                    let [a, b] = [a, b].map(|factor| T::splat(simd, values[factor.at as usize]));
                    let product = T::mul(simd, a, b);
                    sums.iter_mut().for_each(|sum| *sum = T::add(simd, *sum, product));
                    continue;
                }
                if a.is_same {
                    let factor = T::splat(simd, values[a.at as usize]);
                    let others = load::<T, S>(values, b, first, sums.len());
                    for (sum, &other) in sums.iter_mut().zip(others) {
                        *sum = T::add(simd, *sum, T::mul(simd, factor, other));
                    }
                } else {
                    let factors = load::<T, S>(values, a, first, sums.len());
                    let others = load::<T, S>(values, b, first, sums.len());
                    for ((sum, &factor), &other) in sums.iter_mut().zip(factors).zip(others) {
                        *sum = T::add(simd, *sum, T::mul(simd, factor, other));
                    }
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

/// Sums in registers, group by group, two packets at once: `add_up` adds the terms of the results from the given one on.
#[inline(always)]
fn sums<T: Lanes, S: Simd>(
    simd: S,
    values: &mut [T],
    results: Range<usize>,
    add_up: impl Fn(&[T], usize, &mut [T::Vector<S>]),
) {
    let mut first = 0;
    // The number of registers is a constant, so that the sums stay in them.
    match registers::<T, S>() {
        1 => {
            while first + WIDTH < results.len() {
                group::<T, S, 2>(simd, values, &results, &mut first, &add_up);
            }
        }
        2 => {
            while first + WIDTH < results.len() {
                group::<T, S, 4>(simd, values, &results, &mut first, &add_up);
            }
        }
        4 => {
            while first + WIDTH < results.len() {
                group::<T, S, 8>(simd, values, &results, &mut first, &add_up);
            }
        }
        _ => {}
    }
    while first < results.len() {
        match registers::<T, S>() {
            1 => group::<T, S, 1>(simd, values, &results, &mut first, &add_up),
            2 => group::<T, S, 2>(simd, values, &results, &mut first, &add_up),
            4 => group::<T, S, 4>(simd, values, &results, &mut first, &add_up),
            8 => group::<T, S, 8>(simd, values, &results, &mut first, &add_up),
            _ => group::<T, S, WIDTH>(simd, values, &results, &mut first, &add_up),
        }
    }
}

/// The results from `first` on that fill this many registers.
#[inline(always)]
fn group<T: Lanes, S: Simd, const REGISTERS: usize>(
    simd: S,
    values: &mut [T],
    results: &Range<usize>,
    first: &mut usize,
    add_up: &impl Fn(&[T], usize, &mut [T::Vector<S>]),
) {
    let mut sums = [T::splat(simd, T::NOTHING); REGISTERS];
    add_up(values, *first, &mut sums);
    let lanes = REGISTERS * size_of::<T::Vector<S>>() / size_of::<T>();
    T::vectors_mut::<S>(&mut values[results.start + *first..][..lanes]).copy_from_slice(&sums);
    *first += lanes;
}

/// How many registers a packet fills.
const fn registers<T: Lanes, S: Simd>() -> usize {
    WIDTH * size_of::<T>() / size_of::<T::Vector<S>>()
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
    if term.is_same {
        let term = T::splat(simd, values[term.at as usize]);
        sums.iter_mut().for_each(|sum| *sum = T::add(simd, *sum, term));
    } else {
        let terms = load::<T, S>(values, term, first, sums.len());
        sums.iter_mut().zip(terms).for_each(|(sum, &term)| *sum = T::add(simd, *sum, term));
    }
}

/// This many registers of an operand, from the result `first` on.
#[inline(always)]
fn load<T: Lanes, S: Simd>(
    values: &[T],
    operand: Operand,
    first: usize,
    registers: usize,
) -> &[T::Vector<S>] {
    let numbers = registers * size_of::<T::Vector<S>>() / size_of::<T>();
    T::vectors::<S>(&values[operand.at as usize + first..][..numbers])
}

/// The sum of the first `len` numbers; whole packets are read.
#[inline(always)]
pub(super) fn total<T: Float, S: Simd>(simd: S, numbers: &[T], len: usize) -> T {
    let [sum] = summed(simd, len, None, [numbers]);
    sum
}

/// The inner products of the first `len` numbers with those of others; whole packets are read.
#[inline(always)]
pub(super) fn inner_products<T: Float, S: Simd, const N: usize>(
    simd: S,
    a: &[T],
    others: [&[T]; N],
    len: usize,
) -> [T; N] {
    summed(simd, len, Some(a), others)
}

/// Sums of `len` numbers of each list, or of their products with the `factors`: in lanes, of which the upper half is added to
/// the lower one until one is left.
#[inline(always)]
fn summed<T: Float, S: Simd, const N: usize>(
    simd: S,
    len: usize,
    factors: Option<&[T]>,
    lists: [&[T]; N],
) -> [T; N] {
    match registers::<T, S>() {
        1 => summed_in::<T, S, N, 1>(simd, len, factors, lists),
        2 => summed_in::<T, S, N, 2>(simd, len, factors, lists),
        4 => summed_in::<T, S, N, 4>(simd, len, factors, lists),
        8 => summed_in::<T, S, N, 8>(simd, len, factors, lists),
        _ => summed_in::<T, S, N, WIDTH>(simd, len, factors, lists),
    }
}

/// As [`summed`], with this number of registers in a packet.
#[inline(always)]
fn summed_in<T: Float, S: Simd, const N: usize, const REGISTERS: usize>(
    simd: S,
    len: usize,
    factors: Option<&[T]>,
    lists: [&[T]; N],
) -> [T; N] {
    let nothing = T::splat(simd, T::NOTHING);
    let mut sums = [[nothing; REGISTERS]; N];
    let whole = len / WIDTH * WIDTH;
    let bound = T::splat(simd, T::NUMBERS[len - whole]);
    for first in (0..len).step_by(WIDTH) {
        let factors = factors.map(|factors| packet::<T, S>(factors, first));
        for n in 0..N {
            let numbers = packet::<T, S>(lists[n], first);
            for r in 0..REGISTERS {
                let term = match factors {
                    Some(factors) => <T as Lanes>::mul(simd, factors[r], numbers[r]),
                    None => numbers[r],
                };
                let term = match first < whole {
                    true => term,
                    false => T::where_below(simd, T::vectors::<S>(&T::NUMBERS)[r], bound, term, nothing),
                };
                sums[n][r] = <T as Lanes>::add(simd, sums[n][r], term);
            }
        }
    }
    let mut totals = [T::NOTHING; N];
    for n in 0..N {
        let mut lanes = [T::NOTHING; WIDTH];
        T::vectors_mut::<S>(&mut lanes).copy_from_slice(&sums[n]);
        totals[n] = halved(lanes);
    }
    totals
}

/// The registers of a packet.
#[inline(always)]
fn packet<T: Lanes, S: Simd>(numbers: &[T], first: usize) -> &[T::Vector<S>] {
    T::vectors::<S>(&numbers[first..][..WIDTH])
}

#[inline(always)]
fn halved<T: Float>(mut lanes: [T; WIDTH]) -> T {
    let mut half = WIDTH / 2;
    while half > 0 {
        for k in 0..half {
            lanes[k] = lanes[k] + lanes[k + half];
        }
        half /= 2;
    }
    lanes[0]
}
