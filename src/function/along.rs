//! Evaluation over dual numbers: in one direction, or in several at once.

use super::evaluate::{Memory, backward_over_duals};
use super::ir::graph::Place;
use super::mode::DIRECTIONS;
use super::{Function, length};
use crate::error::Error;
use crate::number::dual::Dual;
use crate::number::owner::Owner;

/// Evaluates in several directions: `direction` gives that of each variable, if it has one.
pub(super) fn run_in_directions(
    function: &Function,
    x: &[f64],
    direction: impl Fn(usize) -> Option<usize>,
    memory: &mut Memory<Dual<f64, DIRECTIONS>>,
) -> Result<(), Error> {
    let dual = |variable: usize, x| match direction(variable) {
        Some(direction) => Dual::variable(x, direction).owned_by(Owner::NONE),
        None => Dual::constant(x),
    };
    run_over_duals(function, x, dual, memory)
}

/// Evaluates in one direction, with one number per variable.
pub(super) fn run_along(
    function: &Function,
    x: &[f64],
    direction: &[f64],
    memory: &mut Memory<Dual>,
) -> Result<(), Error> {
    run_over_duals(function, x, |variable, x| Dual::along(x, direction[variable], Owner::NONE), memory)
}

/// Evaluates over dual numbers, which `dual` makes of the variables, by their position and value.
fn run_over_duals<const N: usize>(
    function: &Function,
    x: &[f64],
    dual: impl Fn(usize, f64) -> Dual<f64, N>,
    memory: &mut Memory<Dual<f64, N>>,
) -> Result<(), Error> {
    length("inputs", function.graph.inputs, x.len())?;
    let mut variables = 0;
    let inputs = x.iter().zip(function.are_variables()).map(|(&x, is_variable)| {
        if !is_variable {
            return Dual::constant(x);
        }
        variables += 1;
        dual(variables - 1, x)
    });
    function.run_with(inputs, memory)
}

/// The adjoints of all places, after an evaluation over dual numbers: those of the variables have the gradient of the output as
/// primals, and the products of its Hessian with the directions as tangents.
pub(super) fn products<'m, const N: usize>(
    function: &Function,
    output: Place,
    memory: &'m mut Memory<Dual<f64, N>>,
) -> Result<&'m [Dual<f64, N>], Error> {
    backward_over_duals(&function.graph, (output, Dual::constant(1.0)), memory)?;
    Ok(&memory.adjoints)
}

/// Where a direction is in the chunk that begins with `first`.
pub(super) fn in_chunk(direction: usize, first: usize) -> Option<usize> {
    direction.checked_sub(first).filter(|&direction| direction < DIRECTIONS)
}
