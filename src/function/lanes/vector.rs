//! The vector registers of the machine, for sums that have to stay in them, and aligned memory.

use pulp::{Simd, WithSimd};
use std::ops::{Deref, DerefMut};

/// A number that vector registers hold.
pub trait Lanes: Copy + Default {
    /// −0, with which sums of values start: adding it changes no number, while adding 0 turns −0 into 0.
    const NOTHING: Self;
    /// A register of the machine.
    type Vector<S: Simd>: Copy;

    /// The sum of two plain numbers.
    fn plus(a: Self, b: Self) -> Self;
    /// `sum + a · b` of plain numbers, rounded once.
    fn plus_product(sum: Self, a: Self, b: Self) -> Self;
    fn splat<S: Simd>(simd: S, number: Self) -> Self::Vector<S>;
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn minus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a · b + c`, rounded once.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// The sum of the lanes: the upper half is added to the lower one, until one is left.
    fn total<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// The numbers 0 to 15.
    const NUMBERS: [Self; 16];
    /// The lanes of `a` where the number is below the bound, and those of `b` elsewhere.
    fn where_below<S: Simd>(
        simd: S,
        number: Self::Vector<S>,
        bound: Self::Vector<S>,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// The numbers as registers, without a remainder that does not fill one.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! impl_lanes {
    ($T:ident $Vector:ident $splat:ident $add:ident $sub:ident $mul:ident $mul_add:ident $total:ident $less:ident $select:ident
        $as_simd:ident $as_mut_simd:ident) => {
        impl Lanes for $T {
            const NOTHING: $T = -0.0;
            type Vector<S: Simd> = S::$Vector;

            #[inline(always)]
            fn plus(a: $T, b: $T) -> $T {
                a + b
            }
            #[inline(always)]
            fn plus_product(sum: $T, a: $T, b: $T) -> $T {
                $T::mul_add(a, b, sum)
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, number: $T) -> S::$Vector {
                simd.$splat(number)
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$Vector, b: S::$Vector) -> S::$Vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn minus<S: Simd>(simd: S, a: S::$Vector, b: S::$Vector) -> S::$Vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn mul<S: Simd>(simd: S, a: S::$Vector, b: S::$Vector) -> S::$Vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$Vector, b: S::$Vector, c: S::$Vector) -> S::$Vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, a: S::$Vector) -> $T {
                simd.$total(a)
            }
            #[rustfmt::skip]
            const NUMBERS: [$T; 16] =
                [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];
            #[inline(always)]
            fn where_below<S: Simd>(
                simd: S,
                number: S::$Vector,
                bound: S::$Vector,
                a: S::$Vector,
                b: S::$Vector,
            ) -> S::$Vector {
                simd.$select(simd.$less(number, bound), a, b)
            }
            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[$T]) -> &[S::$Vector] {
                S::$as_simd(numbers).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [$T]) -> &mut [S::$Vector] {
                S::$as_mut_simd(numbers).0
            }
        }
    };
}
impl_lanes!(f64 f64s splat_f64s add_f64s sub_f64s mul_f64s mul_add_f64s reduce_sum_f64s less_than_f64s select_f64s
    as_simd_f64s as_mut_simd_f64s);
impl_lanes!(f32 f32s splat_f32s add_f32s sub_f32s mul_f32s mul_add_f32s reduce_sum_f32s less_than_f32s select_f32s
    as_simd_f32s as_mut_simd_f32s);

/// Runs a part of an evaluation, compiled for the vector instructions of the machine as a function of its own:
/// compiling all parts as one function takes minutes.
#[inline(never)]
pub(crate) fn compiled_apart<S: Simd, R>(simd: S, part: impl FnOnce() -> R) -> R {
    simd.vectorize(Part(part))
}

struct Part<F>(F);

impl<F: FnOnce() -> R, R> WithSimd for Part<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> R {
        (self.0)()
    }
}

/// Numbers that start at a cache line: reading a register across two lines takes twice as long.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl<T: Copy + Default> Aligned<T> {
    /// Sets the length; the contents are not kept.
    pub fn set_len(&mut self, len: usize) {
        let spare = LINE / size_of::<T>();
        if self.numbers.len() < len + spare {
            self.numbers = vec![T::default(); len + spare];
        }
        // Alignment only matters for speed: where it is impossible, any start is correct.
        self.start = self.numbers.as_ptr().align_offset(LINE).min(spare);
        self.len = len;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.len]
    }
}
