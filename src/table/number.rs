//! What the table is evaluated over: the trait [`Number`], and `f64`.

use crate::table::ops::{Op, for_each_primitive};
use std::fmt::Debug;
use std::ops::*;

pub(crate) mod sealed {
    /// Only this crate makes numbers, so that a new row of the table breaks nobody.
    pub trait Sealed {}
}

macro_rules! define_number {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($a:ident $(, $b:ident)* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions $reductions:tt) => {
        /// What the table of primitives is evaluated over: arithmetic, and a method per row.
        ///
        /// `f64` gives values, [`Dual`](crate::Dual) forward derivatives, [`Var`](crate::Var) a recording.
        /// Code that also compares or prints asks for [`Real`](crate::Real), which is this and more.
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

            /// Whether this is many samples side by side, all in one loop.
            #[doc(hidden)]
            const IS_IN_LANES: bool = false;

            /// Whether what is computed with this number has derivatives, so that a rule of the table must have right ones.
            #[doc(hidden)]
            const IS_DIFFERENTIATED: bool = false;

            /// So large that products with it may overflow, and its reciprocal so small that digits may be lost below.
            #[doc(hidden)]
            const LARGE: f64 = 1e290;

            /// A row of the table over lists, whose items `read` turns into numbers.
            #[doc(hidden)]
            #[track_caller]
            fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self;

            /// The sum of a sequence, from left to right; of nothing that of the standard library, so that code over any
            /// number has the same bits: −0, which added to anything changes nothing.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
                let mut terms = terms.peekable();
                match terms.peek() {
                    None => Self::constant(std::iter::empty::<f64>().sum()),
                    Some(_) => total(terms),
                }
            }

            /// The product of a sequence, from left to right.
            #[doc(hidden)]
            #[track_caller]
            #[inline]
            fn product_of(factors: impl Iterator<Item = Self>) -> Self {
                product_of(factors)
            }

            /// Whether this mask is set, if that is settled: here, and in every replay.
            #[doc(hidden)]
            #[inline(always)]
            fn decided(self) -> Option<bool> {
                None
            }

            /// Whether this is a variable on a tape.
            #[doc(hidden)]
            #[inline(always)]
            fn is_tracked(self) -> bool {
                false
            }

            /// Whether this is known to be finite: here, and in every replay.
            #[doc(hidden)]
            #[inline(always)]
            fn is_surely_finite(self) -> bool {
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
        }

        /// The values of the rows over any plain number.
        pub(crate) mod values {
            use crate::table::base::{Base, truth};

            fn zero<B: Base>() -> B {
                B::constant(0.0)
            }

            $(
                #[inline(always)]
                #[track_caller]
                pub(crate) fn $name<B: Base>($a: B $(, $b: B)* $(, $n: $ty)?) -> B {
                    $value
                }
            )*
        }

        impl Number for f64 {
            $( define_number!(@value $kind $name ($a $(, $b)*) ($($n : $ty)?)); )*

            #[inline]
            fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, f64>) -> f64 {
                K::value(lists, read)
            }

            #[inline(always)]
            fn decided(self) -> Option<bool> {
                Some(self != 0.0)
            }

            #[inline(always)]
            fn is_surely_finite(self) -> bool {
                self.is_finite()
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
    fn value<A: Copy, B: Copy, R: Number>(lists: Lists<'_, A, B>, read: impl Read<A, B, R>) -> R;

    /// The partials where the value is `y`, in the order of the operands.
    fn each_partial<A: Copy, B: Copy, R: Number>(
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, R>,
        y: R,
    ) -> impl Iterator<Item = R>;

    /// As [`each_partial`](Self::each_partial), one call of `visit` each.
    #[inline(always)]
    fn partials<A: Copy, B: Copy, R: Number>(
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, R>,
        y: R,
        mut visit: impl FnMut(R),
    ) {
        let partials = Self::each_partial(lists, read, y);
        // A loop here is inlined into vector code; elsewhere one within is quicker.
        if R::IS_IN_LANES {
            for partial in partials {
                visit(partial);
            }
        } else {
            partials.for_each(visit);
        }
    }
}

/// The operands of a row over lists: a list, for some rows another as long, for some one more number. The second list
/// may have items of another kind.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Lists<'a, A, B = A> {
    /// The first list.
    pub first: &'a [A],
    /// The second list, or nothing.
    pub second: &'a [B],
    /// The number behind the lists.
    pub last: Option<A>,
}

impl<'a, A: Copy, B: Copy> Lists<'a, A, B> {
    /// How many operands there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.second.len() + usize::from(self.last.is_some())
    }

    /// All operands, in order.
    #[inline]
    pub(crate) fn iter<R, F: Read<A, B, R>>(self, read: F) -> impl Iterator<Item = R> {
        let first = self.first.iter().map(move |&item| read.first(item));
        let second = self.second.iter().map(move |&item| read.second(item));
        first.chain(second).chain(self.last.map(move |item| read.first(item)))
    }
}

/// How the items of lists become numbers: a pair of functions, for the two kinds of item.
#[doc(hidden)]
pub trait Read<A, B, R>: Copy {
    /// An item of the first list, or the one behind the lists.
    fn first(self, item: A) -> R;

    /// An item of the second list.
    fn second(self, item: B) -> R;
}

impl<A, B, R, F: Fn(A) -> R + Copy, G: Fn(B) -> R + Copy> Read<A, B, R> for (F, G) {
    #[inline(always)]
    fn first(self, item: A) -> R {
        self.0(item)
    }

    #[inline(always)]
    fn second(self, item: B) -> R {
        self.1(item)
    }
}

/// One of two forms of a rule that are good in different places: the first where the mask is set. A plain number evaluates
/// one; a recording needs both, to replay either. (No function, since closures would not be inlined into vector code.)
macro_rules! either {
    ($mask:expr, $yes:expr, $no:expr) => {{
        let mask = $mask;
        match mask.decided() {
            Some(true) => $yes,
            Some(false) => $no,
            None => mask.select($yes, $no),
        }
    }};
}
pub(crate) use either;

/// The sum from left to right; 0 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn total<R: Number>(mut terms: impl Iterator<Item = R>) -> R {
    let Some(mut sum) = terms.next() else { return R::constant(0.0) };
    // As with the partials of rows over lists: a loop here is inlined into vector code; elsewhere one within is quicker.
    if R::IS_IN_LANES {
        for term in terms {
            sum += term;
        }
        sum
    } else {
        terms.fold(sum, |sum, term| sum + term)
    }
}

/// The product from left to right; 1 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn product_of<R: Number>(mut factors: impl Iterator<Item = R>) -> R {
    let Some(mut product) = factors.next() else { return R::constant(1.0) };
    for factor in factors {
        product *= factor;
    }
    product
}
