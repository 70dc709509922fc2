//! The samples of each update, and their order.

use crate::nn::random::Random;

/// The number of samples of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batch {
    /// All samples.
    #[default]
    Full,
    /// One sample: stochastic gradient descent.
    Each,
    /// This number of samples; the last batch of an epoch may be smaller.
    Size(usize),
}

/// The order of the samples of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The order of the data.
    #[default]
    Given,
    /// Shuffled again in every epoch. The order of an epoch depends on the seed and the number of the epoch alone,
    /// so that a resumed run continues as if it had not been interrupted.
    Shuffled {
        /// The seed.
        seed: u64,
    },
}

impl Order {
    /// The samples of an epoch, in order.
    #[must_use]
    pub fn of_epoch(self, epoch: usize, samples: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..samples).collect();
        if let Order::Shuffled { seed } = self {
            Random::nth(seed, epoch as u64).shuffle(&mut order);
        }
        order
    }
}

impl Batch {
    /// The largest number of samples of a batch, given the number of all samples.
    #[must_use]
    pub fn size(self, samples: usize) -> usize {
        match self {
            Batch::Full => samples.max(1),
            Batch::Each => 1,
            Batch::Size(size) => size.max(1),
        }
    }
}

/// The batches of an epoch.
pub(in crate::nn) fn batches(order: &[usize], batch: Batch) -> impl Iterator<Item = &[usize]> {
    order.chunks(batch.size(order.len()))
}
