//! How one evaluation of a graph is arranged in runs: operations that are equal but for their operands lie side by side, and
//! are evaluated as one loop. Everything is decided here, once; nothing depends on the machine. Batches have the levels and
//! the order of equal operations from here too.

mod adjoints;
mod blocks;
mod chains;
mod forward;
mod gather;
mod group;
mod kinds;
mod levels;
mod offsets;
mod parts;
mod plan;
mod ranges;
mod reuse;
mod reverse;
mod split;
mod squares;

pub(super) use group::Group;
pub(super) use levels::Levels;
pub use plan::Exactness;
pub(super) use plan::{
    Contribution, Derivatives, Destination, Link, Linked, Operand, ReverseStep, Schedule, Step, Tree,
    Watched, Write,
};

use super::ir::graph::{Graph, Place};
use blocks::Blocks;
use kinds::Kinds;
use plan::Address;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Two schedules of a graph with this number of instructions or more are compared by their values alone, unless these cost
/// about the same: the sweep of the dearer one need not be planned.
const LARGE: usize = 10_000;
/// The largest difference that is about the same, as a part of the cost.
const ABOUT: f64 = 0.03;

/// A graph and its levels: what is known before anything is put side by side.
pub(crate) struct Levelled<'g> {
    graph: Cow<'g, Graph>,
    /// The products in each long product.
    trees: Vec<Vec<Place>>,
    early: Levels,
    late: Levels,
    pub exactness: Exactness,
}

impl<'g> Levelled<'g> {
    pub fn new(graph: &'g Graph, exactness: Exactness) -> Levelled<'g> {
        let graph = offsets::of_inner_products(graph);
        let (graph, trees) = match exactness {
            Exactness::Rounded => split::long_products(squares::long_sums(&graph).map_or(graph, Cow::Owned)),
            Exactness::Exact => (graph, Vec::new()),
        };
        let (early, late) = (Levels::early(&graph, |_| true), Levels::late(&graph));
        Levelled { graph, trees, early, late, exactness }
    }

    /// The graph that is scheduled.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Every operation as soon as its operands are known.
    pub fn early(&self) -> &Levels {
        &self.early
    }

    /// The same with its inputs in this order, on which levels do not depend.
    pub fn with_inputs_in(self, order: &[usize]) -> Levelled<'g> {
        Levelled { graph: Cow::Owned(self.graph.with_inputs_in(order)), ..self }
    }

    /// A number that no schedule has fewer runs than: an operation that is alone in its level is a run, and a chain goes
    /// through so many levels at most.
    pub fn fewest_runs(&self) -> usize {
        let of = |levels: &Levels| {
            let alone = levels.iter().filter(|level| level.len() == 1).count();
            alone + (levels.len() - alone).div_ceil(chains::LONGEST)
        };
        of(&self.early).min(of(&self.late))
    }

    /// The cheaper of two schedules, or the one with the cheaper values: with every operation as early as possible, or as late as
    /// possible.
    pub fn schedule(&self, is_variable: &[bool]) -> Schedule {
        let kinds = Kinds::new(&self.graph);
        let first = self.values(&kinds, &self.early);
        if self.early == self.late {
            return self.with_sweep(first, is_variable);
        }
        let second = self.values(&kinds, &self.late);
        let (a, b) = (first.schedule.cost(), second.schedule.cost());
        if self.graph.instructions.len() >= LARGE && a.max(b) > (1.0 + ABOUT) * a.min(b) {
            return self.with_sweep(if a < b { first } else { second }, is_variable);
        }
        let [first, second] = [first, second].map(|values| self.with_sweep(values, is_variable));
        if second.cost() < first.cost() { second } else { first }
    }

    fn values(&self, kinds: &Kinds, levels: &Levels) -> Values {
        let mut planner = forward::Planner::new(&self.graph, kinds, self.exactness);
        levels.iter().for_each(|level| planner.level(level));
        let (mut schedule, blocks, constants) = planner.finish(&self.trees);
        schedule.levels = levels.len();
        schedule.atomics = self.graph.instructions.atomics().to_vec();
        Values { schedule, blocks, constants }
    }

    fn with_sweep(&self, values: Values, is_variable: &[bool]) -> Schedule {
        let Values { mut schedule, blocks, constants } = values;
        let uses = schedule.uses();
        schedule.plan_reverse(&self.graph, &blocks, &constants, &uses, is_variable);
        let is_kept = schedule.kept(&blocks);
        schedule.join_chains(&blocks, &uses, &is_kept);
        schedule.reuse_values(&blocks, &is_kept);
        schedule
    }
}

/// A schedule of values, without the reverse sweep.
struct Values {
    schedule: Schedule,
    blocks: Blocks,
    /// By address.
    constants: FxHashMap<Address, f64>,
}

impl Schedule {
    /// The schedule of a graph; see [`Levelled::schedule`].
    pub fn new(graph: &Graph, is_variable: &[bool], exactness: Exactness) -> Schedule {
        Levelled::new(graph, exactness).schedule(is_variable)
    }
}
