//! What is rare in lanes, sample by sample: functions that a kernel declined, zeros that met an infinity. The scalar row
//! has the answer.

use super::block::Block;
use super::float::Float;
use super::plan::{Slot, Step, Sums};
use super::sums::FOLDED;
use crate::ops::Op;
use crate::rules::Few;
use std::cell::OnceCell;

/// Puts right the values that are NaN: `operand(k, lane)` are the arguments.
#[cold]
#[inline(never)]
pub(super) fn values<T: Float>(op: Op, operand: impl Fn(usize, usize) -> T, arity: usize, y: &mut [T]) {
    let mut arguments: Few<f64> = Few::with_capacity(arity);
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
        let result = self.block.plan.steps[self.step].to();
        for lane in 0..terms.len() {
            if !terms[lane].is_a_nan() {
                continue;
            }
            let arguments: Few<f64> = operands.iter().map(|&slot| self.at(slot, from + lane)).collect();
            let (partial, adjoint) = (partial(op, &arguments, y[lane].double(), k), adjoint[lane].double());
            let is_reached = || self.reached(from + lane)[result as usize];
            let is_cut = self.is_out[from + lane] || (op.is_piecewise() && partial == 0.0);
            terms[lane] = T::of(if is_cut { 0.0 } else { term(partial, adjoint, is_reached) });
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
        for lane in (0..lanes).filter(|&lane| !self.is_out[lane]) {
            let reached = OnceCell::new();
            for row in 0..sums.rows {
                let adjoint = adjoints[row * width + lane].double();
                let is_reached = || reached.get_or_init(|| self.reached(lane))[sums.to as usize + row];
                for (k, &slot) in sums.lanes.iter().enumerate() {
                    let position = sums.weights.start + row * operands + k;
                    if passes_on {
                        let weight = self.block.shared[position].double();
                        let place = &mut to[slot as usize * width + lane];
                        *place = *place + T::of(term(weight, adjoint, is_reached));
                    }
                    if is_learned {
                        let place = &mut by_shared[position * FOLDED + lane % FOLDED];
                        *place = *place + T::of(term(self.at(slot, lane), adjoint, is_reached));
                    }
                }
                if is_learned && let Some(position) = sums.offsets.clone().nth(row) {
                    let place = &mut by_shared[position * FOLDED + lane % FOLDED];
                    *place = *place + T::of(adjoint);
                }
            }
        }
    }

    fn at(&self, slot: Slot, lane: usize) -> f64 {
        self.values[slot as usize * self.block.width + lane].double()
    }

    /// Which results, of this step and of those behind it, were reached from the output in this lane.
    fn reached(&self, lane: usize) -> Vec<bool> {
        self.block.reached(self.values, self.output, lane, self.step + 1)
    }
}

impl<T: Float> Block<'_, T> {
    /// By slot, whether it is reached from an output in a lane, through the steps from `first` on.
    fn reached(&self, values: &[T], output: Slot, lane: usize, first: usize) -> Vec<bool> {
        let at = |slot: Slot| values[slot as usize * self.width + lane].double();
        let mut reached = vec![false; self.plan.slots];
        reached[output as usize] = true;
        for step in self.plan.steps[first..].iter().rev() {
            if !step.results().any(|slot| reached[slot]) {
                continue;
            }
            for (k, &slot) in step.reads().iter().enumerate() {
                let is_linked = match step {
                    Step::Row(row) if row.op.is_piecewise() => {
                        let arguments: Few<f64> = row.operands().iter().map(|&slot| at(slot)).collect();
                        partial(row.op, &arguments, at(row.to), k) != 0.0
                    }
                    _ => true,
                };
                reached[slot as usize] |= is_linked;
            }
        }
        reached
    }

    /// In how many samples what is shared is reached from an output: added to the `counts` of each.
    #[cold]
    #[inline(never)]
    pub fn count_reached(&self, values: &[T], is_out: &[bool], output: Slot, counts: &mut [T]) {
        let mut count = |position: usize| {
            let place = &mut counts[position * FOLDED];
            *place = *place + T::of(1.0);
        };
        for lane in (0..self.lanes).filter(|&lane| !is_out[lane]) {
            let reached = self.reached(values, output, lane, 0);
            let copies = self.plan.copies.iter().filter(|(_, slot)| reached[*slot as usize]);
            copies.for_each(|&(position, _)| count(position));
            for step in &self.plan.steps {
                let Step::Sums(sums) = step else { continue };
                for row in (0..sums.rows).filter(|&row| reached[sums.to as usize + row]) {
                    let operands = sums.lanes.len();
                    let weights = sums.weights.clone().skip(row * operands).take(operands);
                    weights.chain(sums.offsets.clone().nth(row)).for_each(&mut count);
                }
            }
        }
    }
}

/// A partial times an adjoint, as in the sweep of a tape: a zero passes nothing on, but is NaN where it was reached and
/// the partial is not finite.
fn term(partial: f64, adjoint: f64, is_reached: impl FnOnce() -> bool) -> f64 {
    if adjoint == 0.0 && (partial.is_finite() || !is_reached()) { 0.0 } else { partial * adjoint }
}

fn partial(op: Op, arguments: &[f64], y: f64, k: usize) -> f64 {
    let partials = op.partials(arguments, y).expect("a row of the table");
    partials[k]
}
