//! The numbers of a tape's nodes: which of them follow one another, and how an operand is found by its number.

use super::edge::{CONSTANT, Edge};
use super::node::Var;
use super::numbers;
use smallvec::SmallVec;

/// A run of nodes whose numbers follow one another. A tape has one, and one more per rewind that kept
/// something: the numbers of the nodes that were given up are never used again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The number of a node less its index. No node has a number from here up to that of `start`, so one
    /// comparison with the end finds out whether a number belongs to the segment.
    pub origin: u64,
    /// The index of the first node.
    pub start: usize,
}

/// The segments of a tape, in order.
pub(crate) type Segments = SmallVec<[Segment; 2]>;

/// The index of the node with this number in a tape whose next node has index `end`.
pub(crate) fn index_in(segments: &[Segment], end: usize, number: u64) -> Option<usize> {
    let (last, before) = segments.split_last()?;
    let index = number.wrapping_sub(last.origin);
    if index < end as u64 {
        return Some(index as usize);
    }
    // What a tape begins with is asked for most often: parameters.
    let index = number.wrapping_sub(before.first()?.origin);
    if index < segments[1].start as u64 {
        return Some(index as usize);
    }
    // Numbers rise, those that were left out included.
    let next = before.partition_point(|segment| segment.origin <= number);
    let index = number - before[next.checked_sub(1)?].origin;
    (index < segments[next].start as u64).then_some(index as usize)
}

/// No number of a node less this one is an index.
pub(super) const HIDDEN: u64 = numbers::END;

/// Where most operands are: among the nodes since the last rewind, or before the first.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    /// The index of the next node.
    pub end: usize,
    /// Where the last segment takes its numbers; `HIDDEN` where every operation needs attention.
    pub origin: u64,
    /// The first segment, where another follows it: parameters, usually.
    pub kept: Kept,
}

#[derive(Clone, Copy)]
pub(crate) struct Kept {
    pub origin: u64,
    pub end: usize,
}

impl Kept {
    pub const NOTHING: Kept = Kept { origin: HIDDEN, end: 0 };
}

impl Windows {
    /// The index of the node with this number, if it is here.
    #[inline(always)]
    pub fn find(&self, number: u64) -> Option<u32> {
        let (index, is_recent) = self.find_recent(number);
        if is_recent {
            return Some(index);
        }
        let index = number.wrapping_sub(self.kept.origin);
        if index < self.kept.end as u64 { Some(index as u32) } else { None }
    }

    /// The edge to an operand with this partial, if it is a constant or here. `is_linked`: whether it was taken.
    #[inline(always)]
    pub fn edge(&self, operand: Var, partial: f64, is_linked: bool) -> Option<Edge> {
        if !operand.is_on_a_tape() {
            return Some(Edge::constant(operand.value));
        }
        Some(Edge::new(self.find(operand.node)?, partial, is_linked))
    }

    /// As [`find`](Self::find), among the nodes since the last rewind: the index, and whether it is one.
    #[inline(always)]
    pub fn find_recent(&self, number: u64) -> (u32, bool) {
        let index = number.wrapping_sub(self.origin);
        (index as u32, index < self.end as u64)
    }

    /// As [`find`](Self::find), without branches, and `CONSTANT` for 0: in a list it cannot be foretold which
    /// operands are constants. The index, and whether it is one.
    #[inline(always)]
    pub fn find_evenly(&self, number: u64) -> (u32, bool) {
        let (recent, is_recent) = self.find_recent(number);
        let kept = number.wrapping_sub(self.kept.origin);
        let is_kept = kept < self.kept.end as u64;
        let index = if is_kept { kept as u32 } else { CONSTANT };
        let index = if is_recent { recent } else { index };
        (index, is_recent | is_kept | (number == 0))
    }
}
