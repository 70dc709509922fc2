//! Approximate comparison with the `approx` crate: of variables by value, of gradients by their adjoints.
//!
//! The tolerance of variables is a `Var` too, because `nalgebra`'s `RealField` demands it. Such a comparison is
//! a check, not a branch: it leaves no guard on a recording tape.

use crate::gradient::Gradient;
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

/// Gradients are equal if they have the same adjoints in the order of their tapes, which need not be the same.
impl PartialEq for Gradient {
    fn eq(&self, other: &Gradient) -> bool {
        self.by_index() == other.by_index()
    }
}

/// Compares adjoints in the order of the tape.
///
/// ```
/// use approx::assert_relative_eq;
/// use tapegrad::{Tape, Var};
///
/// let gradient = |f: fn(Var) -> Var| {
///     let tape = Tape::new();
///     f(tape.var(0.3)).backward()
/// };
/// assert_relative_eq!(gradient(|x| x * x), gradient(|x| x.powi(2)), max_relative = 1e-12);
/// ```
impl AbsDiffEq for Gradient {
    type Epsilon = f64;

    fn default_epsilon() -> f64 {
        f64::default_epsilon()
    }

    fn abs_diff_eq(&self, other: &Gradient, epsilon: f64) -> bool {
        self.by_index().abs_diff_eq(other.by_index(), epsilon)
    }
}

/// Compares adjoints in the order of the tape.
impl RelativeEq for Gradient {
    fn default_max_relative() -> f64 {
        f64::default_max_relative()
    }

    fn relative_eq(&self, other: &Gradient, epsilon: f64, max_relative: f64) -> bool {
        self.by_index().relative_eq(other.by_index(), epsilon, max_relative)
    }
}

/// Compares adjoints in the order of the tape.
impl UlpsEq for Gradient {
    fn default_max_ulps() -> u32 {
        f64::default_max_ulps()
    }

    fn ulps_eq(&self, other: &Gradient, epsilon: f64, max_ulps: u32) -> bool {
        self.by_index().ulps_eq(other.by_index(), epsilon, max_ulps)
    }
}
