//! The operations of a recorded function, contiguous in memory, since an evaluation reads all of them.

use super::instruction::{Instruction, Place, work};
use crate::table::atomic::{Atomic, AtomicOp};
use crate::table::compound::Compound;
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::ops::Range;

/// Operations and their operands, in order of evaluation.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub(crate) struct Instructions {
    /// The places of all results.
    results: Range<usize>,
    ops: Vec<Entry>,
    operands: Vec<Place>,
    /// The different atomic functions that are called.
    atomics: Vec<Atomic>,
    /// The indices of the instructions that call them, in ascending order.
    calls: Vec<u32>,
}

/// An operation, the range of its operands, and the place of its first result.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
struct Entry {
    op: Op,
    start: u32,
    end: u32,
    result: Place,
}

impl Instructions {
    /// An empty list; results will have the places from `first` on.
    pub fn new(first: usize) -> Instructions {
        Instructions { results: first..first, ..Instructions::default() }
    }

    /// As [`new`](Self::new), with the atomic functions that will be called.
    pub fn calling(first: usize, atomics: Vec<Atomic>) -> Instructions {
        Instructions { atomics, ..Instructions::new(first) }
    }

    /// The different atomic functions that are called.
    pub fn atomics(&self) -> &[Atomic] {
        &self.atomics
    }

    /// The atomic function that an instruction calls, if it calls one.
    #[inline]
    pub fn called_by(&self, instruction: Instruction<'_>) -> Option<&Atomic> {
        let Op::Atomic(op) = instruction.op else { return None };
        Some(&self.atomics[op.index()])
    }

    /// The call whose `Display` is this text.
    #[cfg(feature = "serde")]
    pub fn parse_call(&self, text: &str) -> Option<Op> {
        let index: u16 = text.strip_prefix("atomic[")?.strip_suffix(']')?.parse().ok()?;
        let function = self.atomics.get(usize::from(index))?;
        Some(Op::Atomic(AtomicOp::new(index, function.results())))
    }

    /// Whether this operation can be evaluated over this number of operands.
    #[cfg(feature = "serde")]
    pub fn take(&self, op: Op, operands: usize) -> bool {
        match op {
            // None is recorded without operands or without results.
            Op::Atomic(op) => {
                operands > 0 && op.results() > 0 && self.atomics[op.index()].operands() == operands
            }
            _ => op.takes(operands),
        }
    }

