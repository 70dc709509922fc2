//! Operations on matrices on a tape: as many nodes as results. The last one has the operands, with their values in place of
//! partials, of which there would be one per result.

use super::caller::Line;
use super::edge::{CONSTANT, Edge, MOST, UNTAKEN};
use super::misuse::Misuse;
use super::node::{Node, Var};
use super::pool::Pool;
use super::storage::Storage;
use super::thread::{Thread, with};
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::ops::Op;
use crate::table::zeros::adjoints_count;
use std::cell::Cell;
use std::ops::Range;
use std::panic::Location;

/// Records an operation on matrices with these results; the results of constants are constants.
#[track_caller]
pub(crate) fn record_matrix(op: MatrixOp, values: &[f64], operands: &[Var]) -> Vec<Var> {
    let line = Location::caller();
    if values.is_empty() || !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return constants(values);
    }
    with(|thread| thread.record_matrix(op, values, operands, line))
}

fn constants(values: &[f64]) -> Vec<Var> {
    values.iter().map(|&value| Var::constant_of(value)).collect()
}

impl Thread {
    fn record_matrix(
        &mut self,
        op: MatrixOp,
        values: &[f64],
        operands: &[Var],
        line: Line,
    ) -> Result<Vec<Var>, Misuse> {
        let tape = self.settle(operands)?;
        if !tape.cold().is_paused {
            return tape.append_matrix(op, values, operands, line);
        }
        if tape.cold().recording.is_none() {
            return Ok(constants(values));
        }
        // As for other operations: a replay must compute the values again.
        tape.check_room(2 * values.len())?;
        tape.pause(false);
        let results = tape.append_matrix(op, values, operands, line);
        let cut =
            results.and_then(|results| results.iter().map(|&result| tape.append_cut(result, line)).collect());
        tape.pause(true);
        cut
    }
}

impl Storage {
    /// Appends the nodes of an operation whose operands are constants or of this tape. The tape must not be paused.
    fn append_matrix(
        &mut self,
        op: MatrixOp,
        values: &[f64],
        operands: &[Var],
        line: Line,
    ) -> Result<Vec<Var>, Misuse> {
        self.check_room(values.len())?;
        let start = self.pool.len();
        if start + operands.len() >= MOST {
            return Err(Misuse::Full { nodes: self.len() });
        }
        for &operand in operands {
            let edge = match self.find(operand).expect("a variable of this tape") {
                CONSTANT => Edge::constant(operand.value),
                index => Edge::new(index, operand.value, true),
            };
            self.pool.push(edge);
        }
        let results = values.iter().enumerate().map(|(k, &value)| {
            let node = if k + 1 < values.len() {
                Node { op: Op::Entry, ..Node::leaf(value) }
            } else {
                Node::pooled(Op::Matrix(op), value, start as u32, operands.len())
            };
            self.push(node, line).expect("room for the results")
        });
        Ok(results.collect())
    }
}

impl Node {
    /// The partial derivative with respect to this operand, if there is one.
    pub fn partial(&self, edge: Edge) -> Option<f64> {
        (edge.is_linked() && !matches!(self.op, Op::Matrix(_))).then_some(edge.slot)
    }

    /// The indices of the results of the operation of which this node, at `index`, is the last.
    #[inline]
    pub fn results(&self, index: usize) -> Range<usize> {
        let before = match self.op {
            Op::Matrix(op) => op.results(self.pool_range().len()) - 1,
            _ => 0,
        };
        index - before..index + 1
    }
}

/// Passes the adjoints of the results of an operation on matrices on to its operands, those of one output of several;
/// `index` is that of its last result, `is_reached`: whether a result is reached from a seed.
#[inline(never)]
pub(super) fn pass_on<const OUTPUTS: usize>(
    op: MatrixOp,
    nodes: &[Node],
    pool: &Pool,
    index: usize,
    adjoints: &[Cell<[f64; OUTPUTS]>],
    output: usize,
    is_reached: impl FnOnce() -> bool,
) {
    let results = nodes[index].results(index);
    let (values, operands) = pool.columns(nodes[index].pool_range());
    let y: Vec<f64> = nodes[results.clone()].iter().map(|node| node.value).collect();
    let seeds: Vec<f64> = adjoints[results].iter().map(|adjoint| adjoint.get()[output]).collect();
    if !adjoints_count(&seeds, values.iter().chain(&y), is_reached) {
        return;
    }
    let wanted = op.matrices(operands).map(|operands| operands.iter().any(|&operand| operand > UNTAKEN));
    for (term, &operand) in rules::adjoints(op, values, &y, &seeds, wanted).into_iter().zip(operands) {
        // Those of constants are added to the sink.
        let mut sums = adjoints[operand as usize].get();
        sums[output] += term;
        adjoints[operand as usize].set(sums);
    }
}
