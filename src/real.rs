//! The numbers the table is evaluated over: the traits [`Number`] and [`Real`], and `f64`.

use crate::kernel;
use crate::ops::{Op, for_each_primitive};
use crate::predicate::Predicate;
use std::fmt::{Debug, Display};
use std::iter::{Product, Sum};
use std::ops::*;

pub(crate) mod sealed {
    /// Only this crate makes numbers, so that a new row of the table breaks nobody.
    pub trait Sealed {}
}

macro_rules! define_number {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($a:ident $(, $b:ident)* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], on: $on:tt }
    )* ; reductions $reductions:tt) => {
        /// What the table of primitives is evaluated over: arithmetic, and a method per row.
        ///
        /// `f64` gives values, [`Dual`](crate::Dual) forward derivatives, [`Var`](crate::Var) a recording.
        /// Code that also compares or prints asks for [`Real`], which is this and more.
        pub trait Number:
            sealed::Sealed + Sized + Copy + 'static + Debug + From<f64> + Neg<Output = Self>
            + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
            + Rem<Output = Self>
            + Add<f64, Output = Self> + Sub<f64, Output = Self>
            + Mul<f64, Output = Self> + Div<f64, Output = Self> + Rem<f64, Output = Self>
            + AddAssign + SubAssign + MulAssign + DivAssign + RemAssign
            + AddAssign<f64> + SubAssign<f64> + MulAssign<f64> + DivAssign<f64> + RemAssign<f64>
        {
            /// The constant `value`: its derivative is zero, and no tape hears of it.
            #[must_use]
            #[inline]
            fn constant(value: f64) -> Self {
                Self::from(value)
            }

            $( define_number!(@declare $kind $(#[$doc])* $name ($($b),*) ($($n : $ty)?) [$($partial),*]); )*

            /// Whether operations on this number are recorded, so that nothing about its value is settled.
            #[doc(hidden)]
            const IS_RECORDED: bool = false;

            /// A row of the table over lists, given one slice per list.
            #[doc(hidden)]
            #[track_caller]
            fn reduce<K: Reduction>(lists: &[&[Self]]) -> Self;

            /// The sum of a sequence, from left to right.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
                kernel::total(terms)
            }

            /// The product of a sequence, from left to right.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn product_of(factors: impl Iterator<Item = Self>) -> Self {
                kernel::product(factors)
            }

            /// `yes` where the mask is set, else `no`: for a rule whose forms are good in different places.
            /// A plain number evaluates one; a recording needs both, to replay either.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn either(mask: Self, yes: impl FnOnce() -> Self, no: impl FnOnce() -> Self) -> Self {
                mask.select(yes(), no())
            }

            /// Whether a zero tangent may be multiplied by this partial without harm and without cost.
            #[doc(hidden)]
            fn is_dense(self) -> bool;

            /// Whether a partial of a piecewise row is the zero that unlinks its operand, and will be in
            /// every replay.
            #[doc(hidden)]
            fn unlinks(self) -> bool;

            /// Whether this adjoint is zero, and will be in every replay.
            #[doc(hidden)]
            #[inline]
            fn vanishes(self) -> bool {
                false
            }

            /// `self + term`, where `self` is an adjoint that starts as 0.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn accumulate(self, term: Self) -> Self {
                self + term
            }

            /// `self * tangent`, where `self` is a partial; a partial of one costs nothing.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn weigh(self, tangent: Self) -> Self {
                self * tangent
            }

            /// `self * tangent`, where `self` is the partial of a piecewise row: zero is structural, in a
            /// replay as well.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn weigh_piecewise(self, tangent: Self) -> Self {
                self.equal(0.0).select(0.0, self * tangent)
            }
        }

        /// The values of the rows over `f64`.
        pub(crate) mod values {
            use crate::kernel;

            $(
                #[inline(always)]
                #[track_caller]
                pub(crate) fn $name($a: f64 $(, $b: f64)* $(, $n: $ty)?) -> f64 {
                    $value
                }
            )*
        }

        impl Number for f64 {
            $( define_number!(@value $kind $name ($a $(, $b)*) ($($n : $ty)?)); )*

            #[inline]
            fn reduce<K: Reduction>(lists: &[&[f64]]) -> f64 {
                K::value(lists, |x| x)
            }

            #[inline]
            fn either(mask: f64, yes: impl FnOnce() -> f64, no: impl FnOnce() -> f64) -> f64 {
                if mask != 0.0 { yes() } else { no() }
            }

            #[inline]
            fn is_dense(self) -> bool {
                self.is_finite()
            }

            #[inline]
            fn unlinks(self) -> bool {
                self == 0.0
            }

            #[inline]
            fn vanishes(self) -> bool {
                self == 0.0
            }
        }
    };
    // An operator of the language is a supertrait, not a method.
    (@declare operator $($rest:tt)*) => {};
    (@declare $kind:ident $(#[$doc:meta])* $name:ident ($($b:ident),*) ($($n:ident : $ty:ident)?)
        [$($partial:expr),*]) => {
        $(#[$doc])*
        #[doc = concat!("\n\nPartials: ", $("`", stringify!($partial), "` "),*, "(`y` is the result).")]
        #[must_use]
        #[track_caller]
        fn $name(self $(, $b: impl Into<Self>)* $(, $n: $ty)?) -> Self;
    };
    (@value operator $($rest:tt)*) => {};
    (@value $kind:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident : $ty:ident)?)) => {
        #[inline]
        fn $name(self $(, $b: impl Into<f64>)* $(, $n: $ty)?) -> f64 {
            values::$name(self $(, $b.into())* $(, $n)?)
        }
    };
}
for_each_primitive!(define_number);

impl sealed::Sealed for f64 {}

/// A row of the table over lists, as a type: its value and partials over any number that can be read out
/// of the items of the lists.
#[doc(hidden)]
pub trait Reduction: sealed::Sealed {
    /// The operation.
    const OP: Op;

    /// The value.
    fn value<T: Copy, R: Number>(lists: &[&[T]], read: impl Fn(T) -> R + Copy) -> R;

    /// The partials where the value is `y`, one call of `visit` each, in the order of the operands.
    fn partials<T: Copy, R: Number>(lists: &[&[T]], read: impl Fn(T) -> R + Copy, y: R, visit: impl FnMut(R));
}

/// A real number: what a function is written over once, to run on `f64`, [`Dual`](crate::Dual) and
/// [`Var`](crate::Var) alike.
///
/// Arithmetic with `f64` on the right works (`x * 2.0`); a constant on the left is
/// `R::constant(2.0) * x`. Arguments of methods may be constants too: `x.max(0.0)`, `x.powf(2.5)`.
///
/// Do not bound one signature by both this and `num_traits::Float`: `x.sin()` would be ambiguous.
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

    /// The plain number, for a message: a recording tape does not hear of it.
    #[doc(hidden)]
    fn peek(self) -> f64;

    /// The answer to a question about the plain numbers; a recording tape keeps it as a guard.
    #[doc(hidden)]
    #[track_caller]
    fn ask(self, predicate: Predicate, right: Self) -> bool;
}

impl Real for f64 {
    #[inline]
    fn value(self) -> f64 {
        self
    }

    fn peek(self) -> f64 {
        self
    }

    #[inline]
    fn ask(self, predicate: Predicate, right: f64) -> bool {
        predicate.holds(self, right)
    }
}
