//! What a block costs, by estimate, and how many lanes a slot therefore has in a block of few samples: fewer than a packet, if
//! operations then fill packets instead of samples, and that takes less time.

use super::plan::{FEW, Plan, Step};
use crate::function::lanes::packet::WIDTH;

/// Nanoseconds for an evaluation of one block and its sweep, whatever the steps are.
const OF_BLOCK: f64 = 800.0;
/// For a step.
const OF_STEP: f64 = 20.0;
/// For a packet of an elementwise step, and more if its results do not fill packets.
const OF_PACKET: f64 = 7.0;
const OF_PART: f64 = 6.0;
/// For a term of a sum of products, in a packet of samples and in fewer lanes.
const OF_TERM: f64 = 2.9;
const OF_TERM_OF_FEW: f64 = 1.7;
/// For a packet of an operand of a list.
const OF_ITEM: f64 = 80.0;

impl Plan {
    /// The number of lanes of each slot in a block of so many samples.
    pub fn lanes(&self, samples: usize) -> usize {
        match samples {
            1..=FEW => self.lanes_of_few[samples - 1],
            _ => samples.max(1).next_multiple_of(WIDTH),
        }
    }

    /// The estimated time of one sample with its gradient, in nanoseconds. Operations with several results are not vectorised: where
    /// there are any, it is infinite.
    pub fn nanoseconds_of_one(&self) -> f64 {
        match self.steps.iter().any(|step| matches!(step, Step::Several(_))) {
            true => f64::INFINITY,
            false => OF_BLOCK + nanoseconds(&self.steps, self.lanes(1)),
        }
    }
}

/// The number of lanes with the least cost, for 1 sample, 2 samples and so on.
pub(super) fn lanes_of_few(steps: &[Step]) -> [usize; FEW] {
    std::array::from_fn(|k| {
        let choices = [WIDTH, 8, 4, 2, 1].into_iter().filter(|&lanes| lanes > k);
        choices.min_by(|&a, &b| nanoseconds(steps, a).total_cmp(&nanoseconds(steps, b))).unwrap_or(WIDTH)
    })
}

/// The estimated time of all steps, forwards and backwards.
fn nanoseconds(steps: &[Step], lanes: usize) -> f64 {
    let of = |step: &Step| match step {
        Step::Rows(rows) => {
            let numbers = rows.rows * lanes;
            let part = if numbers.is_multiple_of(WIDTH) { 0.0 } else { OF_PART };
            OF_PACKET * numbers.div_ceil(WIDTH) as f64 + part
        }
        Step::Sums(sums) => {
            let terms = (sums.rows * sums.lanes.len()) as f64;
            terms * if lanes < WIDTH { OF_TERM_OF_FEW } else { OF_TERM }
        }
        Step::List { operands, .. } => OF_ITEM * operands.len() as f64,
        Step::Several(_) => 0.0,
    };
    steps.iter().map(|step| OF_STEP + of(step)).sum()
}
