//! The functions of plain numbers in a batch: those with a kernel, and those that always decline.

use super::{double, single};
use crate::table::base::for_each_function;
use std::ops::*;

macro_rules! define_kernels {
    ($($source:tt $name:ident $others:tt $integer:tt)*) => {
        /// Functions without branches. A kernel *declines* an argument by returning NaN where the value is not NaN;
        /// a function without a kernel declines all arguments.
        #[allow(clippy::wrong_self_convention)] // numbers are copied
        pub trait Kernels:
            Sized + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
            + Rem<Output = Self>
        {
            const DECLINED: Self;
            /// See [`Hooks::LARGE`](crate::table::hooks::Hooks::LARGE).
            const LARGE: f64;
            fn is_a_nan(self) -> bool;
            /// The number if all bits of the mask are set, zero if none is. Without a branch, and for any number.
            fn masked(self, mask: Self) -> Self;
            /// The mask that keeps a number, or the one that makes it zero.
            fn mask(is_kept: bool) -> Self;
            $( define_kernels!(@function $source $name $others $integer); )*
        }
    };
    (@function [std] $($function:tt)*) => { define_kernels!(@function $($function)*); };
    (@function [special] $($function:tt)*) => { define_kernels!(@function $($function)*); };
    (@function $name:ident ($($b:ident)*) ($($n:ident)?)) => {
        #[inline(always)]
        #[allow(unused_variables)]
        fn $name(self $(, $b: Self)* $(, $n: i32)?) -> Self {
            Self::DECLINED
        }
    };
    (@function [$($other:ident)*] $($function:tt)*) => {};
}
for_each_function!(define_kernels);

macro_rules! impl_kernels {
    ($T:ident, $math:ident, $large:literal; $($hardware:ident)*; $($kernel:ident($($arg:ident),*))*) => {
        impl Kernels for $T {
            const DECLINED: $T = $T::NAN;
            const LARGE: f64 = $large;

            #[inline(always)]
            fn is_a_nan(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn masked(self, mask: $T) -> $T {
                $T::from_bits(self.to_bits() & mask.to_bits())
            }
            #[inline(always)]
            fn mask(is_kept: bool) -> $T {
                if is_kept { $T::from_bits(!0) } else { 0.0 }
            }
            $(
                #[inline(always)]
                fn $hardware(self) -> $T {
                    $T::$hardware(self)
                }
            )*
            $(
                #[inline(always)]
                fn $kernel(self $(, $arg: $T)*) -> $T {
                    $math::$kernel(self $(, $arg)*)
                }
            )*
            #[inline(always)]
            fn signum(self) -> $T {
                let sign = (1.0 as $T).copysign(self);
                if self.is_nan() { self } else { sign }
            }
            #[inline(always)]
            fn fract(self) -> $T {
                self - self.trunc()
            }
            #[inline(always)]
            fn log(self, b: $T) -> $T {
                $math::ln(self) / $math::ln(b)
            }
            #[inline(always)]
            fn mul_add(self, b: $T, c: $T) -> $T {
                $T::mul_add(self, b, c)
            }
            #[inline(always)]
            fn clamp(self, b: $T, c: $T) -> $T {
                let above = if self < b { b } else { self };
                let within = if above > c { c } else { above };
                if b <= c { within } else { $T::NAN }
            }
            /// Multiplies in the order of the scalar function. Declines exponents from ±16 on, and negative
            /// exponents whose power overflows.
            #[inline(always)]
            fn powi(self, n: i32) -> $T {
                // The same for all lanes, so the loop is compiled once for each.
                match n {
                    1 => return self,
                    2 => return self * self,
                    _ => {}
                }
                let of_bit = |bit: u32, power: $T| if n.unsigned_abs() & bit == 0 { 1.0 } else { power };
                let square = self * self;
                let fourth = square * square;
                let power = of_bit(1, self) * of_bit(2, square) * of_bit(4, fourth) * of_bit(8, fourth * fourth);
                let is_declined = n.unsigned_abs() >= 16 || (n < 0 && power.is_infinite());
                let power = if n < 0 { 1.0 / power } else { power };
                if is_declined { $T::NAN } else { power }
            }
        }
    };
    ($T:ident, $math:ident, $large:literal) => {
        impl_kernels! {
            $T, $math, $large;
            recip sqrt abs floor ceil round trunc;
            cbrt() exp() exp2() exp_m1() ln() ln_1p() log2() log10() sin() cos() tan() asin() acos() atan() sinh() cosh()
            tanh() asinh() acosh() atanh() sigmoid() erf() erfc() normal_cdf() powf(b) atan2(b) hypot(b)
        }
    };
}
impl_kernels!(f64, double, 1e290);
impl_kernels!(f32, single, 1e30);
