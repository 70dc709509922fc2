//! What is rare in lanes, sample by sample: functions that a kernel declined, zeros that met an infinity. The scalar row
//! has the answer.

use super::block::Block;
use super::float::Float;
use super::plan::{Slot, Step, Sums};
use super::sums::FOLDED;
use crate::ops::Op;

/// Puts right the values that are NaN: `operand(k, lane)` are the arguments.
#[cold]
#[inline(never)]
pub(super) fn values<T: Float>(op: Op, operand: impl Fn(usize, usize) -> T, arity: usize, y: &mut [T]) {
    let mut arguments = Vec::with_capacity(arity);
    for (lane, y) in y.iter_mut().enumerate().filter(|(_, y)| y.is_a_nan()) {
        arguments.clear();
        arguments.extend((0..arity).map(|k| operand(k, lane).double()));
        if !op.refuses(&arguments) {
            *y = T::of(op.value(&arguments).expect("a row of the table"));
        }
    }
}

/// The terms of one step that came out as NaN.
pub(super) struct Lost<'b, 'p, T> {
    pub block: &'b Block<'p, T>,
    pub values: &'b [T],
    pub is_out: &'b [bool],
    /// Whose derivatives are taken.
    pub output: Slot,
    /// The position of the step.
    pub step: usize,
}

impl<T: Float> Lost<'_, '_, T> {
    /// Puts right the terms of operand `k` of a row, in the lanes from `from` on.
    #[cold]
    #[inline(never)]
    #[allow(clippy::too_many_arguments)] // they are what the row was evaluated with
    pub fn mend_row(
        &self,
        op: Op,
        operands: &[Slot],
        k: usize,
        y: &[T],
        adjoint: &[T],
        terms: &mut [T],
        from: usize,
    ) {
        for lane in (0..terms.len()).filter(|&lane| terms[lane].is_a_nan()).collect::<Vec<_>>() {
            let arguments: Vec<f64> = operands.iter().map(|&slot| self.at(slot, from + lane)).collect();
            let partial = partial(op, &arguments, y[lane].double(), k);
            terms[lane] = T::of(self.term(op.is_piecewise(), partial, adjoint[lane].double(), from + lane));
        }
    }

    /// The terms of sums of products, one by one.
    #[cold]
    #[inline(never)]
    pub fn mend_sums(
        &self,
        sums: &Sums,
        adjoints: &[T],
        to: &mut [T],
        passes_on: bool,
        is_learned: bool,
        by_shared: &mut [T],
    ) {
        let Block { width, lanes, .. } = *self.block;
        let operands = sums.lanes.len();
        for row in 0..sums.rows {
            for lane in 0..lanes {
                let adjoint = adjoints[row * width + lane].double();
                for (k, &slot) in sums.lanes.iter().enumerate() {
                    let position = sums.weights.start + row * operands + k;
                    if passes_on {
                        let weight = self.block.shared[position].double();
                        let place = &mut to[slot as usize * width + lane];
                        *place = *place + T::of(self.term(false, weight, adjoint, lane));
                    }
                    if is_learned {
                        let place = &mut by_shared[position * FOLDED + lane % FOLDED];
                        *place = *place + T::of(self.term(false, self.at(slot, lane), adjoint, lane));
                    }
                }
                if is_learned && let Some(position) = sums.offsets.clone().nth(row) {
                    let place = &mut by_shared[position * FOLDED + lane % FOLDED];
                    *place = *place + T::of(adjoint);
                }
            }
        }
    }

    /// A partial times an adjoint, as in the sweep of a tape: a zero passes nothing on, but is NaN where it was reached
    /// and the partial is not finite.
    fn term(&self, is_piecewise: bool, partial: f64, adjoint: f64, lane: usize) -> f64 {
        if self.is_out[lane] || (is_piecewise && partial == 0.0) {
            return 0.0;
        }
        if adjoint == 0.0 && (partial.is_finite() || !self.is_reached(lane)) {
            return 0.0;
        }
        partial * adjoint
    }

    fn at(&self, slot: Slot, lane: usize) -> f64 {
        self.values[slot as usize * self.block.width + lane].double()
    }

    /// Whether the result of this step was reached from the output, in this lane.
    fn is_reached(&self, lane: usize) -> bool {
        let plan = self.block.plan;
        let mut reached = vec![false; plan.slots];
        reached[self.output as usize] = true;
        for step in plan.steps[self.step + 1..].iter().rev() {
            if !step.results().any(|slot| reached[slot]) {
                continue;
            }
            for (k, &slot) in step.reads().iter().enumerate() {
                let is_linked = match step {
                    Step::Row(row) if row.op.is_piecewise() => {
                        let arguments: Vec<f64> =
                            row.operands().iter().map(|&slot| self.at(slot, lane)).collect();
                        partial(row.op, &arguments, self.at(row.to, lane), k) != 0.0
                    }
                    _ => true,
                };
                reached[slot as usize] |= is_linked;
            }
        }
        plan.steps[self.step].results().any(|slot| reached[slot])
    }
}

fn partial(op: Op, arguments: &[f64], y: f64, k: usize) -> f64 {
    let partials = op.partials(arguments, y).expect("a row of the table");
    partials[k]
}
