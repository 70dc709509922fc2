//! One evaluation of a graph over any number: forwards, and backwards.

use super::ir::graph::{Graph, Guard, Place};
use super::ir::instructions::Instruction;
use crate::number::real::Real;
use crate::table::ops::Op;
use std::ops::Range;

/// Memory for evaluations over one kind of number, to be used again: after the first, none allocates.
#[derive(Debug, Clone)]
pub(super) struct Memory<R = f64> {
    pub values: Vec<R>,
    pub adjoints: Vec<R>,
    reach: Vec<Reach<R>>,
}

impl<R> Default for Memory<R> {
    fn default() -> Self {
        Memory { values: Vec::new(), adjoints: Vec::new(), reach: Vec::new() }
    }
}

impl<R> Memory<R> {
    /// Whether this place was reached in the last [`backward`].
    pub fn was_reached(&self, place: usize) -> bool {
        self.reach.get(place).is_some_and(|reach| reach.is_reached)
    }
}

/// Evaluates every instruction. The error: the guard whose answer is another than when recorded.
///
/// Where the numbers are variables of a recording tape, its guards become guards of that tape.
#[track_caller]
pub(super) fn forward<'g, R: Real>(
    graph: &'g Graph,
    inputs: impl IntoIterator<Item = R>,
    memory: &mut Memory<R>,
) -> Result<(), &'g Guard> {
    let values = &mut memory.values;
    values.resize(graph.places(), R::default());
    let (constants, others) = values.split_at_mut(graph.constants.len());
    constants.iter_mut().zip(&graph.constants).for_each(|(value, &constant)| *value = R::constant(constant));
    others.iter_mut().zip(inputs).for_each(|(value, input)| *value = input);
    let mut done = 0;
    for guard in &graph.guards {
        evaluate(graph, done..guard.after, values);
        done = guard.after;
        let (left, right) = (values[guard.left as usize], values[guard.right as usize]);
        if left.ask(guard.predicate, right) != guard.outcome {
            return Err(guard);
        }
    }
    evaluate(graph, done..graph.instructions.len(), values);
    Ok(())
}

#[inline]
#[track_caller]
fn evaluate<R: Real>(graph: &Graph, instructions: Range<usize>, values: &mut [R]) {
    let first = graph.first_result() + instructions.start;
    for (instruction, place) in graph.instructions.range(instructions).zip(first..) {
        let read = |operand: Place| values[operand as usize];
        values[place] = instruction.op.value_of(instruction.operands, read).expect("a row of the table");
    }
}

/// Fills the adjoints of all places from weights at some, as the sweep of a tape does: only structural zeros
/// are zero.
///
/// Over numbers that are recorded, whether a row takes an operand is not settled: it is part of
/// the recording, as a mask that follows the adjoint and keeps what was cut off from meeting an infinity.
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, R)>,
    memory: &mut Memory<R>,
) {
    let Memory { values, adjoints, reach } = memory;
    begin(graph, adjoints);
    reach.clear();
    reach.resize(graph.places(), Reach::NOWHERE);
    for (place, weight) in seeds {
        reach[place as usize].join(None);
        adjoints[place as usize] = adjoints[place as usize].accumulate(weight);
    }
    let first = graph.first_result();
    for (index, instruction) in graph.instructions.iter().enumerate().rev() {
        let place = first + index;
        let Reach { is_reached, cut } = reach[place];
        if !is_reached {
            continue;
        }
        let adjoint = adjoints[place];
        visit_edges(graph, instruction, values, place, |operand, partial: R, untaken| {
            if graph.is_constant(operand) || untaken.is_some_and(|mask| mask.is_settled()) {
                return;
            }
            let cut = if R::IS_RECORDED { cut_also(cut, untaken) } else { cut };
            // Nothing is recorded for a zero that meets a finite partial. A zero of a number with tangents keeps what reached it.
            let term = if R::IS_RECORDED && adjoint.vanishes() && partial.is_dense() {
                R::constant(0.0)
            } else {
                unless_cut(cut, partial.weigh(adjoint))
            };
            reach[operand as usize].join(cut);
            adjoints[operand as usize] = adjoints[operand as usize].accumulate(term);
        });
    }
}

