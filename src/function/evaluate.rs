//! One evaluation of a graph over any number: forwards, and backwards.

use super::ir::graph::{Graph, Guard, Place};
use super::ir::instructions::Instruction;
use crate::number::real::Real;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
use std::ops::Range;

/// Memory for evaluations of a [`Function`](super::Function), to be used again: after the first, none allocates.
///
/// One serves any number of functions, in turn.
#[derive(Debug, Clone, Default)]
pub struct Workspace<R = f64> {
    pub(super) values: Vec<R>,
    pub(super) adjoints: Vec<R>,
    reach: Vec<Reach<R>>,
}

impl<R> Workspace<R> {
    /// Empty; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Workspace { values: Vec::new(), adjoints: Vec::new(), reach: Vec::new() }
    }

    /// Whether this place was reached in the last [`backward`].
    pub(super) fn was_reached(&self, place: usize) -> bool {
        !self.reach[place].is_never()
    }
}

/// Evaluates every instruction. The error: the guard whose answer is another than when recorded.
///
/// Where the numbers are variables of a recording tape, its guards become guards of that tape.
#[track_caller]
pub(super) fn forward<'g, R: Real>(
    graph: &'g Graph,
    inputs: impl IntoIterator<Item = R>,
    workspace: &mut Workspace<R>,
) -> Result<(), &'g Guard> {
    let values = &mut workspace.values;
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

/// Fills the adjoints of all places from weights at some, by the law of zeros.
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, R)>,
    workspace: &mut Workspace<R>,
) {
    let Workspace { values, adjoints, reach } = workspace;
    begin(graph, adjoints);
    reach.clear();
    reach.resize(graph.places(), Reach::Never);
    for (place, weight) in seeds {
        reach[place as usize] = Reach::Always;
        adjoints[place as usize] = adjoints[place as usize].plus_term(weight);
    }
    let first = graph.first_result();
    for (index, instruction) in graph.instructions.iter().enumerate().rev() {
        let place = first + index;
        let (here, adjoint) = (reach[place], adjoints[place]);
        if here.is_never() {
            continue;
        }
        visit_edges(graph, instruction, values, place, |operand, partial: R, untaken| {
            let way = here.then(Reach::of(untaken));
            if graph.is_constant(operand) || way.is_never() {
                return;
            }
            let (term, operand) = (way.term(partial, adjoint), operand as usize);
            reach[operand] = reach[operand].or(way);
            adjoints[operand] = adjoints[operand].plus_term(term);
        });
    }
}

/// As [`backward`], over plain numbers, with the same bits.
///
/// Everything is multiplied, and whether the law of zeros mattered is looked at afterwards: then there is a NaN.
pub(super) fn backward_plain(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, f64), IntoIter: Clone>,
    workspace: &mut Workspace,
) {
    let seeds = seeds.into_iter();
    let Workspace { values, adjoints, .. } = workspace;
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
        backward(graph, seeds, workspace);
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
