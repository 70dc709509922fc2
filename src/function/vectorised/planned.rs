//! Whether evaluation in runs pays, and the plan if it does.

use super::Exactness;
use super::statistics::PlanStatistics;
use super::whole::Whole;
use crate::function::schedule::Schedule;
use crate::function::{Function, Pass};
use std::sync::Arc;

/// A function that is simplified for planning, its plan, and what was planned.
pub(super) struct Planned {
    pub function: Function,
    /// `None` where it does not pay.
    pub plan: Option<Whole>,
    pub statistics: PlanStatistics,
}

/// Below this number of operations the evaluator is used.
const LEAST_OPERATIONS: usize = 100;
/// Below this number of operations per run the evaluator is used.
const LEAST_LENGTH: f64 = 3.0;
/// The evaluator is used unless the plan seems to be quicker by this factor, since both times are estimates.
const MARGIN: f64 = 1.25;
/// Neutral operations are kept: without them, parts of the graph that are equal would differ at borders.
const PASSES: [Pass; 4] = [Pass::FoldConstants, Pass::MergeCommon, Pass::FuseSums, Pass::DropDead];

impl Planned {
    /// `bytes`: of a number.
    pub fn new(function: &Function, exactness: Exactness, bytes: usize) -> Planned {
        let function = function.with_passes(&PASSES);
        let is_variable: Vec<bool> = function.are_variables().collect();
        let schedule = Schedule::new(&function.graph, &is_variable, exactness);
        let work = function.work();
        let mean_length = work as f64 / schedule.runs().max(1) as f64;
        let nanoseconds_of_evaluator = function.nanoseconds();
        let is_vectorised = work >= LEAST_OPERATIONS
            && mean_length >= LEAST_LENGTH
            && MARGIN * schedule.cost() < nanoseconds_of_evaluator;
        let statistics = PlanStatistics {
            is_vectorised,
            operations: function.graph.instructions.len(),
            levels: schedule.levels,
            runs: schedule.runs(),
            mean_length,
            copied: schedule.copied(),
            bytes: (schedule.values + schedule.adjoints) * bytes + schedule.bytes(),
            nanoseconds: schedule.cost(),
            nanoseconds_of_evaluator,
        };
        let plan = is_vectorised.then(|| Whole { schedule: Arc::new(schedule), exactness });
        Planned { function, plan, statistics }
    }
}
