//! Operations that are equal but for their operands: their order side by side, and where their operands go on.

use super::plan::Address;
use crate::function::ir::graph::Place;
use rustc_hash::FxHasher;
use std::borrow::Cow;
use std::hash::Hasher;
use std::ops::Range;

/// The operands of operations. `O` is what an operand is known by: where it is.
pub(crate) struct Group<O> {
    /// Position by position.
    operands: Vec<O>,
    len: usize,
}

impl<O: Copy + Ord> Group<O> {
    /// Of at least one operation with at least one operand, given their places.
    pub fn new<'p>(
        len: usize,
        operations: impl Iterator<Item = &'p [Place]>,
        at: impl Fn(Place) -> O,
    ) -> Self {
        let mut operations = operations.peekable();
        let first = *operations.peek().expect("an operation");
        let mut operands = vec![at(first[0]); len * first.len()];
        for (number, places) in operations.enumerate() {
            for (position, &place) in places.iter().enumerate() {
                operands[position * len + number] = at(place);
            }
        }
        Group { operands, len }
    }

    /// From the operands position by position, so many at each.
    pub fn of_columns(operands: Vec<O>, len: usize) -> Group<O> {
        Group { operands, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn positions(&self) -> usize {
        self.operands.len() / self.len
    }

    /// The operands at a position.
    pub fn column(&self, position: usize) -> &[O] {
        &self.operands[position * self.len..][..self.len]
    }

    pub fn column_mut(&mut self, position: usize) -> &mut [O] {
        &mut self.operands[position * self.len..][..self.len]
    }

    pub fn columns(&self) -> impl Iterator<Item = &[O]> {
        self.operands.chunks_exact(self.len)
    }

    /// The operations in the order of their operands at the first of these positions, where these are equal at the next one.
    pub fn sorted(&self, by: impl Iterator<Item = usize>) -> Vec<u32> {
        let Some(&any) = self.operands.first() else { return Vec::new() };
        let mut sorted: Vec<(O, u32)> = (0..self.len as u32).map(|number| (any, number)).collect();
        // What is not told apart yet, from position to position.
        let mut ties: Vec<Range<usize>> = std::iter::once(0..self.len).collect();
        for column in by.map(|position| self.column(position)) {
            for tie in std::mem::take(&mut ties) {
                let part = &mut sorted[tie.clone()];
                part.iter_mut().for_each(|(operand, number)| *operand = column[*number as usize]);
                if !part.is_sorted_by_key(|&(operand, _)| operand) {
                    part.sort_by_key(|&(operand, _)| operand);
                }
                let mut start = tie.start;
                for equal in part.chunk_by(|(a, _), (b, _)| a == b) {
                    let end = start + equal.len();
                    ties.extend((equal.len() > 1).then_some(start..end));
                    start = end;
                }
            }
        }
        sorted.into_iter().map(|(_, number)| number).collect()
    }

    /// The parts of an order throughout which every operand goes on: `goes_on(first, distance, other)` tells it of an
    /// operand of the first operation of a part and one of the operation that is so much further on.
    pub fn parts(&self, order: &[u32], goes_on: impl Fn(O, usize, O) -> bool) -> Vec<Range<usize>> {
        let belongs = |start: usize, at: usize| {
            let [first, other] = [order[start], order[at]].map(|number| number as usize);
            self.columns().all(|column| goes_on(column[first], at - start, column[other]))
        };
        let mut parts = Vec::new();
        let mut start = 0;
        while start < order.len() {
            let end = (start + 1..order.len()).find(|&at| !belongs(start, at)).unwrap_or(order.len());
            parts.push(start..end);
            start = end;
        }
        parts
    }

    /// The same operations in another order.
    pub fn reorder(&mut self, order: &[u32]) {
        let columns = self.columns().flat_map(|column| order.iter().map(|&number| column[number as usize]));
        self.operands = columns.collect();
    }
}

impl Group<Address> {
    /// How often operands do not go on, but for constants. `are_constant`: for each position, whether the operands there are: these
    /// are put side by side once, in any order.
    pub fn breaks(&self, are_constant: &[bool]) -> usize {
        let varying = self.columns().zip(are_constant).filter(|(_, are_constant)| !**are_constant);
        varying.map(|(column, _)| breaks(column)).sum()
    }

    /// What the [best order](Self::best_order) depends on, hashed: the distances between the operands of each position.
    pub fn pattern(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for column in self.columns() {
            column.iter().for_each(|operand| hasher.write_u32(operand.wrapping_sub(column[0])));
        }
        hasher.finish()
    }

    /// The order of the operands at the position with the fewest different ones, or at that with the most, if operands then go on more
    /// often than in the order of the recording. `are_constant`: as for [`breaks`](Self::breaks).
    pub fn best_order(&self, are_constant: &[bool]) -> Option<Vec<u32>> {
        let (constant, varying): (Vec<usize>, Vec<usize>) =
            (0..self.positions()).partition(|&position| are_constant[position]);
        let order = |by: &[usize]| {
            let order = self.sorted(by.iter().chain(&constant).copied());
            let of = |column: &[Address]| breaks_of(order.iter().map(|&number| column[number as usize]));
            let breaks: usize = varying.iter().map(|&position| of(self.column(position))).sum();
            (breaks, order)
        };
        let mut fewest = varying.clone();
        self.by_different(&mut fewest);
        let (mut breaks, mut best) = order(&fewest);
        if breaks > 0 && fewest.len() > 1 {
            fewest.reverse();
            let (other_breaks, other) = order(&fewest);
            if other_breaks < breaks {
                (breaks, best) = (other_breaks, other);
            }
        }
        (breaks < self.breaks(are_constant)).then_some(best)
    }

    /// Puts positions with the fewest different operands first.
    fn by_different(&self, positions: &mut [usize]) {
        if positions.len() < 2 {
            return;
        }
        positions.sort_by_cached_key(|&position| {
            let mut column = Cow::Borrowed(self.column(position));
            if !column.is_sorted() {
                column.to_mut().sort_unstable();
            }
            column.windows(2).filter(|pair| pair[0] != pair[1]).count()
        });
    }

    /// The parts in which all operands go on: each by the same distance, 0 or 1, throughout a part.
    pub fn segments(&self) -> Vec<Range<usize>> {
        // By column: where the operands that go on end.
        let mut ends = vec![0; self.positions()];
        let mut segments = Vec::new();
        let mut start = 0;
        while start < self.len {
            let mut end = self.len;
            for (column, end_of_column) in self.columns().zip(&mut ends) {
                if *end_of_column <= start + 1 {
                    *end_of_column = end_of_run(column, start);
                }
                end = end.min(*end_of_column);
            }
            segments.push(start..end);
            start = end;
        }
        segments
    }
}

/// How often a sequence of addresses does not go on.
pub(super) fn breaks(column: &[Address]) -> usize {
    breaks_of(column.iter().copied())
}

/// The parts in which these addresses go on.
pub(super) fn segments(column: &[Address]) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut start = 0;
    while start < column.len() {
        let end = end_of_run(column, start);
        segments.push(start..end);
        start = end;
    }
    segments
}

fn breaks_of(mut column: impl Iterator<Item = Address>) -> usize {
    let Some(mut last) = column.next() else { return 0 };
    let mut breaks = 0;
    // Of the part that has begun, if it has a second number.
    let mut distance = None;
    for next in column {
        let step = next.wrapping_sub(last);
        match distance {
            None if step <= 1 => distance = Some(step),
            Some(distance) if step == distance => {}
            _ => {
                breaks += 1;
                distance = None;
            }
        }
        last = next;
    }
    breaks
}

/// Where the addresses from this one on cease to go on.
fn end_of_run(column: &[Address], start: usize) -> usize {
    let rest = &column[start..];
    let step = |pair: &[Address]| pair[1].wrapping_sub(pair[0]);
    let Some(first) = rest.get(..2).map(step).filter(|&step| step <= 1) else { return start + 1 };
    let pairs = rest.windows(2).position(|pair| step(pair) != first);
    pairs.map_or(column.len(), |last| start + last + 1)
}
