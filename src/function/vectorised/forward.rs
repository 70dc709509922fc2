//! The evaluation of a schedule.

use super::Exactness;
use super::chain::chain;
use super::memory::{CHUNK, Memory, whole};
use super::seen::Seen;
use super::sums::{inner_products, sums_of_products, sums_of_terms, total};
use crate::function::lanes::declined::{self, any_is_nan};
use crate::function::lanes::elementwise::{Argument, list_value_of, operator_values_of, values_of};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::{Packet, WIDTH};
use crate::function::lanes::vector::Aligned;
use crate::function::schedule::{Operand, Schedule, Step, Watched};
use crate::table::compound::Compound;
use crate::table::ops::Op;
use crate::table::rules::Few;
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;
use std::ops::Range;

/// Computes all values; the inputs and constants are in the memory already. Returns whether all watched values are as they
/// have to be, and no atomic function refused.
pub(super) struct Forward<'e, T> {
    pub schedule: &'e Schedule,
    pub memory: &'e mut Memory<T>,
    pub exactness: Exactness,
}

impl<T: Float> WithSimd for Forward<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let Forward { schedule, memory, exactness } = self;
        let Memory { values, same, positions, .. } = memory;
        let values: &mut [T] = values;
        for step in &schedule.steps {
            let results = step.results();
            match step {
                Step::Map { op, operands, arity, .. } => {
                    let operands = &operands[..*arity];
                    if exactness == Exactness::Exact && !op.is_operator() {
                        by_scalar_row(*op, operands, values, results);
                        continue;
                    }
                    let (y, seen) = Seen::around(values, results.start, whole(results.len()));
                    if op.is_operator() {
                        let argument = |operand: Operand| match operand.is_same {
                            true => Argument::Same(seen.slice(operand.at as usize, 1)[0]),
                            false => Argument::Each(seen.slice(operand.at as usize, y.len())),
                        };
                        operator_values_of(*op, [argument(operands[0]), argument(operands[*arity - 1])], y);
                    } else if map(simd, *op, operands, seen, y, same) && any_is_nan(&values[results.clone()])
                    {
                        mend(*op, operands, values, results);
                    }
                }
                Step::Chain { first, links, .. } => {
                    chain(simd, *first, &schedule.links[links.clone()], values, results);
                }
                Step::Lists { op, operands, .. } => {
                    let terms = &schedule.terms[operands.clone()];
                    if let Some((pairs, offset)) = op.as_sum_of_products(terms) {
                        sums_of_products(simd, values, pairs, offset, results);
                    } else if *op == Op::TERMS {
                        sums_of_terms(simd, values, terms, results);
                    } else if exactness == Exactness::Exact {
                        by_scalar_row(*op, terms, values, results);
                    } else {
                        let positions = &positions[operands.clone()];
                        lists(simd, *op, positions, &schedule.terms, values, results.clone());
                        if any_is_nan(&values[results.clone()]) {
                            mend(*op, terms, values, results);
                        }
                    }
                }
                Step::Along { operands, factors, len, .. } => {
                    values[results.start] = along(simd, operands, *factors, *len, values);
                }
                Step::Move { from, .. } => {
                    let at = from.at as usize;
                    match from.is_same {
                        true => {
                            let value = values[at];
                            values[results].fill(value);
                        }
                        false => values.copy_within(at..at + results.len(), results.start),
                    }
                }
                Step::Copy { from, .. } => {
                    for (to, &from) in results.zip(&schedule.indices[from.clone()]) {
                        values[to] = values[from as usize];
                    }
                }
                Step::Single { op, operands, .. } => {
                    let operands = &schedule.indices[operands.clone()];
                    match schedule.compound(*op) {
                        None => single(*op, operands, values, results.start),
                        Some(compound) => {
                            if !several(&compound, operands, values, results) {
                                return false;
                            }
                        }
                    }
                }
            }
        }
        schedule.watched.iter().all(|watched| is_sound(*watched, values))
    }
}

/// Whether a value is a finite number, as two comparisons that fit into vector registers.
#[inline(always)]
pub(super) fn is_finite<T: Float>(value: T) -> bool {
    (-T::LARGEST <= value) & (value <= T::LARGEST)
}

/// Whether values do not depend on the order of evaluation, but for rounding.
#[inline(always)]
fn is_sound<T: Float>(watched: Watched, values: &[T]) -> bool {
    let values = &values[watched.at as usize..][..watched.len];
    let least = if watched.is_factor { T::LEAST } else { T::default() };
    // Without an early exit, so that one instruction tests several. NaN is in no interval.
    let is_within = |value: T| is_finite(value) & ((least <= value) | (value <= -least));
    values.iter().fold(true, |all, &value| all & is_within(value))
}

