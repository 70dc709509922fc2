//! Operations with several results in a block: sample by sample, in double precision.

use super::fallback::Lost;
use super::plan::{Several, Slot};
use super::scratch::Block;
use crate::function::lanes::float::Float;
use crate::table::atomic::Refusal;

impl Several {
    /// Evaluates it in all lanes: `before` are the values of the slots before the results, `after` those of the results.
    /// Lanes beyond the last sample repeat it. Lanes that an atomic function refuses are NaN, and noted with the reason.
    #[inline(never)]
    pub fn forward<T: Float>(
        &self,
        block: &Block<'_, T>,
        before: &[T],
        after: &mut [T],
        refusals: &mut Vec<(usize, Refusal)>,
    ) {
        let samples = block.samples.len();
        for lane in 0..samples {
            let results = self.op.values(&self.operands_in(block, before, lane)).unwrap_or_else(|refusal| {
                refusals.push((lane, refusal));
                vec![f64::NAN; self.results.len()]
            });
            for (lanes, y) in after.chunks_exact_mut(block.lanes).zip(results) {
                let same = if lane + 1 < samples { lane..lane + 1 } else { lane..block.lanes };
                lanes[same].fill(T::of(y));
            }
        }
    }

    /// Adds the contributions to the adjoints of the wanted operands, in `before`; `adjoints` are those of the results. They
    /// are NaN in lanes where an atomic function has no derivative.
    #[inline(never)]
    pub fn backward<T: Float>(
        &self,
        lost: &Lost<'_, '_, T>,
        adjoints: &[T],
        is_wanted: &[bool],
        before: &mut [T],
    ) {
        let Lost { block, values, is_out, .. } = *lost;
        for lane in (0..block.lanes).filter(|&lane| !is_out[lane]) {
            let operands = self.operands_in(block, values, lane);
            let y: Vec<f64> =
                self.results.clone().map(|slot| values[slot * block.lanes + lane].double()).collect();
            let seeds: Vec<f64> = (0..y.len()).map(|k| adjoints[k * block.lanes + lane].double()).collect();
            let is_reached = |result: usize| lost.reached(lane)[self.results.start + result];
            let mut put = |slot: Slot, term: f64| {
                let to = &mut before[slot as usize * block.lanes + lane];
                *to = *to + T::of(term);
            };
            let outcome = self.op.pass_on(
                [&operands, &y, &seeds],
                is_reached,
                |k| is_wanted[k],
                |k, term| put(self.operands[k], term),
            );
            if outcome.is_err() {
                let wanted = self.operands.iter().zip(is_wanted).filter(|(_, is_wanted)| **is_wanted);
                wanted.for_each(|(&slot, _)| put(slot, f64::NAN));
            }
        }
    }

    fn operands_in<T: Float>(&self, block: &Block<'_, T>, values: &[T], lane: usize) -> Vec<f64> {
        self.operands.iter().map(|&slot| values[slot as usize * block.lanes + lane].double()).collect()
    }
}
