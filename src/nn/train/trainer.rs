//! The trainer, which collects settings.

use super::control::Control;
use super::groups::{Group, Selection};
use super::history::{Epoch, Update};
use super::metrics::{Goal, Measure, Metric};
use super::plateau::ReduceOnPlateau;
use super::predictions::Predictions;
use super::settings::{EarlyStopping, Settings, Validation};
use crate::nn::backend::{Backend, Fallback};
use crate::nn::clip::Clip;
use crate::nn::data::{Batch, Data, Order};
use crate::nn::objective::Reduction;
use crate::nn::optimizer::Optimizer;
use crate::nn::penalty::Penalty;
use crate::nn::schedule::Schedule;
use std::fmt;
use std::ops::ControlFlow;

/// Trains models with an optimiser and further settings.
///
/// ```
/// use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, xor};
///
/// let mut mlp = Mlp::builder(2)
///     .layer(8, Activation::Tanh)
///     .layer(1, Activation::Identity)
///     .seed(1)
///     .build()?;
/// let history = Trainer::new(Adam::new(0.05)).epochs(200).fit(&mut mlp, Loss::BinaryCrossEntropy, &xor())?;
/// assert!(history.last().unwrap().loss < 0.01);
/// assert!(mlp.predict(&[0.0, 1.0])[0] > 0.0 && mlp.predict(&[1.0, 1.0])[0] < 0.0);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
///
/// By default it trains for 100 epochs, with all samples in each update, the mean of their losses, and a constant
/// learning rate. Every run resets the state of the optimiser. The same settings, data and initial parameters give
/// the same bits.
#[must_use = "a trainer trains with `fit`"]
pub struct Trainer<'a> {
    pub(super) settings: Settings<'a>,
}

impl<'a> Trainer<'a> {
    /// A trainer with this optimiser and default settings.
    pub fn new(optimizer: impl Optimizer + 'a) -> Trainer<'a> {
        Trainer { settings: Settings::new(Box::new(optimizer)) }
    }

    /// The total number of epochs.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// The number of samples of an update.
    pub fn batch(mut self, batch: Batch) -> Self {
        self.settings.batch = batch;
        self
    }

    /// The order of the samples.
    pub fn order(mut self, order: Order) -> Self {
        self.settings.order = order;
        self
    }

    /// How the losses of a batch are reduced to one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.settings.reduction = reduction;
        self
    }

    /// How losses and gradients are computed. Backends differ only in speed and rounding, unless the loss reads
    /// something that changes: see [`Backend`].
    pub fn backend(mut self, backend: Backend) -> Self {
        self.settings.backend = backend;
        self
    }

