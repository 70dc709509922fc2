//! Numbers in the lanes of registers, and functions that vectorise over them.

use pulp::Simd;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// Memory that is aligned for the widest registers.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Aligned<A>(pub A);

/// `f64` or `f32`.
pub trait Number:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + SubAssign
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    const NAME: &'static str;
    const ZERO: Self;
    const ONE: Self;

    /// A register of these numbers.
    type Lanes<S: Simd>: Copy;

    /// Whole registers, and the remainder.
    fn lanes<S: Simd>(numbers: &[Self]) -> (&[Self::Lanes<S>], &[Self]);
    fn lanes_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Lanes<S>], &mut [Self]);
    fn splat<S: Simd>(simd: S, number: Self) -> Self::Lanes<S>;
    /// `a · b + c`.
    fn fused<S: Simd>(simd: S, a: Self::Lanes<S>, b: Self::Lanes<S>, c: Self::Lanes<S>) -> Self::Lanes<S>;
    fn sum<S: Simd>(simd: S, lanes: Self::Lanes<S>) -> Self;

    fn of(number: f64) -> Self;
    fn to_f64(self) -> f64;
    fn sqrt(self) -> Self;

    /// A power of two `p` and a small `q` with `exp(self) = p (1 + q)`, for arguments within `EXP_RANGE`.
    ///
    /// No table and no branch, so that a loop over it becomes vector code.
    fn exp_parts(self) -> (Self, Self);
    /// Arguments of `exp` outside this range are clamped to it, since the powers of two end there.
    const EXP_RANGE: [Self; 2];
    /// From this number on, `e^x − 1` and `e^x + 1` are equal after rounding, and `tanh(x / 2)` is 1.
    const TANH_IS_ONE: Self;

    fn mul_add(self, factor: Self, summand: Self) -> Self;

    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        if self > low { self } else { low }
    }

    #[inline(always)]
    fn within(self, [low, high]: [Self; 2]) -> Self {
        let above = if self < low { low } else { self };
        if above > high { high } else { above }
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let (power, q) = self.within(Self::EXP_RANGE).exp_parts();
        power.mul_add(q, power)
    }

    /// From `e = exp(2x) − 1`, which keeps its digits around 0, as `e / (e + 2)`.
    #[inline(always)]
    fn tanh(self) -> Self {
        let (power, q) = (self + self).within([-Self::TANH_IS_ONE, Self::TANH_IS_ONE]).exp_parts();
        let e = power.mul_add(q, power - Self::ONE);
        e / (e + Self::ONE + Self::ONE)
    }
}

/// The code that is the same in both precisions.
macro_rules! in_lanes {
    ($T:ident, $lanes:ident, $split:ident, $split_mut:ident, $splat:ident, $fused:ident, $sum:ident) => {
        const NAME: &'static str = stringify!($T);
        const ZERO: $T = 0.0;
        const ONE: $T = 1.0;

        type Lanes<S: Simd> = S::$lanes;

        #[inline(always)]
        fn lanes<S: Simd>(numbers: &[$T]) -> (&[S::$lanes], &[$T]) {
            S::$split(numbers)
        }
        #[inline(always)]
        fn lanes_mut<S: Simd>(numbers: &mut [$T]) -> (&mut [S::$lanes], &mut [$T]) {
            S::$split_mut(numbers)
        }
        #[inline(always)]
        fn splat<S: Simd>(simd: S, number: $T) -> S::$lanes {
            simd.$splat(number)
        }
        #[inline(always)]
        fn fused<S: Simd>(simd: S, a: S::$lanes, b: S::$lanes, c: S::$lanes) -> S::$lanes {
            simd.$fused(a, b, c)
        }
        #[inline(always)]
        fn sum<S: Simd>(simd: S, lanes: S::$lanes) -> $T {
            simd.$sum(lanes)
        }
        #[inline(always)]
        fn of(number: f64) -> $T {
            number as $T
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            self.into()
        }
        #[inline(always)]
        fn sqrt(self) -> $T {
            self.sqrt()
        }
        #[inline(always)]
        fn mul_add(self, factor: $T, summand: $T) -> $T {
            self.mul_add(factor, summand)
        }
    };
}

impl Number for f64 {
    in_lanes!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_f64s, reduce_sum_f64s);

    const EXP_RANGE: [f64; 2] = [-708.0, 709.0];
    const TANH_IS_ONE: f64 = 40.0;

    #[inline(always)]
    fn exp_parts(self) -> (f64, f64) {
        // Adding this to a number leaves the nearest integer in the last bits.
        const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;
        const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
        let rounded = self.mul_add(std::f64::consts::LOG2_E, ROUNDER);
        let n = rounded - ROUNDER;
        let power = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1.0f64.to_bits()));
        let r = (-n).mul_add(LN_2[1], (-n).mul_add(LN_2[0], self));

        // The exponential series of |r| < 0.35 up to r^13 / 13!, in pairs, so that few steps depend on each other.
        let (r2, pair) = (r * r, |k: usize| r.mul_add(1.0 / FACTORIALS[k + 1], 1.0 / FACTORIALS[k]));
        let r4 = r2 * r2;
        let low = r2.mul_add(pair(4), pair(2));
        let middle = r2.mul_add(pair(8), pair(6));
        let high = r2.mul_add(pair(12), pair(10));
        let tail = r4.mul_add(r4.mul_add(high, middle), low);
        (power, r2.mul_add(tail, r))
    }
}

impl Number for f32 {
    in_lanes!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_f32s, reduce_sum_f32s);

    const EXP_RANGE: [f32; 2] = [-87.0, 88.0];
    const TANH_IS_ONE: f32 = 20.0;

    #[inline(always)]
    fn exp_parts(self) -> (f32, f32) {
        const ROUNDER: f32 = 1.5 * (1u32 << 23) as f32;
        const LN_2: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];
        let rounded = self.mul_add(std::f32::consts::LOG2_E, ROUNDER);
        let n = rounded - ROUNDER;
        let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
        let r = (-n).mul_add(LN_2[1], (-n).mul_add(LN_2[0], self));

        let reciprocal = |k: usize| (1.0 / FACTORIALS[k]) as f32;
        let (r2, pair) = (r * r, |k: usize| r.mul_add(reciprocal(k + 1), reciprocal(k)));
        let tail = r2.mul_add(r2.mul_add(pair(6), pair(4)), pair(2));
        (power, r2.mul_add(tail, r))
    }
}

const FACTORIALS: [f64; 14] = {
    let mut factorials = [1.0; 14];
    let mut k = 1;
    while k < 14 {
        factorials[k] = factorials[k - 1] * k as f64;
        k += 1;
    }
    factorials
};
