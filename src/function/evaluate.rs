//! Evaluation of a graph over any type of number, and its reverse sweep.

use super::ir::graph::{Graph, Guard, Instruction, Place};
use crate::error::Error;
use crate::number::dual::Dual;
use crate::number::real::Real;
use crate::table::atomic::{Active, Refusal};
use crate::table::hooks::Hooks;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
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

/// Why an evaluation stopped.
#[derive(Debug)]
pub(super) enum Stop<'g> {
    /// This guard does not have its recorded outcome.
    Guard(&'g Guard),
    /// An atomic function has no value here.
    Refusal(Refusal),
}

impl Stop<'_> {
    /// The error, given the values of all places.
    #[cold]
    pub fn error<R: Real>(self, values: &[R]) -> Error {
        match self {
            Stop::Guard(guard) => branch_changed(guard, values),
            Stop::Refusal(refusal) => refused(refusal),
        }
    }
}

/// The error of an atomic function.
pub(super) fn refused(refusal: Refusal) -> Error {
    match refusal.downcast::<Error>() {
        Ok(error) => *error,
        Err(other) => Error::Refused { why: other.to_string() },
    }
}

/// The error for a guard that turned out differently.
fn branch_changed<R: Real>(guard: &Guard, values: &[R]) -> Error {
    let number = |place: Place| values[place as usize].peek();
    Error::BranchChanged {
        predicate: guard.predicate,
        left: number(guard.left),
        right: number(guard.right),
        at: guard.at.clone(),
    }
}

/// Evaluates every instruction. The error is the first guard that does not have its recorded outcome, or the refusal of an
/// atomic function.
///
/// If the numbers are variables of a recording tape, the guards become guards of that tape.
#[track_caller]
pub(super) fn forward<'g, R: Real>(
    graph: &'g Graph,
    inputs: impl IntoIterator<Item = R>,
    memory: &mut Memory<R>,
) -> Result<(), Stop<'g>> {
    let values = &mut memory.values;
    values.resize(graph.places(), R::default());
    let (constants, others) = values.split_at_mut(graph.constants.len());
    constants.iter_mut().zip(&graph.constants).for_each(|(value, &constant)| *value = R::constant(constant));
    others.iter_mut().zip(inputs).for_each(|(value, input)| *value = input);
    let mut done = 0;
    for guard in &graph.guards {
        evaluate(graph, done..guard.after, values)?;
        done = guard.after;
        let (left, right) = (values[guard.left as usize], values[guard.right as usize]);
        if left.compare(guard.predicate, right) != guard.outcome {
            return Err(Stop::Guard(guard));
        }
    }
    evaluate(graph, done..graph.instructions.len(), values)
}

#[inline]
#[track_caller]
fn evaluate<'g, R: Real>(
    graph: &Graph,
    mut instructions: Range<usize>,
    values: &mut [R],
) -> Result<(), Stop<'g>> {
    loop {
        let call = graph.instructions.next_call(instructions.clone());
        for instruction in graph.instructions.range(instructions.start..call.unwrap_or(instructions.end)) {
            instruction.evaluate(values);
        }
        let Some(call) = call else { return Ok(()) };
        let instruction = graph.instructions.at(call);
        let function = graph.instructions.called_by(instruction).expect("a call");
        instruction.call(function, values).map_err(Stop::Refusal)?;
        instructions.start = call + 1;
    }
}

