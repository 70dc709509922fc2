//! Evaluation of a graph over any type of number, and its reverse sweep.

use super::ir::graph::{Graph, Guard, Instruction, Place};
use crate::number::real::Real;
use crate::table::ops::Op;
use crate::table::zeros::{Reach, adjoints_count};
use std::ops::Range;

/// Reusable memory for evaluations over one type of number: after the first evaluation, further ones do not
/// allocate.
#[derive(Debug, Clone)]
pub(crate) struct Memory<R = f64> {
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
    /// Whether the last [`backward`] found a path to this place.
    pub fn was_reached(&self, place: usize) -> bool {
        self.reach.get(place).is_some_and(|reach| !reach.is_never())
    }
}

/// Evaluates every instruction. The error is the first guard that does not have its recorded outcome.
///
/// If the numbers are variables of a recording tape, the guards become guards of that tape.
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
        if left.compare(guard.predicate, right) != guard.outcome {
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
        instruction.evaluate(values);
    }
}

/// Computes the adjoints of all places from seeds at some of them, keeping track of structural zeros (see
/// `table/zeros`).
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, R)>,
    memory: &mut Memory<R>,
) {
    clear(graph, memory);
    sweep(graph, graph.instructions.backwards(), seeds, memory);
}

/// Forgets all adjoints.
pub(super) fn clear<R: Real>(graph: &Graph, memory: &mut Memory<R>) {
    begin(graph, &mut memory.adjoints);
    memory.reach.clear();
    memory.reach.resize(graph.places(), Reach::Never);
}

/// Forgets the adjoints of these places.
pub(super) fn forget<R: Real>(places: impl Iterator<Item = usize>, memory: &mut Memory<R>) {
    for place in places {
        (memory.adjoints[place], memory.reach[place]) = (R::constant(0.0), Reach::Never);
    }
}

/// As [`backward`], in memory that is clear, over these instructions, which are all that the seeds depend on, from the last to
/// the first.
#[track_caller]
pub(super) fn sweep<'g, R: Real>(
    graph: &'g Graph,
    instructions: impl Iterator<Item = Instruction<'g>>,
    seeds: impl IntoIterator<Item = (Place, R)>,
    memory: &mut Memory<R>,
) {
    let Memory { values, adjoints, reach } = memory;
    for (place, weight) in seeds {
        reach[place as usize] = Reach::Always;
        adjoints[place as usize] = adjoints[place as usize].plus_term(weight);
    }
    let is_wanted = |operand| !graph.is_constant(operand);
    for instruction in instructions {
        if instruction.is_matrix() {
            let here = reach[instruction.results()].iter().fold(Reach::Never, |all, &one| all.or(one));
            if !here.is_never() {
                let terms = instruction.matrix_adjoints(values, adjoints, is_wanted);
                for (&operand, term) in
                    instruction.operands.iter().zip(terms).filter(|(it, _)| is_wanted(**it))
                {
                    let operand = operand as usize;
                    reach[operand] = reach[operand].or(here);
                    adjoints[operand] = adjoints[operand].plus_term(here.masked(term));
                }
            }
            continue;
        }
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

/// As [`backward`], for plain numbers, with the same bits.
///
/// First multiplies everything without looking for structural zeros. If one mattered there is a NaN, and the sweep
/// is repeated by [`backward`].
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
    sweep_plain(graph, graph.instructions.backwards(), values, adjoints);
    let inputs = &adjoints[graph.constants.len()..graph.first_result()];
    if inputs.iter().fold(false, |any, adjoint| any | adjoint.is_nan()) {
        backward(graph, seeds, memory);
    }
}

/// Adds to the adjoints what these instructions contribute, from the last to the first, without looking for structural zeros.
#[inline(always)]
pub(super) fn sweep_plain<'g>(
    graph: &'g Graph,
    instructions: impl Iterator<Item = Instruction<'g>>,
    values: &[f64],
    adjoints: &mut [f64],
) {
    // As slices of one length, so that one bounds check serves both.
    let (values, adjoints) = (&values[..graph.places()], &mut adjoints[..graph.places()]);
    for instruction in instructions {
        let Instruction { op, operands, result } = instruction;
        let adjoint = adjoints[result];
        // In two functions, which are given the parts, so that each keeps its variables in registers.
        if instruction.is_list() {
            add_list(op, operands, values, result, adjoints);
        } else {
            let has_row = instruction.visit_partials(
                values,
                #[inline(always)]
                |operand| !graph.is_constant(operand),
                #[inline(always)]
                |operand, partial| {
                    adjoints[operand as usize] += partial * adjoint;
                },
            );
            if !has_row {
                add_matrix(graph, instruction, values, adjoints);
            }
        }
    }
}

fn begin<R: Real>(graph: &Graph, adjoints: &mut Vec<R>) {
    adjoints.clear();
    adjoints.resize(graph.places(), R::constant(0.0));
}

/// Adds the contributions of a row over lists, for plain numbers.
#[inline(never)]
fn add_list(op: Op, operands: &[Place], values: &[f64], result: usize, adjoints: &mut [f64]) {
    let adjoint = adjoints[result];
    Instruction { op, operands, result }.visit_list_partials(values, |operand, partial| {
        adjoints[operand as usize] += partial * adjoint;
    });
}

/// Adds the contributions of an operation on matrices, for plain numbers.
#[inline(never)]
fn add_matrix(graph: &Graph, instruction: Instruction<'_>, values: &[f64], adjoints: &mut [f64]) {
    let operands = instruction.operands.iter().map(|&operand| &values[operand as usize]);
    let results = instruction.results();
    if !adjoints_count(&adjoints[results.clone()], operands.chain(&values[results]), || true) {
        return;
    }
    let terms = instruction.matrix_adjoints(values, adjoints, |operand| !graph.is_constant(operand));
    for (&operand, term) in instruction.operands.iter().zip(terms) {
        adjoints[operand as usize] += term;
    }
}
