//! The reverse sweep over a schedule.

use super::forward::{packet, whole};
use super::memory::{CHUNK, Memory};
use super::sums::{inner_product, total};
use crate::function::lanes::elementwise::{Evaluated, list_partials_of, pass_on};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::{Packet, WIDTH};
use crate::function::lanes::vector::Aligned;
use crate::function::schedule::{Destination, Operand, ReverseStep, Schedule, Step, Write};
use crate::table::matrix::rules;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
use pulp::{Simd, WithSimd};
use std::iter::repeat;
use std::ops::Range;

/// Computes the adjoints of the inputs from weights of the outputs.
pub(super) struct Backward<'e, T> {
    pub schedule: &'e Schedule,
    pub memory: &'e mut Memory<T>,
    pub weights: &'e [f64],
}

impl<T: Float> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Backward { schedule, memory, weights } = self;
        for step in &schedule.reverse {
            match step {
                ReverseStep::Zero(range) => memory.adjoints[range.clone()].fill(T::default()),
                ReverseStep::Seed { output, at } => {
                    let adjoint = &mut memory.adjoints[*at as usize];
                    *adjoint = *adjoint + T::of(weights[*output]);
                }
                ReverseStep::Through { step, from, to } => {
                    let (step, from) = (&schedule.steps[*step], *from as usize);
                    through(simd, schedule, step, from, &schedule.destinations[to.clone()], memory);
                }
            }
        }
    }
}

#[inline(always)]
fn through<T: Float, S: Simd>(
    simd: S,
    schedule: &Schedule,
    step: &Step,
    from: usize,
    to: &[Destination],
    memory: &mut Memory<T>,
) {
    let Memory { values, adjoints, same, terms, positions, partials } = memory;
    match step {
        Step::Map { op, operands, arity, to: y, len } => {
            let run = Run { op: *op, operands: &operands[..*arity], y: *y as usize, len: *len, from, to };
            run.through_map(simd, values, adjoints, same, terms);
        }
        Step::Lists { op, operands, to: y, len } => {
            let operands_of_lists = &schedule.terms[operands.clone()];
            let run = Run { op: *op, operands: operands_of_lists, y: *y as usize, len: *len, from, to };
            if op.as_sum_of_products(operands_of_lists).is_some() {
                run.through_products(values, adjoints);
            } else if *op == Op::TERMS {
                run.through_terms(adjoints);
            } else {
                let positions = &positions[operands.clone()];
                run.through_lists(simd, positions, &schedule.terms, values, adjoints, partials);
            }
        }
        Step::Along { operands, factors, len, .. } => {
            let adjoint = adjoints[from];
            for own in 0..*factors {
                let other = (*factors == 2).then(|| operands[1 - own]);
                along(operands[own], other, *len, adjoint, to[own], values, adjoints);
            }
        }
        Step::Copy { from: operands, .. } => {
            for (k, to) in to.iter().enumerate().take(operands.len()) {
                put(adjoints[from + k], *to, adjoints);
            }
        }
        Step::Single { op, operands, to: y } => {
            single(*op, &schedule.indices[operands.clone()], *y as usize, from, to, values, adjoints);
        }
    }
}

/// From a sum to its terms, or to one factor of each: the other factor times the adjoint.
#[inline(always)]
fn along<T: Float>(
    own: Operand,
    other: Option<Operand>,
    len: usize,
    adjoint: T,
    to: Destination,
    values: &[T],
    adjoints: &mut [T],
) {
    if to.write == Write::Nothing {
        return;
    }
    let others = other.map(|other| (other.is_same, &values[other.at as usize..]));
    let times = T::of(len as f64);
    if own.is_same {
        let sum = match others {
            None => times,
            Some((true, other)) => times * other[0],
            Some((false, other)) => total(&other[..len]),
        };
        return put(adjoint * sum, to, adjoints);
    }
    let to_all = &mut adjoints[to.at as usize..][..len];
    match others {
        Some((false, other)) => put_all(other.iter().map(|&other| adjoint * other), to.write, to_all),
        same => put_all(repeat(same.map_or(adjoint, |(_, other)| adjoint * other[0])), to.write, to_all),
    }
}

/// Writes or adds one contribution.
#[inline(always)]
fn put<T: Float>(term: T, to: Destination, adjoints: &mut [T]) {
    let at = &mut adjoints[to.at as usize];
    match to.write {
        Write::Nothing => {}
        Write::Set => *at = term,
        Write::Add => *at = *at + term,
    }
}

/// Writes or adds contributions, one to each adjoint.
#[inline(always)]
fn put_all<T: Float>(terms: impl Iterator<Item = T>, write: Write, to: &mut [T]) {
    let all = to.iter_mut().zip(terms);
    match write {
        Write::Nothing => {}
        Write::Set => all.for_each(|(to, term)| *to = term),
        Write::Add => all.for_each(|(to, term)| *to = *to + term),
    }
}

