//! The reverse sweep over a schedule.

use super::forward::{is_finite, packet};
use super::linear::{contribute, each, put};
use super::memory::{CHUNK, Memory, whole};
use super::sums::total;
use crate::function::lanes::declined::any_is_nan;
use crate::function::lanes::elementwise::{Evaluated, list_partials_of, pass_on};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::{Packet, WIDTH};
use crate::function::lanes::vector::{Aligned, compiled_apart};
use crate::function::schedule::{Destination, Operand, ReverseStep, Schedule, Step, Tree, Watched, Write};
use crate::table::compound::Compound;
use crate::table::ops::Op;
use crate::table::rules::Few;
use crate::table::zeros::Reach;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Computes the adjoints of the inputs from weights of the outputs. Returns whether the derivatives are finite, and no part of
/// a long product was lost on the way.
pub(super) struct Backward<'e, T> {
    pub schedule: &'e Schedule,
    pub memory: &'e mut Memory<T>,
    pub weights: &'e [f64],
}

impl<T: Float> WithSimd for Backward<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let Backward { schedule, memory, weights } = self;
        for step in &schedule.reverse {
            match step {
                ReverseStep::Zero(range) => memory.adjoints[range.clone()].fill(T::default()),
                ReverseStep::Seed { output, to } => put(T::of(weights[*output]), *to, &mut memory.adjoints),
                ReverseStep::Watch { tree, adjoint } => {
                    let adjoint = memory.adjoints[*adjoint as usize];
                    let (tree, watched, values) =
                        (&schedule.trees[*tree], &schedule.watched, &*memory.values);
                    let are_sound = compiled_apart(
                        simd,
                        #[inline(always)]
                        || are_sound(tree, watched, values, adjoint),
                    );
                    if !are_sound {
                        return false;
                    }
                }
                ReverseStep::Linear(contributions) => {
                    let Memory { values, adjoints, .. } = &mut *memory;
                    contribute(simd, &schedule.contributions[contributions.clone()], values, adjoints);
                }
                ReverseStep::Scatter { from, to, write } => {
                    scatter(*from, &schedule.destinations[to.clone()], *write, &mut memory.adjoints);
                }
                ReverseStep::Through { step, from, to } => {
                    let step = &schedule.steps[*step];
                    through(simd, schedule, step, *from, &schedule.destinations[to.clone()], memory);
                }
            }
        }
        schedule.derivatives.iter().all(|part| {
            let numbers = part.at.map_or(&[][..], |at| &memory.adjoints[at as usize..][..part.len]);
            // Without an early exit, so that one instruction tests several.
            numbers.iter().fold(true, |all, &number| all & is_finite(number))
        })
    }
}

/// Whether the adjoints of all parts of a product, given its own, are 0 or normal: they are its adjoint times the other parts, so no
/// part may be too large. (If one is too small, a derivative is not finite.)
#[inline(always)]
fn are_sound<T: Float>(tree: &Tree, watched: &[Watched], values: &[T], adjoint: T) -> bool {
    let size = |number: T| if number < T::default() { -number.double() } else { number.double() };
    let (product, of_product) = (size(values[tree.product as usize]), size(adjoint));
    // Neither may the product of the others be too small, whatever the adjoint.
    let least = T::LEAST.double() / if of_product < 1.0 { of_product } else { 1.0 };
    let most = T::of(product / least);
    let mut parts = watched[tree.parts.clone()].iter().map(|part| &values[part.at as usize..][..part.len]);
    // Without an early exit, so that one instruction tests several.
    let is_within = |all: bool, &part: &T| all & (-most <= part) & (part <= most);
    adjoint == T::default() || parts.all(|parts| parts.iter().fold(true, is_within))
}

