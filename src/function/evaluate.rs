//! One evaluation of a graph over any number: forwards, and backwards.

use super::graph::{Check, Graph};
use crate::ops::Op;
use crate::real::Real;
use crate::tape::Predicate;

/// Memory for evaluations of a [`Function`](super::Function), to be used again: after the first, none allocates.
///
/// One serves any number of functions, in turn.
#[derive(Debug, Clone, Default)]
pub struct Workspace<R = f64> {
    pub(super) values: Vec<R>,
    pub(super) adjoints: Vec<R>,
    /// Whether the sweep has reached a place.
    pub(super) reached: Vec<bool>,
    arguments: Vec<R>,
}

impl<R> Workspace<R> {
    /// Empty; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Workspace { values: Vec::new(), adjoints: Vec::new(), reached: Vec::new(), arguments: Vec::new() }
    }
}

/// Evaluates every instruction. The error: the check whose answer is another than when recorded.
///
/// Where the numbers are variables of a recording tape, the checks become guards of that tape.
#[track_caller]
pub(super) fn forward<'g, R: Real>(
    graph: &'g Graph,
    inputs: &[R],
    workspace: &mut Workspace<R>,
) -> Result<(), &'g Check> {
    let Workspace { values, arguments, .. } = workspace;
    values.clear();
    values.extend(graph.constants.iter().map(|&constant| R::constant(constant)));
    values.extend_from_slice(inputs);
    let mut checks = graph.checks.iter().peekable();
    for (index, instruction) in graph.instructions.iter().enumerate() {
        while let Some(check) = checks.next_if(|check| check.after <= index) {
            verify(check, values)?;
        }
        let value = with_arguments(values, &instruction.operands, arguments, |arguments| {
            instruction.op.value(arguments)
        });
        values.push(value.expect("a row of the table"));
    }
    checks.try_for_each(|check| verify(check, values))
}

#[track_caller]
fn verify<'g, R: Real>(check: &'g Check, values: &[R]) -> Result<(), &'g Check> {
    let (left, right) = (values[check.left as usize], values[check.right as usize]);
    if ask(check.predicate, left, right) == check.outcome { Ok(()) } else { Err(check) }
}

/// The answer to a predicate over any number, asked in a way that a recording tape hears.
#[track_caller]
fn ask<R: Real>(predicate: Predicate, left: R, right: R) -> bool {
    match predicate {
        Predicate::Less => left < right,
        Predicate::LessEqual => left <= right,
        Predicate::Greater => left > right,
        Predicate::GreaterEqual => left >= right,
        Predicate::Equal => left == right,
        Predicate::Compares(ordering) => left.partial_cmp(&right) == ordering,
        Predicate::IsNan => left.partial_cmp(&left).is_none(),
        Predicate::IsFinite => left.abs() < f64::INFINITY,
        Predicate::IsInfinite => left.abs() == f64::INFINITY,
        Predicate::IsSignNegative => left.signum() < 0.0,
    }
}

/// Fills the adjoints of all places from weights at some, as the sweep of a tape does: only structural zeros
/// are zero.
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (u32, R)>,
    workspace: &mut Workspace<R>,
) {
    let Workspace { values, adjoints, reached, arguments } = workspace;
    adjoints.clear();
    adjoints.resize(graph.places(), R::constant(0.0));
    reached.clear();
    reached.resize(graph.places(), false);
    for (place, weight) in seeds {
        if !graph.is_constant(place) {
            accumulate(adjoints, reached, place, weight);
        }
    }
    let first = graph.first_result();
    for (index, instruction) in graph.instructions.iter().enumerate().rev() {
        let place = first + index;
        if !reached[place] {
            continue;
        }
        let (value, adjoint) = (values[place], adjoints[place]);
        let op = instruction.op;
        let is_wanted = |k: usize| !graph.is_constant(instruction.operands[k]);
        let mut operands = instruction.operands.iter();
        with_arguments(values, &instruction.operands, arguments, |arguments| {
            op.visit_partials(arguments, value, is_wanted, |partial: R| {
                let operand = *operands.next().expect("an operand for each partial");
                if graph.is_constant(operand) || op.is_piecewise() && partial.unlinks() {
                    return;
                }
                if adjoint.vanishes() && partial.is_dense() {
                    // Nothing to pass on; but the operand was reached.
                    reached[operand as usize] = true;
                    return;
                }
                let term = pass(op, partial, adjoint);
                accumulate(adjoints, reached, operand, term);
            });
        });
    }
}

#[inline]
#[track_caller]
fn accumulate<R: Real>(adjoints: &mut [R], reached: &mut [bool], place: u32, term: R) {
    let place = place as usize;
    // As on a tape, where every adjoint starts as 0.
    adjoints[place] = adjoints[place].accumulate(term);
    reached[place] = true;
}

#[inline]
#[track_caller]
fn pass<R: Real>(op: Op, partial: R, adjoint: R) -> R {
    if op.is_piecewise() { partial.weigh_piecewise(adjoint) } else { partial.weigh(adjoint) }
}

/// Gathers the operands, on the stack if they are few.
#[inline]
#[track_caller]
fn with_arguments<R: Copy, T>(
    values: &[R],
    operands: &[u32],
    buffer: &mut Vec<R>,
    f: impl FnOnce(&[R]) -> T,
) -> T {
    let at = |place: u32| values[place as usize];
    match *operands {
        [a] => f(&[at(a)]),
        [a, b] => f(&[at(a), at(b)]),
        _ => {
            buffer.clear();
            buffer.extend(operands.iter().map(|&place| at(place)));
            f(buffer)
        }
    }
}
