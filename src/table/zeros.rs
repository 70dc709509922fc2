//! The law of zeros: what an operation passes on where an adjoint or a tangent may be zero, since 0 times infinity is
//! NaN.
//!
//! A derivative is a sum over paths, and each path contributes a product of partials. Whether there is a path does
//! not depend on whether a partial on it is zero:
//!
//! - **No path leads to an operand that is not selected** (a structural zero). The row says where that is
//!   (`untaken`): for the branch that `select` does not choose, for the smaller operand of `max`, for the operand of
//!   a flat function. Nothing passes there, and an infinity behind it has no effect.
//! - **A node that no path reaches gets nothing**, whatever its value and partials are.
//! - **On a path a zero is a number**: 0 · ∞ is NaN, and shows in the result. The convention at a kink, such as the
//!   slope 0 of `abs` at 0, is such a number.
//!
//! An operation on matrices is one operation: a path to one of its results leads to all operands, and the adjoints of its
//! other results are zeros that are numbers; in forward mode, the same holds for the entries of each matrix.
//!
//! Over recorded numbers, each replay decides again which operands are selected, so an open decision is kept as a
//! mask ([`Reach::Unless`]). Over plain numbers, the law makes a difference only where a product is NaN, and a NaN
//! stays NaN in everything computed from it. So a sweep over plain numbers may multiply everything, and apply this
//! file only if a result is NaN.

use crate::table::number::Number;

/// Whether there is a path: along one edge, from an operation to an operand, or along several, from a seed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach<R> {
    Never,
    /// Except where this mask is set; there the derivative is 0.
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
    /// The edge to an operand, given the mask that is set where the row does not select it; `None` if it always does.
    #[inline(always)]
    pub fn of(untaken: Option<R>) -> Self {
        match untaken.map(|mask| (mask, mask.decided())) {
            None | Some((_, Some(false))) => Reach::Always,
            Some((_, Some(true))) => Reach::Never,
            Some((mask, None)) => Reach::Unless(mask),
        }
    }

    /// This path followed by another.
    #[inline]
    #[track_caller]
    pub fn then(self, next: Self) -> Self {
        match (self, next) {
            (Reach::Never, _) | (_, Reach::Never) => Reach::Never,
            (Reach::Always, path) | (path, Reach::Always) => path,
            (Reach::Unless(mask), Reach::Unless(next)) => Reach::Unless(mask.max(next)),
        }
    }

    /// This path or another, in parallel.
    #[inline]
    #[track_caller]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Reach::Never, path) | (path, Reach::Never) => path,
            (Reach::Always, _) | (_, Reach::Always) => Reach::Always,
            (Reach::Unless(mask), Reach::Unless(other)) => Reach::Unless(mask.min(other)),
        }
    }

    /// The contribution along this path: a partial times an adjoint or a tangent.
    #[inline(always)]
    #[track_caller]
    pub fn term(self, partial: R, derivative: R) -> R {
        match self {
            Reach::Never => R::constant(0.0),
            _ => self.masked(partial.times_derivative(derivative)),
        }
    }

    /// A contribution along this path; 0 where there is none.
    #[inline(always)]
    #[track_caller]
    pub fn masked(self, term: R) -> R {
        match self {
            Reach::Never => R::constant(0.0),
            Reach::Unless(mask) => mask.select(0.0, term),
            Reach::Always => term,
        }
    }
}

/// Whether a zero over plain numbers has to be passed on: where the node is reached and a partial is not finite.
#[inline(always)]
pub(crate) fn zero_counts(is_finite: bool, is_reached: impl FnOnce() -> bool) -> bool {
    !is_finite && is_reached()
}

/// Whether the adjoints of the results of an operation on matrices have to be passed on, given the values of its operands
/// and results in place of partials.
pub(crate) fn adjoints_count<'v>(
    adjoints: &[f64],
    values: impl IntoIterator<Item = &'v f64>,
    is_reached: impl FnOnce() -> bool,
) -> bool {
    let are_zero = adjoints.iter().all(|&adjoint| adjoint == 0.0);
    !are_zero || zero_counts(values.into_iter().all(|value| value.is_finite()), is_reached)
}
