//! Data and memory for the evaluation of a block of samples.

use super::plan::{Plan, Slot};
use super::samples::Samples;
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Aligned;
use std::ops::Range;

/// Memory for one block, and for the sums over blocks.
#[derive(Debug, Default)]
pub(super) struct Scratch<T> {
    /// The lanes in use of every slot.
    pub values: Aligned<T>,
    pub adjoints: Aligned<T>,
    /// The contributions to each operand of a row, if they are tested before they are added, or are not wanted.
    pub terms: [Aligned<T>; 3],
    /// The operands of sums, transposed: sample by sample.
    pub transposed: Aligned<T>,
    /// The partials of a row over lists.
    pub partials: Vec<[T; WIDTH]>,
    /// The sums of the derivatives with respect to the shared numbers, followed by those of the outputs.
    pub sums: Vec<T>,
    /// Results that are written sample by sample, before they are copied to the caller: outputs, and derivatives.
    pub gathered: [Vec<f64>; 2],
    /// For each lane, whether a guard does not have its recorded outcome, or there is no sample.
    pub is_out: Vec<bool>,
}

/// What to do where a zero adjoint meets a partial that is not finite: the product is NaN, but has to be 0 if the
/// zero is structural.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ZeroLaw {
    /// Nothing: a NaN that matters appears in the result.
    None,
    /// Correct the contributions of elementwise rows and rows over lists.
    Rows,
    /// Also compute sums of products term by term.
    Everywhere,
}

/// The data of one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'p, T> {
    pub plan: &'p Plan,
    /// The shared numbers.
    pub shared: &'p [T],
    pub care: ZeroLaw,
    pub samples: &'p Samples<'p>,
    /// Lanes per slot: a multiple of [`WIDTH`], or fewer in a block of few samples.
    pub lanes: usize,
}

impl<T: Float> Scratch<T> {
    /// Makes room for this many lanes, and clears the sums over blocks.
    pub fn begin(&mut self, plan: &Plan, shared: &[T], width: usize) {
        // A packet of few lanes is read beyond them.
        let len = plan.slots * width + WIDTH;
        self.values.set_len(len);
        self.adjoints.set_len(len);
        self.terms.iter_mut().for_each(|terms| terms.set_len(plan.most_rows * width));
        self.transposed.set_len((plan.most_transposed * width).max(plan.most_summed * WIDTH));
        self.is_out.resize(width, false);
        self.sums.clear();
        self.sums.resize(shared.len(), T::default());
        self.sums.resize(shared.len() + plan.outputs.len(), T::NOTHING);
    }
}

impl<T> Block<'_, T> {
    /// The lanes of this many slots.
    #[inline(always)]
    pub fn range(&self, slot: Slot, slots: usize) -> Range<usize> {
        let start = slot as usize * self.lanes;
        start..start + slots * self.lanes
    }

    /// Whether registers are filled with operations instead of samples.
    #[inline(always)]
    pub fn has_few_lanes(&self) -> bool {
        self.lanes < WIDTH
    }

    #[inline(always)]
    pub fn of<'v>(&self, all: &'v [T], slot: Slot) -> &'v [T] {
        &all[self.range(slot, 1)]
    }
}

/// Whether all numbers are finite: any other times zero is NaN.
#[inline(always)]
pub(super) fn all_are_finite<T: Float>(numbers: &[T]) -> bool {
    !numbers.iter().fold(false, |any, &number| any | (number * T::default()).is_a_nan())
}
