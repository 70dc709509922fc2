//! Operations on matrices in a block: sample by sample, in double precision.

use super::fallback::Lost;
use super::plan::Matrix;
use super::scratch::Block;
use crate::function::lanes::float::Float;
use crate::table::hooks::Hooks;
use crate::table::matrix::rules;
use crate::table::zeros::adjoints_count;

impl Matrix {
    /// Evaluates it in all lanes: `before` are the values of the slots before the results, `after` those of the results.
    /// Lanes beyond the last sample repeat it.
    #[inline(never)]
    pub fn forward<T: Float>(&self, block: &Block<'_, T>, before: &[T], after: &mut [T]) {
        let samples = block.samples.len();
        for lane in 0..samples {
            let results = f64::matrix(self.op, &self.operands_in(block, before, lane));
            for (lanes, y) in after.chunks_exact_mut(block.lanes).zip(results) {
                let same = if lane + 1 < samples { lane..lane + 1 } else { lane..block.lanes };
                lanes[same].fill(T::of(y));
            }
        }
    }

    /// Adds the contributions to the adjoints of the wanted operands, in `before`; `adjoints` are those of the results.
    #[inline(never)]
    pub fn backward<T: Float>(
        &self,
        lost: &Lost<'_, '_, T>,
        adjoints: &[T],
        is_wanted: &[bool],
        before: &mut [T],
    ) {
        let Lost { block, values, is_out, .. } = *lost;
        let wanted = self.op.matrices(is_wanted).map(|is_wanted| is_wanted.contains(&true));
        for lane in (0..block.lanes).filter(|&lane| !is_out[lane]) {
            let operands = self.operands_in(block, values, lane);
            let y: Vec<f64> =
                self.results.clone().map(|slot| values[slot * block.lanes + lane].double()).collect();
            let seeds: Vec<f64> = (0..y.len()).map(|k| adjoints[k * block.lanes + lane].double()).collect();
            let is_reached = || lost.reached(lane)[self.results.clone()].contains(&true);
            if !adjoints_count(&seeds, operands.iter().chain(&y), is_reached) {
                continue;
            }
            let terms = rules::adjoints(self.op, &operands, &y, &seeds, wanted);
            let wanted = self.operands.iter().zip(terms).zip(is_wanted).filter(|(_, is_wanted)| **is_wanted);
            for ((&slot, term), _) in wanted {
                let to = &mut before[slot as usize * block.lanes + lane];
                *to = *to + T::of(term);
            }
        }
    }

    fn operands_in<T: Float>(&self, block: &Block<'_, T>, values: &[T], lane: usize) -> Vec<f64> {
        self.operands.iter().map(|&slot| values[slot as usize * block.lanes + lane].double()).collect()
    }
}
