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
use kinds::Kinds;
use std::borrow::Cow;

impl Schedule {
    /// The cheaper of two schedules: with every operation as early as possible, or as late as possible.
    pub fn new(graph: &Graph, is_variable: &[bool], exactness: Exactness) -> Schedule {
        let graph = offsets::of_inner_products(graph);
        let (graph, trees) = match exactness {
            Exactness::Rounded => split::long_products(squares::long_sums(&graph)),
            Exactness::Exact => (Cow::Borrowed(&*graph), Vec::new()),
        };
        let kinds = Kinds::new(&graph);
        let of =
            |levels: &Levels| Schedule::at_levels(&graph, &kinds, levels, &trees, is_variable, exactness);
        let (early, late) = (Levels::early(&graph, |_| true), Levels::late(&graph));
        let first = of(&early);
        if early == late {
            return first;
        }
        let second = of(&late);
        if second.cost() < first.cost() { second } else { first }
    }

    fn at_levels(
        graph: &Graph,
        kinds: &Kinds,
        levels: &Levels,
        trees: &[Vec<Place>],
        is_variable: &[bool],
        exactness: Exactness,
    ) -> Schedule {
        let mut planner = forward::Planner::new(graph, kinds, exactness);
        for level in levels.iter() {
            planner.level(level);
        }
        let (mut schedule, blocks, constants) = planner.finish(trees);
        schedule.levels = levels.len();
        schedule.atomics = graph.instructions.atomics().to_vec();
        let uses = schedule.uses();
        schedule.plan_reverse(graph, &blocks, &constants, &uses, is_variable);
        let is_kept = schedule.kept(&blocks);
        schedule.join_chains(&blocks, &uses, &is_kept);
        schedule.reuse_values(&blocks, &is_kept);
        schedule
    }
}
