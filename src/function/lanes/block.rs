//! One block of samples: forwards through the steps of a plan, and backwards. Everything here is inlined into code for
//! the vector instructions of the machine, but for what is rare.

use super::float::Float;
use super::mend;
use super::pack::{Pack, WIDTH};
use super::plan::{Plan, Row, Slot, Step, Sums};
use super::rows::{list_partials_of, list_value_of, terms_of, values_of};
use super::sums::{FOLDED, add_correlations, add_products, fold};
use super::sweep::{Move, Sweep};

use pulp::Simd;
use std::marker::PhantomData;

/// Memory for one block, and for what is summed over blocks.
#[derive(Debug, Default)]
pub(super) struct Scratch<T> {
    /// `width` lanes per slot.
    pub values: Vec<T>,
    pub adjoints: Vec<T>,
    /// Lanes of one operand.
    terms: Vec<T>,
    /// The derivatives by what is shared, and behind them the outputs, folded.
    pub sums: Vec<T>,
    /// Whether a check turned out differently, or there is no sample in the lane.
    pub is_out: Vec<bool>,
    /// By slot: whether all lanes are finite.
    is_finite: Vec<bool>,
}

/// What a block is evaluated with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'p, T> {
    pub plan: &'p Plan,
    /// The numbers that all samples share.
    pub shared: &'p [T],
    pub shared_is_finite: bool,
    /// Lanes per slot.
    pub width: usize,
    /// Lanes in use: a multiple of [`WIDTH`].
    pub lanes: usize,
}

impl<T: Float> Scratch<T> {
    /// Makes room, and clears what is summed over blocks.
    pub fn begin(&mut self, plan: &Plan, shared: &[T], width: usize) {
        let len = plan.slots * width;
        self.values.resize(len, T::default());
        self.adjoints.resize(len, T::default());
        self.terms.resize(width, T::default());
        self.is_out.resize(width, false);
        self.is_finite.resize(plan.slots, true);
        self.sums.clear();
        self.sums.resize((shared.len() + plan.outputs.len()) * FOLDED, T::default());
        for &(position, slot) in &plan.copies {
            let place = slot as usize * width;
            self.values[place..place + width].fill(shared[position]);
            self.adjoints[place..place + width].fill(T::default());
        }
    }
}

