//! What a node stores of one operand: its index, and the partial derivative with respect to it.

use crate::view::Operand;

/// Instead of an operand's index: the operand is a constant. The slot holds its value, where somebody may look.
pub(crate) const CONSTANT: u32 = 0;
/// Instead of an operand's index: the operand has no part in the result (a structural zero). The slot holds its index, where
/// somebody may look.
pub(crate) const UNTAKEN: u32 = 1;
/// The index of the first node; the smaller ones are the markers above.
pub(crate) const FIRST: usize = 2;

/// The limit of indices: they fit in 31 bits, of which not all are set.
pub(crate) const MOST: usize = (1 << 31) - 1;

/// An operand of a node.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub slot: f64,
    pub operand: u32,
}

impl Edge {
    /// The edge of an operand that an operation does not have.
    pub const NONE: Edge = Edge { slot: 0.0, operand: CONSTANT };

    /// The edge to an operand that is a constant.
    #[inline]
    pub fn constant(value: f64) -> Edge {
        Edge { slot: value, operand: CONSTANT }
    }

    /// The edge to the operand at `index`; `is_linked`: whether it has a part in the result.
    #[inline]
    pub fn new(index: u32, partial: f64, is_linked: bool) -> Edge {
        if is_linked {
            Edge { slot: partial, operand: index }
        } else {
            Edge { slot: f64::from(index), operand: UNTAKEN }
        }
    }

    /// As [`new`](Self::new), where nobody but the sweep looks at the slot.
    #[inline(always)]
    pub fn unseen(index: u32, partial: f64, is_linked: bool) -> Edge {
        Edge { slot: partial, operand: if is_linked { index } else { UNTAKEN } }
    }

    /// The operand, linked or not.
    pub fn operand(self) -> Operand {
        match self.operand {
            CONSTANT => Operand::Constant(self.slot),
            UNTAKEN => Operand::Node(self.slot as usize - FIRST),
            index => Operand::Node(index as usize - FIRST),
        }
    }

    /// Whether the adjoint passes to the operand.
    #[inline]
    pub fn is_linked(self) -> bool {
        self.operand > UNTAKEN
    }
}
