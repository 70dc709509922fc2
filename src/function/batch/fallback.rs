//! Rare cases, evaluated sample by sample with the scalar row: functions that a kernel declined, and zeros that met
//! an infinity.

use super::plan::{Rows, Several, Slot, Step, Sums};
use super::scratch::Block;
use crate::function::lanes::float::Float;
use crate::table::ops::Op;
use crate::table::rules::Few;
use crate::table::zeros::{Reach, zero_counts};
use std::cell::OnceCell;

/// What is needed to correct terms of one step that are NaN.
pub(super) struct Lost<'b, 'p, T> {
    pub block: &'b Block<'p, T>,
    pub values: &'b [T],
    pub is_out: &'b [bool],
    /// The output whose derivatives are computed.
    pub output: Slot,
    /// The position of the step.
    pub step: usize,
}

impl<T: Float> Lost<'_, '_, T> {
    /// Corrects terms of operand `k` of elementwise rows that are NaN.
    #[cold]
    #[inline(never)]
    pub fn correct_rows(&self, rows: &Rows, k: usize, y: &[T], adjoint: &[T], terms: &mut [T]) {
        let lanes = self.block.lanes;
        for (place, term) in terms.iter_mut().enumerate().filter(|(_, term)| term.is_a_nan()) {
            let (row, lane) = (place / lanes, place % lanes);
            let result = rows.to as usize + row;
            *term = self.term(rows.op, rows.operands_of(row), k, result, lane, y[place], adjoint[place]);
        }
    }

    /// Corrects terms of operand `k` of a row over lists that are NaN, in the lanes from `from` on.
    #[cold]
    #[inline(never)]
    #[allow(clippy::too_many_arguments)] // the data with which the row was evaluated
    pub fn correct_list(
        &self,
        op: Op,
        operands: &[Slot],
        k: usize,
        y: &[T],
        adjoint: &[T],
        terms: &mut [T],
        from: usize,
    ) {
        let result = self.block.plan.steps[self.step].results().start;
        for (lane, term) in terms.iter_mut().enumerate().filter(|(_, term)| term.is_a_nan()) {
            let operands = operands.iter().copied();
            *term = self.term(op, operands, k, result, from + lane, y[lane], adjoint[lane]);
        }
    }

    /// The term of operand `k` in one lane.
    #[allow(clippy::too_many_arguments)] // the data with which the row was evaluated
    fn term(
        &self,
        op: Op,
        operands: impl Iterator<Item = Slot>,
        k: usize,
        result: usize,
        lane: usize,
        y: T,
        adjoint: T,
    ) -> T {
        let arguments: Few<f64> = operands.map(|slot| self.at(slot, lane)).collect();
        let (partial, is_taken) = partial(op, &arguments, y.double(), k);
        T::of(if self.is_out[lane] || !is_taken {
            0.0
        } else {
            term(partial, adjoint.double(), || self.reached(lane)[result])
        })
    }

    /// Computes the terms of sums of products, one by one.
    #[cold]
    #[inline(never)]
    pub fn correct_sums(
        &self,
        sums: &Sums,
        adjoints: &[T],
        to: &mut [T],
        passes_on: bool,
        is_learned: bool,
        by_shared: &mut [T],
    ) {
        let lanes = self.block.lanes;
        let operands = sums.lanes.len();
        for lane in (0..lanes).filter(|&lane| !self.is_out[lane]) {
            let reached = OnceCell::new();
            for row in 0..sums.rows {
                let adjoint = adjoints[row * lanes + lane].double();
                let is_reached = || reached.get_or_init(|| self.reached(lane))[sums.to as usize + row];
                for (k, &slot) in sums.lanes.iter().enumerate() {
                    let position = sums.weights.start + row * operands + k;
                    if passes_on {
                        let weight = self.block.shared[position].double();
                        let place = &mut to[slot as usize * lanes + lane];
                        *place = *place + T::of(term(weight, adjoint, is_reached));
                    }
                    if is_learned {
                        let place = &mut by_shared[position];
                        *place = *place + T::of(term(self.at(slot, lane), adjoint, is_reached));
                    }
                }
                if is_learned && let Some(position) = sums.offsets.clone().nth(row) {
                    let place = &mut by_shared[position];
                    *place = *place + T::of(adjoint);
                }
            }
        }
    }

    fn at(&self, slot: Slot, lane: usize) -> f64 {
        self.values[slot as usize * self.block.lanes + lane].double()
    }

    /// Which results of this and later steps are reached from the output in this lane.
    pub fn reached(&self, lane: usize) -> Vec<bool> {
        self.block.reached(self.values, self.output, lane, self.step + 1)
    }
}

impl<T: Float> Block<'_, T> {
    /// For each slot, whether it is reached from an output in a lane, through the steps from `first` on.
    fn reached(&self, values: &[T], output: Slot, lane: usize, first: usize) -> Vec<bool> {
        let at = |slot: Slot| values[slot as usize * self.lanes + lane].double();
        let mut reached = vec![false; self.plan.slots];
        reached[output as usize] = true;
        for step in self.plan.steps[first..].iter().rev() {
            if !step.results().any(|slot| reached[slot]) {
                continue;
            }
            match step {
                Step::Rows(rows) => {
                    for row in 0..rows.rows {
                        if !reached[rows.to as usize + row] {
                            continue;
                        }
                        let arguments: Few<f64> = rows.operands_of(row).map(at).collect();
                        for (k, slot) in rows.operands_of(row).enumerate() {
                            let (_, is_taken) = partial(rows.op, &arguments, at(rows.to + row as Slot), k);
                            reached[slot as usize] |= is_taken;
                        }
                    }
                }
                Step::List { operands: read, .. }
                | Step::Sums(Sums { lanes: read, .. })
                | Step::Several(Several { operands: read, .. }) => {
                    read.iter().for_each(|&slot| reached[slot as usize] = true);
                }
            }
        }
        reached
    }

    /// For each shared number, adds to `counts` the number of samples in which it is reached from an output.
    #[cold]
    #[inline(never)]
    pub fn count_reached(&self, values: &[T], is_out: &[bool], output: Slot, counts: &mut [T]) {
        let mut count = |position: usize| {
            let place = &mut counts[position];
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

/// A partial times an adjoint, as in the sweep of a tape.
fn term(partial: f64, adjoint: f64, is_reached: impl FnOnce() -> bool) -> f64 {
    if adjoint != 0.0 || zero_counts(partial.is_finite(), is_reached) { partial * adjoint } else { 0.0 }
}

/// The partial with respect to operand `k`, and whether the operand is selected.
fn partial(op: Op, arguments: &[f64], y: f64, k: usize) -> (f64, bool) {
    if op.is_reduction() {
        return (op.partials(arguments, y).expect("a row of the table")[k], true);
    }
    let mut found = None;
    op.visit_edges(
        arguments,
        |argument| argument,
        y,
        |operand| operand == k,
        |_, partial, untaken| found = Some((partial, !Reach::of(untaken).is_never())),
    );
    found.expect("a row of the table with this operand")
}
