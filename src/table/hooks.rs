//! What the crate itself asks of a number, apart from what users say.

use std::iter::empty;
use std::ops::{Add, Mul};

/// How rules, sweeps and interpreters are to treat a kind of number. It has no name outside of the crate, so that only the
/// crate makes numbers, and a new row of the table breaks nobody.
#[doc(hidden)]
pub trait Hooks: Copy + From<f64> + Add<Output = Self> + Mul<Output = Self> {
    /// Whether operations on this number are recorded, so that nothing about its value is settled.
    const IS_RECORDED: bool = false;

    /// Whether this is many samples side by side, all in one loop.
    const IS_IN_LANES: bool = false;

    /// Whether what is computed with this number has derivatives, so that a rule of the table must have right ones.
    const IS_DIFFERENTIATED: bool = false;

    /// So large that products with it may overflow, and its reciprocal so small that digits may be lost below.
    const LARGE: f64 = 1e290;

    /// Whether this mask is set, if that is settled: here, and in every replay.
    #[inline(always)]
    fn decided(self) -> Option<bool> {
        None
    }

    /// Whether this is known to be finite: here, and in every replay.
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

    /// The sum of a sequence, from left to right; of nothing that of the standard library, so that code over any
    /// number has the same bits: −0, which added to anything changes nothing.
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
}

impl Hooks for f64 {
    #[inline(always)]
    fn decided(self) -> Option<bool> {
        Some(self != 0.0)
    }

    #[inline(always)]
    fn is_surely_finite(self) -> bool {
        self.is_finite()
    }
}

/// The sum from left to right; 0 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn total<R: Hooks>(mut terms: impl Iterator<Item = R>) -> R {
    let Some(mut sum) = terms.next() else { return R::from(0.0) };
    // As with the partials of rows over lists: a loop here is inlined into vector code; elsewhere one within is quicker.
    if R::IS_IN_LANES {
        for term in terms {
            sum = sum + term;
        }
        sum
    } else {
        terms.fold(sum, |sum, term| sum + term)
    }
}

/// The product from left to right; 1 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn product_of<R: Hooks>(mut factors: impl Iterator<Item = R>) -> R {
    let Some(mut product) = factors.next() else { return R::from(1.0) };
    for factor in factors {
        product = product * factor;
    }
    product
}
