//! The ways backwards through a plan.

use super::plan::{Plan, Rows, Slot, Step};

/// The way backwards from one output to what derivatives are taken by, in order.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub output: Slot,
    pub moves: Vec<Move>,
    /// The adjoints that begin as zeros; those of the others are written before anything is added to them.
    pub zeros: Vec<Slot>,
    /// Whether derivatives are taken by what is shared.
    pub by_shared: bool,
    /// Of what is shared and used as lanes, what is reached: its position in the list of what is shared, and its slot.
    pub copies: Vec<(usize, Slot)>,
}

/// A part of a sweep. Whatever is first at an adjoint writes it; what comes later is added.
#[derive(Debug, Clone)]
pub(super) enum Move {
    /// Through elementwise rows to the operands that are wanted, no two of which share a slot.
    Rows { step: usize, wanted: [bool; 3], is_first: [bool; 3] },
    /// Through a row over lists to those operands that are wanted.
    List { step: usize, is_wanted: Vec<bool> },
    /// Through sums to their lanes, if any is wanted, and to what is shared.
    Sums { step: usize, passes_on: bool, is_first: bool },
}

impl Plan {
    /// The sweep from an output to what is shared, or to the samples' variables.
    pub fn sweep(&self, output: Slot, by_shared: bool) -> Sweep {
        let is_active = if by_shared { &self.by_shared } else { &self.by_sample };
        // What has been written so far: all that is reached from the output, and zeros.
        let mut is_written = vec![false; self.slots];
        is_written[output as usize] = true;
        let mut sweep = Sweep { output, moves: Vec::new(), zeros: Vec::new(), by_shared, copies: Vec::new() };
        for (step, it) in self.steps.iter().enumerate().rev() {
            if !it.results().any(|slot| is_written[slot] && is_active[slot]) {
                continue;
            }
            // Of results in line, those that are not reached have adjoints of zero.
            sweep.zeros.extend(unwritten(&mut is_written, it.results()));
            let wanted = |slot: Slot| is_active[slot as usize];
            match it {
                Step::Rows(rows) => {
                    for wanted in in_one_go(rows, std::array::from_fn(|k| wanted(rows.operands[k]))) {
                        let mut is_first = [false; 3];
                        for k in (0..3).filter(|&k| wanted[k]) {
                            is_first[k] = !is_written[rows.range(k)].contains(&true);
                            let left = unwritten(&mut is_written, rows.range(k));
                            sweep.zeros.extend(left.filter(|_| !is_first[k]));
                        }
                        sweep.moves.push(Move::Rows { step, wanted, is_first });
                    }
                }
                Step::List { operands, .. } => {
                    let is_wanted: Vec<bool> = operands.iter().map(|&slot| wanted(slot)).collect();
                    for (&slot, _) in operands.iter().zip(&is_wanted).filter(|(_, is_wanted)| **is_wanted) {
                        sweep.zeros.extend(unwritten(&mut is_written, std::iter::once(slot as usize)));
                    }
                    sweep.moves.push(Move::List { step, is_wanted });
                }
                Step::Sums(sums) => {
                    let lanes = || sums.lanes.iter().map(|&slot| slot as usize);
                    let passes_on = lanes().any(|slot| is_active[slot]);
                    let is_first = passes_on && !sums.repeats && !lanes().any(|slot| is_written[slot]);
                    if passes_on {
                        let left = unwritten(&mut is_written, lanes());
                        sweep.zeros.extend(left.filter(|_| !is_first));
                    }
                    sweep.moves.push(Move::Sums { step, passes_on, is_first });
                }
            }
        }
        if by_shared {
            sweep.copies.extend(self.copies.iter().filter(|(_, slot)| is_written[*slot as usize]));
        } else {
            // The derivatives by variables that the output does not depend on.
            let variables = self.loads.iter().map(|&(_, slot)| slot as usize);
            sweep.zeros.extend(unwritten(&mut is_written, variables));
        }
        sweep
    }
}

/// The slots not written so far, which then count as written.
fn unwritten(is_written: &mut [bool], slots: impl Iterator<Item = usize>) -> impl Iterator<Item = Slot> {
    slots.filter(|&slot| !std::mem::replace(&mut is_written[slot], true)).map(|slot| slot as Slot)
}

/// The operands that are wanted, in parts that no two operands with a slot in common are in.
fn in_one_go(rows: &Rows, wanted: [bool; 3]) -> Vec<[bool; 3]> {
    let wanted: Vec<usize> = (0..rows.arity).filter(|&k| wanted[k]).collect();
    let overlap = |a: usize, b: usize| rows.operands[a].abs_diff(rows.operands[b]) < rows.rows as Slot;
    let are_apart = wanted.iter().all(|&a| wanted.iter().all(|&b| a == b || !overlap(a, b)));
    let mask = |part: &[usize]| std::array::from_fn(|k| part.contains(&k));
    match wanted.len() {
        0 => Vec::new(),
        _ if are_apart => vec![mask(&wanted)],
        _ => wanted.chunks(1).map(mask).collect(),
    }
}
