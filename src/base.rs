//! The plain numbers under all others: what the values of the table are written over. `f64` takes its functions
//! from the standard library and from `kernel`; the numbers in lanes have branch-free ones of their own.

use crate::kernel;
use std::ops::*;

/// Hands the functions that a plain number has to the macro `$consumer`: those of one argument, of two, of three,
/// and those of an argument and an integer.
macro_rules! for_each_function {
    ($consumer:ident $($context:tt)*) => { $consumer! { $($context)*
        [recip sqrt cbrt exp exp2 exp_m1 ln ln_1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh
         atanh sigmoid erf erfc erfcx normal_cdf ln_normal_cdf ln_gamma digamma abs signum floor ceil round trunc fract]
        [powf log atan2 hypot max min]
        [mul_add clamp]
        [powi erfcx_integral polygamma]
    } };
}
pub(crate) use for_each_function;

macro_rules! define_base {
    ([$($of_one:ident)*] [$($of_two:ident)*] [$($of_three:ident)*] [$($with_integer:ident)*]) => {
        /// A plain number: arithmetic, comparisons and functions.
        pub(crate) trait Base:
            Copy + PartialOrd + Neg<Output = Self> + Add<Output = Self> + Sub<Output = Self>
            + Mul<Output = Self> + Div<Output = Self> + Rem<Output = Self>
        {
            fn constant(value: f64) -> Self;
            fn is_nan(self) -> bool;
            $( fn $of_one(self) -> Self; )*
            $( fn $of_two(self, b: Self) -> Self; )*
            $( #[track_caller] fn $of_three(self, b: Self, c: Self) -> Self; )*
            $( fn $with_integer(self, n: i32) -> Self; )*
        }
    };
}
for_each_function!(define_base);

macro_rules! impl_for_f64 {
    (std: $($name:ident ($($arg:ident),*))*; kernel: $($kernel:ident ($($more:ident: $ty:ty),*))*) => {
        impl Base for f64 {
            #[inline(always)]
            fn constant(value: f64) -> f64 {
                value
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                f64::is_nan(self)
            }
            $(
                #[inline(always)]
                fn $name(self $(, $arg: f64)*) -> f64 {
                    f64::$name(self $(, $arg)*)
                }
            )*
            $(
                #[inline(always)]
                #[track_caller]
                fn $kernel(self $(, $more: $ty)*) -> f64 {
                    kernel::$kernel(self $(, $more)*)
                }
            )*
        }
    };
}
impl_for_f64! {
    std: recip() sqrt() cbrt() exp() exp2() exp_m1() ln() ln_1p() log2() log10() sin() cos() tan() asin() acos() atan()
        sinh() cosh() tanh() asinh() acosh() abs() signum() floor() ceil() round() trunc() fract()
        powf(b) log(b) atan2(b) hypot(b) mul_add(b, c);
    kernel: sigmoid() erf() erfc() erfcx() normal_cdf() ln_normal_cdf() ln_gamma() digamma() atanh() max(b: f64) min(b: f64)
        clamp(b: f64, c: f64)         powi(n: i32) erfcx_integral(n: i32) polygamma(n: i32)
}

/// 1 for yes, 0 for no.
#[inline(always)]
pub(crate) fn truth<B: Base>(answer: bool) -> B {
    B::constant(if answer { 1.0 } else { 0.0 })
}
