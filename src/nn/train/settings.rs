//! The settings of training.

use super::control::Control;
use super::groups::Group;
use super::history::{Epoch, Update};
use super::metrics::{Goal, Measure};
use super::plateau::ReduceOnPlateau;
use crate::nn::backend::{Backend, Fallback};
use crate::nn::clip::Clip;
use crate::nn::data::{Batch, Data, Order};
use crate::nn::error::Error;
use crate::nn::objective::Reduction;
use crate::nn::optimizer::Optimizer;
use crate::nn::penalty::Penalty;
use crate::nn::ranges::{at_least_one, not_negative};
use crate::nn::schedule::Schedule;
use std::ops::ControlFlow;

/// Stops training when the validation loss, or a metric ([`Trainer::monitor`](super::Trainer::monitor)), no longer improves,
/// and restores the best parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// The number of epochs in a row without improvement after which training stops.
    pub patience: usize,
    /// The smallest decrease of the loss that counts as an improvement; the smallest gain, if a metric is monitored.
    pub min_improvement: f64,
}

impl EarlyStopping {
    /// Checks the settings. A [`Trainer`](crate::nn::Trainer) does so before training.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting.
    pub fn check(self) -> Result<(), Error> {
        at_least_one("EarlyStopping::patience", self.patience, "at least one epoch")?;
        not_negative("EarlyStopping::min_improvement", self.min_improvement)
    }
}

pub(super) type Callback<'a> = Box<dyn FnMut(&Epoch, &[f64]) -> ControlFlow<()> + 'a>;

/// See [`Trainer::on_update`](super::Trainer::on_update).
pub(super) type UpdateCallback<'a> = Box<dyn FnMut(&Update<'_>) + 'a>;

/// See [`Trainer::on_epoch_with`](super::Trainer::on_epoch_with).
pub(super) type EpochControl<'a> = Box<dyn FnMut(&Epoch, &mut Control<'_>) + 'a>;

/// See [`Trainer::on_update_with`](super::Trainer::on_update_with).
pub(super) type UpdateControl<'a> = Box<dyn FnMut(&Update<'_>, &mut Control<'_>) + 'a>;

/// The source of the validation samples.
pub(super) enum Validation {
    None,
    On(Data),
    Split { share: f64, seed: u64 },
}

/// All settings of a [`Trainer`](super::Trainer).
pub(super) struct Settings<'a> {
    pub optimizer: Box<dyn Optimizer + 'a>,
    pub groups: Vec<Group<'a>>,
    /// The base rate of the first update, if it is not that of the optimiser.
    pub first_rate: Option<f64>,
    pub epochs: usize,
    pub batch: Batch,
    pub order: Order,
    pub schedule: Schedule,
    pub clip: Option<Clip>,
    pub penalty: Option<Penalty>,
    pub stopping: Option<EarlyStopping>,
    pub plateau: Option<ReduceOnPlateau>,
    pub metrics: Vec<Measure<'a>>,
    pub training_metrics: bool,
    /// The name of the metric that early stopping looks at; `None` for the validation loss.
    pub monitor: Option<String>,
    pub progress: bool,
    pub on_epoch: Option<Callback<'a>>,
    pub on_update: Vec<UpdateCallback<'a>>,
    pub epoch_controls: Vec<EpochControl<'a>>,
    pub update_controls: Vec<UpdateControl<'a>>,
    #[cfg(feature = "serde")]
    pub checkpoint: Option<(std::path::PathBuf, usize)>,
    #[cfg(feature = "serde")]
    pub resume_from: Option<std::path::PathBuf>,
    pub keeps_update_losses: bool,
    pub reduction: Reduction,
    pub backend: Backend,
    pub fallback: Fallback,
    pub validation: Validation,
}

impl<'a> Settings<'a> {
    /// The default settings.
    pub fn new(optimizer: Box<dyn Optimizer + 'a>) -> Self {
        Settings {
            optimizer,
            groups: Vec::new(),
            first_rate: None,
            epochs: 100,
            batch: Batch::Full,
            order: Order::Given,
            schedule: Schedule::Constant,
            clip: None,
            penalty: None,
            stopping: None,
            plateau: None,
            metrics: Vec::new(),
            training_metrics: false,
            monitor: None,
            progress: false,
            on_epoch: None,
            on_update: Vec::new(),
            epoch_controls: Vec::new(),
            update_controls: Vec::new(),
            #[cfg(feature = "serde")]
            checkpoint: None,
            #[cfg(feature = "serde")]
            resume_from: None,
            keeps_update_losses: false,
            reduction: Reduction::Mean,
            backend: Backend::Recorded,
            fallback: Fallback::Tape,
            validation: Validation::None,
        }
    }

    /// Checks all settings.
    pub fn validate(&self) -> Result<(), Error> {
        if let Batch::Size(size) = self.batch {
            at_least_one("Batch::Size", size, "at least one sample")?;
        }
        #[cfg(feature = "serde")]
        if let Some((_, every)) = self.checkpoint {
            at_least_one("Trainer::checkpoint", every, "at least one epoch")?;
        }
        self.optimizer.check()?;
        self.groups.iter().try_for_each(|group| group.optimizer.check())?;
        self.plateau.map_or(Ok(()), ReduceOnPlateau::check)?;
        self.schedule.check()?;
        self.clip.map_or(Ok(()), Clip::check)?;
        self.penalty.map_or(Ok(()), Penalty::check)?;
        self.stopping.map_or(Ok(()), EarlyStopping::check)?;
        self.check_metrics()
    }

    /// Which values are good of what early stopping looks at.
    pub fn goal(&self) -> Goal {
        let is_monitored = |measure: &&Measure<'_>| Some(&measure.name) == self.monitor.as_ref();
        self.metrics.iter().find(is_monitored).map_or(Goal::Minimize, |measure| measure.goal)
    }

    fn check_metrics(&self) -> Result<(), Error> {
        let names: Vec<&str> = self.metrics.iter().map(|measure| &measure.name[..]).collect();
        if let Some(twice) = (1..names.len()).find(|&k| names[..k].contains(&names[k])) {
            let problem = format!("two metrics have the name `{}`; give each its own", names[twice]);
            return Err(Error::Setting(problem));
        }
        let problem = match &self.monitor {
            None => return Ok(()),
            Some(name) if !names.contains(&&name[..]) => {
                format!("`{name}` cannot be monitored, since it is not computed; the metrics are {names:?}")
            }
            Some(name) if self.stopping.is_none() => {
                format!("`{name}` is monitored for nothing: say when to stop, with `early_stopping`")
            }
            Some(_) => return Ok(()),
        };
        Err(Error::Setting(problem))
    }
}
