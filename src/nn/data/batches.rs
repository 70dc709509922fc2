//! Which samples make an update, and in which order they come.

use crate::nn::random::Random;

/// How many samples make an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batch {
    /// All of them.
    #[default]
    Full,
    /// Each one: stochastic gradient descent.
    Each,
    /// So many; the last batch of an epoch may be shorter.
    Size(usize),
}

/// In which order the samples of an epoch come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they lie in the data.
    #[default]
    Given,
    /// Shuffled anew in every epoch. The order of an epoch follows from the seed and the number of the epoch
    /// alone, so that a resumed run goes on as if it had never stopped.
    Shuffled {
        /// The seed.
        seed: u64,
    },
}

impl Order {
    /// The samples of an epoch, in its order.
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
    /// How many samples a batch has at most, given how many there are.
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
