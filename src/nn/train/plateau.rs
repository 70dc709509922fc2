//! A learning rate that falls when the loss no longer does.

use crate::nn::error::Error;
use crate::nn::ranges::{at_least_one, not_negative, share};

/// Reduces the learning rate when the loss has stopped falling: the validation loss if there are validation samples, else that
/// of training. After more than `patience` epochs in a row without improvement, the base rate (see
/// [`Control`](super::Control)) is multiplied by `factor`. The rule is that of PyTorch's `ReduceLROnPlateau`.
///
/// ```
/// use tapegrad::nn::{Activation, Loss, Mlp, ReduceOnPlateau, Sgd, Trainer, sine};
///
/// let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
/// let history = Trainer::new(Sgd::new(2.0))
///     .epochs(60)
///     .reduce_on_plateau(ReduceOnPlateau { factor: 0.5, patience: 3, ..ReduceOnPlateau::default() })
///     .fit(&mut mlp, Loss::HalfSquared, &sine(40, 0.0, 0))?;
/// assert!(history.last().unwrap().rate < 2.0);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReduceOnPlateau {
    /// The factor of the rate, from 0 to 1; by default 0.1.
    pub factor: f64,
    /// The number of epochs in a row without improvement that are accepted; by default 10.
    pub patience: usize,
    /// The smallest decrease that counts as an improvement, as a fraction of the lowest loss so far; by default 1e-4.
    pub threshold: f64,
    /// For this number of epochs after a reduction, none is counted; by default 0.
    pub cooldown: usize,
    /// The base rate is not reduced below this; by default 0.
    pub min_rate: f64,
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        ReduceOnPlateau { factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, min_rate: 0.0 }
    }
}

impl ReduceOnPlateau {
    /// Checks the settings. A [`Trainer`](super::Trainer) does so before training.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting.
    pub fn check(self) -> Result<(), Error> {
        share("ReduceOnPlateau::factor", self.factor)?;
        at_least_one("ReduceOnPlateau::patience", self.patience, "at least one epoch")?;
        not_negative("ReduceOnPlateau::threshold", self.threshold)?;
        not_negative("ReduceOnPlateau::min_rate", self.min_rate)
    }

    /// The rate after an epoch with this loss.
    pub(super) fn rate_after(self, state: &mut PlateauState, loss: f64, rate: f64) -> f64 {
        let is_improvement = |best: f64| loss < best - self.threshold * best.abs();
        if state.lowest.is_none_or(is_improvement) {
            (state.lowest, state.waited) = (Some(loss), 0);
        } else {
            state.waited += 1;
        }
        if state.cooldown > 0 {
            state.cooldown -= 1;
            state.waited = 0;
        }
        if state.waited <= self.patience {
            return rate;
        }
        (state.waited, state.cooldown) = (0, self.cooldown);
        rate.min((rate * self.factor).max(self.min_rate))
    }
}

/// What [`ReduceOnPlateau`] knows of the epochs so far.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct PlateauState {
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    lowest: Option<f64>,
    /// The number of epochs since the last improvement or reduction.
    waited: usize,
    /// The number of epochs that are still not counted.
    cooldown: usize,
}
