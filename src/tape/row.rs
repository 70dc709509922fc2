//! What a node stores for sweeps: its operands, each with a partial derivative.

use super::edge::{CONSTANT, Edge};
use std::ops::Range;

/// Instead of the first operand's index: the operands are in the pool. The second index is the start, and
/// the bits of the first slot are the count.
const LISTED: u32 = u32::MAX;
/// The bit of the first operand's index that says that there are more operands in the row before, which is no node.
const CONTINUED: u32 = 1 << 31;

/// One node, or two operands of a node: per operand a partial derivative and an index.
///
/// Most nodes have one or two operands, and a sweep over a large tape waits for memory; so this is as small as it can be.
/// The operands of a list are in the [`Pool`](super::pool::Pool), and so are those of a node with more than two operands on
/// a tape that keeps values and operations, where each row is a node. On other tapes they are in consecutive rows, of which
/// the last one is the node.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    slots: [f64; 2],
    operands: [u32; 2],
}

// Less where `f64` is aligned to 4 bytes.
const _: () = assert!(size_of::<Row>() <= 24);

impl Row {
    /// A row without operands.
    pub const LEAF: Row = Row { slots: [0.0; 2], operands: [CONSTANT; 2] };

    #[inline(always)]
    pub fn new([a, b]: [Edge; 2]) -> Row {
        Row { slots: [a.slot, b.slot], operands: [a.operand, b.operand] }
    }

    /// A row of at most two operands.
    #[inline(always)]
    pub fn of(edges: &[Edge]) -> Row {
        match *edges {
            [] => Row::LEAF,
            [a] => Row::new([a, Edge::NONE]),
            [a, b, ..] => Row::new([a, b]),
        }
    }

    /// The same operands, of a node with more of them in the row before.
    #[inline(always)]
    pub fn continued(self) -> Row {
        let Row { slots, operands: [a, b] } = self;
        Row { slots, operands: [a | CONTINUED, b] }
    }

    pub fn listed(start: usize, count: usize) -> Row {
        Row { slots: [f64::from_bits(count as u64), 0.0], operands: [LISTED, start as u32] }
    }

    /// Whether there are no operands.
    pub fn is_leaf(&self) -> bool {
        self.operands == [CONSTANT; 2]
    }

    /// The index of the first operand; of a row that is listed or continued, larger than any index.
    #[inline(always)]
    pub fn first(&self) -> u32 {
        self.operands[0]
    }

    /// Whether there are no operands elsewhere.
    #[inline(always)]
    pub fn is_short(&self) -> bool {
        self.operands[0] & CONTINUED == 0
    }

    /// Where the operands are, if they are in a list.
    #[inline(always)]
    pub fn list(&self) -> Option<Range<usize>> {
        let start = self.operands[1] as usize;
        (self.operands[0] == LISTED).then(|| start..start + self.slots[0].to_bits() as usize)
    }

    /// Whether the row before has more operands.
    #[inline(always)]
    pub fn is_continued(&self) -> bool {
        self.operands[0] & CONTINUED != 0 && self.operands[0] != LISTED
    }

    /// Whether the slots are surely finite: not where their sum overflows.
    #[inline(always)]
    pub fn has_finite_slots(&self) -> bool {
        (self.slots[0] + self.slots[1]) * 0.0 == 0.0
    }

    /// The two operands, if they are not in a list; constants instead of those that the node does not have.
    #[inline(always)]
    pub fn edges(&self) -> [Edge; 2] {
        let Row { slots, operands: [a, b] } = *self;
        [Edge { slot: slots[0], operand: a & !CONTINUED }, Edge { slot: slots[1], operand: b }]
    }
}
