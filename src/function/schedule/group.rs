//! The order of equal operations side by side, and where their operands go on.

use super::plan::Address;
use std::ops::Range;

/// Operations that are equal but for their operands, in an order. `O` is what an operand is known by: where it is.
pub(crate) struct Group<O> {
    /// Operation by operation.
    operands: Vec<O>,
    arity: usize,
    /// The order of the operations.
    pub order: Vec<usize>,
}

impl<O: Copy + Ord> Group<O> {
    /// In the order of their operands: of the first ones, and where these are equal of the next ones.
    pub fn by_operands(operands: Vec<O>, arity: usize) -> Group<O> {
        let mut group = Group::recorded(operands, arity);
        group.order = group.sorted(&Vec::from_iter(0..arity));
        group
    }

    /// The parts of the order throughout which every operand goes on: `goes_on(first, distance, other)` tells it of an
    /// operand of the first operation of a part and one of the operation that is so much further on.
    pub fn parts(&self, goes_on: impl Fn(O, usize, O) -> bool) -> Vec<Range<usize>> {
        parts(self.len(), |start, at| {
            let at_position = |number: usize, position| self.at(self.order[number], position);
            (0..self.arity)
                .all(|position| goes_on(at_position(start, position), at - start, at_position(at, position)))
        })
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The operands at a position, in order.
    pub fn column(&self, position: usize) -> Vec<O> {
        self.order.iter().map(|&operation| self.at(operation, position)).collect()
    }

    fn recorded(operands: Vec<O>, arity: usize) -> Group<O> {
        let count = operands.len().checked_div(arity).unwrap_or(0);
        Group { operands, arity, order: (0..count).collect() }
    }

    /// The operations sorted by the operands at these positions, one after the other.
    fn sorted(&self, by: &[usize]) -> Vec<usize> {
        let mut sorted = self.order.clone();
        let key = |operation: usize| by.iter().map(move |&position| self.at(operation, position));
        sorted.sort_by(|&a, &b| key(a).cmp(key(b)));
        sorted
    }

    fn at(&self, operation: usize, position: usize) -> O {
        self.operands[operation * self.arity + position]
    }
}

impl Group<Address> {
    /// In the order of the recording, or in that of their operands, by the position with the fewest different operands or by
    /// the one with the most: in which these go on most often. `are_constant`: for each position, whether the operands there
    /// are constants: these are put side by side once, in any order.
    pub fn new(addresses: Vec<Address>, are_constant: Vec<bool>) -> Self {
        let mut group = Group::recorded(addresses, are_constant.len());
        let mut least = group.breaks(&are_constant);
        if least == 0 {
            return group;
        }
        let fewest = group.positions(&are_constant);
        let varying = are_constant.iter().filter(|&&is_constant| !is_constant).count();
        let mut most = fewest.clone();
        most[..varying].reverse();
        for by in if varying > 1 { vec![fewest, most] } else { vec![fewest] } {
            let sorted = group.sorted(&by);
            let before = std::mem::replace(&mut group.order, sorted);
            let breaks = group.breaks(&are_constant);
            if breaks < least {
                least = breaks;
            } else {
                group.order = before;
            }
        }
        group
    }

    /// The positions, those with the fewest different operands first, and constants last.
    fn positions(&self, are_constant: &[bool]) -> Vec<usize> {
        let different = |&position: &usize| {
            let mut column = self.column(position);
            column.sort_unstable();
            column.dedup();
            column.len()
        };
        let mut positions: Vec<usize> = (0..self.arity).collect();
        positions.sort_by_cached_key(|position| (are_constant[*position], different(position)));
        positions
    }

    /// How often operands do not go on, in total.
    fn breaks(&self, are_constant: &[bool]) -> usize {
        let varying = (0..self.arity).filter(|&position| !are_constant[position]);
        varying.map(|position| breaks(&self.column(position))).sum()
    }
}

/// How often a sequence of addresses does not go on.
pub(super) fn breaks(column: &[Address]) -> usize {
    segments(column.len(), &[column]).len().saturating_sub(1)
}

/// The parts in which all of these columns go on: each by the same distance, 0 or 1, throughout a part.
pub(super) fn segments(len: usize, columns: &[&[Address]]) -> Vec<Range<usize>> {
    parts(len, |start, at| {
        columns.iter().all(|column| {
            let first = step(column[start], column[start + 1]);
            first.is_some() && step(column[at - 1], column[at]) == first
        })
    })
}

/// The distance to the next operand, if it goes on: the same number, or the one beside it.
fn step(from: Address, to: Address) -> Option<Address> {
    to.checked_sub(from).filter(|&distance| distance <= 1)
}

/// The parts of `0..len` in which everything belongs to the part that starts before it: `belongs(start, at)`.
fn parts(len: usize, belongs: impl Fn(usize, usize) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < len {
        let end = (start + 1..len).find(|&at| !belongs(start, at)).unwrap_or(len);
        parts.push(start..end);
        start = end;
    }
    parts
}