impl<'p, T: Float> Block<'p, T> {
    #[inline(always)]
    fn of<'v>(&self, all: &'v [T], slot: Slot) -> &'v [T] {
        &all[slot as usize * self.width..][..self.lanes]
    }

    /// Evaluates every step.
    #[inline(always)]
    pub fn forward<S: Simd>(&self, scratch: &mut Scratch<T>) {
        for step in &self.plan.steps {
            match step {
                Step::Row(Row { op, operands, arity, to }) => {
                    let (before, after) = scratch.values.split_at_mut(*to as usize * self.width);
                    let y = &mut after[..self.lanes];
                    if values_of(*op, operands.map(|slot| self.of(before, slot)), y) {
                        mend::values(*op, |k, lane| self.of(before, operands[k])[lane], *arity, y);
                    }
                }
                Step::List { op, operands, to } => {
                    let (before, after) = scratch.values.split_at_mut(*to as usize * self.width);
                    let y = &mut after[..self.lanes];
                    for (chunk, y) in y.chunks_exact_mut(WIDTH).enumerate() {
                        let read = |slot| pack_of::<T, S>(self.of(before, slot), chunk);
                        y.copy_from_slice(&list_value_of(*op, operands, read).0);
                    }
                    if has_nan(y) {
                        mend::values(*op, |k, lane| self.of(before, operands[k])[lane], operands.len(), y);
                    }
                }
                Step::Sums(sums) => self.add_up(sums, &mut scratch.values),
            }
        }
    }

    #[inline(always)]
    fn add_up(&self, sums: &Sums, values: &mut [T]) {
        let (before, after) = values.split_at_mut(sums.to as usize * self.width);
        let (before, operands) = (&*before, sums.lanes.len());
        for row in 0..sums.rows {
            let start = self.shared[sums.offsets.clone()].get(row).copied().unwrap_or_default();
            after[row * self.width..][..self.lanes].fill(start);
        }
        let weights = &self.shared[sums.weights.clone()];
        add_products(
            self.lanes,
            sums.rows,
            operands,
            |k| self.of(before, sums.lanes[k]),
            |row, k| weights[row * operands + k],
            after,
            |row| row * self.width,
            true,
        );
    }

    /// The derivatives of an output in all lanes that are not out.
    #[inline(always)]
    pub fn backward<S: Simd>(&self, sweep: &Sweep, scratch: &mut Scratch<T>) {
        let (width, lanes) = (self.width, self.lanes);
        let Scratch { values, adjoints, terms, sums: by_shared, is_out, is_finite } = scratch;
        for &slot in &sweep.zeros {
            adjoints[slot as usize * width..][..lanes].fill(T::default());
        }
        let seeds = adjoints[sweep.output as usize * width..][..lanes].iter_mut();
        for (adjoint, &is_out) in seeds.zip(&*is_out) {
            let seed = if is_out { T::default() } else { T::of(1.0) };
            *adjoint = if sweep.is_copy { *adjoint + seed } else { seed };
        }
        if sweep.by_shared {
            for &slot in &self.plan.weighted {
                is_finite[slot as usize] = are_finite(self.of(values, slot));
            }
        }
        let lost = |step| mend::Lost { block: self, values, is_out, output: sweep.output, step };
        for part in &sweep.moves {
            match part {
                Move::Row { row, by, is_first, step } => {
                    let (before, after) = adjoints.split_at_mut(row.to as usize * width);
                    let adjoint = &after[..lanes];
                    let y = self.of(values, row.to);
                    let operands = row.operands.map(|slot| self.of(values, slot));
                    let to = &mut before[row.operands[*by] as usize * width..][..lanes];
                    // Straight to where they belong, if nothing is there yet.
                    if *is_first {
                        if terms_of(row.op, operands, y, adjoint, *by, to) {
                            lost(*step).mend_row(row.op, row.operands(), *by, y, adjoint, to, 0);
                        }
                    } else {
                        let terms = &mut terms[..lanes];
                        if terms_of(row.op, operands, y, adjoint, *by, terms) {
                            lost(*step).mend_row(row.op, row.operands(), *by, y, adjoint, terms, 0);
                        }
                        accumulate(terms, to);
                    }
                }
                Move::List { step, is_wanted } => {
                    let Step::List { op, operands, to } = &self.plan.steps[*step] else { continue };
                    let (before, after) = adjoints.split_at_mut(*to as usize * width);
                    for chunk in 0..lanes / WIDTH {
                        let read = |slot| pack_of::<T, S>(self.of(values, slot), chunk);
                        let (y, adjoint) = (read(*to), pack_of::<T, S>(after, chunk));
                        let mut k = 0;
                        list_partials_of(*op, operands, read, y, |partial| {
                            if is_wanted[k] {
                                let mut terms = [T::default(); WIDTH];
                                for lane in 0..WIDTH {
                                    terms[lane] = partial.0[lane] * adjoint.0[lane];
                                }
                                if has_nan(&terms) {
                                    let from = chunk * WIDTH;
                                    lost(*step)
                                        .mend_row(*op, operands, k, &y.0, &adjoint.0, &mut terms, from);
                                }
                                let place = operands[k] as usize * width + chunk * WIDTH;
                                accumulate(&terms, &mut before[place..][..WIDTH]);
                            }
                            k += 1;
                        });
                    }
                }
                Move::Sums { step, passes_on } => {
                    let Step::Sums(sums) = &self.plan.steps[*step] else { continue };
                    let (before, after) = adjoints.split_at_mut(sums.to as usize * width);
                    let is_learned = sweep.by_shared && sums.is_learned;
                    let is_plain = self.shared_is_finite
                        && (!is_learned || sums.lanes.iter().all(|&lane| is_finite[lane as usize]));
                    if !is_plain {
                        lost(*step).mend_sums(sums, after, before, *passes_on, is_learned, by_shared);
                        continue;
                    }
                    let (after, operands) = (&*after, sums.lanes.len());
                    let adjoint = |row: usize| &after[row * width..][..lanes];
                    if *passes_on {
                        let weights = &self.shared[sums.weights.clone()];
                        add_products(
                            lanes,
                            operands,
                            sums.rows,
                            adjoint,
                            |k, row| weights[row * operands + k],
                            before,
                            |k| sums.lanes[k] as usize * width,
                            !sums.repeats,
                        );
                    }
                    if is_learned {
                        let by_weights = &mut by_shared[sums.weights.start * FOLDED..];
                        let lanes_of = |k: usize| self.of(values, sums.lanes[k]);
                        add_correlations(lanes, sums.rows, operands, adjoint, lanes_of, by_weights);
                        for (row, position) in sums.offsets.clone().enumerate() {
                            fold(adjoint(row), &mut by_shared[position * FOLDED..][..FOLDED]);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn pack_of<T: Float, S: Simd>(lanes: &[T], chunk: usize) -> Pack<T, S> {
    Pack(lanes[chunk * WIDTH..][..WIDTH].try_into().expect("as many lanes"), PhantomData)
}

#[inline(always)]
fn accumulate<T: Float>(terms: &[T], to: &mut [T]) {
    for (to, &term) in to.iter_mut().zip(terms) {
        *to = *to + term;
    }
}

/// Without an early end, so that the loop becomes vector instructions.
#[inline(always)]
fn has_nan<T: Float>(lanes: &[T]) -> bool {
    lanes.iter().fold(false, |any, lane| any | lane.is_a_nan())
}

#[inline(always)]
fn are_finite<T: Float>(lanes: &[T]) -> bool {
    // Zero times infinity is NaN.
    lanes.iter().fold(true, |all, &lane| all & !(lane * T::default()).is_a_nan())
}
