//! The reverse schedules of a plan.

use super::plan::{Plan, Rows, Slot, Step};
use std::ops::Range;

/// The reverse schedule from one output to what derivatives are taken by, in order.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub output: Slot,
    pub moves: Vec<ReverseStep>,
    /// The adjoints that begin as zeros; those of the others are written before anything is added to them.
    pub zeros: Vec<Slot>,
    /// Whether derivatives are taken by what is shared.
    pub by_shared: bool,
    /// Of what is shared and used as lanes, what is reached: its position in the list of what is shared, and where its
    /// adjoint stands.
    pub copies: Vec<(usize, Slot)>,
    /// Where the adjoints of the samples' variables stand, if derivatives are taken by these.
    pub variables: Vec<Slot>,
}

/// A step, backwards.
#[derive(Debug, Clone)]
pub(super) struct ReverseStep {
    pub step: usize,
    /// Where the adjoints of its results stand: in their own slots, or in those of what they are a term of.
    pub from: Slot,
    pub way: Reverse,
}

/// Whom a step passes its adjoints to. Whatever is first at an adjoint writes it; what comes later is added.
#[derive(Debug, Clone)]
pub(super) enum Reverse {
    /// Through elementwise rows to the operands that are wanted, no two of which share a slot.
    Rows { wanted: [bool; 3], is_first: [bool; 3] },
    /// Through a row over lists to those operands that are wanted.
    List { is_wanted: Vec<bool> },
    /// Through sums to their lanes, if any is wanted, and to what is shared.
    Sums { passes_on: bool, is_first: bool },
}

impl Plan {
    /// The sweep from an output to what is shared, or to the samples' variables.
    pub fn sweep(&self, output: Slot, by_shared: bool) -> Sweep {
        let is_active = if by_shared { &self.by_shared } else { &self.by_sample };
        // What has been written so far: all that is reached from the output, and zeros.
        let mut is_written = vec![false; self.slots];
        is_written[output as usize] = true;
        // Where adjoints stand.
        let mut at: Vec<Slot> = (0..self.slots as Slot).collect();
        let (mut moves, mut zeros) = (Vec::new(), Vec::new());
        for (step, it) in self.steps.iter().enumerate().rev() {
            if !it.results().any(|slot| is_written[slot] && is_active[slot]) {
                continue;
            }
            // Of contiguous results, those that are not reached have adjoints of zero.
            zeros.extend(unwritten(&mut is_written, it.results()));
            let from = at[it.results().start];
            let depends = |slot: Slot| is_active[slot as usize];
            match it {
                Step::Rows(rows) => {
                    let mut wanted = std::array::from_fn(|k| k < rows.arity && depends(rows.operands[k]));
                    for k in (0..rows.arity).filter(|&k| rows.op.passes_on(k)) {
                        // A term that is used nowhere else has the adjoint of the sum: nothing is to be done.
                        if wanted[k] && self.is_used_once(rows.range(k)) {
                            wanted[k] = false;
                            for (slot, adjoint) in rows.range(k).zip(from..) {
                                (at[slot], is_written[slot]) = (adjoint, true);
                            }
                        }
                    }
                    for wanted in in_one_go(rows, wanted) {
                        let mut is_first = [false; 3];
                        for k in (0..3).filter(|&k| wanted[k]) {
                            is_first[k] = !is_written[rows.range(k)].contains(&true);
                            let left = unwritten(&mut is_written, rows.range(k));
                            zeros.extend(left.filter(|_| !is_first[k]));
                        }
                        moves.push(ReverseStep { step, from, way: Reverse::Rows { wanted, is_first } });
                    }
                }
                Step::List { operands, .. } => {
                    let is_wanted: Vec<bool> = operands.iter().map(|&slot| depends(slot)).collect();
                    for (&slot, _) in operands.iter().zip(&is_wanted).filter(|(_, is_wanted)| **is_wanted) {
                        zeros.extend(unwritten(&mut is_written, std::iter::once(slot as usize)));
                    }
                    moves.push(ReverseStep { step, from, way: Reverse::List { is_wanted } });
                }
                Step::Sums(sums) => {
                    let lanes = || sums.lanes.iter().map(|&slot| slot as usize);
                    let passes_on = lanes().any(|slot| is_active[slot]);
                    let is_first = passes_on && !sums.repeats && !lanes().any(|slot| is_written[slot]);
                    if passes_on {
                        let left = unwritten(&mut is_written, lanes());
                        zeros.extend(left.filter(|_| !is_first));
                    }
                    moves.push(ReverseStep { step, from, way: Reverse::Sums { passes_on, is_first } });
                }
            }
        }
        let mut sweep = Sweep { output, moves, zeros, by_shared, copies: Vec::new(), variables: Vec::new() };
        if by_shared {
            let reached = self.copies.iter().filter(|(_, slot)| is_written[*slot as usize]);
            sweep.copies.extend(reached.map(|&(position, slot)| (position, at[slot as usize])));
        } else {
            sweep.variables.extend(self.variables().map(|slot| at[slot]));
            // The derivatives by variables that the output does not depend on.
            sweep.zeros.extend(unwritten(&mut is_written, self.variables()));
        }
        sweep
    }

    /// Whether these slots, which are contiguous, are read once each, and no others are results of the same steps.
    fn is_used_once(&self, slots: Range<usize>) -> bool {
        let are_whole = |bound: usize| self.begins.get(bound).is_none_or(|&begins| begins);
        are_whole(slots.start) && are_whole(slots.end) && self.uses[slots].iter().all(|&uses| uses == 1)
    }
}

/// The slots not written so far, which then count as written.
fn unwritten(is_written: &mut [bool], slots: impl Iterator<Item = usize>) -> impl Iterator<Item = Slot> {
    slots.filter(|&slot| !std::mem::replace(&mut is_written[slot], true)).map(|slot| slot as Slot)
}

/// The operands that are wanted, in parts that no two operands with a slot in common are in.
fn in_one_go(rows: &Rows, wanted: [bool; 3]) -> Vec<[bool; 3]> {
    let wanted: Vec<usize> = (0..3).filter(|&k| wanted[k]).collect();
    let overlap = |a: usize, b: usize| rows.operands[a].abs_diff(rows.operands[b]) < rows.rows as Slot;
    let are_apart = wanted.iter().all(|&a| wanted.iter().all(|&b| a == b || !overlap(a, b)));
    let mask = |part: &[usize]| std::array::from_fn(|k| part.contains(&k));
    match wanted.len() {
        0 => Vec::new(),
        _ if are_apart => vec![mask(&wanted)],
        _ => wanted.chunks(1).map(mask).collect(),
    }
}
