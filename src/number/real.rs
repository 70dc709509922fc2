//! The trait [`Real`], over which users write their functions.

use crate::number::predicate::{Compare, Predicate};
#[cfg(feature = "macros")]
use crate::number::statement::expression::{Expression, Term};
use crate::table::formulas::{copysign, sin_cos, to_degrees, to_radians};
use crate::table::number::Number;
use std::f64::consts::{E, PI};
use std::fmt::Display;
use std::iter::{Product, Sum};

/// A real number: a function that is generic over `Real` runs on `f64`, [`Dual`](crate::Dual) and [`Var`](crate::Var)
/// alike.
///
/// Arithmetic and comparisons with `f64` on the right work (`x * 2.0`, `x < 0.0`); a constant on the left is
/// `R::constant(2.0) * x`. (`2.0 * x` and `0.0 < x` work for [`Var`](crate::Var) and [`Dual`](crate::Dual), but the
/// language cannot express that for generic code.) Arguments of methods may be constants too: `x.max(0.0)`,
/// `x.powf(2.5)`.
///
/// Do not bound one type by both `Real` and `num_traits::Float`: `x.sin()` would be ambiguous.
///
/// ```
/// use tapegrad::{Real, gradient};
///
/// fn rosenbrock<R: Real>(x: &[R]) -> R {
///     x.windows(2)
///         .map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2))
///         .sum()
/// }
/// assert_eq!(rosenbrock(&[1.0, 2.0]), 100.0);
/// assert_eq!(gradient(rosenbrock, &[1.0, 2.0][..]), [-400.0, 200.0]);
/// ```
pub trait Real:
    Number
    + Compare
    + PartialEq
    + PartialOrd
    + PartialEq<f64>
    + PartialOrd<f64>
    + Default
    + Display
    + Send
    + Sync
    + Sum
    + Product
    + for<'a> Sum<&'a Self>
    + for<'a> Product<&'a Self>
{
    /// The plain number. A [`Var`](crate::Var) on a recording tape notes that it was read: what is
    /// computed from it cannot be replayed.
    #[must_use]
    #[track_caller]
    fn value(self) -> f64;

    /// Whether the value is NaN. A recording tape keeps this as a guard, like every comparison.
    #[must_use]
    #[track_caller]
    fn is_nan(self) -> bool {
        self.compare(Predicate::IsNan, Self::constant(0.0))
    }

    /// Whether the value is neither infinite nor NaN; kept as a guard, too.
    #[must_use]
    #[track_caller]
    fn is_finite(self) -> bool {
        self.compare(Predicate::IsFinite, Self::constant(0.0))
    }

    /// Whether the value is +∞ or −∞; kept as a guard, too.
    #[must_use]
    #[track_caller]
    fn is_infinite(self) -> bool {
        self.compare(Predicate::IsInfinite, Self::constant(0.0))
    }

    /// Whether the sign bit of the value is set; kept as a guard, too.
    #[must_use]
    #[track_caller]
    fn is_sign_negative(self) -> bool {
        self.compare(Predicate::IsSignNegative, Self::constant(0.0))
    }

    /// The absolute value of this number with the sign of another, where `−0` is negative: `|self| · signum(sign)`.
    /// NaN if either number is.
    #[must_use]
    #[track_caller]
    fn copysign(self, sign: impl Into<Self>) -> Self {
        copysign(self, sign.into())
    }

    /// Sine and cosine of an angle in radians.
    #[must_use]
    #[track_caller]
    fn sin_cos(self) -> (Self, Self) {
        sin_cos(self)
    }

    /// Converts an angle from degrees to radians.
    #[must_use]
    #[track_caller]
    fn to_radians(self) -> Self {
        to_radians(self)
    }

    /// Converts an angle from radians to degrees.
    #[must_use]
    #[track_caller]
    fn to_degrees(self) -> Self {
        to_degrees(self)
    }

    /// π. Any constant of `std::f64::consts` may stand on the right of an operator: `x * PI`.
    #[must_use]
    fn pi() -> Self {
        Self::constant(PI)
    }

    /// Euler's number e.
    #[must_use]
    fn e() -> Self {
        Self::constant(E)
    }

    /// +∞
    #[must_use]
    fn infinity() -> Self {
        Self::constant(f64::INFINITY)
    }

    /// NaN
    #[must_use]
    fn nan() -> Self {
        Self::constant(f64::NAN)
    }

    /// The distance from 1 to the next larger number.
    #[must_use]
    fn epsilon() -> Self {
        Self::constant(f64::EPSILON)
    }

    /// The value of a statement: `build` makes it, as often as it is needed, and `text` is its source.
    #[cfg(feature = "macros")]
    #[doc(hidden)]
    #[inline(always)]
    #[track_caller]
    fn statement<E: Expression<Self>>(build: impl Fn() -> Term<Self, E> + Copy, text: &'static str) -> Self {
        let _ = text;
        build().expression.over()
    }

    /// The sum of statements, from left to right, and of what `added` gives afterwards, if anything.
    #[cfg(feature = "macros")]
    #[doc(hidden)]
    #[inline(always)]
    #[track_caller]
    fn sum_of_statements<E: Expression<Self>>(
        terms: impl Iterator<Item = impl Fn() -> Term<Self, E> + Copy>,
        added: impl FnOnce() -> Option<Self>,
        text: &'static str,
    ) -> Self {
        let _ = text;
        let sum: Self = terms.map(|build| build().expression.over()).sum();
        match added() {
            Some(added) => sum + added,
            None => sum,
        }
    }
}

impl Real for f64 {
    #[inline]
    fn value(self) -> f64 {
        self
    }
}

/// The predicates of [`Real`] as methods that need no import.
macro_rules! predicates {
    ([$($g:tt)*] $T:ty) => {
        $crate::number::real::predicates! { @each [$($g)*] $T {
            /// Whether the value is NaN; a recording tape keeps this as a guard.
            is_nan
            /// Whether the value is neither infinite nor NaN; kept as a guard, too.
            is_finite
            /// Whether the value is +∞ or −∞; kept as a guard, too.
            is_infinite
            /// Whether the sign bit of the value is set; kept as a guard, too.
            is_sign_negative
        } }
    };
    (@each [$($g:tt)*] $T:ty { $($(#[$doc:meta])* $name:ident)* }) => {
        impl<$($g)*> $T {
            $(
                $(#[$doc])*
                #[must_use]
                #[inline]
                #[track_caller]
                pub fn $name(self) -> bool {
                    <Self as $crate::number::real::Real>::$name(self)
                }
            )*
        }
    };
}
pub(crate) use predicates;
