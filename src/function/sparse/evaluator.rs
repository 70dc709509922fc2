//! Values of sparse derivatives, for users.

use super::plan::SparseDerivatives;
use crate::error::Error;
use crate::function::length;
use crate::function::maybe_owned::MaybeOwned;
use crate::function::vectorised::VectorisedWorkspace;

/// Computes the values of [`SparseDerivatives`] at any point.
///
/// # Errors
/// Every method returns [`Error::BranchChanged`] if a guard does not have its recorded outcome, and [`Error::Length`] if a
/// slice has the wrong length.
#[derive(Debug)]
pub struct SparseEvaluator<'s> {
    sparse: &'s SparseDerivatives,
    memory: MaybeOwned<'s, VectorisedWorkspace>,
}

impl SparseDerivatives {
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

    /// As [`values`](Self::values), into `out`. It does not allocate after the first evaluation (operations on matrices do).
    /// On an error nothing is written.
    ///
    /// # Errors
    /// See [`SparseEvaluator`].
    pub fn values_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        length("nonzeros", self.sparse.pattern().nonzeros(), out.len())?;
        self.sparse.nonzeros.evaluator_in(self.memory.get()).values_into(x, out)
    }
}
