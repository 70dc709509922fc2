//! What the page reads, as JSON.

use super::numbers::{Number, Numbers};
use super::picture::{Picture, Projection};
use super::sample::SamplePass;
use crate::nn::train::{Epoch, MetricValue};
use serde::Serialize;

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers, strings and lists are JSON")
}

/// The run as the page reads it.
#[derive(Serialize)]
pub(super) struct Run<'r> {
    pub title: &'r str,
    pub loss: &'r str,
    pub layers: Vec<LayerShown>,
    /// The names of the parameters.
    pub names: Vec<String>,
    pub inputs: &'r [String],
    pub classes: &'r [String],
    pub samples: Vec<SampleShown<'r>>,
    pub picture: &'r Projection,
    pub epochs: Vec<EpochShown>,
    pub frames: Vec<Shown<'r>>,
}

#[derive(Serialize)]
pub(super) struct LayerShown {
    pub inputs: usize,
    pub neurons: usize,
    pub activation: String,
    pub bias: &'static str,
}

#[derive(Serialize)]
pub(super) struct SampleShown<'r> {
    pub sample: usize,
    pub input: Numbers<'r>,
    pub target: Numbers<'r>,
}

#[derive(Serialize)]
pub(super) struct EpochShown {
    pub updates: usize,
    pub loss: Number,
    pub validation: Option<Number>,
    /// The first metric, if there are several.
    pub metric: Option<Number>,
}

impl EpochShown {
    pub fn new(epoch: &Epoch) -> EpochShown {
        EpochShown {
            updates: epoch.updates,
            loss: Number(epoch.loss),
            validation: epoch.validation_loss.map(Number),
            metric: epoch.metrics.first().and_then(MetricValue::value).map(Number),
        }
    }
}

/// A frame as the page reads it.
#[derive(Serialize)]
pub(super) struct Shown<'r> {
    pub update: usize,
    pub epoch: usize,
    pub rate: Option<Number>,
    pub loss: Option<Number>,
    pub batch: usize,
    /// The parameters before the update.
    pub w: Numbers<'r>,
    pub gradient: Option<Numbers<'r>>,
    pub after: Option<Numbers<'r>>,
    pub samples: Vec<SamplePass>,
    pub picture: Picture,
}
