//! The Jacobian of nodes of one tape by others: several rows in one reverse sweep, or several columns in one forward sweep,
//! whichever are fewer.

use super::edge::{CONSTANT, FIRST, UNTAKEN};
use super::node::{Node, Var};
use super::pool::Pool;
use super::storage::Storage;
use super::sweep::{sweep, sweep_several};
use super::thread::with;
use crate::table::ops::Op;
use std::panic::Location;

/// The rows of one reverse sweep, and the columns of one forward sweep.
const SIDE_BY_SIDE: usize = 4;

/// The derivatives of each output with respect to each input, row by row; 0 for outputs that are constants. All other outputs
/// and the inputs are on one tape; an input that is recorded after an output does not reach it.
///
/// # Panics
/// If an output is on no tape of this thread.
#[track_caller]
pub(crate) fn jacobian(outputs: &[Var], inputs: &[Var]) -> Vec<f64> {
    let mut rows = vec![0.0; outputs.len() * inputs.len()];
    if inputs.is_empty() || !outputs.iter().any(|output| output.is_on_a_tape()) {
        return rows;
    }
    let at = Location::caller();
    with(|thread| {
        let tape = thread.settle(outputs)?;
        tape.give_out(at);
        let find = |vars: &[Var]| -> Vec<u32> {
            vars.iter().map(|&var| tape.find(var).unwrap_or(CONSTANT)).collect()
        };
        let (outputs, inputs) = (find(outputs), find(inputs));
        let sweeps = |count: usize| count.div_ceil(SIDE_BY_SIDE);
        if sweeps(inputs.len()) < sweeps(outputs.len()) && is_without_matrices(tape) {
            by_columns(tape, &outputs, &inputs, &mut rows);
        } else {
            by_rows(tape, &outputs, &inputs, &mut rows);
        }
        Ok(())
    });
    rows
}

/// Operations on matrices have no partials to go forward by.
fn is_without_matrices(tape: &Storage) -> bool {
    !tape.nodes().iter().any(|node| matches!(node.op, Op::Matrix(_)))
}

fn by_rows(tape: &Storage, outputs: &[u32], inputs: &[u32], rows: &mut [f64]) {
    let (mut one, mut several) = (Vec::new(), Vec::new());
    for (outputs, rows) in outputs.chunks(SIDE_BY_SIDE).zip(rows.chunks_mut(SIDE_BY_SIDE * inputs.len())) {
        match outputs {
            &[a, b, c, d] => rows_of(tape, [a, b, c, d], inputs, &mut several, rows),
            &[a, b, c] => rows_of(tape, [a, b, c, CONSTANT], inputs, &mut several, rows),
            outputs => {
                for (&output, row) in outputs.iter().zip(rows.chunks_mut(inputs.len())) {
                    row_of(tape, output, inputs, &mut one, row);
                }
            }
        }
    }
}

fn rows_of<const OUTPUTS: usize>(
    tape: &Storage,
    outputs: [u32; OUTPUTS],
    inputs: &[u32],
    adjoints: &mut Vec<[f64; OUTPUTS]>,
    rows: &mut [f64],
) {
    // The entries before the first node are nobody's.
    sweep_several(tape.nodes(), &tape.pool, outputs.map(|output| (output, 1.0)), adjoints);
    for (k, row) in rows.chunks_mut(inputs.len()).enumerate() {
        if outputs[k] as usize >= FIRST {
            for (place, &input) in row.iter_mut().zip(inputs) {
                *place = adjoints.get(input as usize).map_or(0.0, |adjoint| adjoint[k]);
            }
        }
    }
}

fn row_of(tape: &Storage, output: u32, inputs: &[u32], adjoints: &mut Vec<f64>, row: &mut [f64]) {
    if (output as usize) < FIRST {
        return;
    }
    sweep(tape.nodes(), &tape.pool, &[(output, 1.0)], adjoints);
    for (place, &input) in row.iter_mut().zip(inputs) {
        *place = adjoints.get(input as usize).copied().unwrap_or(0.0);
    }
}

/// As [`by_rows`], by tangents. A row with a number that is not finite is computed again backwards: there a zero is known
/// from a path that does not exist, and products are formed in the order in which the gradient has them.
fn by_columns(tape: &Storage, outputs: &[u32], inputs: &[u32], rows: &mut [f64]) {
    let last = outputs.iter().copied().max().unwrap_or(0) as usize;
    let nodes = &tape.nodes()[..(last + 1).max(FIRST)];
    let mut tangents: Vec<[f64; SIDE_BY_SIDE]> = Vec::new();
    for (chunk, directions) in inputs.chunks(SIDE_BY_SIDE).enumerate() {
        tangents.clear();
        tangents.resize(nodes.len(), [0.0; SIDE_BY_SIDE]);
        for (k, &input) in directions.iter().enumerate() {
            if let Some(tangent) = tangents.get_mut(input as usize) {
                tangent[k] += 1.0;
            }
        }
        forward(nodes, &tape.pool, &mut tangents);
        for (&output, row) in outputs.iter().zip(rows.chunks_mut(inputs.len())) {
            if output as usize >= FIRST {
                let places = &mut row[chunk * SIDE_BY_SIDE..][..directions.len()];
                places.copy_from_slice(&tangents[output as usize][..directions.len()]);
            }
        }
    }
    let mut adjoints = Vec::new();
    for (&output, row) in outputs.iter().zip(rows.chunks_mut(inputs.len())) {
        if row.iter().any(|derivative| !derivative.is_finite()) {
            row_of(tape, output, inputs, &mut adjoints, row);
        }
    }
}

/// The tangents of all nodes, from those of the variables.
fn forward(nodes: &[Node], pool: &Pool, tangents: &mut [[f64; SIDE_BY_SIDE]]) {
    for (index, node) in nodes.iter().enumerate().skip(FIRST) {
        let mut sum = tangents[index];
        let mut go_through = |slots: &[f64], operands: &[u32]| {
            for (&slot, &operand) in slots.iter().zip(operands) {
                if operand > UNTAKEN {
                    let tangent = tangents[operand as usize];
                    sum = std::array::from_fn(|k| sum[k] + slot * tangent[k]);
                }
            }
        };
        if node.is_pooled() {
            let (slots, operands) = pool.columns(node.pool_range());
            go_through(slots, operands);
        } else {
            go_through(&node.slots, &node.operands);
        }
        tangents[index] = sum;
    }
}
