//! Keeping gradients small.

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
    /// Limits a gradient. As in PyTorch, a longer gradient is scaled by `limit / (norm + 1e-6)`.
    ///
    /// ```
    /// use tapegrad::nn::Clip;
    /// let mut gradient = [3.0, -0.5];
    /// Clip::Value(1.0).apply(&mut gradient);
    /// assert_eq!(gradient, [1.0, -0.5]);
    /// ```
    pub fn apply(self, gradient: &mut [f64]) {
        match self {
            Clip::Value(limit) => {
                for slope in gradient {
                    *slope = slope.max(-limit).min(limit);
                }
            }
            Clip::Norm(limit) => {
                let factor = limit / (crate::norm(&*gradient) + 1e-6);
                if factor < 1.0 {
                    gradient.iter_mut().for_each(|slope| *slope *= factor);
                }
            }
        }
    }
}
