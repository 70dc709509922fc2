//! The plain numbers under all others: what the values of the table are written over. `f64` takes its functions
//! from the standard library and from `special`; numbers in a batch have branch-free ones of their own.

use crate::table::special;
use std::ops::*;

/// Hands every row of the table to the macro `$consumer` as `[source] name (b c) (n)`: where its value comes from (`std` or
/// `special`, if it is a function of plain numbers), the arguments after the first, and an integer parameter.
macro_rules! for_each_function {
    ($consumer:ident) => {
        $crate::table::ops::for_each_primitive! { for_each_function [$consumer] }
    };
    ([$consumer:ident] $(
        $(#[$doc:meta])* $kind:ident $(($($source:ident)*))? $Op:ident $name:ident
        ($a:ident $(, $b:ident)* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident $row:tt
    )* ; reductions $reductions:tt) => {
        $consumer! { $( [$($($source)*)?] $name ($($b)*) ($($n)?) )* }
    };
}
pub(crate) use for_each_function;

macro_rules! define_base {
    ($($source:tt $name:ident $others:tt $parameter:tt)*) => {
        /// A plain number: arithmetic, comparisons, and a function per row of the table that is one.
        pub(crate) trait Base:
            Copy + PartialOrd + Neg<Output = Self> + Add<Output = Self> + Sub<Output = Self>
            + Mul<Output = Self> + Div<Output = Self> + Rem<Output = Self>
        {
            fn constant(value: f64) -> Self;
            fn is_nan(self) -> bool;
            $( define_base!(@declare $source $name $others $parameter); )*
        }

        impl Base for f64 {
            #[inline(always)]
            fn constant(value: f64) -> f64 {
                value
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                f64::is_nan(self)
            }
            $( define_base!(@of_f64 $source $name $others $parameter); )*
        }
    };
    (@declare [std] $($function:tt)*) => { define_base!(@declare $($function)*); };
    (@declare [special] $($function:tt)*) => { define_base!(@declare $($function)*); };
    (@declare $name:ident ($($b:ident)*) ($($n:ident)?)) => {
        fn $name(self $(, $b: Self)* $(, $n: i32)?) -> Self;
    };
    (@of_f64 [std] $($function:tt)*) => { define_base!(@of_f64 f64 $($function)*); };
    (@of_f64 [special] $($function:tt)*) => { define_base!(@of_f64 special $($function)*); };
    (@of_f64 $from:ident $name:ident ($($b:ident)*) ($($n:ident)?)) => {
        #[inline(always)]
        fn $name(self $(, $b: f64)* $(, $n: i32)?) -> f64 {
            $from::$name(self $(, $b)* $(, $n)?)
        }
    };
    // An operator, or a value that is composed of other rows.
    (@$for:ident [$($other:ident)*] $($function:tt)*) => {};
}
for_each_function!(define_base);

/// 1 for yes, 0 for no.
#[inline(always)]
pub(crate) fn truth<B: Base>(answer: bool) -> B {
    B::constant(if answer { 1.0 } else { 0.0 })
}
