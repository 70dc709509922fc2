//! A packet: 16 lanes as one number, for rows over lists, whose rules loop over the list.

use super::float::Float;
use super::lane::Branchless;
use crate::number::operators::impl_number;
use crate::table::hooks::Hooks;
use crate::table::number::{Lists, Read, Reduction, values};
use crate::table::ops::for_each_primitive;
use pulp::Simd;
use std::marker::PhantomData;

/// The number of lanes in a packet; the number of lanes in use is rounded up to a multiple of it.
pub(crate) const WIDTH: usize = 16;

/// The instruction set is part of the type, so that code compiled for one set is not called from another, and can
/// be inlined.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<T, S>(pub [T; WIDTH], pub PhantomData<S>);

impl<T: Float, S: Simd> From<f64> for Packet<T, S> {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Packet([T::of(value); WIDTH], PhantomData)
    }
}

macro_rules! lane_by_lane {
    ($Op:ident $name:ident ($($arg:ident),*) ($($n:ident)?)) => {{
        let mut y = [T::default(); WIDTH];
        for (lane, y) in y.iter_mut().enumerate() {
            *y = values::$name($(Branchless($arg.0[lane]),)* $($n)?).0;
        }
        Packet(y, PhantomData)
    }};
}

for_each_primitive!(impl_number [T: Float, S: Simd] [Packet<T, S>, inline(always), inline(always)] lane_by_lane {
    #[inline(always)]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        K::value(lists, read)
    }
});

impl<T: Float, S: Simd> Hooks for Packet<T, S> {
    const IS_IN_LANES: bool = true;
    const LARGE: f64 = T::LARGE;
}
