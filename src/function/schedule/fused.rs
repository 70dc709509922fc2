//! Products that are added to something, or subtracted, in one loop with that: they are never stored.

use super::blocks::Blocks;
use super::plan::{Address, ReverseStep, Schedule, Step};
use crate::table::ops::Op;
use rustc_hash::FxHashMap;

impl Schedule {
    /// Fuses products with the sum or difference that is the only step to read them. The bits of the values remain. `is_kept`: the blocks
    /// that something else reads.
    pub(super) fn fuse_products(&mut self, blocks: &Blocks, uses: &[u32], is_kept: &[bool]) {
        // By where the results are: which step.
        let mut products: FxHashMap<Address, usize> = FxHashMap::default();
        let mut is_fused = vec![false; self.steps.len()];
        for number in 0..self.steps.len() {
            let Step::Map { op, operands, to, len, .. } = self.steps[number] else { continue };
            if op == Op::PRODUCT || op == Op::SQUARE {
                let is_used_once = uses[to as usize..][..len].iter().all(|&uses| uses == 1);
                if is_used_once && !is_kept[blocks.of(to)] {
                    products.insert(to, number);
                }
            } else if op == Op::TWO_TERMS || op == Op::DIFFERENCE {
                let [first, second, _] = operands;
                for (own, other, is_first) in [(first, second, true), (second, first, false)] {
                    let product = products.get(&own.at).copied().filter(|&product| {
                        self.steps[product].len() == len && !own.is_same && !other.is_same
                    });
                    let Some(product) = product else { continue };
                    let Step::Map { operands: [a, b, _], .. } = self.steps[product] else { continue };
                    // A factor that is the same for all results comes second.
                    let [a, b] = if a.is_same { [b, a] } else { [a, b] };
                    if !a.is_same {
                        self.steps[number] = Step::Fused { op, operands: [a, b, other], is_first, to, len };
                        is_fused[product] = true;
                        break;
                    }
                }
            }
        }
        self.remove(&is_fused);
    }

    /// Removes steps that the sweep does not need.
    fn remove(&mut self, is_removed: &[bool]) {
        let mut left = 0;
        let mut now = Vec::with_capacity(is_removed.len());
        for is_removed in is_removed {
            now.push(left);
            left += usize::from(!is_removed);
        }
        let mut is_removed = is_removed.iter();
        self.steps.retain(|_| is_removed.next() == Some(&false));
        for reverse in &mut self.reverse {
            if let ReverseStep::Through { step, .. } = reverse {
                *step = now[*step];
            }
        }
    }
}
