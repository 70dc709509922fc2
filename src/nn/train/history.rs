//! The history of a training run.

use crate::nn::backend::Backend;
use std::fmt::Write;

/// One epoch: all training samples were used once.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Epoch {
    /// The number of the epoch, from 0.
    pub epoch: usize,
    /// The number of updates until its end, over all epochs.
    pub updates: usize,
    /// The learning rate of its last update.
    pub rate: f64,
    /// The loss with penalties, each batch evaluated before its update: the mean over the batches, weighted by
    /// their numbers of samples, or the sum if losses are summed.
    pub loss: f64,
    /// The loss of the validation samples at the end of the epoch, without penalties.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub validation_loss: Option<f64>,
    /// The metric at the end of the epoch, of the validation samples if there are any, else of the training
    /// samples. `None` if there is no metric, or it is not finite.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub metric: Option<f64>,
}

/// One update of the parameters, as [`Trainer::on_update`](super::Trainer::on_update) sees it. All lists of parameters are in
/// their order.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Update<'u> {
    /// The number of the update, from 0, over all epochs.
    pub update: usize,
    /// The number of the epoch, from 0.
    pub epoch: usize,
    /// The learning rate.
    pub rate: f64,
    /// The loss of the batch before the update, with penalties.
    pub loss: f64,
    /// The samples of the batch, by their numbers in the data.
    pub samples: &'u [usize],
    /// The parameters before the update.
    pub before: &'u [f64],
    /// The gradient that the optimiser got: of the loss with penalties, clipped, and 0 for frozen parameters.
    pub gradient: &'u [f64],
    /// The norm of the gradient before it was clipped, with penalties.
    pub gradient_norm: f64,
    /// The parameters after the update.
    pub parameters: &'u [f64],
}

/// The history of a training run, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct History {
    /// One entry per epoch.
    pub epochs: Vec<Epoch>,
    /// With early stopping, the epoch with the lowest validation loss.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub best_epoch: Option<usize>,
    /// Whether early stopping ended the training.
    pub stopped_early: bool,
    /// The loss of the batch of every update, before the update and with penalties; empty unless
    /// [`Trainer::keep_update_losses`](super::Trainer::keep_update_losses) is on.
    pub update_losses: Vec<f64>,
    /// The backend of the last gradients; `None` for an objective that does not report one.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub backend: Option<Backend>,
    /// Why the tape computed all or some gradients instead of a recording; the tape is far slower.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub tape_because: Option<String>,
}

impl History {
    /// The losses of the epochs.
    #[must_use]
    pub fn losses(&self) -> Vec<f64> {
        self.epochs.iter().map(|epoch| epoch.loss).collect()
    }

    /// The last epoch.
    #[must_use]
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// A CSV table with a header; numbers parse to the same bits.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = "epoch,updates,rate,loss,validation_loss,metric\n".to_owned();
        let cell = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        for e in &self.epochs {
            let (validation, metric) = (cell(e.validation_loss), cell(e.metric));
            let _ = writeln!(csv, "{},{},{},{},{validation},{metric}", e.epoch, e.updates, e.rate, e.loss);
        }
        csv
    }

    /// Writes the CSV table to a file, which is replaced atomically.
    ///
    /// # Errors
    /// [`Error::Io`](crate::nn::Error::Io).
    #[cfg(feature = "serde")]
    pub fn write_csv(&self, path: impl AsRef<std::path::Path>) -> Result<(), crate::nn::Error> {
        crate::nn::save::write(path.as_ref(), self.to_csv().as_bytes())
    }
}
