//! The law of zeros: what passes through an operation where a partial, or the derivative that meets it, is zero.
//!
//! A derivative is a sum over paths, each a product of partials. Whether there is a path is a question apart from whether a
//! partial on it is zero:
//!
//! - **An operand that was not taken is no path.** The row says where that is (`untaken`): for what `select` left, for the
//!   smaller of two numbers in `max`, for what is flat. Nothing passes there, and no infinity behind it meets anything.
//! - **What no path reaches gets nothing**, whatever is there.
//! - **On a path a zero is a number**: 0 · ∞ is NaN, and says so. The convention at a kink, such as the slope 0 of `abs` at
//!   0, is such a number.
//!
//! A number that is recorded decides in each replay anew what is taken, so what is not settled is kept as a mask
//! ([`Reach::Unless`]). Plain numbers show that the law mattered at all by a NaN, which stays one in whatever is computed from
//! it: so a sweep over them may multiply everything, look at what comes out, and ask this file only if there is a NaN.

use crate::table::number::Number;

/// Whether there is a path: from an operation to an operand, or from where derivatives are taken to a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach<R> {
    Never,
    /// But not where this mask is set; there the derivative is 0.
    Unless(R),
    Always,
}

impl<R> Reach<R> {
    #[inline(always)]
    pub fn is_never(&self) -> bool {
        matches!(self, Reach::Never)
    }
}

impl<R: Number> Reach<R> {
    /// The path to an operand, of which a row says where it was not taken; `None` where it always is.
    #[inline(always)]
    pub fn of(untaken: Option<R>) -> Self {
        match untaken.map(|mask| (mask, mask.decided())) {
            None | Some((_, Some(false))) => Reach::Always,
            Some((_, Some(true))) => Reach::Never,
            Some((mask, None)) => Reach::Unless(mask),
        }
    }

    /// One path, and behind it another.
    #[inline]
    #[track_caller]
    pub fn then(self, next: Self) -> Self {
        match (self, next) {
            (Reach::Never, _) | (_, Reach::Never) => Reach::Never,
            (Reach::Always, path) | (path, Reach::Always) => path,
            (Reach::Unless(mask), Reach::Unless(next)) => Reach::Unless(mask.max(next)),
        }
    }

    /// One path, and beside it another.
    #[inline]
    #[track_caller]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Reach::Never, path) | (path, Reach::Never) => path,
            (Reach::Always, _) | (_, Reach::Always) => Reach::Always,
            (Reach::Unless(mask), Reach::Unless(other)) => Reach::Unless(mask.min(other)),
        }
    }

    /// What passes: an adjoint or a tangent times a partial.
    #[inline(always)]
    #[track_caller]
    pub fn term(self, partial: R, derivative: R) -> R {
        match self {
            Reach::Never => R::constant(0.0),
            Reach::Unless(mask) => mask.select(0.0, partial.times_derivative(derivative)),
            Reach::Always => partial.times_derivative(derivative),
        }
    }
}

/// Whether a plain zero makes a difference to what is behind a partial: where it was reached and the partial is not finite.
#[inline(always)]
pub(crate) fn zero_counts(is_finite: bool, is_reached: impl FnOnce() -> bool) -> bool {
    !is_finite && is_reached()
}
