//! How many lanes a slot has in a block of few samples: fewer than a packet, if operations then fill packets instead of
//! samples, and that takes less time.

use super::plan::{FEW, Plan, Step};
use crate::function::lanes::packet::WIDTH;

/// What it costs that results do not fill packets, as compared with computing a packet.
const IN_PART: f64 = 1.0;
/// The cost of a term of a sum of products, in a packet of samples and in fewer lanes.
const OF_TERM: f64 = 1.0 / 8.0;
const OF_TERM_OF_FEW: f64 = 1.0 / 16.0;

impl Plan {
    /// The number of lanes of each slot in a block of so many samples.
    pub fn lanes(&self, samples: usize) -> usize {
        match samples {
            1..=FEW => self.lanes_of_few[samples - 1],
            _ => samples.max(1).next_multiple_of(WIDTH),
        }
    }
}

/// The number of lanes with the least cost, for 1 sample, 2 samples and so on.
pub(super) fn lanes_of_few(steps: &[Step]) -> [usize; FEW] {
    std::array::from_fn(|k| {
        let choices = [WIDTH, 8, 4, 2, 1].into_iter().filter(|&lanes| lanes > k);
        choices.min_by(|&a, &b| cost(steps, a).total_cmp(&cost(steps, b))).unwrap_or(WIDTH)
    })
}

/// The estimated cost of all steps, in evaluations of a packet.
fn cost(steps: &[Step], lanes: usize) -> f64 {
    let of = |step: &Step| match step {
        Step::Rows(rows) => {
            let numbers = rows.rows * lanes;
            let in_part = if numbers.is_multiple_of(WIDTH) { 0.0 } else { IN_PART };
            numbers.div_ceil(WIDTH) as f64 + in_part
        }
        Step::Sums(sums) => {
            let terms = (sums.rows * sums.lanes.len()) as f64;
            terms * if lanes < WIDTH { OF_TERM_OF_FEW } else { OF_TERM }
        }
        // A packet for each operand, or sample by sample.
        Step::List { .. } | Step::Matrix(_) => 0.0,
    };
    steps.iter().map(of).sum()
}
