//! Contributions that are multiples of adjoints: most of a sweep.

use super::seen::Seen;
use super::sums::{inner_products, total};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Lanes;
use crate::function::schedule::{Contribution, Destination, Write};
use pulp::Simd;

/// How many sums with the same adjoints, and how many contributions to the same adjoints, are computed at once: what they
/// have in common is read and written once.
const AT_ONCE: usize = 4;

/// Contributions to adjoints.
#[inline(always)]
pub(super) fn contribute<T: Float, S: Simd>(
    simd: S,
    contributions: &[Contribution],
    values: &[T],
    adjoints: &mut [T],
) {
    let mut rest = contributions;
    while let Some(first) = rest.first() {
        if first.len == 1 {
            number(first, values, adjoints);
            rest = &rest[1..];
            continue;
        }
        let kind = Kind::of(first);
        let goes_on = |it: &&Contribution| kind != Kind::Other && is_like(it, first) && Kind::of(it) == kind;
        let now;
        (now, rest) = rest.split_at(rest.iter().take(AT_ONCE).take_while(goes_on).count().max(1));
        match (kind, now) {
            (Kind::Inner, &[a, b, c, d]) => inner(simd, &[a, b, c, d], values, adjoints),
            (Kind::Scaled, &[a, b]) => scaled(simd, &[a, b], values, adjoints),
            (Kind::Scaled, &[a, b, c]) => scaled(simd, &[a, b, c], values, adjoints),
            (Kind::Scaled, &[a, b, c, d]) => scaled(simd, &[a, b, c, d], values, adjoints),
            (Kind::Products, &[a, b]) => products::<T, S, 2, 4>(simd, &[a, b], values, adjoints),
            (Kind::Products, &[a, b, c]) => products::<T, S, 3, 6>(simd, &[a, b, c], values, adjoints),
            (Kind::Products, &[a, b, c, d]) => products::<T, S, 4, 8>(simd, &[a, b, c, d], values, adjoints),
            _ => now.iter().for_each(
                #[inline(always)]
                |it| one(simd, it, values, adjoints),
            ),
        }
    }
}

/// What contributions have in common that are computed at once.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A sum of products of adjoints with values.
    Inner,
    /// Adjoints times one number each.
    Scaled,
    /// Products of adjoints with values.
    Products,
    Other,
}

impl Kind {
    #[inline(always)]
    fn of(it: &Contribution) -> Kind {
        match (it.from.is_same, it.value.is_some_and(|value| !value.is_same), it.is_sum) {
            (false, true, true) => Kind::Inner,
            (false, true, false) => Kind::Products,
            (false, false, false) => Kind::Scaled,
            _ => Kind::Other,
        }
    }
}

/// Whether two contributions of one kind have the same adjoints, if they are sums, or the same place.
#[inline(always)]
fn is_like(it: &Contribution, other: &Contribution) -> bool {
    it.len == other.len && if it.is_sum { it.from == other.from } else { it.to.at == other.to.at }
}

/// Inner products of the same adjoints with several values.
#[inline(always)]
fn inner<T: Float, S: Simd>(
    simd: S,
    contributions: &[Contribution; AT_ONCE],
    values: &[T],
    adjoints: &mut [T],
) {
    let len = contributions[0].len;
    let mut others: [&[T]; AT_ONCE] = [&[]; AT_ONCE];
    for (others, contribution) in others.iter_mut().zip(contributions) {
        let at = contribution.value.map_or(0, |value| value.at as usize);
        *others = &values[at..][..len + WIDTH];
    }
    let sums =
        inner_products(simd, &adjoints[contributions[0].from.at as usize..][..len + WIDTH], others, len);
    for (contribution, sum) in contributions.iter().zip(sums) {
        put(T::of(contribution.by) * sum, contribution.to, adjoints);
    }
}

