//! A trainer: settings, one after the other.

use super::history::Epoch;
use super::metrics::Metric;
use super::settings::{EarlyStopping, Settings, Validation};
use crate::nn::backend::{Backend, Fallback};
use crate::nn::clip::Clip;
use crate::nn::data::{Batch, Data, Order};
use crate::nn::loss::Penalty;
use crate::nn::objective::Reduction;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use std::fmt;
use std::ops::ControlFlow;

/// Trains models: an optimiser, and how to use it.
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
/// Unless said otherwise it trains for 100 epochs, with all samples in each update, the mean of their losses,
/// and a constant learning rate. Every run starts the optimiser afresh, and the same settings, data and
/// initial parameters give the same bits.
#[must_use = "a trainer trains with `fit`"]
pub struct Trainer<'a> {
    pub(super) settings: Settings<'a>,
}

impl<'a> Trainer<'a> {
    /// Trains with this optimiser.
    pub fn new(optimizer: impl Optimizer + 'a) -> Trainer<'a> {
        Trainer { settings: Settings::new(Box::new(optimizer)) }
    }

    /// How many passes over the samples there are in all.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// How many samples make an update.
    pub fn batch(mut self, batch: Batch) -> Self {
        self.settings.batch = batch;
        self
    }

    /// In which order the samples come.
    pub fn order(mut self, order: Order) -> Self {
        self.settings.order = order;
        self
    }

    /// How the losses of a batch become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.settings.reduction = reduction;
        self
    }

    /// How losses and gradients are computed. It is a matter of speed and the last digits, unless the loss reads what
    /// changes: see [`Backend`].
    pub fn backend(mut self, backend: Backend) -> Self {
        self.settings.backend = backend;
        self
    }

    /// What happens if the loss of [`fit_with`](Self::fit_with) cannot be replayed from a recording.
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.settings.fallback = fallback;
        self
    }

    /// Keeps the loss of every update in the history: a number each, which a checkpoint holds too.
    pub fn keep_update_losses(mut self, keep: bool) -> Self {
        self.settings.keeps_update_losses = keep;
        self
    }

    /// How the learning rate changes.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.settings.schedule = schedule;
        self
    }

    /// A limit for the gradient.
    pub fn clip(mut self, clip: Clip) -> Self {
        self.settings.clip = Some(clip);
        self
    }

    /// A penalty on large parameters.
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.settings.penalty = Some(penalty);
        self
    }

    /// Validates on these samples after each epoch.
    pub fn validate_on(mut self, data: Data) -> Self {
        self.settings.validation = Validation::On(data);
        self
    }

    /// Sets this share of the samples aside for validation, drawn with this seed.
    pub fn validation_split(mut self, share: f64, seed: u64) -> Self {
        self.settings.validation = Validation::Split { share, seed };
        self
    }

    /// Stops after so many epochs in a row without a new lowest validation loss, and restores the best
    /// parameters, also when the epochs run out first.
    pub fn early_stopping(mut self, patience: usize) -> Self {
        self.settings.stopping = Some(EarlyStopping { patience, min_improvement: 0.0 });
        self
    }

    /// As [`early_stopping`](Self::early_stopping), with all settings.
    pub fn early_stopping_with(mut self, stopping: EarlyStopping) -> Self {
        self.settings.stopping = Some(stopping);
        self
    }

    /// Reports this metric after each epoch.
    pub fn metric(mut self, metric: Metric) -> Self {
        self.settings.metric = Some(metric);
        self
    }

    /// Shows a bar, if the standard error stream is a terminal and the feature `progress` is on.
    pub fn progress(mut self, progress: bool) -> Self {
        self.settings.progress = progress;
        self
    }

    /// Calls this after each epoch, with its figures and the parameters; `Break` ends the training.
    pub fn on_epoch(mut self, callback: impl FnMut(&Epoch, &[f64]) -> ControlFlow<()> + 'a) -> Self {
        self.settings.on_epoch = Some(Box::new(callback));
        self
    }

    /// Writes the whole state to a file after every so many epochs and at the end. The file is replaced
    /// atomically, as by [`Model::save`](crate::nn::Model::save): whenever the process dies, a whole checkpoint is there. A
    /// state that is not finite, such as an optimiser's average of huge squares, ends the training with an error, and
    /// the checkpoint before it stays.
    #[cfg(feature = "serde")]
    pub fn checkpoint(mut self, path: impl Into<std::path::PathBuf>, every: usize) -> Self {
        self.settings.checkpoint = Some((path.into(), every));
        self
    }

    /// Goes on from a checkpoint instead of the parameters given; the result has the same bits as that of a run that
    /// was never interrupted. Only the number of epochs may be another one: with other data, another network or other
    /// settings it would be another run, and is refused with what differs. Of functions of your own (a loss, a
    /// schedule) it is not seen whether they are the same.
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
            .field("metric", &self.settings.metric)
            .finish_non_exhaustive()
    }
}
