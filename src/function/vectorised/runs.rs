//! Evaluation and sweep of a schedule, compiled for each precision.

use super::forward::Forward;
use super::reverse::Backward;
use crate::function::lanes::float::Float;
use crate::platform::with_best_instructions;

/// A number in which schedules are evaluated. (Methods that are not generic, so that they are compiled once, with this
/// crate.)
pub trait InRuns: Float {
    /// Computes all values, with the vector instructions of the machine, and returns whether those that are watched are as
    /// they have to be.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn forward(job: Forward<'_, Self>) -> bool;

    /// Computes the adjoints, with the vector instructions of the machine, and returns whether the derivatives are finite.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn backward(job: Backward<'_, Self>) -> bool;
}

macro_rules! impl_in_runs {
    ($($T:ident)*) => { $(
        impl InRuns for $T {
            #[allow(private_interfaces)]
            #[inline(never)]
            fn forward(job: Forward<'_, $T>) -> bool {
                with_best_instructions(job)
            }

            #[allow(private_interfaces)]
            #[inline(never)]
            fn backward(job: Backward<'_, $T>) -> bool {
                with_best_instructions(job)
            }
        }
    )* };
}
impl_in_runs!(f64 f32);