/// Several adjoints, each times a number, to the same place.
#[inline(always)]
fn scaled<T: Float, S: Simd, const N: usize>(
    simd: S,
    contributions: &[Contribution; N],
    values: &[T],
    adjoints: &mut [T],
) {
    let len = contributions[0].len;
    let Destination { at, write } = contributions[0].to;
    let (to, others) = Seen::around(adjoints, at as usize, len + WIDTH);
    let mut scales = [T::splat(simd, T::NOTHING); N];
    let mut from: [&[T]; N] = [&[]; N];
    for (k, contribution) in contributions.iter().enumerate() {
        let scale = contribution.value.map_or(T::of(1.0), |value| values[value.at as usize]);
        scales[k] = T::splat(simd, T::of(contribution.by) * scale);
        from[k] = others.slice(contribution.from.at as usize, len + WIDTH);
    }
    each(
        simd,
        to,
        len,
        write,
        from,
        #[inline(always)]
        |adjoints| {
            let mut sum = <T as Lanes>::mul(simd, scales[0], adjoints[0]);
            for k in 1..N {
                sum = <T as Lanes>::add(simd, sum, <T as Lanes>::mul(simd, scales[k], adjoints[k]));
            }
            sum
        },
    );
}

/// Several products of adjoints and values, each times a number, to the same place; `LISTS`: two of each of `N`.
#[inline(always)]
fn products<T: Float, S: Simd, const N: usize, const LISTS: usize>(
    simd: S,
    contributions: &[Contribution; N],
    values: &[T],
    adjoints: &mut [T],
) {
    let len = contributions[0].len;
    let Destination { at, write } = contributions[0].to;
    let (to, others) = Seen::around(adjoints, at as usize, len + WIDTH);
    let mut scales = [T::splat(simd, T::NOTHING); N];
    let mut from: [&[T]; LISTS] = [&[]; LISTS];
    for (k, contribution) in contributions.iter().enumerate() {
        scales[k] = T::splat(simd, T::of(contribution.by));
        let value = contribution.value.map_or(0, |value| value.at as usize);
        from[2 * k] = others.slice(contribution.from.at as usize, len + WIDTH);
        from[2 * k + 1] = &values[value..][..len + WIDTH];
    }
    each(
        simd,
        to,
        len,
        write,
        from,
        #[inline(always)]
        |lists| {
            let mut sum = T::splat(simd, T::NOTHING);
            for k in 0..N {
                let product = <T as Lanes>::mul(simd, lists[2 * k], lists[2 * k + 1]);
                sum = <T as Lanes>::add(simd, sum, <T as Lanes>::mul(simd, scales[k], product));
            }
            sum
        },
    );
}

/// From one adjoint, as at the border of a grid.
#[inline(always)]
fn number<T: Float>(
    &Contribution { from, by, value, to, .. }: &Contribution,
    values: &[T],
    adjoints: &mut [T],
) {
    let adjoint = adjoints[from.at as usize];
    let term = value.map_or(adjoint, |value| values[value.at as usize] * adjoint);
    put(T::of(by) * term, to, adjoints);
}

#[inline(always)]
fn one<T: Float, S: Simd>(simd: S, contribution: &Contribution, values: &[T], adjoints: &mut [T]) {
    let &Contribution { from, by, value, to, len, is_sum } = contribution;
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
    let scales = T::splat(simd, scale);
    let write = to.write;
    let (to, adjoint) = Seen::around(adjoints, to.at as usize, room);
    if from.is_same {
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
    let adjoint = adjoint.slice(start, room);
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
            |[other, adjoint]| <T as Lanes>::mul(simd, scales, <T as Lanes>::mul(simd, other, adjoint)),
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

/// Writes or adds `len` contributions, which are made of numbers of lists. Whole registers are read and written: what is behind
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
    let lanes = size_of::<T::Vector<S>>() / size_of::<T>();
    let (whole, rest) = (len / lanes, len % lanes);
    let (before, behind) = to.split_at_mut(whole * lanes);
    let before = &mut T::vectors_mut::<S>(before)[..whole];
    let mut lists: [&[T::Vector<S>]; N] = [&[]; N];
    for n in 0..N {
        lists[n] = &T::vectors::<S>(&from[n][..whole * lanes])[..whole];
    }
    let mut now = [T::splat(simd, T::NOTHING); N];
    for r in 0..whole {
        for n in 0..N {
            now[n] = lists[n][r];
        }
        before[r] = new(before[r], now);
    }
    if rest > 0 {
        for n in 0..N {
            now[n] = T::vectors::<S>(&from[n][whole * lanes..][..lanes])[0];
        }
        let last = &mut T::vectors_mut::<S>(&mut behind[..lanes])[0];
        let bound = T::splat(simd, T::NUMBERS[rest]);
        *last = T::where_below(simd, T::vectors::<S>(&T::NUMBERS)[0], bound, new(*last, now), *last);
    }
}
