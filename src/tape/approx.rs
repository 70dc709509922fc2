//! Approximate comparison with the `approx` crate: of variables by value, of gradients by their adjoints.
//!
//! The tolerance of variables is a `Var` too, because `nalgebra`'s `RealField` requires it. A recording tape keeps an
//! approximate comparison as one guard: the operands of the guard are computed on the tape, so that the outcome of
//! the guard is that of the whole comparison.

use crate::number::dual::Dual;
use crate::number::mask::{eq, le};
use crate::number::predicate::{Compare, Predicate};
use crate::number::real::Real;
use crate::tape::gradient::Gradient;
use crate::tape::{self, Var};
use ::approx::{AbsDiffEq, RelativeEq, UlpsEq};

/// Whether the comparison is kept as a guard. If not, a variable may still belong to the tape of another thread,
/// which notes a read.
#[track_caller]
fn is_kept(vars: &[Var]) -> bool {
    let is_kept = vars.iter().any(|&var| tape::is_recorded(var));
    if !is_kept {
        vars.iter().for_each(|&var| tape::value_was_read(var));
    }
    is_kept
}

impl AbsDiffEq for Var {
    type Epsilon = Var;

    fn default_epsilon() -> Var {
        Var::from(f64::default_epsilon())
    }

    #[track_caller]
    fn abs_diff_eq(&self, other: &Var, epsilon: Var) -> bool {
        let (x, y) = (*self, *other);
        if !is_kept(&[x, y, epsilon]) {
            return x.value.abs_diff_eq(&y.value, epsilon.value);
        }
        (x - y).abs() <= epsilon
    }
}

impl RelativeEq for Var {
    fn default_max_relative() -> Var {
        Var::from(f64::default_max_relative())
    }

    #[track_caller]
    fn relative_eq(&self, other: &Var, epsilon: Var, max_relative: Var) -> bool {
        let (x, y) = (*self, *other);
        if !is_kept(&[x, y, epsilon, max_relative]) {
            return x.value.relative_eq(&y.value, epsilon.value, max_relative.value);
        }
        let distance = (x - y).abs();
        let largest = x.abs().max(y.abs());
        let is_near = le(distance, epsilon) | le(distance, largest * max_relative);
        let is_finite = le(largest, f64::MAX);
        (eq(x, y) | (is_finite & is_near)).number() == 1.0
    }
}

impl UlpsEq for Var {
    fn default_max_ulps() -> u32 {
        f64::default_max_ulps()
    }

    #[track_caller]
    fn ulps_eq(&self, other: &Var, epsilon: Var, max_ulps: u32) -> bool {
        let (x, y) = (*self, *other);
        if !is_kept(&[x, y, epsilon]) {
            return x.value.ulps_eq(&y.value, epsilon.value, max_ulps);
        }
        // Where the difference is small enough already, `x` is compared with itself.
        let is_near = le((x - y).abs(), epsilon);
        x.compare(Predicate::WithinUlps(max_ulps), is_near.select(x, y))
    }
}

/// Compares primals.
impl<R: Real + AbsDiffEq<Epsilon = R>, const N: usize> AbsDiffEq for Dual<R, N> {
    type Epsilon = Self;

    fn default_epsilon() -> Self {
        Dual::constant(R::default_epsilon())
    }

    #[track_caller]
    fn abs_diff_eq(&self, other: &Self, epsilon: Self) -> bool {
        self.primal().abs_diff_eq(&other.primal(), epsilon.primal())
    }
}

/// Compares primals.
impl<R: Real + RelativeEq<Epsilon = R>, const N: usize> RelativeEq for Dual<R, N> {
    fn default_max_relative() -> Self {
        Dual::constant(R::default_max_relative())
    }

    #[track_caller]
    fn relative_eq(&self, other: &Self, epsilon: Self, max_relative: Self) -> bool {
        self.primal().relative_eq(&other.primal(), epsilon.primal(), max_relative.primal())
    }
}

/// Compares primals.
impl<R: Real + UlpsEq<Epsilon = R>, const N: usize> UlpsEq for Dual<R, N> {
    fn default_max_ulps() -> u32 {
        R::default_max_ulps()
    }

    #[track_caller]
    fn ulps_eq(&self, other: &Self, epsilon: Self, max_ulps: u32) -> bool {
        self.primal().ulps_eq(&other.primal(), epsilon.primal(), max_ulps)
    }
}

/// Gradients are equal if they have the same adjoints in the order of their nodes. They may belong to different
/// tapes.
impl PartialEq for Gradient {
    fn eq(&self, other: &Gradient) -> bool {
        self.by_index() == other.by_index()
    }
}

/// Compares adjoints in the order of the nodes.
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

/// Compares adjoints in the order of the nodes.
impl RelativeEq for Gradient {
    fn default_max_relative() -> f64 {
        f64::default_max_relative()
    }

    fn relative_eq(&self, other: &Gradient, epsilon: f64, max_relative: f64) -> bool {
        self.by_index().relative_eq(other.by_index(), epsilon, max_relative)
    }
}

/// Compares adjoints in the order of the nodes.
impl UlpsEq for Gradient {
    fn default_max_ulps() -> u32 {
        f64::default_max_ulps()
    }

    fn ulps_eq(&self, other: &Gradient, epsilon: f64, max_ulps: u32) -> bool {
        self.by_index().ulps_eq(other.by_index(), epsilon, max_ulps)
    }
}