    /// The operands that a path may lead to from this result of an instruction, counted from 0 (see `table/zeros`): what its
    /// derivatives depend on. Of an operation on matrices, each result has all operands.
    pub fn sources<'i>(
        &'i self,
        instruction: Instruction<'i>,
        result: usize,
    ) -> impl Iterator<Item = Place> + 'i {
        debug_assert!(result < instruction.results().len());
        let rows = self.called_by(instruction).and_then(|function| function.rules().dependencies());
        let of_call = rows.map(|rows| rows[result].iter().map(|&k| instruction.operands[k as usize]));
        let is_source = move |&(k, _): &(usize, &Place)| !instruction.op.never_selects(k);
        let others = instruction.operands.iter().enumerate().filter(is_source).map(|(_, &place)| place);
        let others = rows.is_none().then_some(others);
        of_call.into_iter().flatten().chain(others.into_iter().flatten())
    }

    /// Whether all results of an instruction have the same [`sources`](Self::sources).
    pub fn has_equal_sources(&self, instruction: Instruction<'_>) -> bool {
        self.called_by(instruction).is_none_or(|function| function.rules().dependencies().is_none())
    }

    /// An instruction as an operation with several results, if it is one.
    pub fn compound(&self, instruction: Instruction<'_>) -> Option<Compound> {
        Compound::of(instruction.op, &self.atomics)
    }

    /// The first instruction in this range that calls an atomic function.
    pub fn next_call(&self, range: Range<usize>) -> Option<usize> {
        let next = self.calls.partition_point(|&call| (call as usize) < range.start);
        self.calls.get(next).map(|&call| call as usize).filter(|&call| call < range.end)
    }

    /// The indices of the instructions in this range that call atomic functions.
    fn calls_in(&self, range: Range<usize>) -> &[u32] {
        let before = |index: usize| self.calls.partition_point(|&call| (call as usize) < index);
        &self.calls[before(range.start)..before(range.end)]
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

    /// A copy of the first ones, this many, with room for as many more as there are.
    pub fn begun(&self, count: usize) -> Instructions {
        let mut ops = Vec::with_capacity(self.ops.len());
        ops.extend_from_slice(&self.ops[..count]);
        let mut operands = Vec::with_capacity(self.operands.len());
        operands.extend_from_slice(self.operands_of(0..count));
        Instructions {
            results: self.results.start..self.results_of(0..count).end,
            ops,
            operands,
            atomics: self.atomics.clone(),
            calls: self.calls_in(0..count).to_vec(),
        }
    }

    /// Appends an instruction, and returns the place of its first result.
    ///
    /// # Panics
    /// If there are 2³² operands, or values, or more in total.
    #[inline]
    pub fn push(&mut self, op: Op, operands: impl IntoIterator<Item = Place>) -> Place {
        let (start, result) = self.ends();
        self.operands.extend(operands);
        let (end, _) = self.ends();
        self.results.end += op.results((end - start) as usize);
        if let Op::Atomic(_) = op {
            self.calls.push(self.ops.len() as u32);
        }
        self.ops.push(Entry { op, start, end, result });
        result
    }

    /// Appends instructions of another list, with each place of an operand replaced by another. The functions that are called have
    /// the same indices in both.
    ///
    /// # Panics
    /// If there are 2³² operands, or values, or more in total.
    pub fn copy(&mut self, from: &Instructions, range: Range<usize>, moved: impl FnMut(Place) -> Place) {
        let (operands, results) = (from.operands_of(range.clone()), from.results_of(range.clone()));
        let Some(&Entry { start, result, .. }) = from.ops[range.clone()].first() else { return };
        // All are moved as far, maybe back.
        let (end_of_operands, end_of_results) = self.ends();
        let by_operands = end_of_operands.wrapping_sub(start);
        let by_results = end_of_results.wrapping_sub(result);
        let by_index = (self.ops.len() as u32).wrapping_sub(range.start as u32);
        self.operands.extend(operands.iter().copied().map(moved));
        self.results.end += results.len();
        self.ends(); // panics if they are too many
        let calls = from.calls_in(range.clone()).iter();
        self.calls.extend(calls.map(|&call| call.wrapping_add(by_index)));
        self.ops.extend(from.ops[range].iter().map(|&Entry { op, start, end, result }| Entry {
            op,
            start: start.wrapping_add(by_operands),
            end: end.wrapping_add(by_operands),
            result: result.wrapping_add(by_results),
        }));
    }

    /// Where the next operand, and the next result, will be.
    ///
    /// # Panics
    /// If there are 2³² operands, or values, or more in total.
    fn ends(&self) -> (u32, Place) {
        let of_operands = u32::try_from(self.operands.len()).expect("fewer than 2³² operands");
        (of_operands, Place::try_from(self.results.end).expect("fewer than 2³² values"))
    }

    /// The function with this index among those that are called; it is added if it is not one of them.
    pub fn index_of_called(&mut self, function: &Atomic) -> usize {
        let known = self.atomics.iter().position(|known| known == function);
        known.unwrap_or_else(|| {
            self.atomics.push(function.clone());
            self.atomics.len() - 1
        })
    }

    /// With results from `first` on, and each place of an operand replaced by another.
    pub fn moved(mut self, first: usize, moved: impl Fn(Place) -> Place) -> Instructions {
        let by = |place: usize| place - self.results.start + first;
        self.ops.iter_mut().for_each(|entry| entry.result = by(entry.result as usize) as Place);
        self.operands.iter_mut().for_each(|place| *place = moved(*place));
        self.results = first..by(self.results.end);
        self
    }

    /// Gives back the room for more.
    pub fn shrink_to_fit(&mut self) {
        self.ops.shrink_to_fit();
        self.operands.shrink_to_fit();
    }

    /// The functions that are called in the order of their first calls, and no others.
    pub fn with_called_in_order(mut self) -> Instructions {
        let mut called: IndexMap<usize, (), FxBuildHasher> = IndexMap::default();
        for &call in &self.calls {
            if let Op::Atomic(op) = &mut self.ops[call as usize].op {
                let index = called.insert_full(op.index(), ()).0;
                *op = AtomicOp::new(index as u16, op.results());
            }
        }
        self.atomics = called.keys().map(|&index| self.atomics[index].clone()).collect();
        self
    }

    /// The operands of the instructions in this range.
    pub fn operands_of(&self, range: Range<usize>) -> &[Place] {
        let start =
            |index: usize| self.ops.get(index).map_or(self.operands.len(), |entry| entry.start as usize);
        &self.operands[start(range.start)..start(range.end)]
    }

    /// The operands of all instructions, one after the other.
    pub fn operands(&self) -> &[Place] {
        &self.operands
    }

    /// Where the operands of the instruction with this index are among [those of all](Self::operands).
    #[inline]
    pub fn range_of_operands(&self, index: usize) -> Range<usize> {
        let Entry { start, end, .. } = self.ops[index];
        start as usize..end as usize
    }

    /// The index of the instruction that has a result at this place; `None` for a constant or an input.
    pub fn index_of(&self, place: Place) -> Option<usize> {
        let result = (place as usize).checked_sub(self.results.start)?;
        if self.results.len() == self.ops.len() {
            return Some(result); // each has one result
        }
        self.ops.partition_point(|entry| entry.result <= place).checked_sub(1)
    }

    /// The place of the first result of the instruction with this index.
    #[inline]
    pub fn result(&self, index: usize) -> usize {
        if self.results.len() == self.ops.len() {
            return self.results.start + index; // each has one result
        }
        self.ops[index].result as usize
    }

    /// The instruction that has a result at this place; `None` for a constant or an input.
    pub fn of(&self, place: Place) -> Option<Instruction<'_>> {
        self.index_of(place).map(|index| self.at(index))
    }

    /// The instruction with this index.
    #[inline(always)]
    pub fn at(&self, index: usize) -> Instruction<'_> {
        self.instruction(&self.ops[index])
    }

    pub fn iter(&self) -> impl Iterator<Item = Instruction<'_>> {
        self.range(0..self.len())
    }

    /// Those that are this operation.
    pub fn with_op(&self, op: Op) -> impl Iterator<Item = Instruction<'_>> {
        self.ops.iter().filter(move |entry| entry.op == op).map(|entry| self.instruction(entry))
    }

    /// Those that call atomic functions.
    pub fn calls(&self) -> impl Iterator<Item = Instruction<'_>> {
        self.calls.iter().map(|&call| self.at(call as usize))
    }

    /// The [work](Instruction::work) of all.
    pub fn work(&self) -> usize {
        self.ops.iter().map(|entry| work((entry.end - entry.start) as usize)).sum()
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

    /// The instructions in this range, from the last to the first.
    #[inline(always)]
    pub fn range_backwards(&self, range: Range<usize>) -> impl Iterator<Item = Instruction<'_>> + Clone {
        self.ops[range].iter().rev().map(|entry| self.instruction(entry))
    }

    /// The places of the results of the instructions in this range.
    pub fn results_of(&self, range: Range<usize>) -> Range<usize> {
        let start =
            |index: usize| self.ops.get(index).map_or(self.results.end, |entry| entry.result as usize);
        start(range.start)..start(range.end)
    }

    #[inline(always)]
    fn instruction(&self, &Entry { op, start, end, result }: &Entry) -> Instruction<'_> {
        let operands = &self.operands[start as usize..end as usize];
        Instruction { op, operands, result: result as usize }
    }
}
