//! What a training run works on, and what changes while it runs.

use super::history::History;
use crate::nn::loss::Loss;
use crate::nn::mlp::Mlp;
use crate::nn::objective::Objective;
use crate::nn::optimizer::State;

/// Everything that changes while training runs: what a checkpoint holds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct RunState {
    pub parameters: Vec<f64>,
    pub optimizer: State,
    pub updates: usize,
    pub history: History,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub best: Option<Best>,
    /// What the run is made of, to refuse a checkpoint of another.
    pub samples: usize,
    pub identity: Vec<(String, String)>,
}

/// The parameters with the lowest validation loss so far.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Best {
    pub parameters: Vec<f64>,
    pub loss: f64,
}

/// What is known of a model at the end of an epoch.
pub(super) struct Judgement {
    pub validation_loss: Option<f64>,
    pub metric: Option<f64>,
}

/// What a run works on, besides the settings of the trainer.
pub(super) struct Task<'t> {
    pub objective: &'t mut dyn Objective,
    /// The samples to learn from, as the objective numbers them.
    pub samples: &'t [usize],
    pub frozen: &'t [bool],
    pub biases: &'t [bool],
    pub judge: &'t dyn Fn(&[f64]) -> Judgement,
    /// The network that is trained, if it is one, and the loss, if it is a known one.
    pub network: Option<&'t Mlp>,
    #[cfg_attr(not(feature = "serde"), expect(dead_code))]
    pub loss: Option<Loss>,
}

impl Task<'_> {
    /// The name of a parameter.
    pub fn name_of(&self, k: usize) -> String {
        self.network.map_or_else(|| format!("w{k}"), |network| network.name_of(k))
    }
}
