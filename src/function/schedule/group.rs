//! The order of equal operations side by side, and where their operands go on.

use super::plan::Address;
use std::ops::Range;

/// Operations that are equal but for their operands: for each, the address of every operand.
pub(super) struct Group {
    /// Operation by operation.
    addresses: Vec<Address>,
    operands: usize,
    /// For each position, whether the operands there are constants: these are put side by side once, in any order.
    are_constant: Vec<bool>,
    /// The order of the operations.
    pub order: Vec<usize>,
}

impl Group {
    /// In the order of the recording, or in that of their operands, by the position with the fewest different operands or by
    /// the one with the most: in which these go on most often.
    pub fn new(addresses: Vec<Address>, are_constant: Vec<bool>) -> Group {
        let operands = are_constant.len();
        let count = addresses.len().checked_div(operands).unwrap_or(0);
        let mut group = Group { addresses, operands, are_constant, order: (0..count).collect() };
        let mut least = group.breaks();
        if least == 0 || operands == 0 {
            return group;
        }
        let fewest = group.positions();
        let varying = fewest.iter().filter(|&&position| !group.are_constant[position]).count();
        let mut most = fewest.clone();
        most[..varying].reverse();
        for by in if varying > 1 { vec![fewest, most] } else { vec![fewest] } {
            let sorted = group.sorted(&by);
            let before = std::mem::replace(&mut group.order, sorted);
            let breaks = group.breaks();
            if breaks < least {
                least = breaks;
            } else {
                group.order = before;
            }
        }
        group
    }

    /// The operations in the order of their operands at these positions, one after the other.
    fn sorted(&self, by: &[usize]) -> Vec<usize> {
        let mut sorted: Vec<usize> = (0..self.len()).collect();
        sorted.sort_by(|&a, &b| {
            let at = |operation| by.iter().map(move |&position| self.at(operation, position));
            at(a).cmp(at(b))
        });
        sorted
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    fn at(&self, operation: usize, position: usize) -> Address {
        self.addresses[operation * self.operands + position]
    }

    /// The addresses of an operand of all operations, in order.
    pub fn column(&self, position: usize) -> Vec<Address> {
        self.order.iter().map(|&operation| self.at(operation, position)).collect()
    }

    /// The positions, those with the fewest different operands first, and constants last.
    fn positions(&self) -> Vec<usize> {
        let different = |&position: &usize| {
            let mut column = self.column(position);
            column.sort_unstable();
            column.dedup();
            column.len()
        };
        let mut positions: Vec<usize> = (0..self.operands).collect();
        positions.sort_by_cached_key(|position| (self.are_constant[*position], different(position)));
        positions
    }

    /// How often operands do not go on, in total.
    fn breaks(&self) -> usize {
        let varying = (0..self.operands).filter(|&position| !self.are_constant[position]);
        varying.map(|position| breaks(&self.column(position))).sum()
    }
}

/// The distance to the next operand, if it goes on: the same number, or the one beside it.
fn step(from: Address, to: Address) -> Option<Address> {
    to.checked_sub(from).filter(|&distance| distance <= 1)
}

/// How often a sequence of addresses does not go on.
pub(super) fn breaks(column: &[Address]) -> usize {
    segments(column.len(), &[column]).len().saturating_sub(1)
}

/// The parts in which all of these columns go on: each by the same distance, 0 or 1, throughout a part.
pub(super) fn segments(len: usize, columns: &[&[Address]]) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut start = 0;
    while start < len {
        let mut end = start + 1;
        if end < len && columns.iter().all(|column| step(column[start], column[end]).is_some()) {
            end += 1;
            let goes_on = |at: usize| {
                columns
                    .iter()
                    .all(|column| step(column[at - 1], column[at]) == step(column[start], column[start + 1]))
            };
            while end < len && goes_on(end) {
                end += 1;
            }
        }
        segments.push(start..end);
        start = end;
    }
    segments
}
