//! Gradient clipping.

use super::error::Error;
use super::ranges::{limit, or_panic};
use super::vectors::are_finite;

/// A limit for the gradient before each update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Clip {
    /// Each derivative is limited to ± this.
    Value(f64),
    /// The norm of the gradient is limited to this; its direction stays the same.
    Norm(f64),
}

impl Clip {
    /// Checks the limit. A [`Trainer`](super::Trainer) does so before training.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the limit is not above 0.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Clip::Value(most) => limit("Clip::Value", most),
            Clip::Norm(most) => limit("Clip::Norm", most),
        }
    }

    /// Limits a gradient. As in PyTorch, a gradient whose norm is above the limit is scaled by
    /// `limit / (norm + 1e-6)`. NaN stays NaN.
    ///
    /// ```
    /// use tapegrad::nn::Clip;
    /// let mut gradient = [3.0, -0.5];
    /// Clip::Value(1.0).apply(&mut gradient);
    /// assert_eq!(gradient, [1.0, -0.5]);
    /// ```
    ///
    /// # Panics
    /// If the limit is invalid (see [`check`](Self::check)).
    #[track_caller]
    pub fn apply(self, gradient: &mut [f64]) {
        or_panic(self.check());
        match self {
            Clip::Value(limit) => {
                for slope in gradient {
                    *slope = slope.clamp(-limit, limit);
                }
            }
            Clip::Norm(limit) => {
                let norm = crate::table::lists::norm(&*gradient);
                if norm == f64::INFINITY && are_finite(gradient) {
                    // The norm overflows. Relative to the largest entry it does not, and 1e-6 is negligible.
                    let largest = gradient.iter().fold(0.0, |largest: f64, slope| largest.max(slope.abs()));
                    gradient.iter_mut().for_each(|slope| *slope /= largest);
                    let factor = limit / crate::table::lists::norm(&*gradient);
                    gradient.iter_mut().for_each(|slope| *slope *= factor);
                    return;
                }
                let factor = limit / (norm + 1e-6);
                if factor < 1.0 {
                    gradient.iter_mut().for_each(|slope| *slope *= factor);
                }
            }
        }
    }
}
