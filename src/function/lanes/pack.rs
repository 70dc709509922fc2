//! So many samples side by side as one number: for rows over lists, whose rules loop over the list.

use super::float::Float;
use super::lane::Branchless;
use crate::operators::impl_number;
use crate::ops::for_each_primitive;
use crate::real::{Lists, Read, Reduction, values};

/// How many samples lanes are rounded up to.
pub(crate) const WIDTH: usize = 16;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pack<T>(pub [T; WIDTH]);

impl<T: Float> From<f64> for Pack<T> {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Pack([T::of(value); WIDTH])
    }
}

macro_rules! lane_by_lane {
    ($Op:ident $name:ident ($($arg:ident),*) ($($n:ident)?)) => {{
        let mut y = [T::default(); WIDTH];
        for (lane, y) in y.iter_mut().enumerate() {
            *y = values::$name($(Branchless($arg.0[lane]),)* $($n)?).0;
        }
        Pack(y)
    }};
}

for_each_primitive!(impl_number [T: Float] [Pack<T>, inline(always)] lane_by_lane {
    #[inline(always)]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        K::value(lists, read)
    }

    #[inline(always)]
    fn is_dense(self) -> bool {
        self.0.iter().all(|lane| lane.double().is_finite())
    }

    #[inline(always)]
    fn unlinks(self) -> bool {
        self.0.iter().all(|&lane| lane == T::default())
    }
});