/// Computes the adjoints of all places from seeds at some of them, keeping track of structural zeros (see
/// `table/zeros`).
///
/// # Errors
/// That of an atomic function which has a value here, but no derivative.
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, R)>,
    memory: &mut Memory<R>,
) -> Result<(), Error> {
    clear(graph, memory);
    sweep(graph, graph.instructions.backwards(), seeds, memory)
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
) -> Result<(), Error> {
    let Memory { values, adjoints, reach } = memory;
    for (place, weight) in seeds {
        reach[place as usize] = Reach::Always;
        adjoints[place as usize] = adjoints[place as usize].plus_term(weight);
    }
    let is_wanted = |operand| !graph.is_constant(operand);
    for instruction in instructions {
        if let Some(function) = graph.instructions.called_by(instruction) {
            let here = &reach[instruction.results()];
            let results: Vec<bool> = here.iter().map(|reach| !reach.is_never()).collect();
            let mut active = Active { operands: function.leading_to(&results), results };
            for (is_active, &operand) in active.operands.iter_mut().zip(instruction.operands) {
                *is_active = *is_active && is_wanted(operand);
            }
            if active.operands.contains(&true) {
                let here = here.iter().fold(Reach::Never, |all, &one| all.or(one));
                let visit = |operand: Place, term: R, adjoints: &mut [R]| {
                    let operand = operand as usize;
                    reach[operand] = reach[operand].or(here);
                    adjoints[operand] = adjoints[operand].plus_term(here.masked(term));
                };
                instruction
                    .visit_adjoints_of_call(function, values, adjoints, &active, visit)
                    .map_err(refused)?;
            }
            continue;
        }
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
    Ok(())
}

/// As [`backward`], for plain numbers, with the same bits.
///
/// First multiplies everything without looking for structural zeros. If one mattered there is a NaN, and the sweep
/// is repeated by [`backward`].
pub(super) fn backward_plain(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, f64), IntoIter: Clone>,
    memory: &mut Memory,
) -> Result<(), Error> {
    let seeds = seeds.into_iter();
    let Memory { values, adjoints, .. } = memory;
    begin(graph, adjoints);
    for (place, weight) in seeds.clone() {
        adjoints[place as usize] += weight;
    }
    sweep_plain(graph, graph.instructions.backwards(), values, adjoints)?;
    let inputs = &adjoints[graph.constants.len()..graph.first_result()];
    if inputs.iter().fold(false, |any, adjoint| any | adjoint.is_nan()) {
        backward(graph, seeds, memory)?;
    }
    Ok(())
}

/// As [`backward`], over dual numbers. As [`backward_plain`] does, it first multiplies everything.
pub(super) fn backward_over_duals<const N: usize>(
    graph: &Graph,
    seed: (Place, Dual<f64, N>),
    memory: &mut Memory<Dual<f64, N>>,
) -> Result<(), Error> {
    let Memory { values, adjoints, .. } = memory;
    begin(graph, adjoints);
    adjoints[seed.0 as usize] = seed.1;
    let is_done = sweep_over_duals(graph, values, adjoints);
    let inputs = &adjoints[graph.constants.len()..graph.first_result()];
    match is_done && !inputs.iter().fold(false, |any, adjoint| any | adjoint.has_nan()) {
        true => Ok(()),
        false => backward(graph, [seed], memory),
    }
}

/// Adds to the adjoints what these instructions contribute, from the last to the first, without looking for structural zeros.
#[inline(always)]
pub(super) fn sweep_plain<'g>(
    graph: &'g Graph,
    instructions: impl Iterator<Item = Instruction<'g>>,
    values: &[f64],
    adjoints: &mut [f64],
) -> Result<(), Error> {
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
                add_compound(graph, instruction, values, adjoints)?;
            }
        }
    }
    Ok(())
}

/// As [`sweep_plain`], over dual numbers and all instructions. (One function for both took an eighth more instructions over plain
/// numbers.) Returns false if there is an operation with several results, which is left to [`backward`].
fn sweep_over_duals<const N: usize>(
    graph: &Graph,
    values: &[Dual<f64, N>],
    adjoints: &mut [Dual<f64, N>],
) -> bool {
    graph.instructions.backwards().all(|instruction| {
        let adjoint = adjoints[instruction.result];
        let mut add = |operand: Place, partial: Dual<f64, N>| {
            let sum = &mut adjoints[operand as usize];
            *sum = sum.plus_term(partial.times_derivative(adjoint));
        };
        if instruction.is_list() {
            instruction.visit_list_partials(values, add);
            return true;
        }
        instruction.visit_partials(values, |operand| !graph.is_constant(operand), &mut add)
    })
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

/// Adds the contributions of an operation with several results, for plain numbers. All results count as reached: where
/// that makes a difference, there is a NaN.
#[inline(never)]
fn add_compound(
    graph: &Graph,
    instruction: Instruction<'_>,
    values: &[f64],
    adjoints: &mut [f64],
) -> Result<(), Error> {
    let compound = graph.instructions.compound(instruction).expect("an operation with several results");
    let (results, places) = (instruction.results(), instruction.operands);
    let operands: Vec<f64> = places.iter().map(|&operand| values[operand as usize]).collect();
    let (before, after) = adjoints.split_at_mut(results.start);
    let given = [&operands[..], &values[results.clone()], &after[..results.len()]];
    let is_wanted = |k: usize| !graph.is_constant(places[k]);
    compound
        .pass_on(given, |_| true, is_wanted, |k, term| before[places[k] as usize] += term)
        .map_err(refused)
}