/// Replaces results that a kernel declined by those of the scalar row.
#[cold]
#[inline(never)]
fn mend<T: Float>(op: Op, operands: &[Operand], values: &mut [T], results: Range<usize>) {
    let (y, seen) = Seen::around(values, results.start, results.len());
    declined::values(op, |k, lane| seen.slice(operands[k].element(lane), 1)[0], operands.len(), y);
}

/// An elementwise row; returns whether any value is NaN.
#[inline(always)]
fn map<T: Float, S: Simd>(
    simd: S,
    op: Op,
    operands: &[Operand],
    seen: Seen<'_, T>,
    y: &mut [T],
    same: &mut [Aligned<T>; 4],
) -> bool {
    let is_same = operands.iter().any(|operand| operand.is_same);
    if is_same {
        for (operand, same) in operands.iter().zip(&mut *same).filter(|(operand, _)| operand.is_same) {
            same[..y.len().min(CHUNK)].fill(seen.slice(operand.at as usize, 1)[0]);
        }
    }
    let size = if is_same { CHUNK } else { y.len() };
    let mut has_nan = false;
    for (chunk, y) in y.chunks_mut(size).enumerate() {
        let mut slices: [&[T]; 3] = [&[]; 3];
        for (k, operand) in operands.iter().enumerate() {
            slices[k] = match operand.is_same {
                true => &same[k][..y.len()],
                false => seen.slice(operand.at as usize + chunk * size, y.len()),
            };
        }
        has_nan |= values_of(simd, op, slices, y);
    }
    has_nan
}

/// The sum of the terms of a run, or of its products.
#[inline(always)]
fn along<T: Float, S: Simd>(simd: S, operands: &[Operand; 2], factors: usize, len: usize, values: &[T]) -> T {
    let room = |operand: &Operand| if operand.is_same { 1 } else { len + WIDTH };
    let [a, b] = operands.each_ref().map(|operand| &values[operand.at as usize..][..room(operand)]);
    let times = |number: T, times: usize| number * T::of(times as f64);
    match (factors, operands[0].is_same, operands[1].is_same) {
        (1, true, _) => times(a[0], len),
        (1, false, _) => total(simd, a, len),
        (_, true, true) => times(a[0] * b[0], len),
        (_, true, false) => a[0] * total(simd, b, len),
        (_, false, true) => total(simd, a, len) * b[0],
        (_, false, false) => {
            let [sum] = inner_products(simd, a, [b], len);
            sum
        }
    }
}

/// The packet of an operand that starts with this result.
#[inline(always)]
pub(super) fn packet<T: Float, S: Simd>(values: &[T], operand: Operand, first: usize) -> Packet<T, S> {
    let at = operand.at as usize;
    let numbers = match operand.is_same {
        true => [values[at]; WIDTH],
        false => values[at + first..][..WIDTH].try_into().expect("16 numbers"),
    };
    Packet(numbers, PhantomData)
}

/// Rows over lists, side by side; `positions`: where their operands are among all `terms`.
#[inline(always)]
fn lists<T: Float, S: Simd>(
    simd: S,
    op: Op,
    positions: &[u32],
    terms: &[Operand],
    values: &mut [T],
    results: Range<usize>,
) {
    for first in (0..results.len()).step_by(WIDTH) {
        let read = |position: u32| packet::<T, S>(values, terms[position as usize], first);
        let y = list_value_of(simd, op, positions, read);
        values[results.start + first..][..WIDTH].copy_from_slice(&y.0);
    }
}

/// The values by the scalar row.
#[inline(never)]
fn by_scalar_row<T: Float>(op: Op, operands: &[Operand], values: &mut [T], results: Range<usize>) {
    let mut arguments: Few<f64> = Few::with_capacity(operands.len());
    for (lane, to) in results.enumerate() {
        arguments.clear();
        arguments.extend(operands.iter().map(|operand| values[operand.element(lane)].double()));
        values[to] = T::of(op.value(&arguments).expect("a row of the table"));
    }
}

/// One operation, by the scalar row.
#[inline(never)]
fn single<T: Float>(op: Op, operands: &[u32], values: &mut [T], result: usize) {
    let operand = |at: u32| values[at as usize].double();
    values[result] = T::of(op.value_of(operands, operand).expect("a row of the table"));
}

/// One operation with several results; false if it has none here.
#[inline(never)]
fn several<T: Float>(compound: &Compound, operands: &[u32], values: &mut [T], results: Range<usize>) -> bool {
    let operands: Vec<f64> = operands.iter().map(|&at| values[at as usize].double()).collect();
    let Ok(computed) = compound.values(&operands) else { return false };
    values[results].iter_mut().zip(computed).for_each(|(y, result)| *y = T::of(result));
    true
}