/// As [`backward`], over plain numbers, with the same bits.
///
/// What was reached and what was cut off matters only where a zero meets an infinity. That is NaN, and stays so in what comes
/// out; so it is looked at afterwards.
pub(super) fn backward_plain(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, f64), IntoIter: Clone>,
    memory: &mut Memory,
) {
    let seeds = seeds.into_iter();
    let Memory { values, adjoints, .. } = memory;
    begin(graph, adjoints);
    for (place, weight) in seeds.clone() {
        adjoints[place as usize] += weight;
    }
    let first = graph.first_result();
    // As slices of one length, so that one look at a place does for both.
    let (values, adjoints) = (&values[..graph.places()], &mut adjoints[..graph.places()]);
    for (index, Instruction { op, operands }) in graph.instructions.iter().enumerate().rev() {
        let place = first + index;
        let adjoint = adjoints[place];
        // Apart, so that what either needs stays in registers.
        if op.is_reduction() {
            add_list(op, operands, values, place, adjoints);
        } else {
            visit_row(
                graph,
                op,
                operands,
                values,
                place,
                #[inline(always)]
                |operand, partial| {
                    adjoints[operand as usize] += partial * adjoint;
                },
            );
        }
    }
    let inputs = &adjoints[graph.constants.len()..first];
    if inputs.iter().fold(false, |any, adjoint| any | adjoint.is_nan()) {
        backward(graph, seeds, memory);
    }
}

fn begin<R: Real>(graph: &Graph, adjoints: &mut Vec<R>) {
    adjoints.clear();
    adjoints.resize(graph.places(), R::constant(0.0));
}

/// The terms of a row over lists, from plain numbers.
#[inline(never)]
fn add_list(op: Op, operands: &[Place], values: &[f64], place: usize, adjoints: &mut [f64]) {
    let adjoint = adjoints[place];
    visit_list(op, operands, values, place, |operand, partial| {
        adjoints[operand as usize] += partial * adjoint;
    });
}

/// Calls `visit` with each operand of a row that is not over lists, but for constants, and the partial by it.
#[inline(always)]
#[track_caller]
fn visit_row<R: Real>(
    graph: &Graph,
    op: Op,
    operands: &[Place],
    values: &[R],
    place: usize,
    mut visit: impl FnMut(Place, R),
) {
    op.visit_partials(
        operands,
        #[inline(always)]
        |operand: Place| values[operand as usize],
        values[place],
        #[inline(always)]
        |k| !graph.is_constant(operands[k]),
        #[inline(always)]
        |k, partial| visit(operands[k], partial),
    );
}

/// Calls `visit` with each operand of an instruction that is not a constant, the partial by it, and the mask of where the operand
/// was not taken: `None` where it always is, as in lists, of which constants are visited too.
#[inline]
#[track_caller]
pub(super) fn visit_edges<R: Real>(
    graph: &Graph,
    Instruction { op, operands }: Instruction<'_>,
    values: &[R],
    place: usize,
    mut visit: impl FnMut(Place, R, Option<R>),
) {
    if op.is_reduction() {
        visit_list(op, operands, values, place, |operand, partial| visit(operand, partial, None));
    } else {
        op.visit_edges(
            operands,
            |operand: Place| values[operand as usize],
            values[place],
            |k| !graph.is_constant(operands[k]),
            |k, partial, untaken| visit(operands[k], partial, untaken),
        );
    }
}

/// Calls `visit` with each operand of a row over lists and the partial by it.
#[inline(always)]
#[track_caller]
fn visit_list<R: Real>(
    op: Op,
    operands: &[Place],
    values: &[R],
    place: usize,
    mut visit: impl FnMut(Place, R),
) {
    let mut k = 0;
    op.visit_list_partials(
        operands,
        #[inline(always)]
        |operand: Place| values[operand as usize],
        values[place],
        #[inline(always)]
        |partial| {
            visit(operands[k], partial);
            k += 1;
        },
    );
}

/// The mask of what is cut off already, and what an operand that is not taken cuts off.
#[inline]
#[track_caller]
pub(super) fn cut_also<R: Real>(cut: Option<R>, untaken: Option<R>) -> Option<R> {
    match (cut, untaken) {
        (Some(cut), Some(untaken)) => Some(cut.max(untaken)),
        (cut, untaken) => cut.or(untaken),
    }
}

/// The term, or 0 where it is cut off.
#[inline]
#[track_caller]
pub(super) fn unless_cut<R: Real>(cut: Option<R>, term: R) -> R {
    cut.map_or(term, |cut| cut.select(0.0, term))
}

/// What leads to a place from a seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<R> {
    pub is_reached: bool,
    /// 1 where all that leads here was cut off, by an operand that was not taken; never, if none.
    pub cut: Option<R>,
}

impl<R: Real> Reach<R> {
    pub const NOWHERE: Self = Reach { is_reached: false, cut: None };

    #[inline]
    #[track_caller]
    pub fn join(&mut self, cut: Option<R>) {
        self.cut = match (self.is_reached, self.cut, cut) {
            (false, _, cut) => cut,
            (true, Some(before), Some(cut)) => Some(before.min(cut)),
            (true, ..) => None,
        };
        self.is_reached = true;
    }
}
