//! One operation of a recorded function, and its evaluation.

use crate::table::atomic::{Active, Atomic, Refusal};
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::number::Number;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
use std::ops::Range;

/// An index in the list of all values: constants first, then inputs, then results in order.
pub(crate) type Place = u32;

/// One instruction: an operation, its operands, and where its results are: contiguous, as many as the operation has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction<'i> {
    pub op: Op,
    pub operands: &'i [Place],
    /// The place of the first result; only operations on matrices and atomic functions have others.
    pub result: usize,
}

/// What an instruction with this number of operands has to do: a row over a list as much as an operation of two operands for each of
/// its terms.
pub(super) fn work(operands: usize) -> usize {
    operands.saturating_sub(1).max(1)
}

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

    /// How much it has to do; see [`work`].
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
}

/// Evaluation of an instruction, given the values of all places. Its parts are taken out first, so that loops over
/// instructions keep them in registers.
impl Instruction<'_> {
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
