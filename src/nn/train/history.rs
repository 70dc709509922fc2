//! The history of a training run.

use crate::nn::backend::Backend;
use std::fmt::{Display, Write};

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
    /// The metrics at the end of the epoch, in the order in which the trainer got them.
    pub metrics: Vec<MetricValue>,
}

/// A metric at the end of an epoch.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct MetricValue {
    /// The name of the metric.
    pub name: String,
    /// Its value of the training samples. `None` if it was not asked for, since there are validation samples and
    /// [`Trainer::training_metrics`](super::Trainer::training_metrics) is off, or is not finite.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub training: Option<f64>,
    /// Its value of the validation samples. `None` if there are none, or it is not finite.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub validation: Option<f64>,
}

impl MetricValue {
    /// A metric that is not yet computed.
    pub(super) fn none(name: &str) -> MetricValue {
        MetricValue { name: name.to_owned(), training: None, validation: None }
    }

    /// The value of the validation samples, or of the training samples if only that is known.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.validation.or(self.training)
    }
}

impl Epoch {
    /// The metric with this name, [`Metric`](super::Metric) or text: of the validation samples if there are any, else of
    /// the training samples. `None` if there is no such metric, or it is not finite.
    #[must_use]
    pub fn metric(&self, name: impl Display) -> Option<f64> {
        let name = name.to_string();
        self.metrics.iter().find(|metric| metric.name == name)?.value()
    }
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
    /// With early stopping, the epoch with the lowest validation loss, or the best value of the monitored metric.
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

    /// A CSV table with a header; numbers parse to the same bits. Each metric has a column with its name, and a second one
    /// for the training samples if both are known.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let names =
            || self.epochs.first().into_iter().flat_map(|epoch| &epoch.metrics).map(|metric| &metric.name);
        // In an epoch, a value may be missing because it is not finite.
        let of_both = |k: usize| {
            let has = |of: fn(&MetricValue) -> Option<f64>| {
                self.epochs
                    .iter()
                    .any(|epoch| epoch.metrics.get(k).is_some_and(|metric| of(metric).is_some()))
            };
            has(|metric| metric.training) && has(|metric| metric.validation)
        };
        let has_both: Vec<bool> = (0..names().count()).map(of_both).collect();
        let mut csv = "epoch,updates,rate,loss,validation_loss".to_owned();
        for (k, name) in names().enumerate() {
            let _ = write!(csv, ",{}", quoted(name));
            if has_both[k] {
                let _ = write!(csv, ",{}", quoted(&format!("training {name}")));
            }
        }
        let cell = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        for e in &self.epochs {
            let _ =
                write!(csv, "\n{},{},{},{},{}", e.epoch, e.updates, e.rate, e.loss, cell(e.validation_loss));
            for (k, metric) in e.metrics.iter().enumerate() {
                match has_both[k] {
                    true => {
                        let _ = write!(csv, ",{},{}", cell(metric.validation), cell(metric.training));
                    }
                    false => {
                        let _ = write!(csv, ",{}", cell(metric.value()));
                    }
                }
            }
        }
        csv.push('\n');
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

/// A cell of a CSV table, in quotes where it needs them.
fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
