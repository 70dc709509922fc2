//! Approximate comparison of variables by value, with the `approx` crate.
//!
//! The tolerance is a `Var` too, because `nalgebra`'s `RealField` demands it. Such a comparison is a check,
//! not a branch: it leaves no guard on a recording tape.

use crate::tape::Var;
use ::approx::{AbsDiffEq, RelativeEq, UlpsEq};

impl AbsDiffEq for Var {
    type Epsilon = Var;

    fn default_epsilon() -> Var {
        Var::from(f64::default_epsilon())
    }

    fn abs_diff_eq(&self, other: &Var, epsilon: Var) -> bool {
        self.value.abs_diff_eq(&other.value, epsilon.value)
    }
}

impl RelativeEq for Var {
    fn default_max_relative() -> Var {
        Var::from(f64::default_max_relative())
    }

    fn relative_eq(&self, other: &Var, epsilon: Var, max_relative: Var) -> bool {
        self.value.relative_eq(&other.value, epsilon.value, max_relative.value)
    }
}

impl UlpsEq for Var {
    fn default_max_ulps() -> u32 {
        f64::default_max_ulps()
    }

    fn ulps_eq(&self, other: &Var, epsilon: Var, max_ulps: u32) -> bool {
        self.value.ulps_eq(&other.value, epsilon.value, max_ulps)
    }
}
