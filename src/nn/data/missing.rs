//! Missing targets.

use super::{Data, flatten};
use crate::nn::error::{Error, expect_length};

/// What a loss gets instead of missing targets.
#[derive(Debug, Clone)]
pub(super) struct Missing {
    /// The targets, with 0 for missing ones: NaN would be computed with, sample by sample, before a mask discards it.
    pub filled: Vec<f64>,
    /// For each target, 1 if it is given, else 0.
    pub given: Vec<f64>,
}

impl Missing {
    /// Of targets that are NaN where they are missing.
    pub fn of(targets: &[f64]) -> Missing {
        let filled = targets.iter().map(|&target| if target.is_nan() { 0.0 } else { target }).collect();
        Missing { filled, given: targets.iter().map(|target| f64::from(!target.is_nan())).collect() }
    }
}

impl Data {
    /// As [`new`](Self::new), but a target that is NaN is missing: losses and metrics leave it out. It adds nothing to the
    /// loss of its sample, and divisors stay as they are: a sample without any target has loss 0, and counts in the mean
    /// over a batch.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Data, Loss, Mlp};
    ///
    /// let mlp = Mlp::builder(1).layer(2, Activation::Identity).build()?;
    /// let data = Data::with_missing(&[[1.0], [2.0]], &[[3.0, f64::NAN], [f64::NAN, 4.0]])?;
    /// let [first, second] = [mlp.predict(&[1.0])[0] - 3.0, mlp.predict(&[2.0])[1] - 4.0];
    /// let (loss, _) = mlp.loss_and_gradient(Loss::Squared, &data)?;
    /// assert!((loss - (first * first + second * second) / 2.0).abs() < 1e-12);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// A loss of one's own has to know which targets are missing: see
    /// [`Trainer::fit_masked`](crate::nn::Trainer::fit_masked).
    ///
    /// # Errors
    /// As [`new`](Self::new), but a target may be NaN.
    pub fn with_missing(inputs: &[impl AsRef<[f64]>], targets: &[impl AsRef<[f64]>]) -> Result<Data, Error> {
        expect_length("rows of targets", inputs.len(), targets.len())?;
        let none = vec![[0.0]; inputs.len()];
        let is_valid = |target: f64| target.is_finite() || target.is_nan();
        let (target_width, targets) = flatten("target", "numbers in a row of targets", targets, is_valid)?;
        let missing = targets.iter().any(|target| target.is_nan()).then(|| Missing::of(&targets));
        Ok(Data { targets, target_width, missing, ..Data::new(inputs, &none)? })
    }

    /// Whether a target is missing.
    #[must_use]
    pub fn has_missing(&self) -> bool {
        self.missing.is_some()
    }
}
