//! One evaluation of a graph over any number: forwards, and backwards.

use super::graph::{Check, Graph};
use crate::real::Real;

/// Memory for evaluations of a [`Function`](super::Function), to be used again: after the first, none allocates.
///
/// One serves any number of functions, in turn.
#[derive(Debug, Clone, Default)]
pub struct Workspace<R = f64> {
    pub(super) values: Vec<R>,
    pub(super) adjoints: Vec<Adjoint<R>>,
    arguments: Vec<R>,
}

impl<R> Workspace<R> {
    /// Empty; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Workspace { values: Vec::new(), adjoints: Vec::new(), arguments: Vec::new() }
    }
}

/// Evaluates every instruction. The error: the check whose answer is another than when recorded.
///
/// Where the numbers are variables of a recording tape, the checks become guards of that tape.
#[track_caller]
pub(super) fn forward<'g, R: Real>(
    graph: &'g Graph,
    inputs: impl IntoIterator<Item = R>,
    workspace: &mut Workspace<R>,
) -> Result<(), &'g Check> {
    let Workspace { values, arguments, .. } = workspace;
    values.clear();
    values.extend(graph.constants.iter().map(|&constant| R::constant(constant)));
    values.extend(inputs);
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
    if left.ask(check.predicate, right) == check.outcome { Ok(()) } else { Err(check) }
}

/// Fills the adjoints of all places from weights at some, as the sweep of a tape does: only structural zeros
/// are zero.
///
/// Over numbers that are recorded, whether a piecewise row unlinks an operand is not settled: it is part of
/// the recording, as a mask that follows the adjoint and keeps what was cut off from meeting an infinity.
#[track_caller]
pub(super) fn backward<R: Real>(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (u32, R)>,
    workspace: &mut Workspace<R>,
) {
    let Workspace { values, adjoints, arguments } = workspace;
    adjoints.clear();
    adjoints.resize(graph.places(), Adjoint { sum: R::constant(0.0), is_reached: false, cut: None });
    for (place, weight) in seeds {
        adjoints[place as usize].receive(weight, None);
    }
    let first = graph.first_result();
    for (index, instruction) in graph.instructions.iter().enumerate().rev() {
        let Adjoint { sum: adjoint, is_reached, cut } = adjoints[first + index];
        if !is_reached {
            continue;
        }
        let op = instruction.op;
        let is_wanted = |k: usize| !graph.is_constant(instruction.operands[k]);
        let mut operands = instruction.operands.iter();
        with_arguments(values, &instruction.operands, arguments, |arguments| {
            op.visit_partials(arguments, values[first + index], is_wanted, |partial: R| {
                let operand = *operands.next().expect("an operand for each partial");
                if graph.is_constant(operand) || op.is_piecewise() && partial.unlinks() {
                    return;
                }
                let mut cut = cut;
                if op.is_piecewise() && R::IS_RECORDED {
                    let unlinked = partial.equal(0.0);
                    cut = Some(cut.map_or(unlinked, |cut: R| cut.max(unlinked)));
                }
                // Nothing is added for a zero that meets a finite partial, as on a tape.
                let term = if adjoint.vanishes() && partial.is_dense() {
                    R::constant(0.0)
                } else {
                    let term = partial.weigh(adjoint);
                    cut.map_or(term, |cut| cut.select(0.0, term))
                };
                adjoints[operand as usize].receive(term, cut);
            });
        });
    }
}

/// What a sweep knows of a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adjoint<R> {
    pub sum: R,
    /// Whether anything leads here from a seed.
    is_reached: bool,
    /// 1 where all that leads here was cut off, by an operand that was not taken; never, if none.
    cut: Option<R>,
}

impl<R: Real> Adjoint<R> {
    #[inline]
    #[track_caller]
    fn receive(&mut self, term: R, cut: Option<R>) {
        self.cut = match (self.is_reached, self.cut, cut) {
            (false, _, cut) => cut,
            (true, Some(before), Some(cut)) => Some(before.min(cut)),
            (true, ..) => None,
        };
        self.sum = self.sum.accumulate(term);
        self.is_reached = true;
    }
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
