//! Operations one after the other on the same run, whose results stay in registers where only the next one reads them.

use super::blocks::Blocks;
use super::plan::{Address, Link, Linked, Operand, ReverseStep, Schedule, Step};
use crate::table::ops::Op;
use rustc_hash::FxHashMap;

/// The largest number of operations in a chain.
pub(super) const LONGEST: usize = 8;

/// The first operand, and the operations.
type Chain = (Operand, Vec<Link>);

impl Schedule {
    /// Joins operations with the one that is the only step to read their results. The bits of the values remain. `is_kept`: the
    /// blocks that something else reads.
    pub(super) fn join_chains(&mut self, blocks: &Blocks, uses: &[u32], is_kept: &[bool]) {
        // Steps whose chains may go on, by where their results are.
        let mut open: FxHashMap<Address, usize> = FxHashMap::default();
        let mut chains: Vec<Option<Chain>> = vec![None; self.steps.len()];
        let mut is_joined = vec![false; self.steps.len()];
        for number in 0..self.steps.len() {
            let Step::Map { op, operands: [a, b, _], to, len, .. } = self.steps[number] else { continue };
            let ways = ways(op, a, b);
            let Some(&(first, link)) = ways.iter().flatten().next() else { continue };
            let before = ways.into_iter().flatten().find_map(|(first, link)| {
                let &step = open.get(&first.at).filter(|_| !first.is_same)?;
                let (_, links) = chains[step].as_ref()?;
                // A square reads its operand twice: a number that is in no memory.
                let is_read_again = link.operand == first;
                let goes_on = self.steps[step].len() == len && links.len() < LONGEST && !is_read_again;
                goes_on.then_some((step, link))
            });
            let mut chain = (first, vec![link]);
            if let Some((step, link)) = before {
                chain = chains[step].take().expect("a chain that was found");
                chain.1.push(link);
                is_joined[step] = true;
            }
            chains[number] = Some(chain);
            let is_used_once = uses[to as usize..][..len].iter().all(|&uses| uses == 1);
            if is_used_once && !is_kept[blocks.of(to)] {
                open.insert(to, number);
            }
        }
        for (step, chain) in self.steps.iter_mut().zip(chains) {
            if let (&mut Step::Map { to, len, .. }, Some((first, links))) = (&mut *step, chain)
                && links.len() > 1
            {
                let start = self.links.len();
                self.links.extend(links);
                *step = Step::Chain { first, links: start..self.links.len(), to, len };
            }
        }
        self.remove(&is_joined);
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

/// An operation as something that is done to its first operand, or to its second one.
fn ways(op: Op, a: Operand, b: Operand) -> [Option<(Operand, Link)>; 2] {
    let link = |how: Linked, operand: Operand| Link { how, operand };
    match op {
        Op::TWO_TERMS => [Some((a, link(Linked::Plus, b))), Some((b, link(Linked::Plus, a)))],
        Op::DIFFERENCE => [Some((a, link(Linked::Minus, b))), Some((b, link(Linked::From, a)))],
        Op::PRODUCT => [Some((a, link(Linked::Times, b))), Some((b, link(Linked::Times, a)))],
        Op::SQUARE => [Some((a, link(Linked::Times, a))), None],
        _ => [None, None],
    }
}
