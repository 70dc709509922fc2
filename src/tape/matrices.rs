//! Operations on matrices on a tape: as many nodes as results, see [`MatrixRow`].

use super::caller::Line;
use super::edge::{CONSTANT, Edge, UNTAKEN};
use super::misuse::Misuse;
use super::node::Var;
use super::rows::{MatrixRow, Rows};
use super::storage::Storage;
use super::thread::{Thread, with};
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::ops::Op;
use crate::table::zeros::adjoints_count;
use std::cell::Cell;
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
        let mut row = Vec::with_capacity(operands.len() + values.len());
        row.extend(operands.iter().map(
            |&operand| match self.find(operand).expect("a variable of this tape") {
                CONSTANT => Edge::constant(operand.value),
                index => Edge::new(index, operand.value, true),
            },
        ));
        row.extend(values.iter().map(|&value| Edge::constant(value)));
        let Some((&last, entries)) = values.split_last() else { return Ok(Vec::new()) };
        if self.list_of(row.len()).is_none() {
            return Err(Misuse::Full { nodes: self.len() });
        }
        let mut results = Vec::with_capacity(values.len());
        for &value in entries {
            results.extend(self.push(Op::Entry, value, &[], line));
        }
        results.extend(self.push(Op::Matrix(op), last, &row, line));
        self.note_matrix(op, operands.len());
        Ok(results)
    }
}

/// Passes the adjoints of the results of an operation on matrices on to its operands, those of one output of several.
/// `is_reached`: whether a result is reached from a seed.
#[inline(never)]
pub(super) fn pass_on<const OUTPUTS: usize>(
    matrix: &MatrixRow,
    rows: Rows<'_>,
    adjoints: &[Cell<[f64; OUTPUTS]>],
    output: usize,
    is_reached: impl FnOnce() -> bool,
) {
    let list = rows.rows[matrix.last as usize].list().expect("the operands are in a list");
    let (slots, operands) = rows.pool.columns(list);
    let ((values, y), operands) =
        (slots.split_at(matrix.operands as usize), &operands[..matrix.operands as usize]);
    let seeds: Vec<f64> =
        adjoints[rows.results(matrix)].iter().map(|adjoint| adjoint.get()[output]).collect();
    if !adjoints_count(&seeds, values.iter().chain(y), is_reached) {
        return;
    }
    let op = matrix.op;
    let wanted = op.matrices(operands).map(|operands| operands.iter().any(|&operand| operand > UNTAKEN));
    for (term, &operand) in rules::adjoints(op, values, y, &seeds, wanted).into_iter().zip(operands) {
        // Those of constants are added to the sink.
        let mut sums = adjoints[operand as usize].get();
        sums[output] += term;
        adjoints[operand as usize].set(sums);
    }
}