#[inline(always)]
fn through<T: Float, S: Simd>(
    simd: S,
    schedule: &Schedule,
    step: &Step,
    from: Operand,
    to: &[Destination],
    memory: &mut Memory<T>,
) {
    let Memory { values, adjoints, same, terms, positions, partials } = memory;
    let (values, adjoints): (&[T], &mut [T]) = (values, adjoints);
    match step {
        Step::Map { op, operands, arity, to: y, len } => {
            let run = Run { op: *op, operands: &operands[..*arity], y: *y as usize, len: *len, from, to };
            run.through_map(simd, values, adjoints, same, terms);
        }
        Step::Lists { op, operands, to: y, len } => {
            let run = Run {
                op: *op,
                operands: &schedule.terms[operands.clone()],
                y: *y as usize,
                len: *len,
                from,
                to,
            };
            let positions = &positions[operands.clone()];
            run.through_lists(simd, positions, &schedule.terms, values, adjoints, partials);
        }
        Step::Copy { .. } => {
            let distance = if from.is_same { 0 } else { 1 };
            let mut at = from.at as usize;
            for to in to {
                put(adjoints[at], *to, adjoints);
                at += distance;
            }
        }
        Step::Single { op, operands, to: y } => {
            let operands = &schedule.indices[operands.clone()];
            let (y, from) = (*y as usize, from.at as usize);
            match schedule.compound(*op) {
                None => single(*op, operands, y, from, to, values, adjoints),
                Some(compound) => {
                    let results = op.results(operands.len());
                    let of_results = [y..y + results, from..from + results];
                    several(&compound, operands, of_results, to, values, adjoints);
                }
            }
        }
        Step::Along { .. } | Step::Move { .. } => unreachable!("linear in their operands"),
        Step::Chain { .. } => unreachable!("what only linear steps go through"),
    }
}

/// Adjoints side by side, one to each of these.
#[inline(never)]
fn scatter<T: Float>(from: u32, to: &[Destination], write: Write, adjoints: &mut [T]) {
    let terms = from as usize..;
    match write {
        Write::Nothing => {}
        Write::Set => to.iter().zip(terms).for_each(|(to, from)| adjoints[to.at as usize] = adjoints[from]),
        Write::Add => to.iter().zip(terms).for_each(|(to, from)| {
            adjoints[to.at as usize] = adjoints[to.at as usize] + adjoints[from];
        }),
    }
}

/// A run, its results at `y` in the values, their adjoints at `from`, and where contributions go.
struct Run<'r> {
    op: Op,
    operands: &'r [Operand],
    y: usize,
    len: usize,
    from: Operand,
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
        same: &mut [Aligned<T>; 4],
        terms: &mut [Aligned<T>; 3],
    ) {
        let Run { op, operands, y, len, from, to } = *self;
        let [same @ .., same_adjoint] = same;
        for (operand, same) in operands.iter().zip(&mut *same).filter(|(operand, _)| operand.is_same) {
            same[..whole(len).min(CHUNK)].fill(values[operand.at as usize]);
        }
        if from.is_same {
            same_adjoint[..whole(len).min(CHUNK)].fill(adjoints[from.at as usize]);
        }
        let mut wanted = [false; 3];
        to.iter().zip(&mut wanted).for_each(|(to, wanted)| *wanted = to.write != Write::Nothing);
        for first in (0..len).step_by(CHUNK) {
            let part = CHUNK.min(len - first);
            let all = whole(part);
            let mut slices: [&[T]; 3] = [&[]; 3];
            for (k, operand) in operands.iter().enumerate() {
                slices[k] = match operand.is_same {
                    true => &same[k][..all],
                    false => &values[operand.at as usize + first..][..all],
                };
            }
            let adjoint = match from.is_same {
                true => &same_adjoint[..all],
                false => &adjoints[from.at as usize + first..][..all],
            };
            let evaluated = Evaluated { operands: slices, y: &values[y + first..][..all], adjoint };
            let mut places = terms.each_mut().map(|terms| &mut terms[..all]);
            let [a, b, c] = &mut places;
            pass_on(simd, op, &evaluated, wanted, [T::mask(false); 3], [&mut **a, &mut **b, &mut **c]);
            let mut has_nan = false;
            for k in (0..to.len()).filter(|&k| wanted[k]) {
                has_nan |= any_is_nan(&places[k][..part]);
            }
            if has_nan {
                mend(op, operands.len(), &evaluated, part, wanted, places);
            }
            for k in (0..to.len()).filter(|&k| wanted[k]) {
                accumulate(simd, &terms[k], part, operands[k], to[k], first, adjoints);
            }
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
            if partials.iter().any(|partial| any_is_nan(&partial[..real])) {
                for lane in 0..real {
                    let value = |operand: Operand| values[operand.element(first + lane)].double();
                    let mut partials = partials.iter_mut();
                    op.visit_list_partials(operands, value, y.0[lane].double(), |partial| {
                        partials.next().expect("one for each operand")[lane] = T::of(partial);
                    });
                }
            }
            let adjoint: Packet<T, S> = packet(adjoints, from, first);
            for ((partial, &to), &operand) in partials.iter_mut().zip(to).zip(operands) {
                if to.write != Write::Nothing {
                    for (partial, &adjoint) in partial.iter_mut().zip(&adjoint.0) {
                        *partial = *partial * adjoint;
                    }
                    accumulate(simd, partial, real, operand, to, first, adjoints);
                }
            }
        }
    }
}

