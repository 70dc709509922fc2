//! The traits of num-traits (feature `num-traits`), for variables and numbers in forward mode.
//!
//! Every method is the one of the same name in the table, with its derivative. What reads the value, as `to_f64` or
//! `classify`, reads it as [`Real::value`] does: a recording hears of it.

use crate::number::dual::Dual;
use crate::number::mask::le;
use crate::number::real::Real;
use crate::tape::Var;
use num_traits::{
    Bounded, Float, FloatConst, FromPrimitive, Inv, MulAdd, MulAddAssign, Num, NumCast, One, Pow, Signed,
    ToPrimitive, Zero,
};
use std::num::FpCategory;

/// Other traits have a `from` too.
fn constant<T: From<f64>>(value: f64) -> T {
    value.into()
}

/// `0` where `a ≤ b`, else their difference, as `f64::abs_sub`; the derivative is 0 in a tie.
#[track_caller]
fn positive_difference<R: Real>(a: R, b: R) -> R {
    le(a, b).select(0.0, a - b)
}

macro_rules! foreign_number {
    ([$($g:tt)*] $T:ty) => {
        impl<$($g)*> Zero for $T {
            fn zero() -> Self {
                constant(0.0)
            }
            #[track_caller]
            fn is_zero(&self) -> bool {
                *self == 0.0
            }
        }
        impl<$($g)*> One for $T {
            fn one() -> Self {
                constant(1.0)
            }
        }
        impl<$($g)*> Bounded for $T {
            fn min_value() -> Self {
                constant(f64::MIN)
            }
            fn max_value() -> Self {
                constant(f64::MAX)
            }
        }
        impl<$($g)*> Num for $T {
            type FromStrRadixErr = num_traits::ParseFloatError;
            /// A constant.
            fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
                f64::from_str_radix(text, radix).map(constant)
            }
        }
        /// Reads the value: what is computed from it has no derivative, and a recording hears of it.
        impl<$($g)*> ToPrimitive for $T {
            #[track_caller]
            fn to_i64(&self) -> Option<i64> {
                self.value().to_i64()
            }
            #[track_caller]
            fn to_u64(&self) -> Option<u64> {
                self.value().to_u64()
            }
            #[track_caller]
            fn to_i128(&self) -> Option<i128> {
                self.value().to_i128()
            }
            #[track_caller]
            fn to_u128(&self) -> Option<u128> {
                self.value().to_u128()
            }
            foreign_number! { @casts
                to_i8 i8, to_i16 i16, to_i32 i32, to_isize isize, to_u8 u8, to_u16 u16, to_u32 u32, to_usize usize }
            #[track_caller]
            fn to_f32(&self) -> Option<f32> {
                self.value().to_f32()
            }
            #[track_caller]
            fn to_f64(&self) -> Option<f64> {
                Some(self.value())
            }
        }
        /// Constants.
        impl<$($g)*> FromPrimitive for $T {
            fn from_i64(number: i64) -> Option<Self> {
                f64::from_i64(number).map(constant)
            }
            fn from_u64(number: u64) -> Option<Self> {
                f64::from_u64(number).map(constant)
            }
            fn from_i128(number: i128) -> Option<Self> {
                f64::from_i128(number).map(constant)
            }
            fn from_u128(number: u128) -> Option<Self> {
                f64::from_u128(number).map(constant)
            }
            fn from_f64(number: f64) -> Option<Self> {
                Some(constant(number))
            }
        }
        /// A constant, of the value of any number: a cast has no derivative.
        impl<$($g)*> NumCast for $T {
            #[track_caller]
            fn from<T: ToPrimitive>(number: T) -> Option<Self> {
                number.to_f64().map(constant)
            }
        }
        impl<$($g)*> Signed for $T {
            foreign_number! { @by_reference abs signum }
            #[track_caller]
            fn abs_sub(&self, other: &Self) -> Self {
                positive_difference(*self, *other)
            }
            #[track_caller]
            fn is_positive(&self) -> bool {
                Float::is_sign_positive(*self)
            }
            #[track_caller]
            fn is_negative(&self) -> bool {
                Float::is_sign_negative(*self)
            }
        }
        impl<$($g)*> Inv for $T {
            type Output = Self;
            #[track_caller]
            fn inv(self) -> Self {
                Self::recip(self)
            }
        }
        impl<$($g)*> MulAdd for $T {
            type Output = Self;
            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$T>::mul_add(self, a, b)
            }
        }
        impl<$($g)*> MulAddAssign for $T {
            #[track_caller]
            fn mul_add_assign(&mut self, a: Self, b: Self) {
                *self = <$T>::mul_add(*self, a, b);
            }
        }
        foreign_number! { @pow [$($g)*] $T, powf: $T }
        foreign_number! { @pow [$($g)*] $T, powf: f64 }
        foreign_number! { @pow [$($g)*] $T, powi: i32 }
        impl<$($g)*> Float for $T {
            foreign_number! { @constants Float:
                nan infinity neg_infinity neg_zero min_value min_positive_value epsilon max_value }
            foreign_number! { @predicates is_nan is_infinite is_finite is_sign_negative }
            from_table! { unary
                floor ceil round trunc fract abs signum recip sqrt cbrt exp exp2 exp_m1 ln ln_1p log2 log10
                sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh to_degrees to_radians }
            from_table! { binary powf log max min hypot atan2 copysign }

            #[track_caller]
            fn is_sign_positive(self) -> bool {
                !self.is_sign_negative()
            }
            #[track_caller]
            fn is_normal(self) -> bool {
                self.value().is_normal()
            }
            #[track_caller]
            fn is_subnormal(self) -> bool {
                self.value().is_subnormal()
            }
            #[track_caller]
            fn classify(self) -> FpCategory {
                self.value().classify()
            }
            #[track_caller]
            fn integer_decode(self) -> (u64, i16, i8) {
                self.value().integer_decode()
            }
            #[track_caller]
            fn powi(self, n: i32) -> Self {
                <$T>::powi(self, n)
            }
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) {
                <$T>::sin_cos(self)
            }
            #[track_caller]
            fn abs_sub(self, other: Self) -> Self {
                positive_difference(self, other)
            }
            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$T>::mul_add(self, a, b)
            }
        }
        impl<$($g)*> FloatConst for $T {
            foreign_number! { @constants FloatConst:
                E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6
                FRAC_PI_8 LN_10 LN_2 LOG10_E LOG2_E PI SQRT_2 TAU LOG10_2 LOG2_10 }
        }
    };
    (@constants $Trait:ident: $($name:ident)*) => { $(
        fn $name() -> Self {
            constant(<f64 as $Trait>::$name())
        }
    )* };
    (@predicates $($name:ident)*) => { $(
        #[track_caller]
        fn $name(self) -> bool {
            <Self as Real>::$name(self)
        }
    )* };
    (@casts $($name:ident $Integer:ty),*) => { $(
        #[track_caller]
        fn $name(&self) -> Option<$Integer> {
            self.value().$name()
        }
    )* };
    (@by_reference $($name:ident)*) => { $(
        #[track_caller]
        fn $name(&self) -> Self {
            Self::$name(*self)
        }
    )* };
    (@pow [$($g:tt)*] $T:ty, $name:ident: $Exponent:ty) => {
        impl<$($g)*> Pow<$Exponent> for $T {
            type Output = $T;
            #[track_caller]
            fn pow(self, exponent: $Exponent) -> $T {
                <$T>::$name(self, exponent)
            }
        }
    };
}
foreign_number!([] Var);
foreign_number!([R: Real, const N: usize] Dual<R, N>);
