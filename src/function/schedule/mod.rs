//! How one evaluation of a graph is arranged in runs: operations that are equal but for their operands lie side by side, and
//! are evaluated as one loop. Everything is decided here, once; nothing depends on the machine.

mod blocks;
mod forward;
mod group;
mod levels;
mod plan;
mod reuse;
mod reverse;
mod split;

pub(super) use plan::{Derivatives, Destination, Operand, ReverseStep, Schedule, Step, Sums, Write};

use super::ir::graph::Graph;
use levels::Levels;

impl Schedule {
    /// The cheaper of two schedules: with every operation as early as possible, or as late as possible.
    pub fn new(graph: &Graph, is_variable: &[bool], sums: Sums) -> Schedule {
        let graph = &match sums {
            Sums::Split => split::long_products(graph),
            Sums::InOrder => graph.clone(),
        };
        let of = |levels: &Levels<'_>| Schedule::at_levels(graph, levels, is_variable, sums);
        let early = of(&Levels::early(graph));
        let late = of(&Levels::late(graph));
        if late.cost() < early.cost() { late } else { early }
    }

    fn at_levels(graph: &Graph, levels: &Levels<'_>, is_variable: &[bool], sums: Sums) -> Schedule {
        let mut planner = forward::Planner::new(graph, sums);
        for level in levels.iter() {
            planner.level(level);
        }
        let (mut schedule, blocks) = planner.finish();
        schedule.levels = levels.len();
        schedule.operations = graph.instructions.len();
        schedule.plan_reverse(graph, &blocks, is_variable);
        schedule.reuse_values(&blocks);
        schedule
    }
}
