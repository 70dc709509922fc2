//! Keeping gradients small.

use super::error::Error;
use super::passes::are_finite;
use super::ranges::{limit, or_panic};

/// A limit for the gradient before each update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Clip {
    /// Each derivative within ± this.
    Value(f64),
    /// The length of the gradient at most this; its direction stays.
    Norm(f64),
}

impl Clip {
    /// Refuses a limit that makes no sense. A [`Trainer`](super::Trainer) asks before it begins.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the limit is not above 0.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Clip::Value(most) => limit("Clip::Value", most),
            Clip::Norm(most) => limit("Clip::Norm", most),
        }
    }

    /// Limits a gradient. As in PyTorch, a longer gradient is scaled by `limit / (norm + 1e-6)`. A NaN stays one.
    ///
    /// ```
    /// use tapegrad::nn::Clip;
    /// let mut gradient = [3.0, -0.5];
    /// Clip::Value(1.0).apply(&mut gradient);
    /// assert_eq!(gradient, [1.0, -0.5]);
    /// ```
    ///
    /// # Panics
    /// If the limit makes no sense (see [`check`](Self::check)).
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
                let norm = crate::table::rules::norm(&*gradient);
                if norm == f64::INFINITY && are_finite(gradient) {
                    // The length is beyond all numbers: in units of the largest it is not, nor is 1e-6 of any account.
                    let largest = gradient.iter().fold(0.0, |largest: f64, slope| largest.max(slope.abs()));
                    gradient.iter_mut().for_each(|slope| *slope /= largest);
                    let factor = limit / crate::table::rules::norm(&*gradient);
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
