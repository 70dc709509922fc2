//! What a block of samples is evaluated with, and the memory for it.

use super::float::Float;
use super::packet::WIDTH;
use super::plan::{Plan, Slot};
use super::samples::Samples;
use super::vector::Aligned;
use std::ops::Range;

/// Memory for one block, and for what is summed over blocks.
#[derive(Debug, Default)]
pub(super) struct Scratch<T> {
    /// As many lanes per slot as are in use.
    pub values: Aligned<T>,
    pub adjoints: Aligned<T>,
    /// What each operand of a row gets, where it is looked at before it is added to what is there, or where nobody wants it.
    pub terms: [Aligned<T>; 3],
    /// The operands of sums, sample by sample.
    pub transposed: Aligned<T>,
    /// The partials of a row over lists.
    pub partials: Vec<[T; WIDTH]>,
    /// The derivatives by what is shared, and behind them the outputs.
    pub sums: Vec<T>,
    /// What comes out, sample by sample, before it is copied out.
    pub gathered: Vec<f64>,
    /// Whether a guard turned out differently, or there is no sample in the lane.
    pub is_out: Vec<bool>,
}

/// What is done where a zero adjoint meets a partial that is not finite: the product is NaN, and may have to be zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ZeroLaw {
    /// Nothing: a NaN that matters is seen in what comes out.
    None,
    /// Put right where rows of the table are passed back.
    Rows,
    /// There, and in sums of products, one by one.
    Everywhere,
}

/// What a block is evaluated with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'p, T> {
    pub plan: &'p Plan,
    /// The numbers that all samples share.
    pub shared: &'p [T],
    pub care: ZeroLaw,
    pub samples: &'p Samples<'p>,
    /// Lanes per slot: a multiple of [`WIDTH`].
    pub lanes: usize,
}

impl<T: Float> Scratch<T> {
    /// Makes room for so many lanes, and clears what is summed over blocks.
    pub fn begin(&mut self, plan: &Plan, shared: &[T], width: usize) {
        let len = plan.slots * width;
        self.values.set_len(len);
        self.adjoints.set_len(len);
        self.terms.iter_mut().for_each(|terms| terms.set_len(plan.most_rows * width));
        self.transposed.set_len(plan.most_transposed * width);
        self.is_out.resize(width, false);
        self.sums.clear();
        self.sums.resize(shared.len(), T::default());
        self.sums.resize(shared.len() + plan.outputs.len(), T::NOTHING);
    }
}

impl<T> Block<'_, T> {
    /// The lanes of so many slots.
    #[inline(always)]
    pub fn range(&self, slot: Slot, slots: usize) -> Range<usize> {
        let start = slot as usize * self.lanes;
        start..start + slots * self.lanes
    }

    #[inline(always)]
    pub fn of<'v>(&self, all: &'v [T], slot: Slot) -> &'v [T] {
        &all[self.range(slot, 1)]
    }
}

/// Without an early end, so that the loop becomes vector instructions.
#[inline(always)]
pub(super) fn any_is_nan<T: Float>(lanes: &[T]) -> bool {
    lanes.iter().fold(false, |any, lane| any | lane.is_a_nan())
}
