//! How a graph is evaluated over many samples: the preamble, which depends on shared inputs alone, is a graph of
//! its own that is evaluated once; the rest is a list of steps over lanes.

use super::super::ir::graph::{Graph, Guard};
use crate::function::lanes::packet::WIDTH;
use crate::table::compound::Compound;
use crate::table::ops::Op;
use std::ops::Range;

/// The index of an intermediate result in a block. A slot holds one lane per sample.
pub(super) type Slot = u32;

/// One step of the evaluation of a block. It writes slots after those that it reads.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Rows(Rows),
    /// A row over lists.
    List {
        op: Op,
        operands: Vec<Slot>,
        to: Slot,
    },
    /// Sums of products of shared numbers and lanes, such as all neurons of a layer.
    Sums(Sums),
    Several(Several),
}

/// An elementwise row of the table, of up to three operands, for several results with contiguous slots: the
/// operands of the next result, and the result itself, are in the next slots. So the activations of a layer are one
/// loop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub op: Op,
    /// The operands of the first result; entries beyond the arity are arbitrary slots.
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

    /// The slots of this operand for all results.
    pub fn range(&self, operand: usize) -> Range<usize> {
        let first = self.operands[operand] as usize;
        first..first + self.rows
    }
}

impl Step {
    /// The slots that are read, repeated if they are read repeatedly.
    pub fn operands(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self {
            Step::Rows(rows) => Box::new((0..rows.arity).flat_map(|k| rows.range(k))),
            Step::List { operands: lanes, .. }
            | Step::Sums(Sums { lanes, .. })
            | Step::Several(Several { operands: lanes, .. }) => {
                Box::new(lanes.iter().map(|&slot| slot as usize))
            }
        }
    }

    /// The slots of all results.
    pub fn results(&self) -> Range<usize> {
        let (to, rows) = match self {
            Step::Rows(Rows { to, rows, .. }) | Step::Sums(Sums { to, rows, .. }) => (*to, *rows),
            Step::List { to, .. } => (*to, 1),
            Step::Several(step) => return step.results.clone(),
        };
        to as usize..to as usize + rows
    }
}

/// An operation with several results: its operands, and the slots of its results, which are contiguous.
#[derive(Debug, Clone)]
pub(super) struct Several {
    pub op: Compound,
    pub operands: Vec<Slot>,
    pub results: Range<usize>,
}

/// `yᵣ = Σₖ wᵣₖ xₖ + bᵣ`: a product of a matrix of shared weights and lanes. The order of summation is that of the
/// operands.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// The lanes that are read.
    pub lanes: Vec<Slot>,
    /// The range of the plan's loads that they are, if they are contiguous loads.
    pub loads: Option<Range<usize>>,
    /// The positions of the weights among the shared numbers, row by row.
    pub weights: Range<usize>,
    /// The positions of the offsets, one per row, or an empty range.
    pub offsets: Range<usize>,
    /// The first slot of the results; there is one per row.
    pub to: Slot,
    pub rows: usize,
    /// Whether a weight or an offset depends on a shared variable.
    pub is_learned: bool,
    /// Whether some lanes are read more than once, with several weights in one row.
    pub repeats: bool,
}

impl Sums {
    /// Whether the reverse sweep transposes the operands to compute the derivatives with respect to the weights, in
    /// a block of this many lanes: if that takes less time than adding up the lanes of a register for each weight. For few
    /// lanes, as for [`WIDTH`].
    pub fn are_transposed(&self, lanes: usize) -> bool {
        self.lanes.len().is_multiple_of(WIDTH) && lanes.max(WIDTH) <= TURNED_BY * self.rows
    }
}

/// How many numbers can be transposed in the time that it takes to add up the lanes of one sum.
const TURNED_BY: usize = 6;

/// Up to this number of samples are few: more fill a packet of lanes, or nearly.
pub(super) const FEW: usize = WIDTH / 2;

#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The preamble: a graph of the shared inputs, whose outputs are the shared numbers that steps use.
    pub preamble: Graph,
    /// The inputs that differ between samples: column and slot.
    pub loads: Vec<(usize, Slot)>,
    /// The shared numbers that are used as lanes: position among the shared numbers, and slot.
    pub copies: Vec<(usize, Slot)>,
    pub steps: Vec<Step>,
    /// The guards that are checked in all lanes, with slots instead of places.
    pub guards: Vec<Guard>,
    pub outputs: Vec<Slot>,
    pub slots: usize,
    /// The number of lanes for 1 sample, 2 samples and so on, as long as these are few.
    pub lanes_of_few: [usize; FEW],
    /// The largest number of operands of sums that may be transposed.
    pub most_transposed: usize,
    /// The largest number of operands of sums.
    pub most_summed: usize,
    /// The largest number of results of an elementwise step.
    pub most_rows: usize,
    /// For each slot, whether it depends on a shared variable, and on a variable that differs between samples.
    pub by_shared: Vec<bool>,
    pub by_sample: Vec<bool>,
    /// How often each slot is read by steps and as an output.
    pub uses: Vec<u32>,
    /// For each slot, whether it is the first that its step writes, or not the result of a step.
    pub begins: Vec<bool>,
}

impl Plan {
    /// The slots of the variables that differ between samples.
    pub fn variables(&self) -> impl Iterator<Item = usize> + '_ {
        let of_samples = self.loads.iter().map(|&(_, slot)| slot as usize);
        of_samples.filter(|&slot| self.by_sample[slot])
    }
}
