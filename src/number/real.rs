//! What users write functions over: the trait [`Real`].

use crate::number::predicate::Answers;
use crate::table::number::Number;
use std::fmt::Display;
use std::iter::{Product, Sum};

/// A real number: what a function is written over once, to run on `f64`, [`Dual`](crate::Dual) and
/// [`Var`](crate::Var) alike.
///
/// Arithmetic with `f64` on the right works (`x * 2.0`); a constant on the left is
/// `R::constant(2.0) * x`. Arguments of methods may be constants too: `x.max(0.0)`, `x.powf(2.5)`.
///
/// Do not bound one signature by both this and `num_traits::Float`: `x.sin()` would be ambiguous.
///
/// ```
/// use tapegrad::{Real, gradient};
///
/// fn rosenbrock<R: Real>(x: &[R]) -> R {
///     x.windows(2)
///         .map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2))
///         .sum()
/// }
/// assert_eq!(rosenbrock(&[1.0, 2.0]), 100.0);
/// assert_eq!(gradient(rosenbrock, &[1.0, 2.0][..]), [-400.0, 200.0]);
/// ```
pub trait Real:
    Number
    + Answers
    + PartialEq
    + PartialOrd
    + PartialEq<f64>
    + PartialOrd<f64>
    + Default
    + Display
    + Send
    + Sync
    + Sum
    + Product
    + for<'a> Sum<&'a Self>
    + for<'a> Product<&'a Self>
{
    /// The plain number. A [`Var`](crate::Var) on a recording tape notes that it was read: what is
    /// computed from it cannot be replayed.
    #[must_use]
    #[track_caller]
    fn value(self) -> f64;
}

impl Real for f64 {
    #[inline]
    fn value(self) -> f64 {
        self
    }
}
