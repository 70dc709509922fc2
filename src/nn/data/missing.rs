//! Missing targets.

use super::filled::Filled;
use super::{Data, flatten};
use crate::nn::error::{Error, expect_length};

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
        let missing = targets.iter().any(|target| target.is_nan()).then(|| Filled::of(&targets));
        Ok(Data { targets, target_width, missing, ..Data::new(inputs, &none)? })
    }

    /// Whether a target is missing.
    #[must_use]
    pub fn has_missing(&self) -> bool {
        self.missing.is_some()
    }
}
