//! How many lanes a slot has in a block of few samples.

use super::plan::Plan;
use crate::function::lanes::packet::WIDTH;

impl Plan {
    /// The number of lanes of each slot in a block of so many samples.
    pub fn lanes(&self, samples: usize) -> usize {
        match samples {
            1..=8 => samples.next_power_of_two(),
            _ => samples.max(1).next_multiple_of(WIDTH),
        }
    }
}