/// A run, its results at `y` in the values, their adjoints at `from`, and where contributions go.
struct Run<'r> {
    op: Op,
    operands: &'r [Operand],
    y: usize,
    len: usize,
    from: usize,
    to: &'r [Destination],
}

impl Run<'_> {
    /// Through elementwise rows.
    #[inline(always)]
    fn through_map<T: Float, S: Simd>(
        &self,
        simd: S,
        values: &[T],
        adjoints: &mut [T],
        same: &mut [Aligned<T>; 3],
        terms: &mut [Aligned<T>; 3],
    ) {
        let Run { op, operands, y, len, from, to } = *self;
        let all = whole(len);
        let is_same = operands.iter().any(|operand| operand.is_same);
        if is_same {
            for (operand, same) in operands.iter().zip(&mut *same).filter(|(operand, _)| operand.is_same) {
                same[..all.min(CHUNK)].fill(values[operand.at as usize]);
            }
        }
        let mut wanted = [false; 3];
        to.iter().zip(&mut wanted).for_each(|(to, wanted)| *wanted = to.write != Write::Nothing);
        // Contributions are written where they belong, or to memory of their own, from where they are added.
        let mut is_direct: [bool; 3] =
            std::array::from_fn(|k| wanted[k] && operands.get(k).is_some_and(|operand| !operand.is_same));
        let mut first = 0;
        while first < all {
            let needs_memory = operands.len() == 3 || wanted != is_direct;
            let part = if is_same || needs_memory { CHUNK.min(all - first) } else { all - first };
            let (mut ranges, mut kept) = ([const { 0..0 }; 4], [T::mask(false); 3]);
            // What follows a window in its block, and is written over by the last group.
            let mut tails = [[T::default(); WIDTH]; 3];
            let has_tail = |k: usize| first + part > len && (to[k].room as usize) < all;
            for k in (0..to.len()).filter(|&k| is_direct[k]) {
                let at = to[k].at as usize + first;
                ranges[k] = at..at + part;
                kept[k] = T::mask(to[k].write == Write::Add);
                if has_tail(k) {
                    tails[k][..all - len].copy_from_slice(&adjoints[to[k].at as usize..][len..all]);
                }
            }
            ranges[3] = from + first..from + first + part;
            let Ok([a, b, c, adjoint]) = adjoints.get_disjoint_mut(ranges) else {
                // Two operands have numbers in common.
                is_direct = [false; 3];
                continue;
            };
            let mut slices: [&[T]; 3] = [&[]; 3];
            for (k, operand) in operands.iter().enumerate() {
                slices[k] = match operand.is_same {
                    true => &same[k][..part],
                    false => &values[operand.at as usize + first..][..part],
                };
            }
            let [for_a, for_b, for_c] = terms.each_mut().map(|terms| &mut terms[..part.min(CHUNK)]);
            let a = if is_direct[0] { a } else { for_a };
            let b = if is_direct[1] { b } else { for_b };
            let c = if is_direct[2] { c } else { for_c };
            let evaluated = Evaluated { operands: slices, y: &values[y + first..][..part], adjoint };
            pass_on(simd, op, &evaluated, wanted, kept, [a, b, c]);
            for k in (0..to.len()).filter(|&k| is_direct[k] && has_tail(k)) {
                adjoints[to[k].at as usize..][len..all].copy_from_slice(&tails[k][..all - len]);
            }
            // Afterwards, since a contribution may belong to a tail.
            for k in (0..to.len()).filter(|&k| wanted[k] && !is_direct[k]) {
                accumulate(&terms[k][..part.min(len - first)], operands[k], to[k], first, adjoints);
            }
            first += part;
        }
    }

    /// Through sums of products: each factor gets the other one times the adjoint.
    #[inline(always)]
    fn through_products<T: Float>(&self, values: &[T], adjoints: &mut [T]) {
        let Run { operands, len, from, to, .. } = *self;
        let pairs = operands.len() / 2;
        // In the order of the operands, for which it was decided which contribution comes first.
        for own in 0..2 * pairs {
            let other = operands[(own + pairs) % (2 * pairs)];
            pass_to_factor(values, other, operands[own].is_same, to[own], from..from + len, adjoints);
        }
        if let (Some(&offset), Some(&to)) = (operands.get(2 * pairs), to.get(2 * pairs)) {
            pass(offset.is_same, to, from..from + len, adjoints);
        }
    }

    /// Through sums.
    #[inline(always)]
    fn through_terms<T: Float>(&self, adjoints: &mut [T]) {
        for (operand, &to) in self.operands.iter().zip(self.to) {
            pass(operand.is_same, to, self.from..self.from + self.len, adjoints);
        }
    }

    /// Through rows over lists; `positions`: where their operands are among all `terms`.
    #[inline(always)]
    fn through_lists<T: Float, S: Simd>(
        &self,
        simd: S,
        positions: &[u32],
        terms: &[Operand],
        values: &[T],
        adjoints: &mut [T],
        partials: &mut Vec<[T; WIDTH]>,
    ) {
        let Run { op, operands, y, len, from, to } = *self;
        for first in (0..len).step_by(WIDTH) {
            let read = |position: u32| packet::<T, S>(values, terms[position as usize], first);
            let y: Packet<T, S> = packet(values, Operand { at: y as u32, is_same: false }, first);
            partials.clear();
            list_partials_of(simd, op, positions, read, y, |partial| partials.push(partial.0));
            let real = WIDTH.min(len - first);
            for ((partial, &to), &operand) in partials.iter_mut().zip(to).zip(operands) {
                if to.write != Write::Nothing {
                    for (lane, partial) in partial[..real].iter_mut().enumerate() {
                        *partial = *partial * adjoints[from + first + lane];
                    }
                    accumulate(&partial[..real], operand, to, first, adjoints);
                }
            }
        }
    }
}

