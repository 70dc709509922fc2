//! One evaluation of a graph over any number: forwards, and backwards.

use super::ir::graph::{Graph, Guard, Instruction, Place};
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
    for instruction in graph.instructions.range(instructions) {
        values[instruction.result] = instruction.value(values);
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
    let is_wanted = |operand| !graph.is_constant(operand);
    for instruction in graph.instructions.backwards() {
        let (here, adjoint) = (reach[instruction.result], adjoints[instruction.result]);
        if here.is_never() {
            continue;
        }
        instruction.visit_edges(values, is_wanted, |operand, partial: R, untaken| {
            let path = here.then(Reach::of(untaken));
            if path.is_never() || !is_wanted(operand) {
                return;
            }
            let (term, operand) = (path.term(partial, adjoint), operand as usize);
            reach[operand] = reach[operand].or(path);
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
    // As slices of one length, so that one look at a place does for both.
    let (values, adjoints) = (&values[..graph.places()], &mut adjoints[..graph.places()]);
    for instruction in graph.instructions.backwards() {
        let Instruction { op, operands, result } = instruction;
        let adjoint = adjoints[result];
        // Apart, and told the parts, so that what either needs stays in registers.
        if instruction.is_list() {
            add_list(op, operands, values, result, adjoints);
        } else {
            instruction.visit_partials(
                values,
                #[inline(always)]
                |operand| !graph.is_constant(operand),
                #[inline(always)]
                |operand, partial| {
                    adjoints[operand as usize] += partial * adjoint;
                },
            );
        }
    }
    let inputs = &adjoints[graph.constants.len()..graph.first_result()];
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
fn add_list(op: Op, operands: &[Place], values: &[f64], result: usize, adjoints: &mut [f64]) {
    let adjoint = adjoints[result];
    Instruction { op, operands, result }.visit_list_partials(values, |operand, partial| {
        adjoints[operand as usize] += partial * adjoint;
    });
}
