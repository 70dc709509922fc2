//! Memory of batches, kept from one evaluation to the next.

use super::super::evaluate::Memory;
use super::super::precision::Precision;
use super::tree::{Outcome, Pool};

/// Reusable memory of batch evaluators. Each [`BatchEvaluator`](super::BatchEvaluator) has a workspace of its own, unless
/// one is lent to it by [`evaluator_in`](super::Batched::evaluator_in). Evaluators of any number of functions can use the
/// same workspace, one after the other.
#[derive(Debug, Default)]
pub struct BatchWorkspace<T = f64> {
    pub(super) preamble: Memory,
    pub(super) shared: Vec<T>,
    pub(super) pool: Pool<T>,
}

impl<T: Precision> BatchWorkspace<T> {
    /// An empty workspace; it grows with use, but not with the number of samples.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the memory of the sums to the pool, once they have been read.
    pub(super) fn give_back(&self, outcome: &mut Outcome) {
        self.pool.give_back(std::mem::take(&mut outcome.sums));
    }
}
