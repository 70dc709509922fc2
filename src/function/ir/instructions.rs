//! The operations of a recorded function, contiguous in memory, since an evaluation reads all of them.

use crate::table::number::Number;
use crate::table::ops::Op;
use std::ops::Range;

/// An index in the list of all values: constants first, then inputs, then results in order.
pub(crate) type Place = u32;

/// Operations and their operands, in order of evaluation.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Instructions {
    /// The places of all results.
    results: Range<usize>,
    ops: Vec<Entry>,
    operands: Vec<Place>,
}

/// An operation, the range of its operands, and the place of its first result.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    op: Op,
    start: u32,
    end: u32,
    result: Place,
}

/// One instruction: an operation, its operands, and where its results are: contiguous, as many as the operation has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction<'i> {
    pub op: Op,
    pub operands: &'i [Place],
    /// The place of the first result; a row of the table has no other.
    pub result: usize,
}

impl Instructions {
    /// An empty list; results will have the places from `first` on.
    pub fn new(first: usize) -> Instructions {
        Instructions { results: first..first, ..Instructions::default() }
    }

    pub fn len(&self) -> usize {
        self.ops.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The places of all results.
    pub fn results(&self) -> Range<usize> {
        self.results.clone()
    }

    /// # Panics
    /// If there are 2³² operands, or values, or more in total.
    pub fn push(&mut self, op: Op, operands: impl IntoIterator<Item = Place>) {
        let here = |operands: &[Place]| u32::try_from(operands.len()).expect("fewer than 2³² operands");
        let start = here(&self.operands);
        self.operands.extend(operands);
        let result = Place::try_from(self.results.end).expect("fewer than 2³² values");
        self.results.end += op.results();
        self.ops.push(Entry { op, start, end: here(&self.operands), result });
    }

    /// The operands of all instructions.
    pub fn operands_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.operands.iter_mut()
    }

    /// The instruction that has a result at this place; `None` for a constant or an input.
    pub fn of(&self, place: Place) -> Option<Instruction<'_>> {
        let index = self.ops.partition_point(|entry| entry.result <= place).checked_sub(1)?;
        Some(self.instruction(&self.ops[index]))
    }

    pub fn iter(&self) -> impl Iterator<Item = Instruction<'_>> {
        self.range(0..self.len())
    }

    /// The instructions in this range.
    #[inline(always)]
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = Instruction<'_>> {
        self.ops[range].iter().map(|entry| self.instruction(entry))
    }

    /// All of them, from the last to the first.
    #[inline(always)]
    pub fn backwards(&self) -> impl Iterator<Item = Instruction<'_>> {
        self.ops.iter().rev().map(|entry| self.instruction(entry))
    }

    #[inline(always)]
    fn instruction(&self, &Entry { op, start, end, result }: &Entry) -> Instruction<'_> {
        let operands = &self.operands[start as usize..end as usize];
        Instruction { op, operands, result: result as usize }
    }
}

/// Evaluation of an instruction, given the values of all places. Its parts are taken out first, so that loops over
/// instructions keep them in registers.
impl Instruction<'_> {
    /// The places of its results.
    pub fn results(self) -> Range<usize> {
        self.result..self.result + self.op.results()
    }

    /// Whether it has lists of operands, and rules that loop over them.
    #[inline(always)]
    pub fn is_list(self) -> bool {
        self.op.is_reduction()
    }

    /// The value of its result.
    #[inline(always)]
    #[track_caller]
    pub fn value<R: Number>(self, values: &[R]) -> R {
        let Instruction { op, operands, .. } = self;
        op.value_of(operands, |operand| values[operand as usize]).expect("a row of the table")
    }

    /// For a row that is not over lists: calls `visit` with each wanted operand and the partial with respect to it.
    #[inline(always)]
    #[track_caller]
    pub fn visit_partials<R: Number>(
        self,
        values: &[R],
        is_wanted: impl Fn(Place) -> bool,
        mut visit: impl FnMut(Place, R),
    ) {
        let Instruction { op, operands, result } = self;
        op.visit_partials(
            operands,
            #[inline(always)]
            |operand: Place| values[operand as usize],
            values[result],
            #[inline(always)]
            |k| is_wanted(operands[k]),
            #[inline(always)]
            |k, partial| visit(operands[k], partial),
        );
    }

    /// For a row over lists: calls `visit` with each operand and the partial with respect to it.
    #[inline(always)]
    #[track_caller]
    pub fn visit_list_partials<R: Number>(self, values: &[R], mut visit: impl FnMut(Place, R)) {
        let Instruction { op, operands, result } = self;
        let mut k = 0;
        op.visit_list_partials(
            operands,
            #[inline(always)]
            |operand: Place| values[operand as usize],
            values[result],
            #[inline(always)]
            |partial| {
                visit(operands[k], partial);
                k += 1;
            },
        );
    }

    /// Calls `visit` with each wanted operand, the partial with respect to it, and the mask that is set where the
    /// operand is not selected: `None` if it always is. Operands of lists are always selected, and all are visited.
    #[inline]
    #[track_caller]
    pub fn visit_edges<R: Number>(
        self,
        values: &[R],
        is_wanted: impl Fn(Place) -> bool,
        mut visit: impl FnMut(Place, R, Option<R>),
    ) {
        if self.is_list() {
            return self.visit_list_partials(values, |operand, partial| visit(operand, partial, None));
        }
        let Instruction { op, operands, result } = self;
        op.visit_edges(
            operands,
            |operand: Place| values[operand as usize],
            values[result],
            |k| is_wanted(operands[k]),
            |k, partial, untaken| visit(operands[k], partial, untaken),
        );
    }
}
