//! The ways backwards through a plan.

use super::plan::{Plan, Row, Slot, Step};

/// The way backwards from one output to what derivatives are taken by, in order.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub output: Slot,
    pub moves: Vec<Move>,
    /// The adjoints that begin as zeros; those of the others are written before anything is added to them.
    pub zeros: Vec<Slot>,
    /// Whether derivatives are taken by what is shared.
    pub by_shared: bool,
    /// Whether the output is a copy of what is shared, whose adjoint is summed over blocks.
    pub is_copy: bool,
}

/// A part of a sweep.
#[derive(Debug, Clone)]
pub(super) enum Move {
    /// Through a row to one of its operands.
    Row { row: Row, by: usize, is_first: bool, step: usize },
    /// Through a row over lists to those operands that are wanted.
    List { step: usize, is_wanted: Vec<bool> },
    /// Through sums to their lanes, if any is wanted, and to what is shared.
    Sums { step: usize, passes_on: bool },
}

impl Plan {
    /// The sweep from an output to what is shared, or to the samples' variables.
    pub fn sweep(&self, output: Slot, by_shared: bool) -> Sweep {
        let is_active = if by_shared { &self.by_shared } else { &self.by_sample };
        let is_copy = |slot: Slot| self.copies.iter().any(|copy| copy.1 == slot);
        // What is reached from the output; of that, what has been written already, or need not be.
        let mut is_reached = vec![false; self.slots];
        is_reached[output as usize] = true;
        let mut is_written = is_reached.clone();
        let mut sweep =
            Sweep { output, moves: Vec::new(), zeros: Vec::new(), by_shared, is_copy: is_copy(output) };
        for (position, step) in self.steps.iter().enumerate().rev() {
            if !step.results().any(|slot| is_reached[slot] && is_active[slot]) {
                continue;
            }
            // Of a group of rows, those that are not reached have adjoints of zero.
            let unwritten = step.results().filter(|&slot| !is_written[slot]);
            sweep.zeros.extend(unwritten.map(|slot| slot as Slot));
            let wanted = |slot: Slot| is_active[slot as usize];
            match step {
                Step::Row(row) => {
                    for (by, &slot) in row.operands().iter().enumerate().filter(|(_, slot)| wanted(**slot)) {
                        // What is copied from what is shared is summed over blocks.
                        let is_first = !is_written[slot as usize] && !is_copy(slot);
                        is_written[slot as usize] = true;
                        sweep.moves.push(Move::Row { row: *row, by, is_first, step: position });
                    }
                }
                Step::List { .. } | Step::Sums(_) => {
                    let is_wanted: Vec<bool> = step.reads().iter().map(|&slot| wanted(slot)).collect();
                    let passes_on = is_wanted.contains(&true);
                    // Sums go to all of their lanes at once.
                    let is_list = matches!(step, Step::List { .. });
                    for (&slot, &is_wanted) in step.reads().iter().zip(&is_wanted) {
                        if (is_wanted || (passes_on && !is_list))
                            && !is_written[slot as usize]
                            && !is_copy(slot)
                        {
                            is_written[slot as usize] = true;
                            sweep.zeros.push(slot);
                        }
                    }
                    sweep.moves.push(match is_list {
                        true => Move::List { step: position, is_wanted },
                        false => Move::Sums { step: position, passes_on },
                    });
                }
            }
            step.reads().iter().for_each(|&slot| is_reached[slot as usize] = true);
        }
        if !by_shared {
            // The derivatives by variables that the output does not depend on.
            let unwritten = self.loads.iter().filter(|(_, slot)| !is_written[*slot as usize]);
            sweep.zeros.extend(unwritten.map(|&(_, slot)| slot));
        }
        sweep
    }
}
