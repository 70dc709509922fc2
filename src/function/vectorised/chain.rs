//! Operations one after the other on numbers that stay in registers.

use super::linear::each;
use super::memory::whole;
use super::seen::Seen;
use crate::function::lanes::vector::Lanes;
use crate::function::schedule::{Link, Linked, Operand, Write};
use pulp::Simd;
use std::ops::Range;

/// How many registers go through a chain at once: what to do next is looked up once for all of them.
const AT_ONCE: usize = 8;

/// Computes a chain, every operation rounded; whole packets are read and written.
#[inline(always)]
pub(super) fn chain<T: Lanes, S: Simd>(
    simd: S,
    first: Operand,
    links: &[Link],
    values: &mut [T],
    results: Range<usize>,
) {
    let (y, seen) = Seen::around(values, results.start, whole(results.len()));
    if let &[Link { how: Linked::Times, operand: factor }, Link { how, operand }] = links
        && !first.is_same
        && !operand.is_same
    {
        return product_and(simd, [first, factor, operand], how, seen, y);
    }
    let y = T::vectors_mut::<S>(y);
    let (several, rest) = y.as_chunks_mut::<AT_ONCE>();
    let done = several.len() * AT_ONCE;
    for (number, y) in several.iter_mut().enumerate() {
        *y = through(simd, first, links, seen, number * AT_ONCE);
    }
    for (number, y) in rest.iter_mut().enumerate() {
        [*y] = through(simd, first, links, seen, done + number);
    }
}

/// A product and one more operation, which is what most chains are: each in a loop of its own.
#[inline(always)]
fn product_and<T: Lanes, S: Simd>(
    simd: S,
    operands: [Operand; 3],
    how: Linked,
    seen: Seen<'_, T>,
    y: &mut [T],
) {
    let lists = operands.map(|it| seen.slice(it.at as usize, if it.is_same { 1 } else { y.len() }));
    match how {
        Linked::Plus => with_products(
            simd,
            y,
            lists,
            #[inline(always)]
            |product, other| T::add(simd, product, other),
        ),
        Linked::Minus => with_products(
            simd,
            y,
            lists,
            #[inline(always)]
            |product, other| T::minus(simd, product, other),
        ),
        Linked::From => with_products(
            simd,
            y,
            lists,
            #[inline(always)]
            |product, other| T::minus(simd, other, product),
        ),
        Linked::Times => with_products(
            simd,
            y,
            lists,
            #[inline(always)]
            |product, other| T::mul(simd, product, other),
        ),
    }
}

/// `with(a · b, c)`, where `b` may be one number for all.
#[inline(always)]
fn with_products<T: Lanes, S: Simd>(
    simd: S,
    y: &mut [T],
    [a, b, c]: [&[T]; 3],
    with: impl Fn(T::Vector<S>, T::Vector<S>) -> T::Vector<S>,
) {
    let len = y.len();
    if let &[b] = b {
        let b = T::splat(simd, b);
        each(
            simd,
            y,
            len,
            Write::Set,
            [a, c],
            #[inline(always)]
            |[a, c]| with(T::mul(simd, a, b), c),
        );
    } else {
        each(
            simd,
            y,
            len,
            Write::Set,
            [a, b, c],
            #[inline(always)]
            |[a, b, c]| with(T::mul(simd, a, b), c),
        );
    }
}

/// The results in some registers, of which the first has this number.
#[inline(always)]
fn through<T: Lanes, S: Simd, const N: usize>(
    simd: S,
    first: Operand,
    links: &[Link],
    seen: Seen<'_, T>,
    number: usize,
) -> [T::Vector<S>; N] {
    let mut numbers = load(simd, first, seen, number);
    for &Link { how, operand } in links {
        let others: [T::Vector<S>; N] = load(simd, operand, seen, number);
        match how {
            Linked::Plus => {
                for r in 0..N {
                    numbers[r] = T::add(simd, numbers[r], others[r]);
                }
            }
            Linked::Minus => {
                for r in 0..N {
                    numbers[r] = T::minus(simd, numbers[r], others[r]);
                }
            }
            Linked::From => {
                for r in 0..N {
                    numbers[r] = T::minus(simd, others[r], numbers[r]);
                }
            }
            Linked::Times => {
                for r in 0..N {
                    numbers[r] = T::mul(simd, numbers[r], others[r]);
                }
            }
        }
    }
    numbers
}

/// Some registers of an operand, of which the first has this number.
#[inline(always)]
fn load<T: Lanes, S: Simd, const N: usize>(
    simd: S,
    operand: Operand,
    seen: Seen<'_, T>,
    number: usize,
) -> [T::Vector<S>; N] {
    let at = operand.at as usize;
    if operand.is_same {
        return [T::splat(simd, seen.slice(at, 1)[0]); N];
    }
    let lanes = size_of::<T::Vector<S>>() / size_of::<T>();
    let numbers = T::vectors::<S>(seen.slice(at + number * lanes, N * lanes));
    let mut registers = [T::splat(simd, T::NOTHING); N];
    registers.copy_from_slice(&numbers[..N]);
    registers
}
