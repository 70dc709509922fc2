//! How a graph is evaluated over many samples: what all samples share is a function of its own, evaluated once; the rest
//! is a list of steps over lanes.

use super::super::ir::graph::{Graph, Guard};
use super::packet::WIDTH;
use crate::table::ops::Op;
use std::ops::Range;

/// A row of lanes in a block: the place of a number that differs from sample to sample.
pub(super) type Slot = u32;

/// What is done to a block of lanes. The slots that are written stand behind those that are read.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Rows(Rows),
    /// A row over lists.
    List {
        op: Op,
        operands: Vec<Slot>,
        to: Slot,
    },
    /// Sums of products of what is shared with lanes: as many as there are neurons in a layer.
    Sums(Sums),
}

/// A row of the table with up to three operands, for several results in line: the operands of the next result, and the
/// result itself, are the next slots. So a layer's activations are one loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub op: Op,
    /// Of the first result; the places beyond the arity hold any slot.
    pub operands: [Slot; 3],
    pub arity: usize,
    pub to: Slot,
    pub rows: usize,
}

impl Rows {
    /// The slots of the operands of one result.
    pub fn operands_of(&self, row: usize) -> impl Iterator<Item = Slot> + Clone {
        self.operands[..self.arity].iter().map(move |&slot| slot + row as Slot)
    }

    /// The slots that stand in this place as operands.
    pub fn range(&self, operand: usize) -> Range<usize> {
        let first = self.operands[operand] as usize;
        first..first + self.rows
    }
}

impl Step {
    /// The slots that are read, each as often as it is.
    pub fn operands(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self {
            Step::Rows(rows) => Box::new((0..rows.arity).flat_map(|k| rows.range(k))),
            Step::List { operands: lanes, .. } | Step::Sums(Sums { lanes, .. }) => {
                Box::new(lanes.iter().map(|&slot| slot as usize))
            }
        }
    }

    /// The slots of all results.
    pub fn results(&self) -> Range<usize> {
        let (to, rows) = match self {
            Step::Rows(Rows { to, rows, .. }) | Step::Sums(Sums { to, rows, .. }) => (*to, *rows),
            Step::List { to, .. } => (*to, 1),
        };
        to as usize..to as usize + rows
    }
}

/// `yᵣ = Σₖ wᵣₖ xₖ + bᵣ`: rows that read the same lanes. The order of summation is that of the list, from the left.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// The lanes that are read.
    pub lanes: Vec<Slot>,
    /// Which of the plan's loads they are, if they are contiguous.
    pub loads: Option<Range<usize>>,
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

impl Sums {
    /// Whether the operands are transposed into rows on the way back to their weights, in a block of so many lanes: where that
    /// takes less than adding up the lanes of a register for each weight.
    pub fn are_transposed(&self, lanes: usize) -> bool {
        self.lanes.len().is_multiple_of(WIDTH) && lanes <= TURNED_BY * self.rows
    }
}

/// For how many numbers that are transposed the lanes of one sum can be added up.
const TURNED_BY: usize = 6;

#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What all samples share, as a graph: of the shared inputs, with an output for each number that steps use.
    pub head: Graph,
    /// The samples' inputs: number and slot.
    pub loads: Vec<(usize, Slot)>,
    /// What is shared and used as lanes: its position in the list of what is shared, and its slot.
    pub copies: Vec<(usize, Slot)>,
    pub steps: Vec<Step>,
    /// Asked in all lanes: the guard, with slots for places.
    pub guards: Vec<Guard>,
    pub outputs: Vec<Slot>,
    pub slots: usize,
    /// The most operands of sums that may be transposed into rows.
    pub most_transposed: usize,
    /// The most contiguous results that elementwise rows have.
    pub most_rows: usize,
    /// Of each slot, whether it depends on a shared variable, and on a sample's variable.
    pub by_shared: Vec<bool>,
    pub by_sample: Vec<bool>,
    /// How often each slot is read, by steps and as an output.
    pub uses: Vec<u32>,
    /// Whether each slot is the first that its step writes, or is no result of a step.
    pub begins: Vec<bool>,
}

impl Plan {
    /// The slots of the samples' inputs that derivatives are taken by.
    pub fn variables(&self) -> impl Iterator<Item = usize> + '_ {
        let of_samples = self.loads.iter().map(|&(_, slot)| slot as usize);
        of_samples.filter(|&slot| self.by_sample[slot])
    }
}
