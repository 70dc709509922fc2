//! Values of sparse derivatives, for users.

use super::numeric;
use super::plan::{Means, SparseDerivatives};
use crate::error::Error;
use crate::function::length;
use crate::function::maybe_owned::MaybeOwned;
use crate::function::vectorised::VectorisedWorkspace;
use crate::function::workspace::Workspace;

/// Computes the values of [`SparseDerivatives`] at any point.
///
/// # Errors
/// Every method returns [`Error::BranchChanged`] if a guard does not have its recorded outcome, and [`Error::Length`] if a
/// slice has the wrong length.
#[derive(Debug)]
pub struct SparseEvaluator<'s> {
    sparse: &'s SparseDerivatives,
    memory: MaybeOwned<'s, SparseWorkspace>,
}

/// Reusable memory of [`SparseEvaluator`]s, as [`Workspace`] is that of evaluators.
#[derive(Debug, Default)]
pub struct SparseWorkspace {
    in_runs: VectorisedWorkspace,
    one_by_one: Workspace,
}

impl SparseWorkspace {
    /// An empty workspace; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl SparseDerivatives {
    /// An evaluator that uses memory of the caller: one workspace serves many plans.
    #[must_use]
    pub fn evaluator_in<'s>(&'s self, workspace: &'s mut SparseWorkspace) -> SparseEvaluator<'s> {
        SparseEvaluator { sparse: self, memory: MaybeOwned::Lent(workspace) }
    }

    /// An evaluator with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> SparseEvaluator<'_> {
        SparseEvaluator { sparse: self, memory: MaybeOwned::Owned(Box::default()) }
    }
}

impl SparseEvaluator<'_> {
    /// The values of the nonzeros, in the order of the [`pattern`](SparseDerivatives::pattern).
    ///
    /// # Errors
    /// See [`SparseEvaluator`].
    pub fn values(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.sparse.pattern().nonzeros()];
        self.values_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), into `out`. It does not allocate after the first evaluation (operations on matrices and atomic functions do).
    /// On an error nothing is written.
    ///
    /// # Errors
    /// See [`SparseEvaluator`].
    pub fn values_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (pattern, SparseWorkspace { in_runs, one_by_one }) = (self.sparse.pattern(), self.memory.get());
        length("nonzeros", pattern.nonzeros(), out.len())?;
        match &self.sparse.means {
            Means::Function(nonzeros) => nonzeros.evaluator_in(in_runs).values_into(x, out),
            Means::Rows(function) => numeric::by_rows(function, pattern, x, one_by_one, out),
            Means::Colours(means) => {
                let (function, compressed) = &**means;
                numeric::by_colours(function, compressed, x, one_by_one, out)
            }
            Means::Stars(means) => {
                let (function, compressed, gradient) = &**means;
                match numeric::hessian_by_colours(function, compressed, x, one_by_one, out)? {
                    true => Ok(()),
                    false => numeric::by_rows(gradient, pattern, x, one_by_one, out),
                }
            }
        }
    }
}
