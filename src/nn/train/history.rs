//! What happened during training.

use crate::nn::backend::Backend;
use std::fmt::Write;

/// One pass over the training samples.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Epoch {
    /// Its number, from 0.
    pub epoch: usize,
    /// How many updates there were by its end, over all epochs.
    pub updates: usize,
    /// The learning rate of its last update.
    pub rate: f64,
    /// The loss with penalties, as the updates met it: with one batch, that before the update; with several,
    /// their mean by the number of samples, or their sum where losses are summed.
    pub loss: f64,
    /// The loss of the validation samples at its end, without penalties.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub validation_loss: Option<f64>,
    /// The metric at its end, of the validation samples if there are some, else of the training samples. None
    /// if no metric was asked for, or it is not defined.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub metric: Option<f64>,
}

/// What happened during training, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct History {
    /// One entry per epoch.
    pub epochs: Vec<Epoch>,
    /// The epoch with the lowest validation loss, where early stopping looked for it.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub best_epoch: Option<usize>,
    /// Whether early stopping ended the training.
    pub stopped_early: bool,
    /// The loss of every update's batch, before the update and with penalties; empty unless
    /// [`Trainer::keep_update_losses`](super::Trainer::keep_update_losses) asked for them.
    pub update_losses: Vec<f64>,
    /// What computed the gradients last; none if it was an objective of one's own.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub backend: Option<Backend>,
    /// Why the tape had to compute gradients, all or some, though a recording was wanted: it is far slower.
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

    /// A CSV table, with a header; numbers are written so that they read back to the same bits.
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

    /// Writes the table to a file, which is replaced whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`](crate::nn::Error::Io).
    #[cfg(feature = "serde")]
    pub fn write_csv(&self, path: impl AsRef<std::path::Path>) -> Result<(), crate::nn::Error> {
        crate::nn::save::write(path.as_ref(), self.to_csv().as_bytes())
    }
}