/// Computes contributions that are NaN by the scalar row, since a kernel may have declined.
#[cold]
#[inline(never)]
fn mend<T: Float>(
    op: Op,
    arity: usize,
    from: &Evaluated<'_, T>,
    len: usize,
    wanted: [bool; 3],
    mut terms: [&mut [T]; 3],
) {
    let operands: Few<usize> = (0..arity).collect();
    for lane in 0..len {
        if !(0..arity).any(|k| wanted[k] && terms[k][lane].is_a_nan()) {
            continue;
        }
        let value = |k: usize| from.operands[k][lane].double();
        let (y, adjoint) = (from.y[lane].double(), from.adjoint[lane].double());
        op.visit_edges(
            &operands,
            value,
            y,
            |k| wanted[k],
            |k, partial, untaken| {
                terms[k][lane] = T::of(Reach::of(untaken).term(partial, adjoint));
            },
        );
    }
}

/// Writes or adds `len` contributions of the results from `first` on; whole packets are read.
#[inline(always)]
fn accumulate<T: Float, S: Simd>(
    simd: S,
    terms: &[T],
    len: usize,
    operand: Operand,
    to: Destination,
    first: usize,
    adjoints: &mut [T],
) {
    if operand.is_same {
        let is_added = first > 0 && to.write == Write::Set;
        let write = if is_added { Write::Add } else { to.write };
        return put(total(simd, terms, len), Destination { write, ..to }, adjoints);
    }
    each(
        simd,
        &mut adjoints[to.at as usize + first..],
        len,
        to.write,
        [terms],
        #[inline(always)]
        |[term]| term,
    );
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

/// Through one operation with several results, all of which count as reached: where that makes a difference, there is a NaN, as
/// where an atomic function has no derivative.
#[inline(never)]
fn several<T: Float>(
    compound: &Compound,
    operands: &[u32],
    [y, from]: [Range<usize>; 2],
    to: &[Destination],
    values: &[T],
    adjoints: &mut [T],
) {
    let operands: Vec<f64> = operands.iter().map(|&at| values[at as usize].double()).collect();
    let [y, seeds] = [&values[y], &adjoints[from]]
        .map(|numbers| numbers.iter().map(|number| number.double()).collect::<Vec<f64>>());
    let is_wanted = |k: usize| to[k].write != Write::Nothing;
    let mut terms = vec![0.0; operands.len()];
    let outcome = compound.pass_on([&operands, &y, &seeds], |_| true, is_wanted, |k, term| terms[k] = term);
    if outcome.is_err() {
        terms.fill(f64::NAN);
    }
    terms.into_iter().zip(to).for_each(|(term, &to)| put(T::of(term), to, adjoints));
}
