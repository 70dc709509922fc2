//! Branches without guards: both sides are computed, and a mask selects one of them.

use crate::table::number::Number;
use std::ops::{BitAnd, BitOr, Not};

/// The outcome of a comparison as a number: 1 where it holds, else 0. Over [`Var`](crate::Var) the comparison is
/// recorded, so that a replay makes it again.
///
/// ```
/// use tapegrad::{Real, masks::lt, gradient};
///
/// fn huber<R: Real>(x: R) -> R {
///     lt(x.abs(), 1.0).select(x * x * 0.5, x.abs() - 0.5)
/// }
/// assert_eq!(gradient(|[x]| huber(x), [0.25]), [0.25]);
/// assert_eq!(gradient(|[x]| huber(x), [-3.0]), [-1.0]);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Mask<R>(R);

/// `a < b`
#[track_caller]
pub fn lt<R: Number>(a: R, b: impl Into<R>) -> Mask<R> {
    Mask(a.less(b))
}

/// `a ≤ b`
#[track_caller]
pub fn le<R: Number>(a: R, b: impl Into<R>) -> Mask<R> {
    Mask(a.less_equal(b))
}

/// `a > b`
#[track_caller]
pub fn gt<R: Number>(a: R, b: impl Into<R>) -> Mask<R> {
    Mask(b.into().less(a))
}

/// `a ≥ b`
#[track_caller]
pub fn ge<R: Number>(a: R, b: impl Into<R>) -> Mask<R> {
    Mask(b.into().less_equal(a))
}

/// `a = b`
#[track_caller]
pub fn eq<R: Number>(a: R, b: impl Into<R>) -> Mask<R> {
    Mask(a.equal(b))
}

impl<R: Number> Mask<R> {
    /// `yes` where the mask is set, else `no`. The number that is not selected has no part in the derivative, even if
    /// it is infinite.
    #[must_use]
    #[track_caller]
    pub fn select(self, yes: impl Into<R>, no: impl Into<R>) -> R {
        self.0.select(yes, no)
    }

    /// The mask as a number: 1 where it is set, else 0.
    #[must_use]
    pub fn number(self) -> R {
        self.0
    }
}

impl<R: Number> BitAnd for Mask<R> {
    type Output = Self;
    #[track_caller]
    fn bitand(self, other: Self) -> Self {
        Mask(self.0.min(other.0))
    }
}

impl<R: Number> BitOr for Mask<R> {
    type Output = Self;
    #[track_caller]
    fn bitor(self, other: Self) -> Self {
        Mask(self.0.max(other.0))
    }
}

impl<R: Number> Not for Mask<R> {
    type Output = Self;
    #[track_caller]
    fn not(self) -> Self {
        Mask(self.0.equal(0.0))
    }
}
