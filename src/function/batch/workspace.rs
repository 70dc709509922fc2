//! Memory of batches, kept from one evaluation to the next.

use super::super::evaluate::Memory;
use super::tree::{Outcome, Pool, Precision};

/// Memory for evaluations of [`Batched`](super::Batched) functions, to be used again. A [`BatchEvaluator`](super::BatchEvaluator) has one of its own; one that is lent
/// to [`evaluator_in`](super::Batched::evaluator_in) serves any number of functions, in turn.
#[derive(Debug, Default)]
pub struct BatchWorkspace<T = f64> {
    pub(super) head: Memory,
    pub(super) shared: Vec<T>,
    pub(super) pool: Pool<T>,
}

impl<T: Precision> BatchWorkspace<T> {
    /// Empty; it grows with use, but not with the number of samples.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the memory of the sums back, when they have been read.
    pub(super) fn give_back(&self, outcome: &mut Outcome) {
        self.pool.give_back(std::mem::take(&mut outcome.sums));
    }
}
