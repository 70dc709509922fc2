//! The operations of a recorded function, contiguous in memory, since an evaluation reads all of them.

use crate::table::atomic::{Active, Atomic, AtomicOp, Refusal};
use crate::table::compound::Compound;
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::number::Number;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::ops::Range;

/// An index in the list of all values: constants first, then inputs, then results in order.
pub(crate) type Place = u32;

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

/// One instruction: an operation, its operands, and where its results are: contiguous, as many as the operation has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction<'i> {
    pub op: Op,
    pub operands: &'i [Place],
    /// The place of the first result; only operations on matrices and atomic functions have others.
    pub result: usize,
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
        let here = |operands: &[Place]| u32::try_from(operands.len()).expect("fewer than 2³² operands");
        let start = here(&self.operands);
        self.operands.extend(operands);
        let end = here(&self.operands);
        let result = Place::try_from(self.results.end).expect("fewer than 2³² values");
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
        let by_operands = (self.operands.len() as u32).wrapping_sub(start);
        let by_results = (self.results.end as Place).wrapping_sub(result);
        let by_index = (self.ops.len() as u32).wrapping_sub(range.start as u32);
        self.operands.extend(operands.iter().copied().map(moved));
        u32::try_from(self.operands.len()).expect("fewer than 2³² operands");
        self.results.end += results.len();
        Place::try_from(self.results.end).expect("fewer than 2³² values");
        let calls = from.calls_in(range.clone()).iter();
        self.calls.extend(calls.map(|&call| call.wrapping_add(by_index)));
        self.ops.extend(from.ops[range].iter().map(|&Entry { op, start, end, result }| Entry {
            op,
            start: start.wrapping_add(by_operands),
            end: end.wrapping_add(by_operands),
            result: result.wrapping_add(by_results),
        }));
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

fn work(operands: usize) -> usize {
    operands.saturating_sub(1).max(1)
}

