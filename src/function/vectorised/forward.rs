//! The evaluation of a schedule.

use super::Exactness;
use super::memory::{CHUNK, Memory};
use super::seen::Seen;
use super::sums::{inner_product, sums_of_products, sums_of_terms, total};
use crate::function::lanes::declined;
use crate::function::lanes::elementwise::{list_value_of, values_of};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::{Packet, WIDTH};
use crate::function::lanes::vector::Aligned;
use crate::function::schedule::{Operand, Schedule, Step};
use crate::table::hooks::Hooks;
use crate::table::ops::Op;
use crate::table::rules::Few;
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

/// Computes all values; the inputs and constants are in the memory already.
pub(super) struct Forward<'e, T> {
    pub schedule: &'e Schedule,
    pub memory: &'e mut Memory<T>,
    pub exactness: Exactness,
}

/// The number of results that are computed, with those that fill the last group.
pub(super) fn whole(len: usize) -> usize {
    len.div_ceil(WIDTH) * WIDTH
}

impl<T: Float> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Forward { schedule, memory, exactness } = self;
        let Memory { values, same, positions, .. } = memory;
        for step in &schedule.steps {
            let results = step.results();
            let (y, seen) = Seen::around(values, results.start, whole(results.len()));
            match step {
                Step::Map { op, operands, arity, len, .. } => {
                    let operands = &operands[..*arity];
                    if exactness == Exactness::Exact && !op.is_operator() {
                        by_scalar_row(*op, operands, seen, &mut y[..*len]);
                        continue;
                    }
                    if map(simd, *op, operands, seen, y, same) {
                        let operand = |k: usize, lane: usize| seen.get(operands[k].element(lane));
                        declined::values(*op, operand, *arity, &mut y[..*len]);
                    }
                }
                Step::Lists { op, operands, len, .. } => {
                    let terms = &schedule.terms[operands.clone()];
                    if let Some((pairs, offset)) = op.as_sum_of_products(terms) {
                        sums_of_products(simd, seen, pairs, offset, y);
                    } else if *op == Op::TERMS {
                        sums_of_terms(simd, seen, terms, y);
                    } else if exactness == Exactness::Exact {
                        by_scalar_row(*op, terms, seen, &mut y[..*len]);
                    } else {
                        lists(simd, *op, &positions[operands.clone()], &schedule.terms, seen, y);
                        if y[..*len].iter().any(|y| y.is_a_nan()) {
                            let operand = |k: usize, lane: usize| seen.get(terms[k].element(lane));
                            declined::values(*op, operand, terms.len(), &mut y[..*len]);
                        }
                    }
                }
                Step::Along { operands, factors, len, .. } => y[0] = along(operands, *factors, *len, seen),
                Step::Copy { from, .. } => {
                    for (y, &from) in y.iter_mut().zip(&schedule.indices[from.clone()]) {
                        *y = seen.get(from as usize);
                    }
                }
                Step::Single { op, operands, .. } => {
                    single(*op, &schedule.indices[operands.clone()], seen, y);
                }
            }
        }
    }
}

/// An elementwise row; returns whether any value is NaN.
#[inline(always)]
fn map<T: Float, S: Simd>(
    simd: S,
    op: Op,
    operands: &[Operand],
    seen: Seen<'_, T>,
    y: &mut [T],
    same: &mut [Aligned<T>; 3],
) -> bool {
    let is_same = operands.iter().any(|operand| operand.is_same);
    if is_same {
        for (operand, same) in operands.iter().zip(&mut *same).filter(|(operand, _)| operand.is_same) {
            same[..y.len().min(CHUNK)].fill(seen.same(*operand));
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
fn along<T: Float>(operands: &[Operand; 2], factors: usize, len: usize, seen: Seen<'_, T>) -> T {
    let [a, b] =
        operands.map(|operand| seen.slice(operand.at as usize, if operand.is_same { 1 } else { len }));
    let times = |number: T, times: usize| number * T::of(times as f64);
    match (factors, operands[0].is_same, operands[1].is_same) {
        (1, true, _) => times(a[0], len),
        (1, false, _) => total(a),
        (_, true, true) => times(a[0] * b[0], len),
        (_, true, false) => a[0] * total(b),
        (_, false, true) => total(a) * b[0],
        (_, false, false) => inner_product(a, b),
    }
}

/// The packet of an operand that starts with this result.
#[inline(always)]
pub(super) fn packet<T: Float, S: Simd>(seen: Seen<'_, T>, operand: Operand, first: usize) -> Packet<T, S> {
    let numbers = match operand.is_same {
        true => [seen.same(operand); WIDTH],
        false => seen.slice(operand.at as usize + first, WIDTH).try_into().expect("16 numbers"),
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
    seen: Seen<'_, T>,
    y: &mut [T],
) {
    for (group, y) in y.chunks_exact_mut(WIDTH).enumerate() {
        let read = |position: u32| packet::<T, S>(seen, terms[position as usize], group * WIDTH);
        y.copy_from_slice(&list_value_of(simd, op, positions, read).0);
    }
}

/// The values by the scalar row.
#[inline(never)]
fn by_scalar_row<T: Float>(op: Op, operands: &[Operand], seen: Seen<'_, T>, y: &mut [T]) {
    let mut arguments: Few<f64> = Few::with_capacity(operands.len());
    for (lane, y) in y.iter_mut().enumerate() {
        arguments.clear();
        arguments.extend(operands.iter().map(|operand| seen.get(operand.element(lane)).double()));
        *y = T::of(op.value(&arguments).expect("a row of the table"));
    }
}

/// One operation, by the scalar row.
#[inline(never)]
fn single<T: Float>(op: Op, operands: &[u32], seen: Seen<'_, T>, y: &mut [T]) {
    let operand = |at: u32| seen.get(at as usize).double();
    if let Op::Matrix(op) = op {
        let operands: Vec<f64> = operands.iter().copied().map(operand).collect();
        y.iter_mut().zip(f64::matrix(op, &operands)).for_each(|(y, result)| *y = T::of(result));
    } else {
        y[0] = T::of(op.value_of(operands, operand).expect("a row of the table"));
    }
}
