//! The operations of a recorded function, side by side in memory: an evaluation goes through all of it.

use crate::table::ops::Op;
use std::ops::Range;

/// A place in the list of values: constants first, then inputs, then results in order.
pub(crate) type Place = u32;

/// Operations and their operands, in order of evaluation.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Instructions {
    ops: Vec<Entry>,
    operands: Vec<Place>,
}

/// An operation, and where its operands stand.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    op: Op,
    start: u32,
    end: u32,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction<'i> {
    pub op: Op,
    pub operands: &'i [Place],
}

impl Instructions {
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// # Panics
    /// If there are more than 2³² operands altogether.
    pub fn push(&mut self, op: Op, operands: impl IntoIterator<Item = Place>) {
        let here = |operands: &[Place]| u32::try_from(operands.len()).expect("fewer than 2³² operands");
        let start = here(&self.operands);
        self.operands.extend(operands);
        self.ops.push(Entry { op, start, end: here(&self.operands) });
    }

    /// The operands of all of them.
    pub fn operands_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.operands.iter_mut()
    }

    pub fn get(&self, index: usize) -> Instruction<'_> {
        self.instruction(&self.ops[index])
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Instruction<'_>> + ExactSizeIterator {
        self.range(0..self.len())
    }

    /// Some of them.
    #[inline(always)]
    pub fn range(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Instruction<'_>> + ExactSizeIterator {
        self.ops[range].iter().map(|entry| self.instruction(entry))
    }

    #[inline(always)]
    fn instruction(&self, &Entry { op, start, end }: &Entry) -> Instruction<'_> {
        Instruction { op, operands: &self.operands[start as usize..end as usize] }
    }
}
