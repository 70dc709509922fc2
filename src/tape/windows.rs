//! The ids of a tape's nodes: which are consecutive, and how an operand is found by its id.

use super::edge::{CONSTANT, Edge};
use super::numbers;
use smallvec::SmallVec;

/// A run of nodes with consecutive ids. A tape has one, and one more per rewind that kept nodes, since the ids of
/// discarded nodes are never used again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The id of a node minus its index. No node has an id from here up to that of `start`, so one comparison with
    /// the end shows whether an id belongs to the segment.
    pub origin: u64,
    /// The index of the first node.
    pub start: usize,
}

/// The segments of a tape, in order.
pub(crate) type Segments = SmallVec<[Segment; 2]>;

/// The index of the node with this id in a tape whose next node has index `end`.
pub(crate) fn index_in(segments: &[Segment], end: usize, number: u64) -> Option<usize> {
    let (last, before) = segments.split_last()?;
    let index = number.wrapping_sub(last.origin);
    if index < end as u64 {
        return Some(index as usize);
    }
    // The first nodes of a tape, usually parameters, are looked up most often.
    let index = number.wrapping_sub(before.first()?.origin);
    if index < segments[1].start as u64 {
        return Some(index as usize);
    }
    // Ids increase, including those that were left out.
    let next = before.partition_point(|segment| segment.origin <= number);
    let index = number - before[next.checked_sub(1)?].origin;
    (index < segments[next].start as u64).then_some(index as usize)
}

/// The id of a node minus this is never a valid index.
pub(super) const HIDDEN: u64 = numbers::END;

/// Whether ids are among those of the nodes since the last rewind, given the bitwise or of their differences to the origin of
/// the windows: whether each is less than 2³². A tape has at least that many ids from its origin on, which no other tape has,
/// and no node has an id that is yet to come.
#[inline(always)]
pub(super) fn are_recent(differences: u64) -> bool {
    differences < numbers::LEAST
}

/// Where most operands are: among the nodes since the last rewind, or before the first one.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    /// The index of the next node.
    pub end: usize,
    /// The origin of the last segment; `HIDDEN` if every operation has to take the general path.
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
    /// The index of the node with this id, if it is in these windows.
    #[inline(always)]
    pub fn find(&self, number: u64) -> Option<u32> {
        let (index, is_recent) = self.find_recent(number);
        if is_recent {
            return Some(index);
        }
        let index = number.wrapping_sub(self.kept.origin);
        if index < self.kept.end as u64 { Some(index as u32) } else { None }
    }

    /// The edge to the operand with this id and partial, if it is a constant or in these windows. `is_linked`: whether it
    /// has a part in the result. `of_constant`: the slot of a constant.
    #[inline(always)]
    pub fn edge(&self, number: u64, partial: f64, is_linked: bool, of_constant: f64) -> Option<Edge> {
        match self.find_recent(number) {
            (index, true) => Some(Edge::new(index, partial, is_linked)),
            _ if number == 0 => Some(Edge::constant(of_constant)),
            _ => Some(Edge::new(self.find(number)?, partial, is_linked)),
        }
    }

    /// As [`find`](Self::find), among the nodes since the last rewind: the index, and whether it is valid.
    #[inline(always)]
    pub fn find_recent(&self, number: u64) -> (u32, bool) {
        let index = number.wrapping_sub(self.origin);
        (index as u32, index < self.end as u64)
    }

    /// The indices of the operands with these ids, `CONSTANT` for id 0, if each is a constant or in these windows, and
    /// not all are constants.
    #[inline(always)]
    pub fn find_all<const COUNT: usize>(&self, numbers: [u64; COUNT]) -> Option<[u32; COUNT]> {
        let (mut indices, mut all) = ([0; COUNT], 0);
        for k in 0..COUNT {
            let index = numbers[k].wrapping_sub(self.origin);
            all |= index;
            indices[k] = index as u32;
        }
        if are_recent(all) {
            return Some(indices);
        }
        // Not in a function of its own: the numbers of a block would be spilled to memory before a call that returns.
        let (mut are_found, mut any) = (true, 0);
        for k in 0..COUNT {
            let (index, is_found) = self.find_evenly(numbers[k]);
            are_found &= is_found;
            any |= numbers[k];
            indices[k] = index;
        }
        (are_found && any != 0).then_some(indices)
    }

    /// As [`find`](Self::find), without branches, and `CONSTANT` for id 0: which operands of a list are constants
    /// cannot be predicted. Returns the index, and whether it is valid.
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
