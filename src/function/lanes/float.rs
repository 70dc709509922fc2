//! The plain numbers of a batch: `f64` and `f32`, with branch-free functions.

use super::math::Kernels;
use super::vector::Lanes;
use std::fmt::Debug;
use std::ops::Neg;

/// A plain number: `f64` or `f32`.
pub trait Float:
    Kernels + Lanes + Copy + Default + Debug + PartialOrd + Send + Sync + Neg<Output = Self> + 'static
{
    /// The least positive number that is not subnormal.
    const LEAST: Self;
    /// The largest finite number.
    const LARGEST: Self;

    /// The nearest number of this kind.
    fn of(value: f64) -> Self;

    /// The same number in double precision.
    fn double(self) -> f64;
}

macro_rules! impl_float {
    ($($T:ident)*) => { $(
        impl Float for $T {
            const LEAST: $T = $T::MIN_POSITIVE;
            const LARGEST: $T = $T::MAX;

            #[inline(always)]
            fn of(value: f64) -> $T {
                value as $T
            }

            #[inline(always)]
            fn double(self) -> f64 {
                self.into()
            }
        }
    )* };
}
impl_float!(f64 f32);