    /// What to do if the loss of [`fit_with`](Self::fit_with) cannot be replayed from a recording.
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.settings.fallback = fallback;
        self
    }

    /// Keeps the loss of every update in the history, and so in checkpoints.
    pub fn keep_update_losses(mut self, keep: bool) -> Self {
        self.settings.keeps_update_losses = keep;
        self
    }

    /// The schedule of the learning rate.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.settings.schedule = schedule;
        self
    }

    /// Reduces the learning rate when the loss has stopped falling.
    pub fn reduce_on_plateau(mut self, plateau: ReduceOnPlateau) -> Self {
        self.settings.plateau = Some(plateau);
        self
    }

    /// Has an optimiser of their own update some of the parameters, with its rate, weight decay and other settings: those whose
    /// names start with a prefix of whole parts, or those in a range of indices. All others remain with the optimiser of
    /// the trainer. A schedule is for all rates, as are [`reduce_on_plateau`](Self::reduce_on_plateau) and
    /// [`Control::set_rate`], which change all by the same factor.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Adam, Loss, Mlp, Sgd, Trainer, xor};
    /// # let mut mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// Trainer::new(Adam::new(0.01))
    ///     .group("layers.0", Adam::new(0.001))
    ///     .group("layers.1.neurons.0.bias", Sgd::new(0.1).weight_decay(1e-4))
    ///     .fit(&mut mlp, Loss::BinaryCrossEntropy, &xor())?;
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// Training is an error if a group has no parameter ([`Error::UnknownParameter`](crate::nn::Error::UnknownParameter),
    /// [`Error::Setting`](crate::nn::Error::Setting)), or a parameter is in two groups.
    pub fn group(mut self, selection: impl Into<Selection>, optimizer: impl Optimizer + 'a) -> Self {
        self.settings.groups.push(Group { selection: selection.into(), optimizer: Box::new(optimizer) });
        self
    }

    /// Clips the gradient.
    pub fn clip(mut self, clip: Clip) -> Self {
        self.settings.clip = Some(clip);
        self
    }

    /// Adds a penalty on large parameters to the loss.
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.settings.penalty = Some(penalty);
        self
    }

    /// Computes the validation loss, and the metrics, on these samples after each epoch.
    pub fn validate_on(mut self, data: Data) -> Self {
        self.settings.validation = Validation::On(data);
        self
    }

    /// Sets this fraction of the samples aside for validation, drawn with this seed.
    pub fn validation_split(mut self, share: f64, seed: u64) -> Self {
        self.settings.validation = Validation::Split { share, seed };
        self
    }

    /// Stops after `patience` epochs in a row without a new lowest validation loss. The best parameters are
    /// restored, even if all epochs were completed.
    pub fn early_stopping(mut self, patience: usize) -> Self {
        self.settings.stopping = Some(EarlyStopping { patience, min_improvement: 0.0 });
        self
    }

    /// As [`early_stopping`](Self::early_stopping), with all settings.
    pub fn early_stopping_with(mut self, stopping: EarlyStopping) -> Self {
        self.settings.stopping = Some(stopping);
        self
    }

    /// Computes this metric after each epoch, of the validation samples if there are any, else of the training samples.
    /// Several can be given. The [`History`](super::History) has them by name.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.settings.metrics.push(metric.into());
        self
    }

    /// As [`metric`](Self::metric), for a metric of your own: a function of the predictions and the samples, with a name
    /// and which values are good. A value that is not finite is not kept in the history. A checkpoint can compare the name
    /// of the metric only.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Adam, Goal, Loss, Mlp, Trainer, sine};
    /// # let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let history = Trainer::new(Adam::new(0.02))
    ///     .epochs(20)
    ///     .metric_with("largest error", Goal::Minimize, |predictions, data| {
    ///         let errors = predictions.iter().zip(data.targets()).map(|(y, t)| (y[0] - t).abs());
    ///         errors.fold(0.0, f64::max)
    ///     })
    ///     .fit(&mut mlp, Loss::MeanSquared, &sine(40, 0.0, 0))?;
    /// assert!(history.last().unwrap().metric("largest error").is_some_and(|error| error > 0.0));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    pub fn metric_with(
        mut self,
        name: impl Into<String>,
        goal: Goal,
        metric: impl Fn(&Predictions<'_>, &Data) -> f64 + 'a,
    ) -> Self {
        self.settings.metrics.push(Measure::own(name.into(), goal, metric));
        self
    }

    /// Computes the metrics of the training samples after each epoch too, although there are validation samples.
    pub fn training_metrics(mut self, on: bool) -> Self {
        self.settings.training_metrics = on;
        self
    }

    /// Lets early stopping look at this metric of the validation samples instead of their loss: one that is computed,
    /// [`Metric`] or the name of your own. Its [`Goal`] says which values are better.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Adam, Loss, Metric, Mlp, Trainer, moons};
    /// # let mut mlp = Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let mut trainer = Trainer::new(Adam::new(0.02))
    ///     .validation_split(0.25, 1)
    ///     .metric(Metric::RocAuc)
    ///     .early_stopping(10)
    ///     .monitor(Metric::RocAuc);
    /// let history = trainer.fit(&mut mlp, Loss::Hinge, &moons(80, 0.3, 1))?;
    /// let best = &history.epochs[history.best_epoch.unwrap()];
    /// assert!(history.epochs.iter().all(|epoch| epoch.metric(Metric::RocAuc) <= best.metric(Metric::RocAuc)));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    pub fn monitor(mut self, metric: impl fmt::Display) -> Self {
        self.settings.monitor = Some(metric.to_string());
        self
    }

    /// Shows a progress bar, with the losses, the metrics, the learning rate and the time left, if the standard error stream is a
    /// terminal and the feature `progress` is on.
    pub fn progress(mut self, progress: bool) -> Self {
        self.settings.progress = progress;
        self
    }

    /// Calls `callback` after each epoch, with its losses and metrics and the parameters. `Break` stops training.
    pub fn on_epoch(mut self, callback: impl FnMut(&Epoch, &[f64]) -> ControlFlow<()> + 'a) -> Self {
        self.settings.on_epoch = Some(Box::new(callback));
        self
    }

    /// Calls `callback` after each update, with the gradient and the parameters before and after. Several can be given; they
    /// are called in order.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Loss, Mlp, Sgd, Trainer, xor};
    /// # let mut mlp = Mlp::builder(2).layer(2, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let mut longest: f64 = 0.0;
    /// Trainer::new(Sgd::new(0.1))
    ///     .epochs(20)
    ///     .on_update(|update| {
    ///         let length = update.gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
    ///         longest = longest.max(length);
    ///     })
    ///     .fit(&mut mlp, Loss::BinaryCrossEntropy, &xor())?;
    /// assert!(longest > 0.0);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    pub fn on_update(mut self, callback: impl FnMut(&Update<'_>) + 'a) -> Self {
        self.settings.on_update.push(Box::new(callback));
        self
    }

    /// Calls `callback` after each epoch, with control of the run: it reads and sets the learning rate, stops the training, and
    /// keeps numbers in checkpoints. Several can be given; they are called in order, after [`on_epoch`](Self::on_epoch).
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Loss, Mlp, Sgd, Trainer, xor};
    /// # let mut mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// // The rate of "bold" gradient descent: larger after a success, halved after a failure.
    /// let history = Trainer::new(Sgd::new(0.1))
    ///     .on_epoch_with(|epoch, control| {
    ///         let is_success = control.memory().first().is_none_or(|&last| epoch.loss < last);
    ///         *control.memory() = vec![epoch.loss];
    ///         control.set_rate(control.rate() * if is_success { 1.05 } else { 0.5 });
    ///     })
    ///     .fit(&mut mlp, Loss::BinaryCrossEntropy, &xor())?;
    /// assert!(history.last().unwrap().rate > 0.1);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    pub fn on_epoch_with(mut self, callback: impl FnMut(&Epoch, &mut Control<'_>) + 'a) -> Self {
        self.settings.epoch_controls.push(Box::new(callback));
        self
    }

    /// Calls `callback` after each update, with control of the run, as [`on_epoch_with`](Self::on_epoch_with) does after each
    /// epoch. Several can be given; they are called in order, after those of [`on_update`](Self::on_update).
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Loss, Mlp, Sgd, Trainer, xor};
    /// # let mut mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let history = Trainer::new(Sgd::new(0.5))
    ///     .epochs(10_000)
    ///     .on_update_with(|update, control| {
    ///         if update.gradient_norm < 0.05 {
    ///             control.stop();
    ///         }
    ///     })
    ///     .fit(&mut mlp, Loss::BinaryCrossEntropy, &xor())?;
    /// assert!(history.epochs.len() < 10_000);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    pub fn on_update_with(mut self, callback: impl FnMut(&Update<'_>, &mut Control<'_>) + 'a) -> Self {
        self.settings.update_controls.push(Box::new(callback));
        self
    }

    /// Writes the complete state of the run to a file after every `every` epochs and at the end. The file is
    /// replaced atomically, as by [`Model::save`](crate::nn::Model::save): a complete checkpoint remains whenever
    /// the process dies. If the state is not finite, for instance because a moment of the optimiser overflowed,
    /// training stops with an error, and the previous checkpoint is unchanged.
    #[cfg(feature = "serde")]
    pub fn checkpoint(mut self, path: impl Into<std::path::PathBuf>, every: usize) -> Self {
        self.settings.checkpoint = Some((path.into(), every));
        self
    }

    /// Resumes the run from a checkpoint; the parameters that are passed to `fit` are ignored. The result has the
    /// same bits as that of a run that was not interrupted. Only the number of epochs may change: other data,
    /// another network or other settings are an error that lists the differences. Closures of your own (a loss, a
    /// schedule) cannot be compared.
    #[cfg(feature = "serde")]
    pub fn resume_from(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.settings.resume_from = Some(path.into());
        self
    }
}

impl fmt::Debug for Trainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("epochs", &self.settings.epochs)
            .field("batch", &self.settings.batch)
            .field("order", &self.settings.order)
            .field("reduction", &self.settings.reduction)
            .field("rate", &self.settings.optimizer.rate())
            .field("backend", &self.settings.backend)
            .field("fallback", &self.settings.fallback)
            .field("schedule", &self.settings.schedule)
            .field("clip", &self.settings.clip)
            .field("penalty", &self.settings.penalty)
            .field("early_stopping", &self.settings.stopping)
            .field("plateau", &self.settings.plateau)
            .field("groups", &self.settings.groups.iter().map(|group| &group.selection).collect::<Vec<_>>())
            .field("metrics", &self.settings.metrics)
            .field("monitor", &self.settings.monitor)
            .finish_non_exhaustive()
    }
}
