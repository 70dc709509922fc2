//! Whether evaluation in runs pays, and the plan if it does.

use super::Exactness;
use super::plan::Plan;
use super::statistics::PlanStatistics;
use super::stretches::{InStretches, Limits};
use super::whole::Whole;
use crate::function::ir::graph::{Graph, Instruction};
use crate::function::schedule::{Levelled, Levels, Schedule};
use crate::function::{Function, Pass};
use std::collections::BTreeMap;

/// A function that is simplified for planning, its plan, and what was planned.
pub(super) struct Planned {
    pub function: Function,
    /// `None` where runs would be too short in any case.
    pub plan: Option<Plan>,
    pub statistics: PlanStatistics,
}

/// Below this number of operations the evaluator is used.
pub(super) const LEAST_OPERATIONS: usize = 100;
/// Below this number of operations per run the evaluator is used.
const LEAST_LENGTH: f64 = 3.0;
/// The evaluator is used unless the plan seems to be quicker by this factor, since both times are estimates.
const MARGIN: f64 = 1.25;
/// Neutral operations are kept: without them, parts of the graph that are equal would differ at borders.
const PASSES: [Pass; 4] = [Pass::FoldConstants, Pass::MergeCommon, Pass::FuseSums, Pass::DropDead];

impl Planned {
    /// `bytes`: of a number; `limits`: from which on long sums are evaluated in stretches.
    pub fn new(function: &Function, exactness: Exactness, bytes: usize, limits: Limits) -> Planned {
        let function = function.with_calls_inlined().with_passes(&PASSES);
        let is_variable: Vec<bool> = function.are_variables().collect();
        let graph = &function.graph;
        let told = |plan: &Plan| statistics(plan, &function, bytes);
        let in_stretches = InStretches::new(graph, &is_variable, exactness, bytes, limits);
        let in_stretches = in_stretches.map(Plan::Stretches).map(|plan| (told(&plan), Some(plan)));
        let (statistics, plan) = in_stretches.filter(|(told, _)| told.is_vectorised).unwrap_or_else(|| {
            let levelled = Levelled::new(graph, exactness);
            if (work(&function) as f64) < LEAST_LENGTH * levelled.fewest_runs() as f64 {
                return (statistics_of_levels(levelled.early(), &function), None);
            }
            let plan = Plan::Whole(Whole::new(levelled, &is_variable));
            (told(&plan), Some(plan))
        });
        Planned { function, plan, statistics }
    }

    /// Plans what was not planned since that does not pay.
    pub fn make_whole(&mut self, exactness: Exactness) {
        let Planned { function, plan, .. } = self;
        plan.get_or_insert_with(|| {
            let is_variable: Vec<bool> = function.are_variables().collect();
            Plan::Whole(Whole::new(Levelled::new(&function.graph, exactness), &is_variable))
        });
    }

    /// The plan, if it pays.
    pub fn paying(self) -> Option<Plan> {
        self.plan.filter(|_| self.statistics.is_vectorised)
    }
}

/// How much there is to compute, but for what atomic functions do.
fn work(function: &Function) -> usize {
    let instructions = &function.graph.instructions;
    instructions.work() - instructions.calls().map(Instruction::work).sum::<usize>()
}

/// Whether no guard is before an atomic function. A plan looks at guards last, and a solver of the user's may rely on them.
fn calls_in_any_order(graph: &Graph) -> bool {
    let first = graph.guards.first().map_or(graph.instructions.len(), |guard| guard.after);
    graph.instructions.next_call(first..graph.instructions.len()).is_none()
}

fn statistics(plan: &Plan, function: &Function, bytes: usize) -> PlanStatistics {
    let schedules: Vec<&Schedule> = match plan {
        Plan::Whole(whole) => vec![&*whole.schedule],
        Plan::Stretches(stretches) => stretches.schedules().map(|schedule| &**schedule).collect(),
    };
    let (stretches, bytes, nanoseconds) = match plan {
        Plan::Whole(Whole { schedule, .. }) => {
            (0, (schedule.values + schedule.adjoints) * bytes + schedule.bytes(), schedule.cost())
        }
        Plan::Stretches(stretches) => (stretches.len(), stretches.bytes(bytes), stretches.cost()),
    };
    let runs: usize = schedules.iter().map(|schedule| schedule.runs()).sum();
    let work = work(function);
    let mean_length = work as f64 / runs.max(1) as f64;
    let nanoseconds_of_evaluator = function.nanoseconds();
    let is_vectorised = calls_in_any_order(&function.graph)
        && work >= LEAST_OPERATIONS
        && mean_length >= LEAST_LENGTH
        && MARGIN * nanoseconds < nanoseconds_of_evaluator;
    PlanStatistics {
        is_vectorised,
        lengths: counted(schedules.iter().flat_map(|schedule| schedule.lengths())),
        operations: function.graph.instructions.len(),
        levels: schedules.iter().map(|schedule| schedule.levels).max().unwrap_or(0),
        runs,
        stretches,
        mean_length,
        copied: schedules.iter().map(|schedule| schedule.copied()).sum(),
        bytes,
        nanoseconds,
        nanoseconds_of_evaluator,
    }
}

/// Of a function that is not planned since its runs would be too short: as if each level were one run.
fn statistics_of_levels(levels: &Levels, function: &Function) -> PlanStatistics {
    let nanoseconds = function.nanoseconds();
    PlanStatistics {
        is_vectorised: false,
        lengths: counted(levels.iter().map(<[u32]>::len)),
        operations: function.graph.instructions.len(),
        levels: levels.len(),
        runs: levels.len(),
        stretches: 0,
        mean_length: work(function) as f64 / levels.len() as f64,
        copied: 0,
        bytes: 0,
        nanoseconds,
        nanoseconds_of_evaluator: nanoseconds,
    }
}

/// How often each length occurs.
fn counted(lengths: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut counts = BTreeMap::new();
    lengths.for_each(|length| *counts.entry(length).or_insert(0) += 1);
    counts.into_iter().collect()
}
