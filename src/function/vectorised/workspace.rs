//! The memory of evaluators, lent by the caller.

use super::plan::PlanMemory;
use crate::function::precision::Precision;
use crate::function::workspace::Workspace;

/// Reusable memory of evaluators in runs: after the first evaluation of a plan, further ones do not allocate (operations on
/// matrices do).
///
/// Each [`VectorisedEvaluator`](super::VectorisedEvaluator) has a workspace of its own, unless one is lent to it by
/// [`evaluator_in`](super::Vectorised::evaluator_in). Evaluators of any number of plans can use the same workspace, one after
/// the other. After another plan, the constants of a plan are copied again: for plans in turns that hold much data as
/// constants, a workspace each is quicker.
#[derive(Debug, Default)]
pub struct VectorisedWorkspace<T = f64> {
    /// Of the plan itself.
    pub(super) own: PlanMemory<T>,
    /// Of its plans of derivatives along a direction, and of their gradients.
    pub(super) jvp: PlanMemory<T>,
    pub(super) hvp: PlanMemory<T>,
    /// For the function one operation at a time: where that is quicker, or where it decides.
    pub(super) careful: Workspace,
    /// A direction of the variables.
    pub(super) direction: Vec<f64>,
}

impl<T: Precision> VectorisedWorkspace<T> {
    /// An empty workspace; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
