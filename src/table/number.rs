//! What the table is evaluated over: the trait [`Number`], and `f64`.

use crate::table::hooks::Hooks;
use crate::table::ops::{Op, for_each_primitive};
use std::fmt::Debug;
use std::ops::*;

macro_rules! define_number {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($a:ident $(, $b:ident)* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions $reductions:tt) => {
        /// What the table of primitives is evaluated over: arithmetic, and a method per row.
        ///
        /// `f64` gives values, [`Dual`](crate::Dual) forward derivatives, [`Var`](crate::Var) a recording. Code that
        /// also compares or prints is bounded by [`Real`](crate::Real), a subtrait.
        pub trait Number:
            Hooks + Sized + Copy + 'static + Debug + From<f64> + Neg<Output = Self>
            + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
            + Rem<Output = Self>
            + Add<f64, Output = Self> + Sub<f64, Output = Self>
            + Mul<f64, Output = Self> + Div<f64, Output = Self> + Rem<f64, Output = Self>
            + AddAssign + SubAssign + MulAssign + DivAssign + RemAssign
            + AddAssign<f64> + SubAssign<f64> + MulAssign<f64> + DivAssign<f64> + RemAssign<f64>
        {
            /// The constant `value`: its derivative is zero, and it is on no tape.
            #[must_use]
            #[inline]
            fn constant(value: f64) -> Self {
                Self::from(value)
            }

            $( define_number!(@declare $kind $(#[$doc])* $name ($($b),*) ($($n : $ty)?) [$($partial),*]); )*

            /// A row of the table over lists, whose items `read` turns into numbers.
            #[doc(hidden)]
            #[track_caller]
            fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self;
        }

        /// The values of the rows over any plain number.
        pub(crate) mod values {
            use crate::table::base::{Outcome, Base, choose, truth};

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

/// A row of the table over lists, as a type: its value and its partials, over any number that can be read from the
/// items of the lists.
#[doc(hidden)]
pub trait Reduction {
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

    /// As [`each_partial`](Self::each_partial), with a call of `visit` for each partial.
    #[inline(always)]
    fn partials<A: Copy, B: Copy, R: Number>(
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, R>,
        y: R,
        mut visit: impl FnMut(R),
    ) {
        let partials = Self::each_partial(lists, read, y);
        // This loop is inlined into vector code; elsewhere the loop inside `for_each` is faster.
        if R::IS_IN_LANES {
            for partial in partials {
                visit(partial);
            }
        } else {
            partials.for_each(visit);
        }
    }
}

/// The operands of a row over lists: one list, for some rows a second list of the same length, and for some a single
/// number after the lists. The items of the second list may have another type.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Lists<'a, A, B = A> {
    /// The first list.
    pub first: &'a [A],
    /// The second list; empty if the row has one list.
    pub second: &'a [B],
    /// The single number after the lists, if the row has one.
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

/// How the items of lists become numbers: a pair of functions, for the two types of item.
#[doc(hidden)]
pub trait Read<A, B, R>: Copy {
    /// An item of the first list, or the single number after the lists.
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

/// One of two formulas that are accurate in different ranges: the first where the mask is set. Over plain numbers one
/// is evaluated; a recording keeps both, since a replay may need either. (A macro, since closures would not be
/// inlined into vector code.)
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
