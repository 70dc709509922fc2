//! The operands of lists, and of nodes with more than two operands: slots in one array, indices in another.

use super::edge::Edge;
use std::ops::Range;

pub(crate) struct Pool {
    pub slots: Vec<f64>,
    pub operands: Vec<u32>,
}

impl Pool {
    pub const EMPTY: Pool = Pool { slots: Vec::new(), operands: Vec::new() };

    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn push(&mut self, Edge { slot, operand }: Edge) {
        self.slots.push(slot);
        self.operands.push(operand);
    }

    #[inline(always)]
    pub fn extend<const COUNT: usize>(&mut self, edges: [Edge; COUNT]) {
        self.slots.extend_from_slice(&edges.map(|edge| edge.slot));
        self.operands.extend_from_slice(&edges.map(|edge| edge.operand));
    }

    pub fn truncate(&mut self, len: usize) {
        self.slots.truncate(len);
        self.operands.truncate(len);
    }

    /// Slot and index of each operand.
    #[inline]
    pub fn edges(&self, range: Range<usize>) -> impl Iterator<Item = Edge> + use<'_> {
        let (slots, operands) = self.columns(range);
        slots.iter().zip(operands).map(|(&slot, &operand)| Edge { slot, operand })
    }

    /// The slots and the indices of operands.
    #[inline]
    pub fn columns(&self, range: Range<usize>) -> (&[f64], &[u32]) {
        (&self.slots[range.clone()], &self.operands[range])
    }

    /// Removes the operands from `start` on that have this index.
    pub fn leave_out(&mut self, start: usize, index: u32) {
        let (slots, operands) = (&mut self.slots[start..], &mut self.operands[start..]);
        let mut kept = 0;
        for k in 0..operands.len().min(slots.len()) {
            let (slot, operand) = (slots[k], operands[k]);
            (slots[kept], operands[kept]) = (slot, operand);
            kept += usize::from(operand != index);
        }
        self.truncate(start + kept);
    }

    /// Bytes per operand.
    pub const EDGE_BYTES: usize = size_of::<f64>() + size_of::<u32>();

    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<f64>() + self.operands.capacity() * size_of::<u32>()
    }

    pub fn shrink_to(&mut self, len: usize) {
        self.slots.shrink_to(len);
        self.operands.shrink_to(len);
    }
}

/// A pool whose columns are filled one after the other. If a panic interrupts that, both are truncated to the same
/// length.
pub(crate) struct ByColumns<'a>(pub &'a mut Pool);

impl Drop for ByColumns<'_> {
    #[inline]
    fn drop(&mut self) {
        let (slots, operands) = (self.0.slots.len(), self.0.operands.len());
        if slots != operands {
            self.0.truncate(slots.min(operands));
        }
    }
}
