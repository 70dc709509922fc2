//! Contributions that are multiples of adjoints: most of a sweep.

use super::sums::{inner_products, total};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Lanes;
use crate::function::schedule::{Contribution, Destination, Operand, Write};
use pulp::Simd;

/// How many sums over the elements of a run are computed at once: their adjoints are read once.
const AT_ONCE: usize = 4;

/// From `len` adjoints to operands.
#[inline(always)]
pub(super) fn contribute<T: Float, S: Simd>(
    simd: S,
    from: Operand,
    len: usize,
    contributions: &[Contribution],
    values: &[T],
    adjoints: &mut [T],
) {
    let mut rest = contributions;
    while let Some((first, others)) = rest.split_first() {
        let now =
            rest.first_chunk::<AT_ONCE>().filter(|now| !from.is_same && now.iter().all(is_inner_product));
        if let Some(now) = now {
            let of = |contribution: &Contribution| contribution.value.map_or(0, |value| value.at as usize);
            let others = now.each_ref().map(|contribution| &values[of(contribution)..][..len + WIDTH]);
            let sums = inner_products(simd, &adjoints[from.at as usize..][..len + WIDTH], others, len);
            for (contribution, sum) in now.iter().zip(sums) {
                put(T::of(contribution.by) * sum, contribution.to, adjoints);
            }
            rest = &rest[AT_ONCE..];
        } else {
            one(simd, from, len, first, values, adjoints);
            rest = others;
        }
    }
}

fn is_inner_product(contribution: &Contribution) -> bool {
    contribution.is_sum && contribution.value.is_some_and(|value| !value.is_same)
}

#[inline(always)]
fn one<T: Float, S: Simd>(
    simd: S,
    from: Operand,
    len: usize,
    contribution: &Contribution,
    values: &[T],
    adjoints: &mut [T],
) {
    let &Contribution { by, value, to, is_sum } = contribution;
    let mut scale = T::of(by);
    if from.is_same {
        scale = scale * adjoints[from.at as usize];
    }
    if let Some(value) = value.filter(|value| value.is_same) {
        scale = scale * values[value.at as usize];
    }
    let start = from.at as usize;
    let room = len + WIDTH;
    let others = value.filter(|value| !value.is_same).map(|value| &values[value.at as usize..][..room]);
    if is_sum {
        let sum = match (from.is_same, others) {
            (true, None) => T::of(len as f64),
            (true, Some(others)) => total(simd, others, len),
            (false, None) => total(simd, &adjoints[start..][..room], len),
            (false, Some(others)) => {
                let [sum] = inner_products(simd, &adjoints[start..][..room], [others], len);
                sum
            }
        };
        return put(scale * sum, to, adjoints);
    }
    let (to, write) = (to.at as usize, to.write);
    let scales = T::splat(simd, scale);
    if from.is_same {
        let to = &mut adjoints[to..][..room];
        return match others {
            None => each(
                simd,
                to,
                len,
                write,
                [],
                #[inline(always)]
                |[]: [T::Vector<S>; 0]| scales,
            ),
            Some(others) => each(
                simd,
                to,
                len,
                write,
                [others],
                #[inline(always)]
                |[other]| <T as Lanes>::mul(simd, scales, other),
            ),
        };
    }
    let (to, adjoint) = if to < start {
        let (before, after) = adjoints.split_at_mut(start);
        (&mut before[to..], &after[..room])
    } else {
        let (before, after) = adjoints.split_at_mut(to);
        (after, &before[start..])
    };
    match others {
        None => each(
            simd,
            to,
            len,
            write,
            [adjoint],
            #[inline(always)]
            |[adjoint]| <T as Lanes>::mul(simd, scales, adjoint),
        ),
        Some(others) => each(
            simd,
            to,
            len,
            write,
            [others, adjoint],
            #[inline(always)]
            |[other, adjoint]| <T as Lanes>::mul(simd, <T as Lanes>::mul(simd, scales, other), adjoint),
        ),
    }
}

/// Writes or adds one contribution.
#[inline(always)]
pub(super) fn put<T: Float>(term: T, to: Destination, adjoints: &mut [T]) {
    let at = &mut adjoints[to.at as usize];
    match to.write {
        Write::Nothing => {}
        Write::Set => *at = term,
        Write::Add => *at = *at + term,
    }
}

/// Writes or adds `len` contributions, which are made of numbers of lists. Whole packets are read and written: what is behind
/// keeps its value.
#[inline(always)]
pub(super) fn each<T: Lanes, S: Simd, const N: usize>(
    simd: S,
    to: &mut [T],
    len: usize,
    write: Write,
    from: [&[T]; N],
    term: impl Fn([T::Vector<S>; N]) -> T::Vector<S>,
) {
    match write {
        Write::Nothing => {}
        Write::Set => each_of(
            simd,
            to,
            len,
            from,
            #[inline(always)]
            |_, from| term(from),
        ),
        Write::Add => each_of(
            simd,
            to,
            len,
            from,
            #[inline(always)]
            |old, from| T::add(simd, old, term(from)),
        ),
    }
}

#[inline(always)]
fn each_of<T: Lanes, S: Simd, const N: usize>(
    simd: S,
    to: &mut [T],
    len: usize,
    from: [&[T]; N],
    new: impl Fn(T::Vector<S>, [T::Vector<S>; N]) -> T::Vector<S>,
) {
    let whole = len / WIDTH * WIDTH;
    let registers = WIDTH * size_of::<T>() / size_of::<T::Vector<S>>();
    for first in (0..len).step_by(WIDTH) {
        let to = &mut T::vectors_mut::<S>(&mut to[first..][..WIDTH])[..registers];
        let mut packets: [&[T::Vector<S>]; N] = [&[]; N];
        for n in 0..N {
            packets[n] = &T::vectors::<S>(&from[n][first..][..WIDTH])[..registers];
        }
        let mut now = [T::splat(simd, T::NOTHING); N];
        let bound = T::splat(simd, T::NUMBERS[(len - whole) % WIDTH]);
        for r in 0..registers {
            for n in 0..N {
                now[n] = packets[n][r];
            }
            let new = new(to[r], now);
            to[r] = match first < whole {
                true => new,
                false => T::where_below(simd, T::vectors::<S>(&T::NUMBERS)[r], bound, new, to[r]),
            };
        }
    }
}
