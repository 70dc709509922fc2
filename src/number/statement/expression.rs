//! Expressions as types: what they are over any number, and the partials of their leaves.

use crate::number::predicate::Compare;
use crate::table::number::Number;
use std::marker::PhantomData;

/// An arithmetic expression whose leaves are numbers of the type `R`.
///
/// The shape of the expression is its type, so evaluation and sweep are code without loops and without branches.
pub trait Expression<R>: Copy {
    /// Bit `k`: whether the leaf `k` is in this expression.
    const LEAVES: u64;

    /// Whether the value depends on a leaf, or on a value that is bound in the expression.
    const VARIES: bool;

    /// The values of the operations within, which the sweep needs.
    type Values: Copy;

    /// The value over the numbers themselves, operation by operation.
    #[track_caller]
    fn over(self) -> R;

    /// The value as a plain number.
    fn evaluate(self) -> (f64, Self::Values);

    /// The reverse sweep: adds the contribution of this expression to the partial by each leaf. `Whole` is the
    /// expression that this one is a part of.
    fn sweep<Whole: Expression<R>, const N: usize>(
        self,
        values: Self::Values,
        adjoint: f64,
        partials: &mut Partials<N>,
    );

    /// Writes each leaf to its place among the operands of the whole.
    fn operands<Whole: Expression<R>, const N: usize>(self, operands: &mut [R; N]);
}

/// An expression over the numbers `R`, with the operators and methods of numbers.
pub struct Term<R, E> {
    pub(crate) expression: E,
    number: PhantomData<R>,
}

impl<R, E: Copy> Clone for Term<R, E> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, E: Copy> Copy for Term<R, E> {}

impl<R, E> Term<R, E> {
    #[inline(always)]
    pub(crate) fn new(expression: E) -> Self {
        Term { expression, number: PhantomData }
    }
}

/// The partials of a statement by its operands.
pub struct Partials<const N: usize> {
    /// The partials; 0 where the operand is not reached.
    pub(crate) by: [f64; N],
    /// Whether the sweep reached the operand: one that it does not reach has no part in the result.
    pub(crate) are_reached: [bool; N],
    /// The adjoints of the values that are bound in the statement.
    bound: [Option<f64>; MOST_BOUND],
}

/// How many values can be bound in a statement.
pub(crate) const MOST_BOUND: usize = 32;

impl<const N: usize> Partials<N> {
    /// Before the sweep.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Partials { by: [0.0; N], are_reached: [false; N], bound: [None; MOST_BOUND] }
    }

    /// Without adding to the zero at the start, which the compiler could not leave out.
    #[inline(always)]
    fn contribute(&mut self, place: usize, adjoint: f64) {
        self.by[place] = if self.are_reached[place] { self.by[place] + adjoint } else { adjoint };
        self.are_reached[place] = true;
    }
}

/// The place of a leaf among the leaves that there are.
const fn place(leaves: u64, leaf: usize) -> usize {
    (leaves & ((1 << leaf) - 1)).count_ones() as usize
}

/// A variable of the statement, the leaf `K`.
#[derive(Clone, Copy)]
pub struct Leaf<R, const K: usize>(pub(crate) R);

impl<R: Number + Compare, const K: usize> Expression<R> for Leaf<R, K> {
    const LEAVES: u64 = 1 << K;
    const VARIES: bool = true;
    type Values = ();

    #[inline(always)]
    fn over(self) -> R {
        self.0
    }

    #[inline(always)]
    fn evaluate(self) -> (f64, ()) {
        (self.0.peek(), ())
    }

    #[inline(always)]
    fn sweep<Whole: Expression<R>, const N: usize>(self, (): (), adjoint: f64, partials: &mut Partials<N>) {
        partials.contribute(const { place(Whole::LEAVES, K) }, adjoint);
    }

    #[inline(always)]
    fn operands<Whole: Expression<R>, const N: usize>(self, operands: &mut [R; N]) {
        operands[const { place(Whole::LEAVES, K) }] = self.0;
    }
}

/// A plain number, which has no partial.
#[derive(Clone, Copy)]
pub struct Constant(pub(crate) f64);

impl<R: Number> Expression<R> for Constant {
    const LEAVES: u64 = 0;
    const VARIES: bool = false;
    type Values = ();

    #[inline(always)]
    fn over(self) -> R {
        R::constant(self.0)
    }

    #[inline(always)]
    fn evaluate(self) -> (f64, ()) {
        (self.0, ())
    }

    #[inline(always)]
    fn sweep<Whole: Expression<R>, const N: usize>(self, (): (), _: f64, _: &mut Partials<N>) {}

    #[inline(always)]
    fn operands<Whole: Expression<R>, const N: usize>(self, _: &mut [R; N]) {}
}

/// A value that is bound in the statement: computed once, and swept once, after everything that uses it.
#[derive(Clone, Copy)]
pub struct Bind<E, F, const K: usize> {
    pub(crate) value: E,
    pub(crate) body: F,
}

/// A use of the bound value `K`.
#[derive(Clone, Copy)]
pub struct Bound<R, const K: usize>(R);

impl<R, E, F, B, const K: usize> Expression<R> for Bind<E, F, K>
where
    R: Number + Compare,
    E: Expression<R>,
    F: Fn(Term<R, Bound<R, K>>) -> Term<R, B> + Copy,
    B: Expression<R>,
{
    const LEAVES: u64 = E::LEAVES | B::LEAVES;
    const VARIES: bool = true;
    type Values = (E::Values, B, B::Values);

    #[inline(always)]
    #[track_caller]
    fn over(self) -> R {
        (self.body)(Term::new(Bound(self.value.over()))).expression.over()
    }

    #[inline(always)]
    fn evaluate(self) -> (f64, Self::Values) {
        let (value, of_value) = self.value.evaluate();
        let body = (self.body)(Term::new(Bound(R::constant(value)))).expression;
        let (result, of_body) = body.evaluate();
        (result, (of_value, body, of_body))
    }

    #[inline(always)]
    fn sweep<Whole: Expression<R>, const N: usize>(
        self,
        (of_value, body, of_body): Self::Values,
        adjoint: f64,
        partials: &mut Partials<N>,
    ) {
        body.sweep::<Whole, N>(of_body, adjoint, partials);
        if let Some(adjoint) = partials.bound[K] {
            self.value.sweep::<Whole, N>(of_value, adjoint, partials);
        }
    }

    #[inline(always)]
    fn operands<Whole: Expression<R>, const N: usize>(self, operands: &mut [R; N]) {
        self.value.operands::<Whole, N>(operands);
        // What the value is makes no difference to the operands.
        (self.body)(Term::new(Bound(R::constant(0.0)))).expression.operands::<Whole, N>(operands);
    }
}

impl<R: Number + Compare, const K: usize> Expression<R> for Bound<R, K> {
    const LEAVES: u64 = 0;
    const VARIES: bool = true;
    type Values = ();

    #[inline(always)]
    fn over(self) -> R {
        self.0
    }

    #[inline(always)]
    fn evaluate(self) -> (f64, ()) {
        (self.0.peek(), ())
    }

    #[inline(always)]
    fn sweep<Whole: Expression<R>, const N: usize>(self, (): (), adjoint: f64, partials: &mut Partials<N>) {
        partials.bound[K] = Some(partials.bound[K].map_or(adjoint, |sum| sum + adjoint));
    }

    #[inline(always)]
    fn operands<Whole: Expression<R>, const N: usize>(self, _: &mut [R; N]) {}
}
