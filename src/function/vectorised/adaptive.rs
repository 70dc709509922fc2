//! A function with branches in runs: one plan per combination of branches, made when it is first needed.

use super::{Exactness, Vectorised, VectorisedEvaluator, VectorisedWorkspace};
use crate::error::Error;
use crate::function::Function;
use crate::function::adaptive::{Recordings, evaluations};
use crate::number::point::Point;
use crate::tape::Var;

/// A closure and its recordings, each [planned](Vectorised) when it is made: [`Adaptive`](crate::Adaptive) for large
/// functions that are evaluated thousands of times with few combinations of branches, since planning takes as long as some
/// 100 evaluations. Bits and edges are those of [`Vectorised`].
///
/// ```
/// use tapegrad::{Var, lists, vectorised::VectorisedAdaptive};
///
/// // A barrier: beside it squares, behind it lengths.
/// let f = |x: &[Var]| {
///     let all: Vec<Var> = x[1..].iter().map(|&y| if x[0] < 0.0 { y * y } else { y.abs() }).collect();
///     lists::sum(&all)
/// };
/// let mut f = VectorisedAdaptive::new(f, 8);
/// let mut x = vec![3.0; 1001];
/// assert_eq!(f.value_and_gradient(&x)?.0, 3000.0);
/// x[0] = -1.0;
/// assert_eq!(f.value_and_gradient(&x)?.1[1], 6.0);
/// assert!(f.plans().iter().all(|plan| plan.plan().is_vectorised));
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug)]
pub struct VectorisedAdaptive<F> {
    f: F,
    exactness: Exactness,
    plans: Recordings<Vectorised, VectorisedWorkspace>,
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> VectorisedAdaptive<F> {
    /// Keeps at most `most` plans (at least one); the least recently used one is dropped to make room.
    pub fn new(f: F, most: usize) -> Self {
        Self::with(f, most, Exactness::Rounded)
    }

    /// As [`new`](Self::new), with a choice of bits.
    pub fn with(f: F, most: usize, exactness: Exactness) -> Self {
        VectorisedAdaptive { f, exactness, plans: Recordings::new(most) }
    }

    /// The plans that are kept, the most recently used one first.
    #[must_use]
    pub fn plans(&self) -> &[Vectorised] {
        self.plans.entries()
    }

    /// Calls `evaluate` with a [`VectorisedEvaluator`] of the plan that fits the point, and returns its result. While no
    /// plan is known to fit, `evaluate` may be called several times.
    ///
    /// # Errors
    /// As [`Function::record`], and the errors of `evaluate`. After [`Error::BranchChanged`] the next plan is tried instead.
    pub fn evaluate<T>(
        &mut self,
        x: &[f64],
        mut evaluate: impl FnMut(&mut VectorisedEvaluator<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let plan = || Ok(Function::record(&self.f, x)?.vectorised_with(self.exactness));
        self.plans.with_fitting(plan, |plan, workspace| evaluate(&mut plan.evaluator_in(workspace)))
    }

    evaluations!();
}
