//! What the crate itself requires of a number, besides what users write.

use crate::table::atomic::{Active, Atomic, Refusal, Way};
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::values;
use std::iter::empty;
use std::ops::{Add, Mul};

/// How rules, sweeps and interpreters treat a kind of number. The trait cannot be named outside the crate: so only
/// the crate defines number types, and a new row of the table breaks no user code.
#[doc(hidden)]
pub trait Hooks: Copy + From<f64> + Add<Output = Self> + Mul<Output = Self> {
    /// Whether operations on this number are recorded, so that its value may be another in a replay.
    const IS_RECORDED: bool = false;

    /// Whether this is a number of a batch: one loop evaluates many samples side by side.
    const IS_IN_LANES: bool = false;

    /// Whether results have derivatives, so that the partials of a row are differentiated again.
    const IS_DIFFERENTIATED: bool = false;

    /// A threshold of size: above it products may overflow, and below its reciprocal digits may be lost.
    const LARGE: f64 = 1e290;

    /// Whether this mask is set, if that is known for here and for every replay.
    #[inline(always)]
    fn decided(self) -> Option<bool> {
        None
    }

    /// The plain number, here, which no result may depend on.
    fn plain(self) -> f64 {
        unreachable!("a number of a batch is many numbers")
    }

    /// Whether this is known to be finite, here and in every replay.
    #[inline(always)]
    fn is_surely_finite(self) -> bool {
        false
    }

    /// Whether this is a variable on a tape.
    #[inline(always)]
    fn is_tracked(self) -> bool {
        false
    }

    /// `self + term`, where `self` is an adjoint or a tangent that starts as 0.
    #[track_caller]
    #[inline]
    fn plus_term(self, term: Self) -> Self {
        self + term
    }

    /// `self * derivative`, where `self` is a partial, and the derivative an adjoint or a tangent.
    #[track_caller]
    #[inline]
    fn times_derivative(self, derivative: Self) -> Self {
        self * derivative
    }

    /// The sum of a sequence, from left to right. The sum of an empty sequence is that of the standard library, so
    /// that generic code has the same bits over every number: −0, which changes no number that it is added to.
    #[track_caller]
    #[inline]
    fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        let mut terms = terms.peekable();
        match terms.peek() {
            None => Self::from(empty::<f64>().sum()),
            Some(_) => total(terms),
        }
    }

    /// The product of a sequence, from left to right.
    #[track_caller]
    #[inline]
    fn product_of(factors: impl Iterator<Item = Self>) -> Self {
        product_of(factors)
    }

    /// The results of an operation on matrices, given its operands.
    #[track_caller]
    fn matrix(op: MatrixOp, operands: &[Self]) -> Vec<Self> {
        unreachable!("a batch evaluates `{op}` of {} operands sample by sample", operands.len())
    }

    /// The results of an atomic function, given its operands.
    #[track_caller]
    fn atomic(function: &Atomic, operands: &[Self]) -> Result<Vec<Self>, Refusal> {
        unreachable!("a batch evaluates {function:?} of {} operands sample by sample", operands.len())
    }

    /// The tangents of the active results of an atomic function, given those of the active operands.
    #[track_caller]
    fn atomic_tangents(
        function: &Atomic,
        [operands, results, tangents]: [&[Self]; 3],
        active: &Active,
    ) -> Result<Vec<Self>, Refusal> {
        let at = || operands.iter().map(|operand| operand.plain()).collect();
        let derivative = function.derivative(Way::Forward, active, at)?;
        Self::atomic(&derivative, &function.given(operands, results, tangents))
    }

    /// The adjoints of the active operands of an atomic function, given those of the active results.
    #[track_caller]
    fn atomic_adjoints(
        function: &Atomic,
        [operands, results, adjoints]: [&[Self]; 3],
        active: &Active,
    ) -> Result<Vec<Self>, Refusal> {
        let at = || operands.iter().map(|operand| operand.plain()).collect();
        let derivative = function.derivative(Way::Reverse, active, at)?;
        Self::atomic(&derivative, &function.given(operands, results, adjoints))
    }
}

impl Hooks for f64 {
    fn plain(self) -> f64 {
        self
    }

    #[inline(always)]
    fn decided(self) -> Option<bool> {
        Some(self != 0.0)
    }

    #[inline(always)]
    fn is_surely_finite(self) -> bool {
        self.is_finite()
    }

    fn matrix(op: MatrixOp, operands: &[f64]) -> Vec<f64> {
        values::value(op, operands)
    }

    fn atomic(function: &Atomic, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        function.rules().values(operands)
    }

    fn atomic_adjoints(function: &Atomic, given: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal> {
        function.rules().adjoints(given, active)
    }
}

/// The sum from left to right; 0 for an empty sequence.
#[inline(always)]
#[track_caller]
pub(crate) fn total<R: Hooks>(mut terms: impl Iterator<Item = R>) -> R {
    let Some(mut sum) = terms.next() else { return R::from(0.0) };
    // As in `Reduction::partials`: this loop is inlined into vector code; elsewhere the loop inside `fold` is faster.
    if R::IS_IN_LANES {
        for term in terms {
            sum = sum + term;
        }
        sum
    } else {
        terms.fold(sum, |sum, term| sum + term)
    }
}

/// The product from left to right; 1 for an empty sequence.
#[inline(always)]
#[track_caller]
pub(crate) fn product_of<R: Hooks>(mut factors: impl Iterator<Item = R>) -> R {
    let Some(mut product) = factors.next() else { return R::from(1.0) };
    for factor in factors {
        product = product * factor;
    }
    product
}
