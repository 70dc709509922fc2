//! Operations with several results, which have rules in place of partials: over plain numbers, as a sweep needs them.

use crate::table::atomic::{Active, Atomic, AtomicOp, Refusal};
use crate::table::hooks::Hooks;
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::ops::Op;
use crate::table::zeros::adjoints_count;

/// An operation on matrices, or an atomic function.
#[derive(Debug, Clone)]
pub(crate) enum Compound {
    Matrix(MatrixOp),
    Atomic(Atomic),
}

impl Compound {
    /// An operation of a list that calls these functions, if it has several results.
    pub fn of(op: Op, called: &[Atomic]) -> Option<Compound> {
        match op {
            Op::Matrix(op) => Some(Compound::Matrix(op)),
            Op::Atomic(op) => Some(Compound::Atomic(called[op.index()].clone())),
            _ => None,
        }
    }

    /// The operation, as it stands on a tape.
    pub fn op(&self) -> Op {
        match self {
            Compound::Matrix(op) => Op::Matrix(*op),
            Compound::Atomic(function) => Op::Atomic(AtomicOp::new(0, function.results())),
        }
    }

    /// The results.
    pub fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        match self {
            Compound::Matrix(op) => Ok(f64::matrix(*op, operands)),
            Compound::Atomic(function) => f64::atomic(function, operands),
        }
    }

    /// By operand: whether one of these results depends on it.
    pub fn leading_to(&self, operands: usize, results: &[bool]) -> Vec<bool> {
        match self {
            Compound::Matrix(_) => vec![results.contains(&true); operands],
            Compound::Atomic(function) => function.leading_to(results),
        }
    }

    /// Calls `visit` with each wanted operand, by its position, and its term of the adjoint, given the values of the operands
    /// and of the results and the adjoints of the results. `is_reached`: whether a result is reached from a seed; it is
    /// called only where that matters.
    pub fn pass_on(
        &self,
        [operands, results, adjoints]: [&[f64]; 3],
        mut is_reached: impl FnMut(usize) -> bool,
        is_wanted: impl Fn(usize) -> bool,
        mut visit: impl FnMut(usize, f64),
    ) -> Result<(), Refusal> {
        match self {
            Compound::Matrix(op) => {
                let is_any_reached = || (0..results.len()).any(&mut is_reached);
                if !adjoints_count(adjoints, operands.iter().chain(results), is_any_reached) {
                    return Ok(());
                }
                let [first, _] = op.split(operands.len()).expect("the operands of this operation");
                let wanted = [0..first, first..operands.len()].map(|mut operands| operands.any(&is_wanted));
                let terms = rules::adjoints(*op, operands, results, adjoints, wanted);
                terms
                    .into_iter()
                    .enumerate()
                    .filter(|&(k, _)| is_wanted(k))
                    .for_each(|(k, term)| visit(k, term));
            }
            Compound::Atomic(function) => {
                let reached: Vec<bool> =
                    (0..results.len()).map(|k| adjoints[k] != 0.0 || is_reached(k)).collect();
                let mut active = Active { operands: function.leading_to(&reached), results: reached };
                for (k, is_active) in active.operands.iter_mut().enumerate() {
                    *is_active = *is_active && is_wanted(k);
                }
                if !active.operands.contains(&true) {
                    return Ok(());
                }
                let seeds: Vec<f64> = Active::choose(&active.results, adjoints).collect();
                let terms = f64::atomic_adjoints(function, [operands, results, &seeds], &active)?;
                let operands = (0..operands.len()).filter(|&k| active.operands[k]);
                operands.zip(terms).for_each(|(k, term)| visit(k, term));
            }
        }
        Ok(())
    }
}
