//! The traits of simba, on which nalgebra is written, for variables and numbers in forward mode: matrices, decompositions,
//! rotations and so on have derivatives. One body for the versions of simba.
//!
//! Every method is the one of the same name in the table; `sinc` and `sinhc` have their derivatives at 0 too. Plain
//! numbers enter as constants. Leaving, as in `nalgebra::convert`, reads the value: a recording hears of it.

use crate::number::dual::Dual;
use crate::number::mask::lt;
use crate::number::real::Real;
use crate::tape::Var;
use std::f64::consts;

/// `sin x / x` (`sign` is −1) or `sinh x / x` (1), from the sine. Near 0 by the series, which has derivatives there.
#[track_caller]
fn quotient<R: Real>(x: R, sine: R, sign: f64) -> R {
    let square = x * x * sign;
    // The next term of the series is below 3e-18.
    let series = square.mul_add(1.0 / 362_880.0, 1.0 / 5_040.0);
    let series = series.mul_add(square, 1.0 / 120.0).mul_add(square, 1.0 / 6.0).mul_add(square, 1.0);
    lt(x.abs(), 0.1).select(series, sine / x)
}

macro_rules! field {
    ($simba:ident [$($g:tt)*] $T:ty) => {
        impl<$($g)*> $simba::scalar::Field for $T {}

        // The trait declares two methods unsafe, since an index may be out of bounds. Their bodies here are safe.
        #[allow(unsafe_code)]
        impl<$($g)*> $simba::simd::SimdValue for $T {
            const LANES: usize = 1;
            type Element = Self;
            type SimdBool = bool;

            fn splat(element: Self) -> Self {
                element
            }
            fn extract(&self, lane: usize) -> Self {
                assert_eq!(lane, 0, "a number has one lane");
                *self
            }
            unsafe fn extract_unchecked(&self, _: usize) -> Self {
                *self
            }
            fn replace(&mut self, lane: usize, element: Self) {
                assert_eq!(lane, 0, "a number has one lane");
                *self = element;
            }
            unsafe fn replace_unchecked(&mut self, _: usize, element: Self) {
                *self = element;
            }
            fn select(self, condition: bool, other: Self) -> Self {
                if condition { self } else { other }
            }
        }

        impl<$($g)*> $simba::scalar::SubsetOf<$T> for $T {
            fn to_superset(&self) -> Self {
                *self
            }
            fn from_superset_unchecked(element: &Self) -> Self {
                *element
            }
            fn is_in_subset(_: &Self) -> bool {
                true
            }
        }
        field! { @subset $simba [$($g)*] $T, f64 }
        field! { @subset $simba [$($g)*] $T, f32 }

        impl<$($g)*> $simba::scalar::ComplexField for $T {
            type RealField = Self;

            from_table! { unary floor ceil round trunc fract abs signum recip sqrt cbrt exp exp2 exp_m1 ln ln_1p log2 log10
                sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh }
            from_table! { binary hypot log powf }

            fn from_real(re: Self) -> Self {
                re
            }
            fn real(self) -> Self {
                self
            }
            fn imaginary(self) -> Self {
                Self::from(0.0)
            }
            #[track_caller]
            fn modulus(self) -> Self {
                Self::abs(self)
            }
            #[track_caller]
            fn modulus_squared(self) -> Self {
                self * self
            }
            #[track_caller]
            fn argument(self) -> Self {
                Self::from(if self >= 0.0 { 0.0 } else { consts::PI })
            }
            #[track_caller]
            fn norm1(self) -> Self {
                Self::abs(self)
            }
            #[track_caller]
            fn to_exp(self) -> (Self, Self) {
                if self >= 0.0 { (self, Self::from(1.0)) } else { (-self, Self::from(-1.0)) }
            }
            #[track_caller]
            fn scale(self, factor: Self) -> Self {
                self * factor
            }
            #[track_caller]
            fn unscale(self, factor: Self) -> Self {
                self / factor
            }
            fn conjugate(self) -> Self {
                self
            }
            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$T>::mul_add(self, a, b)
            }
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) {
                <$T>::sin_cos(self)
            }
            #[track_caller]
            fn powi(self, n: i32) -> Self {
                <$T>::powi(self, n)
            }
            #[track_caller]
            fn powc(self, n: Self) -> Self {
                <$T>::powf(self, n)
            }
            #[track_caller]
            fn sinc(self) -> Self {
                quotient(self, Self::sin(self), -1.0)
            }
            #[track_caller]
            fn sinhc(self) -> Self {
                quotient(self, Self::sinh(self), 1.0)
            }
            #[track_caller]
            fn cosc(self) -> Self {
                Self::cos(self) / self
            }
            #[track_caller]
            fn coshc(self) -> Self {
                Self::cosh(self) / self
            }
            #[track_caller]
            fn is_finite(&self) -> bool {
                <Self as Real>::is_finite(*self)
            }
            #[track_caller]
            fn try_sqrt(self) -> Option<Self> {
                if self >= 0.0 { Some(Self::sqrt(self)) } else { None }
            }
        }

        impl<$($g)*> $simba::scalar::RealField for $T {
            from_table! { binary max min atan2 copysign }
            field! { @constants
                pi PI two_pi TAU frac_pi_2 FRAC_PI_2 frac_pi_3 FRAC_PI_3 frac_pi_4 FRAC_PI_4 frac_pi_6 FRAC_PI_6
                frac_pi_8 FRAC_PI_8 frac_1_pi FRAC_1_PI frac_2_pi FRAC_2_PI frac_2_sqrt_pi FRAC_2_SQRT_PI
                e E log2_e LOG2_E log10_e LOG10_E ln_2 LN_2 ln_10 LN_10 }

            #[track_caller]
            fn is_sign_positive(&self) -> bool {
                !<Self as Real>::is_sign_negative(*self)
            }
            #[track_caller]
            fn is_sign_negative(&self) -> bool {
                <Self as Real>::is_sign_negative(*self)
            }
            #[track_caller]
            fn clamp(self, min: Self, max: Self) -> Self {
                <$T>::clamp(self, min, max)
            }
            fn min_value() -> Option<Self> {
                Some(Self::from(f64::MIN))
            }
            fn max_value() -> Option<Self> {
                Some(Self::from(f64::MAX))
            }
        }
    };
    // Coming out reads a value, and a recording hears of it.
    (@subset $simba:ident [$($g:tt)*] $T:ty, $Plain:ty) => {
        impl<$($g)*> $simba::scalar::SubsetOf<$T> for $Plain {
            fn to_superset(&self) -> $T {
                <$T>::from(*self)
            }
            #[track_caller]
            fn from_superset_unchecked(element: &$T) -> $Plain {
                element.value() as $Plain
            }
            fn is_in_subset(_: &$T) -> bool {
                true
            }
        }
    };
    (@constants $($name:ident $CONSTANT:ident)*) => { $(
        fn $name() -> Self {
            Self::from(consts::$CONSTANT)
        }
    )* };
}

#[cfg(feature = "nalgebra")]
field!(simba [] Var);
#[cfg(feature = "nalgebra")]
field!(simba [R: Comparable, const N: usize] Dual<R, N>);
#[cfg(feature = "nalgebra-0-33")]
field!(simba_0_9 [] Var);
#[cfg(feature = "nalgebra-0-33")]
field!(simba_0_9 [R: Comparable, const N: usize] Dual<R, N>);

/// A number inside a [`Dual`] that can be compared approximately, as simba asks.
pub trait Comparable: Real + ::approx::UlpsEq<Epsilon = Self> + ::approx::RelativeEq<Epsilon = Self> {}
impl<R: Real + ::approx::UlpsEq<Epsilon = R> + ::approx::RelativeEq<Epsilon = R>> Comparable for R {}