/// Evaluation of an instruction, given the values of all places. Its parts are taken out first, so that loops over
/// instructions keep them in registers.
impl Instruction<'_> {
    /// The places of its results.
    pub fn results(self) -> Range<usize> {
        self.result..self.result + self.op.results(self.operands.len())
    }

    /// Whether it has lists of operands, and rules that loop over them.
    #[inline(always)]
    pub fn is_list(self) -> bool {
        self.op.is_reduction()
    }

    /// A row over a list does as much as an operation of two operands for each of its terms.
    pub fn work(self) -> usize {
        work(self.operands.len())
    }

    /// Whether it is an operation on matrices.
    #[inline(always)]
    pub fn is_matrix(self) -> bool {
        matches!(self.op, Op::Matrix(_))
    }

    /// What is known of its results, taken together. Mostly it is one.
    #[inline]
    pub fn over_results<T: Copy>(self, by_place: &[T], both: impl Fn(T, T) -> T) -> T {
        match by_place[self.results()] {
            [only] => only,
            ref all => all.iter().copied().reduce(both).expect("a result"),
        }
    }

    /// Sets what is known of each of its results.
    #[inline]
    pub fn set<T: Copy>(self, by_place: &mut [T], known: T) {
        match &mut by_place[self.results()] {
            [only] => *only = known,
            all => all.fill(known),
        }
    }

    /// Computes its results, and stores them with the other values. It is no call of an atomic function.
    #[inline(always)]
    #[track_caller]
    pub fn evaluate<R: Number>(self, values: &mut [R]) {
        let Instruction { op, operands, result } = self;
        match op.value_of(operands, |operand| values[operand as usize]) {
            Some(value) => values[result] = value,
            None => self.evaluate_matrix(values),
        }
    }

    #[inline(never)]
    #[track_caller]
    fn evaluate_matrix<R: Number>(self, values: &mut [R]) {
        let (op, operands) = self.matrix(values);
        values[self.results()].copy_from_slice(&R::matrix(op, &operands));
    }

    /// An operation on matrices, and its operands.
    fn matrix<R: Number>(self, values: &[R]) -> (MatrixOp, Vec<R>) {
        let Op::Matrix(op) = self.op else { unreachable!("a row of the table, or an operation on matrices") };
        (op, self.operands_in(values))
    }

    /// For a call: computes its results, and stores them with the other values.
    #[inline(never)]
    #[track_caller]
    pub fn call<R: Number>(self, function: &Atomic, values: &mut [R]) -> Result<(), Refusal> {
        let results = R::atomic(function, &self.operands_in(values))?;
        values[self.results()].copy_from_slice(&results);
        Ok(())
    }

    /// For a call: visits each active operand with its term of the adjoint.
    #[inline(never)]
    #[track_caller]
    pub fn visit_adjoints_of_call<R: Number>(
        self,
        function: &Atomic,
        values: &[R],
        adjoints: &mut [R],
        active: &Active,
        mut visit: impl FnMut(Place, R, &mut [R]),
    ) -> Result<(), Refusal> {
        let results = self.results();
        let seeds: Vec<R> = Active::choose(&active.results, &adjoints[results.clone()]).collect();
        let given = [&self.operands_in(values), &values[results], &seeds];
        let terms = R::atomic_adjoints(function, given, active)?;
        let operands = Active::choose(&active.operands, self.operands);
        operands.zip(terms).for_each(|(operand, term)| visit(operand, term, adjoints));
        Ok(())
    }

    /// For a call: the tangents of the active results.
    #[track_caller]
    pub fn tangents_of_call<R: Number>(
        self,
        function: &Atomic,
        values: &[R],
        tangents: &[R],
        active: &Active,
    ) -> Result<Vec<R>, Refusal> {
        let operands = Active::choose(&active.operands, self.operands);
        let tangents: Vec<R> = operands.map(|operand| tangents[operand as usize]).collect();
        R::atomic_tangents(function, [&self.operands_in(values), &values[self.results()], &tangents], active)
    }

    fn operands_in<R: Number>(self, values: &[R]) -> Vec<R> {
        self.operands.iter().map(|&operand| values[operand as usize]).collect()
    }

    /// For an operation on matrices: whether there is a path to an entry of each matrix, given those to all places.
    #[track_caller]
    pub fn reach_of_matrices<R: Number>(self, reach: &[Reach<R>]) -> [Reach<R>; 2] {
        let Op::Matrix(op) = self.op else { unreachable!("an operation on matrices") };
        op.matrices(self.operands)
            .map(|entries| entries.iter().map(|&entry| reach[entry as usize]).fold(Reach::Never, Reach::or))
    }

    /// For an operation on matrices: the terms of the adjoints of its operands, 0 in a matrix with no wanted operand.
    #[inline(never)]
    #[track_caller]
    pub fn matrix_adjoints<R: Number>(
        self,
        values: &[R],
        adjoints: &[R],
        is_wanted: impl Fn(Place) -> bool,
    ) -> Vec<R> {
        let (op, operands) = self.matrix(values);
        let results = self.results();
        let wanted = op.matrices(self.operands).map(|entries| entries.iter().any(|&entry| is_wanted(entry)));
        rules::adjoints(op, &operands, &values[results.clone()], &adjoints[results], wanted)
    }

    /// For an operation on matrices: the tangents of its results; `reach`: the paths to the entries of each matrix.
    #[track_caller]
    pub fn matrix_tangents<R: Number>(self, values: &[R], tangents: &[R], reach: [Reach<R>; 2]) -> Vec<R> {
        let (op, operands) = self.matrix(values);
        let tangents: Vec<R> = self.operands.iter().map(|&operand| tangents[operand as usize]).collect();
        rules::tangents(op, &operands, &values[self.results()], &tangents, reach)
    }

    /// For a row that is not over lists: calls `visit` with each wanted operand and the partial with respect to it, and
    /// returns true. Returns false for other instructions.
    #[inline(always)]
    #[track_caller]
    pub fn visit_partials<R: Number>(
        self,
        values: &[R],
        is_wanted: impl Fn(Place) -> bool,
        mut visit: impl FnMut(Place, R),
    ) -> bool {
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
        )
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
    /// operand is not selected: `None` if it always is. Operands of lists are always selected, and all are visited. None
    /// is visited of an operation on matrices.
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
