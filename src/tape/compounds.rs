//! Operations with several results on a tape: as many nodes as results, see [`CompoundRow`].

use super::caller::Line;
use super::edge::{CONSTANT, Edge, UNTAKEN};
use super::misuse::Misuse;
use super::node::Var;
use super::rows::{CompoundRow, Rows};
use super::storage::Storage;
use super::thread::{Thread, with};
use crate::table::atomic::Atomic;
use crate::table::compound::Compound;
use crate::table::matrix::op::MatrixOp;
use crate::table::ops::Op;
use std::cell::Cell;
use std::panic::Location;

/// Records an operation on matrices with these results; the results of constants are constants.
#[track_caller]
pub(crate) fn record_matrix(op: MatrixOp, values: &[f64], operands: &[Var]) -> Vec<Var> {
    record(Compound::Matrix(op), values, operands)
}

/// Records an atomic function with these results; the results of constants are constants.
#[track_caller]
pub(crate) fn record_atomic(function: &Atomic, values: &[f64], operands: &[Var]) -> Vec<Var> {
    record(Compound::Atomic(function.clone()), values, operands)
}

#[track_caller]
fn record(compound: Compound, values: &[f64], operands: &[Var]) -> Vec<Var> {
    let line = Location::caller();
    if values.is_empty() || !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return constants(values);
    }
    with(|thread| thread.record_compound(compound, values, operands, line))
}

fn constants(values: &[f64]) -> Vec<Var> {
    values.iter().map(|&value| Var::constant_of(value)).collect()
}

impl Thread {
    fn record_compound(
        &mut self,
        compound: Compound,
        values: &[f64],
        operands: &[Var],
        line: Line,
    ) -> Result<Vec<Var>, Misuse> {
        let tape = self.settle(operands)?;
        if !tape.cold().is_paused {
            return tape.append_compound(compound, values, operands, line);
        }
        if tape.cold().recording.is_none() {
            return Ok(constants(values));
        }
        // As for other operations: a replay must compute the values again.
        tape.check_room(2 * values.len())?;
        tape.pause(false);
        let results = tape.append_compound(compound, values, operands, line);
        let cut =
            results.and_then(|results| results.iter().map(|&result| tape.append_cut(result, line)).collect());
        tape.pause(true);
        cut
    }
}

impl Storage {
    /// Appends the nodes of an operation whose operands are constants or of this tape. The tape must not be paused.
    fn append_compound(
        &mut self,
        compound: Compound,
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
        results.extend(self.push(compound.op(), last, &row, line));
        self.note_compound(compound, operands.len());
        Ok(results)
    }
}

/// Passes the adjoints of the results of such an operation on to its operands, those of one output of several.
/// `is_reached`: whether a result is reached from a seed.
///
/// # Panics
/// If a rule of an atomic function refuses the point.
#[inline(never)]
pub(super) fn pass_on<const OUTPUTS: usize>(
    compound: &CompoundRow,
    rows: Rows<'_>,
    adjoints: &[Cell<[f64; OUTPUTS]>],
    output: usize,
    is_reached: impl FnMut(usize) -> bool,
) {
    let list = rows.rows[compound.last as usize].list().expect("the operands are in a list");
    let (slots, operands) = rows.pool.columns(list);
    let ((values, y), operands) =
        (slots.split_at(compound.operands as usize), &operands[..compound.operands as usize]);
    let seeds: Vec<f64> =
        adjoints[rows.results(compound)].iter().map(|adjoint| adjoint.get()[output]).collect();
    let is_wanted = |k: usize| operands[k] > UNTAKEN;
    let outcome = compound.op.pass_on([values, y, &seeds], is_reached, is_wanted, |k, term| {
        let adjoint = &adjoints[operands[k] as usize];
        let mut sums = adjoint.get();
        sums[output] += term;
        adjoint.set(sums);
    });
    if let Err(refusal) = outcome {
        panic!("a rule of an atomic function has no derivative at this point: {refusal}");
    }
}
