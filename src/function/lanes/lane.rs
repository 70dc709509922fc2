//! The number of one sample: evaluated without branches, so that a loop over samples becomes vector instructions.

use super::float::Float;
use crate::number::operators::impl_number;
use crate::table::base::{Base, for_each_function};
use crate::table::hooks::Hooks;
use crate::table::number::{Lists, Read, Reduction, values};
use crate::table::ops::for_each_primitive;
use std::ops::*;

/// The number of one sample. If a function returns NaN for arguments that are not NaN, it has *declined*, and the
/// scalar row is evaluated instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane<T>(pub T);

/// The plain number inside a lane, whose functions have no branches.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Branchless<T>(pub T);

macro_rules! impl_operators {
    ($($Op:ident $name:ident)*) => { $(
        impl<T: Float> $Op for Branchless<T> {
            type Output = Self;
            #[inline(always)]
            fn $name(self, b: Self) -> Self {
                Branchless(self.0.$name(b.0))
            }
        }
    )* };
}
impl_operators!(Add add Sub sub Mul mul Div div Rem rem);

impl<T: Float> Neg for Branchless<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Branchless(-self.0)
    }
}

macro_rules! impl_base {
    ($($source:tt $name:ident $others:tt $integer:tt)*) => {
        impl<T: Float> Base for Branchless<T> {
            type Outcome = bool;
            #[inline(always)]
            fn constant(value: f64) -> Self {
                Branchless(T::of(value))
            }
            #[inline(always)]
            fn is_equal(self, other: Self) -> bool {
                self == other
            }
            #[inline(always)]
            fn is_below(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn is_at_most(self, other: Self) -> bool {
                self <= other
            }
            $( impl_base!(@function $source $name $others $integer); )*
        }
    };
    (@function [std] $($function:tt)*) => { impl_base!(@function $($function)*); };
    (@function [special] $($function:tt)*) => { impl_base!(@function $($function)*); };
    (@function $name:ident ($($b:ident)*) ($($n:ident)?)) => {
        #[inline(always)]
        fn $name(self $(, $b: Self)* $(, $n: i32)?) -> Self {
            Branchless(self.0.$name($($b.0,)* $($n)?))
        }
    };
    (@function [$($other:ident)*] $($function:tt)*) => {};
}
for_each_function!(impl_base);

impl<T: Float> From<f64> for Lane<T> {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Lane(T::of(value))
    }
}

macro_rules! by_value {
    ($Op:ident $name:ident ($($arg:ident),*) ($($n:ident)?)) => {
        Lane(values::$name($(Branchless($arg.0),)* $($n)?).0)
    };
}

for_each_primitive!(impl_number [T: Float] [Lane<T>, inline(always), inline(always)] by_value {
    #[inline(always)]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        K::value(lists, read)
    }
});

impl<T: Float> Hooks for Lane<T> {
    const LARGE: f64 = T::LARGE;
}
