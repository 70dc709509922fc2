//! The input of a training run, and its state.

use super::history::{History, MetricValue};
use super::plateau::PlateauState;
use crate::nn::loss::Loss;
use crate::nn::objective::Objective;
use crate::nn::optimizer::State;
use crate::nn::parameters::Parameters;

/// Everything that changes during training: the contents of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct RunState {
    pub parameters: Vec<f64>,
    pub optimizer: State,
    /// The states of the optimisers of groups.
    pub groups: Vec<State>,
    pub updates: usize,
    /// The learning rate before the factor of the schedule.
    pub rate: f64,
    pub plateau: PlateauState,
    /// What callbacks keep: first those by update, then those by epoch.
    pub memories: Vec<Vec<f64>>,
    pub history: History,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::nn::json::required"))]
    pub best: Option<Best>,
    /// The identity of the run, to refuse a checkpoint of another run.
    pub samples: usize,
    pub identity: Vec<(String, String)>,
}

/// The parameters with the best value so far of what early stopping looks at: the validation loss, or a metric.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Best {
    pub parameters: Vec<f64>,
    pub value: f64,
}

/// The evaluation of a model at the end of an epoch.
pub(super) struct Judgement {
    pub validation_loss: Option<f64>,
    pub metrics: Vec<MetricValue>,
}

/// The input of a run, in addition to the settings of the trainer.
pub(super) struct Task<'t> {
    pub objective: &'t mut dyn Objective,
    /// The indices of the training samples in the objective.
    pub samples: &'t [usize],
    pub frozen: &'t [bool],
    pub biases: &'t [bool],
    pub judge: &'t dyn Fn(&[f64]) -> Judgement,
    /// The parameters with their names, if it is a network that is trained.
    pub named: Option<&'t Parameters>,
    /// What a checkpoint has to know of the network: entries of its identity.
    #[cfg(feature = "serde")]
    pub network: &'t dyn Fn() -> Vec<(&'static str, String)>,
    /// The loss, if it is a [`Loss`].
    #[cfg_attr(not(feature = "serde"), expect(dead_code))]
    pub loss: Option<Loss>,
}

impl Task<'_> {
    /// The name of a parameter.
    pub fn name_of(&self, k: usize) -> String {
        self.named.map_or_else(|| format!("w{k}"), |parameters| parameters.name_of(k))
    }
}