/// Writes or adds the contributions of the results from `first` on.
#[inline(always)]
fn accumulate<T: Float>(terms: &[T], operand: Operand, to: Destination, first: usize, adjoints: &mut [T]) {
    if operand.is_same {
        let is_added = first > 0 && to.write == Write::Set;
        let write = if is_added { Write::Add } else { to.write };
        return put(total(terms), Destination { write, ..to }, adjoints);
    }
    let to_all = &mut adjoints[to.at as usize + first..][..terms.len()];
    put_all(terms.iter().copied(), to.write, to_all);
}

/// The contribution `other · adjoint` to a factor.
#[inline(always)]
fn pass_to_factor<T: Float>(
    values: &[T],
    other: Operand,
    is_same: bool,
    to: Destination,
    from: Range<usize>,
    adjoints: &mut [T],
) {
    if to.write == Write::Nothing {
        return;
    }
    let len = from.len();
    let others = || &values[other.at as usize..][..len];
    if is_same {
        let term = match other.is_same {
            true => total(&adjoints[from]) * values[other.at as usize],
            false => inner_product(&adjoints[from], others()),
        };
        return put(term, to, adjoints);
    }
    let at = to.at as usize;
    let [to_all, adjoint] = adjoints.get_disjoint_mut([at..at + len, from]).expect("two blocks");
    if other.is_same {
        let factor = values[other.at as usize];
        put_all(adjoint.iter().map(|&adjoint| adjoint * factor), to.write, to_all);
    } else {
        put_all(adjoint.iter().zip(others()).map(|(&adjoint, &other)| adjoint * other), to.write, to_all);
    }
}

/// The adjoints as they are.
#[inline(always)]
fn pass<T: Float>(is_same: bool, to: Destination, from: Range<usize>, adjoints: &mut [T]) {
    if to.write == Write::Nothing {
        return;
    }
    if is_same {
        return put(total(&adjoints[from]), to, adjoints);
    }
    let at = to.at as usize;
    let [to_all, adjoint] = adjoints.get_disjoint_mut([at..at + from.len(), from]).expect("two blocks");
    put_all(adjoint.iter().copied(), to.write, to_all);
}

/// Through one operation, by the scalar row.
#[inline(never)]
fn single<T: Float>(
    op: Op,
    operands: &[u32],
    y: usize,
    from: usize,
    to: &[Destination],
    values: &[T],
    adjoints: &mut [T],
) {
    let value = |at: u32| values[at as usize].double();
    let is_wanted = |k: usize| to[k].write != Write::Nothing;
    if let Op::Matrix(op) = op {
        let results = op.results(operands.len());
        let numbers: Vec<f64> = operands.iter().copied().map(value).collect();
        let y: Vec<f64> = values[y..y + results].iter().map(|y| y.double()).collect();
        let seeds: Vec<f64> = adjoints[from..from + results].iter().map(|seed| seed.double()).collect();
        let wanted = op.matrices(to).map(|to| to.iter().any(|to| to.write != Write::Nothing));
        for (term, &to) in rules::adjoints(op, &numbers, &y, &seeds, wanted).into_iter().zip(to) {
            put(T::of(term), to, adjoints);
        }
        return;
    }
    let (y, adjoint) = (values[y].double(), adjoints[from].double());
    let mut k = 0;
    let is_list = op.visit_list_partials(operands, value, y, |partial| {
        put(T::of(partial * adjoint), to[k], adjoints);
        k += 1;
    });
    if !is_list {
        op.visit_edges(operands, value, y, is_wanted, |k, partial, untaken| {
            let term = Reach::of(untaken).term(partial, adjoint);
            put(T::of(term), to[k], adjoints);
        });
    }
}
