//! How a graph is evaluated over many samples: what all samples share is a function of its own, evaluated once; the rest
//! is a list of steps over lanes.

use super::super::graph::{Check, Graph};
use crate::ops::Op;
use std::ops::Range;

/// A row of lanes in a block: the place of a number that differs from sample to sample.
pub(super) type Slot = u32;

/// What is done to a block of lanes. The slots that are written stand behind those that are read.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Row(Row),
    /// A row over lists.
    List {
        op: Op,
        operands: Vec<Slot>,
        to: Slot,
    },
    /// Sums of products of what is shared with lanes: as many as there are neurons in a layer.
    Sums(Sums),
}

/// A row of the table with up to three operands; the places of those it does not have hold any slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub op: Op,
    pub operands: [Slot; 3],
    pub arity: usize,
    pub to: Slot,
}

impl Row {
    pub fn operands(&self) -> &[Slot] {
        &self.operands[..self.arity]
    }
}

impl Step {
    /// The slot of the result, or the first of several.
    pub fn to(&self) -> Slot {
        match self {
            Step::Row(Row { to, .. }) | Step::List { to, .. } | Step::Sums(Sums { to, .. }) => *to,
        }
    }

    /// The slots of all results.
    pub fn results(&self) -> Range<usize> {
        let to = self.to() as usize;
        to..to + if let Step::Sums(sums) = self { sums.rows } else { 1 }
    }

    /// The slots that are read.
    pub fn reads(&self) -> &[Slot] {
        match self {
            Step::Row(row) => row.operands(),
            Step::List { operands, .. } => operands,
            Step::Sums(sums) => &sums.lanes,
        }
    }
}

/// `yᵣ = Σₖ wᵣₖ xₖ + bᵣ`: rows that read the same lanes. The order of summation is that of the list, from the left.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// The lanes that are read.
    pub lanes: Vec<Slot>,
    /// Where the weights stand in the list of what is shared, row by row.
    pub weights: Range<usize>,
    /// Where the offsets do, one a row, if there are any.
    pub offsets: Range<usize>,
    /// The results: so many slots from here on.
    pub to: Slot,
    pub rows: usize,
    /// Whether a weight or an offset depends on a shared variable.
    pub is_learned: bool,
    /// Whether lanes are read more than once, by a row that multiplies them by several weights.
    pub repeats: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What all samples share, as a graph: of the shared inputs, with an output for each number that steps use.
    pub head: Graph,
    /// The samples' inputs that are used: number and slot.
    pub loads: Vec<(usize, Slot)>,
    /// What is shared and used as lanes: its position in the list of what is shared, and its slot.
    pub copies: Vec<(usize, Slot)>,
    pub steps: Vec<Step>,
    /// Asked in all lanes: the check, with slots for places.
    pub checks: Vec<Check>,
    pub outputs: Vec<Slot>,
    /// Lanes that learned weights are multiplied by.
    pub weighted: Vec<Slot>,
    pub slots: usize,
    /// Of each slot, whether it depends on a shared variable, and on a sample's variable.
    pub by_shared: Vec<bool>,
    pub by_sample: Vec<bool>,
}
