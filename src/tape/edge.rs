//! What a node keeps of one operand: its index, and the partial derivative by it.

use crate::view::Operand;

/// In place of an operand's index: the operand is a constant, and its value sits in the slot.
pub(crate) const CONSTANT: u32 = 0;
/// In place of an operand's index: the operand was not taken, and its index sits in the slot.
pub(crate) const UNTAKEN: u32 = 1;
/// The index of the first node; those before it have a meaning of their own.
pub(crate) const FIRST: usize = 2;

/// Indices fit in a `u32`, and its largest value means something else.
pub(crate) const MOST: usize = u32::MAX as usize;

/// An operand of a node.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub slot: f64,
    pub operand: u32,
}

impl Edge {
    /// In place of an operand that an operation does not have.
    pub const NONE: Edge = Edge { slot: 0.0, operand: CONSTANT };

    /// The edge to an operand that is a constant.
    #[inline]
    pub fn constant(value: f64) -> Edge {
        Edge { slot: value, operand: CONSTANT }
    }

    /// The edge to the operand at `index`; `is_linked`: whether the operand was taken.
    #[inline]
    pub fn new(index: u32, partial: f64, is_linked: bool) -> Edge {
        if is_linked {
            Edge { slot: partial, operand: index }
        } else {
            Edge { slot: f64::from(index), operand: UNTAKEN }
        }
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
