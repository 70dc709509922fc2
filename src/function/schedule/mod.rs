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

/// Two schedules of a graph with this number of instructions or more are compared by the values of its beginning.
const LARGE: usize = 10_000;
/// The beginning of a graph is one instruction in so many.
const BEGINNING: usize = 16;
/// From this difference on, as a part of the cost, one of them is cheaper; otherwise both are planned as a whole.
const CLEAR: f64 = 0.02;

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

    /// The cheaper of two schedules: with every operation as early as possible, or as late as possible. Of a large graph, the one
    /// that is cheaper at its beginning, if that is clear.
    pub fn schedule(&self, is_variable: &[bool]) -> Schedule {
        let Levelled { graph, early, late, .. } = self;
        let kinds = Kinds::new(graph);
        let planned = |levels: &Levels| self.planned(&kinds, levels, is_variable);
        if early == late {
            return planned(early);
        }
        if graph.instructions.len() >= LARGE {
            let count = graph.instructions.len() / BEGINNING;
            let beginning = |levels: &Levels| self.values(&kinds, levels.of_first(count)).0.cost();
            let (a, b) = (beginning(early), beginning(late));
            if a.max(b) > (1.0 + CLEAR) * a.min(b) {
                return planned(if a < b { early } else { late });
            }
        }
        let [first, second] = [early, late].map(planned);
        if second.cost() < first.cost() { second } else { first }
    }

    fn planned(&self, kinds: &Kinds, levels: &Levels, is_variable: &[bool]) -> Schedule {
        let (mut schedule, blocks, constants) = self.values(kinds, levels.iter());
        schedule.levels = levels.len();
        schedule.atomics = self.graph.instructions.atomics().to_vec();
        let uses = schedule.uses();
        schedule.plan_reverse(&self.graph, &blocks, &constants, &uses, is_variable);
        let is_kept = schedule.kept(&blocks);
        schedule.join_chains(&blocks, &uses, &is_kept);
        schedule.reuse_values(&blocks, &is_kept);
        schedule
    }

    /// A schedule of the values of instructions that are given level by level, without the reverse sweep; its blocks, and the
    /// constants by address.
    fn values<'l>(
        &self,
        kinds: &Kinds,
        levels: impl Iterator<Item = &'l [u32]>,
    ) -> (Schedule, Blocks, FxHashMap<Address, f64>) {
        let mut planner = forward::Planner::new(&self.graph, kinds, self.exactness);
        levels.for_each(|level| planner.level(level));
        planner.finish(&self.trees)
    }
}

impl Schedule {
    /// The schedule of a graph; see [`Levelled::schedule`].
    pub fn new(graph: &Graph, is_variable: &[bool], exactness: Exactness) -> Schedule {
        Levelled::new(graph, exactness).schedule(is_variable)
    }
}
