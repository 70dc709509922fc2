//! Plain numbers, over which the values of the table are written. `f64` takes its functions from the standard library
//! and from `special`; the numbers of a batch have branch-free functions of their own.

use crate::table::special;
use std::ops::*;

/// Passes every row of the table to the macro `$consumer` as `[source] name (b c) (n)`: the source of its value
/// (`std` or `special` if the row is a function of plain numbers, otherwise nothing), its name, the arguments after
/// the first, and the integer argument, if there is one.
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

/// The first number where the comparison holds, else the second. If the outcome is known, only one of them is
/// computed. (A macro, since closures would not be inlined into vector code.)
macro_rules! choose {
    ($answer:expr, $yes:expr, $no:expr) => {{
        let answer = $answer;
        match answer.known() {
            Some(true) => $yes,
            Some(false) => $no,
            None => answer.either($yes, $no),
        }
    }};
}
pub(crate) use choose;

/// The outcome of a comparison. It may be unknown while the row is evaluated; then both numbers of a choice are
/// computed.
pub(crate) trait Outcome<B>:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self>
{
    fn known(self) -> Option<bool>;

    /// Selects one of two numbers, both of which are computed.
    fn either(self, yes: B, no: B) -> B;
}

impl<B> Outcome<B> for bool {
    #[inline(always)]
    fn known(self) -> Option<bool> {
        Some(self)
    }

    #[inline(always)]
    fn either(self, yes: B, no: B) -> B {
        if self { yes } else { no }
    }
}

macro_rules! define_base {
    ($($source:tt $name:ident $others:tt $integer:tt)*) => {
        /// A plain number: arithmetic, comparisons, and one method per row of the table that is a function of plain
        /// numbers.
        pub(crate) trait Base:
            Copy + Neg<Output = Self> + Add<Output = Self> + Sub<Output = Self>
            + Mul<Output = Self> + Div<Output = Self> + Rem<Output = Self>
        {
            type Outcome: Outcome<Self>;
            fn constant(value: f64) -> Self;
            fn is_equal(self, other: Self) -> Self::Outcome;
            fn is_below(self, other: Self) -> Self::Outcome;
            fn is_at_most(self, other: Self) -> Self::Outcome;
            #[inline(always)]
            fn is_nan(self) -> Self::Outcome {
                !self.is_equal(self)
            }
            $( define_base!(@declare $source $name $others $integer); )*
        }

        impl Base for f64 {
            type Outcome = bool;
            #[inline(always)]
            fn constant(value: f64) -> f64 {
                value
            }
            #[inline(always)]
            fn is_equal(self, other: f64) -> bool {
                self == other
            }
            #[inline(always)]
            fn is_below(self, other: f64) -> bool {
                self < other
            }
            #[inline(always)]
            fn is_at_most(self, other: f64) -> bool {
                self <= other
            }
            $( define_base!(@of_f64 $source $name $others $integer); )*
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
    // An operator, or a row whose value is composed of other rows, has no method.
    (@$for:ident [$($other:ident)*] $($function:tt)*) => {};
}
for_each_function!(define_base);

/// 1 where the comparison holds, else 0.
#[inline(always)]
pub(crate) fn truth<B: Base>(answer: B::Outcome) -> B {
    choose!(answer, B::constant(1.0), B::constant(0.0))
}
