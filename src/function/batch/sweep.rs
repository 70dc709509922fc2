//! The schedules of the reverse sweeps of a plan.

use super::plan::{Plan, Rows, Several, Slot, Step};
use std::ops::Range;

/// The schedule of the sweep from one output to what derivatives are taken with respect to, in order.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub output: Slot,
    pub moves: Vec<ReverseStep>,
    /// The adjoints that start as zeros; all others are written before anything is added to them.
    pub zeros: Vec<Slot>,
    /// Whether derivatives are taken with respect to the shared numbers.
    pub by_shared: bool,
    /// The shared numbers that are used as lanes and are reached: the position in the list of shared numbers, and
    /// the slot of the adjoint.
    pub copies: Vec<(usize, Slot)>,
    /// The slots of the adjoints of the samples' variables, if derivatives are taken with respect to these.
    pub variables: Vec<Slot>,
}

/// A step of the reverse sweep.
#[derive(Debug, Clone)]
pub(super) struct ReverseStep {
    pub step: usize,
    /// The slots of the adjoints of its results: their own, or those of the sum that they are terms of.
    pub from: Slot,
    pub way: Reverse,
}

/// What a step contributes its adjoints to. The first contribution to an adjoint is written, later ones are added.
#[derive(Debug, Clone)]
pub(super) enum Reverse {
    /// Through elementwise rows to the wanted operands, no two of which share a slot.
    Rows { wanted: [bool; 3], is_first: [bool; 3] },
    /// Through a row over lists to the wanted operands.
    List { is_wanted: Vec<bool> },
    /// Through an operation with several results to the wanted operands.
    Several { is_wanted: Vec<bool> },
    /// Through sums to their lanes, if any is wanted, and to the shared weights and offsets.
    Sums { passes_on: bool, is_first: bool },
}

impl Plan {
    /// The sweep from an output to the shared numbers, or to the samples' variables.
    pub fn sweep(&self, output: Slot, by_shared: bool) -> Sweep {
        let is_active = if by_shared { &self.by_shared } else { &self.by_sample };
        // The adjoints that have been written so far: all that are reached from the output, and zeros.
        let mut is_written = vec![false; self.slots];
        is_written[output as usize] = true;
        // The slot of each adjoint.
        let mut at: Vec<Slot> = (0..self.slots as Slot).collect();
        let (mut moves, mut zeros) = (Vec::new(), Vec::new());
        for (step, it) in self.steps.iter().enumerate().rev() {
            if !it.results().any(|slot| is_written[slot] && is_active[slot]) {
                continue;
            }
            // Among contiguous results, those that are not reached have adjoints of zero.
            zeros.extend(unwritten(&mut is_written, it.results()));
            let from = at[it.results().start];
            let depends = |slot: Slot| is_active[slot as usize];
            match it {
                Step::Rows(rows) => {
                    let mut wanted = std::array::from_fn(|k| k < rows.arity && depends(rows.operands[k]));
                    for k in (0..rows.arity).filter(|&k| rows.op.passes_on(k)) {
                        // A term that is used nowhere else has the adjoint of the sum, and needs no step.
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
                Step::List { operands, .. } | Step::Several(Several { operands, .. }) => {
                    let is_wanted: Vec<bool> = operands.iter().map(|&slot| depends(slot)).collect();
                    for (&slot, _) in operands.iter().zip(&is_wanted).filter(|(_, is_wanted)| **is_wanted) {
                        zeros.extend(unwritten(&mut is_written, std::iter::once(slot as usize)));
                    }
                    let way = match it {
                        Step::Several(_) => Reverse::Several { is_wanted },
                        _ => Reverse::List { is_wanted },
                    };
                    moves.push(ReverseStep { step, from, way });
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
            // The derivatives with respect to variables on which the output does not depend.
            sweep.zeros.extend(unwritten(&mut is_written, self.variables()));
        }
        sweep
    }

    /// Whether each of these contiguous slots is read exactly once, and they are all the results of their steps.
    fn is_used_once(&self, slots: Range<usize>) -> bool {
        let are_whole = |bound: usize| self.begins.get(bound).is_none_or(|&begins| begins);
        are_whole(slots.start) && are_whole(slots.end) && self.uses[slots].iter().all(|&uses| uses == 1)
    }
}

/// The slots that were not written so far; marks them as written.
fn unwritten(is_written: &mut [bool], slots: impl Iterator<Item = usize>) -> impl Iterator<Item = Slot> {
    slots.filter(|&slot| !std::mem::replace(&mut is_written[slot], true)).map(|slot| slot as Slot)
}

/// The wanted operands, in groups within which no two operands have a slot in common.
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
