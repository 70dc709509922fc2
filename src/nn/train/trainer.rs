//! Training, with its settings.

use super::eager::Eager;
use super::history::{Epoch, History};
use super::metrics::Metric;
use super::objective::{Objective, Reduction};
use super::predictions::Predictions;
use super::recorded::Recorded;
use super::run::{Judgement, Task};
use crate::Var;
use crate::nn::clip::Clip;
use crate::nn::data::{Batch, Data, Order};
use crate::nn::error::{Error, expect_length};
use crate::nn::loss::{Loss, Penalty};
use crate::nn::mlp::Mlp;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::settings::{at_least_one, not_negative};
use std::fmt;
use std::ops::ControlFlow;

/// Ends training when the validation loss does not get lower, and takes back the best parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStopping {
    /// How many epochs in a row may pass without a new lowest loss.
    pub patience: usize,
    /// How much lower a loss has to be to count.
    pub min_improvement: f64,
}

impl EarlyStopping {
    /// Refuses settings that make no sense. A [`Trainer`] asks before it begins.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting.
    pub fn check(self) -> Result<(), Error> {
        at_least_one("EarlyStopping::patience", self.patience, "at least one epoch")?;
        not_negative("EarlyStopping::min_improvement", self.min_improvement)
    }
}

/// How losses and gradients of a batch are computed.
/// How losses and gradients of a batch are computed. For a loss that is a function of its arguments it is a matter of
/// speed and the last digits. One that also reads what changes, a counter, a setting that `on_epoch` turns, random
/// numbers, is right with [`Eager`](Backend::Eager) alone, which calls it for every sample: a recording freezes what
/// was read. That is looked for: see [`Fallback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Backend {
    /// The loss of a sample is recorded once and evaluated over all samples of a batch side by side, in double
    /// precision. See [`Recorded`].
    #[default]
    Recorded,
    /// As `Recorded`, in single precision: faster, and good to about six digits. Parameters and optimisers stay in
    /// double precision.
    RecordedSingle,
    /// Every sample is recorded afresh, one after the other: the reference. See [`Eager`].
    Eager,
}

/// What happens if a loss cannot be replayed from a recording: because it reads a plain number out of a variable, uses a
/// node that only has partials, or is not the same function each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// The tape takes over, as with [`Backend::Eager`], and the [`History`] says so and why. Only where batches may have
    /// been computed by a recording that was no longer right is it an error: [`Error::NotReplayable`].
    #[default]
    Tape,
    /// It is an error: [`Error::NotReplayable`].
    Refuse,
}

type Callback<'a> = Box<dyn FnMut(&Epoch, &[f64]) -> ControlFlow<()> + 'a>;

/// Where validation samples come from.
pub(super) enum Validation {
    None,
    On(Data),
    Split { share: f64, seed: u64 },
}

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
    pub(super) optimizer: Box<dyn Optimizer + 'a>,
    pub(super) epochs: usize,
    pub(super) batch: Batch,
    pub(super) order: Order,
    pub(super) schedule: Schedule,
    pub(super) clip: Option<Clip>,
    pub(super) penalty: Option<Penalty>,
    pub(super) stopping: Option<EarlyStopping>,
    pub(super) metric: Option<Metric>,
    pub(super) progress: bool,
    pub(super) on_epoch: Option<Callback<'a>>,
    #[cfg(feature = "serde")]
    pub(super) checkpoint: Option<(std::path::PathBuf, usize)>,
    #[cfg(feature = "serde")]
    pub(super) resume_from: Option<std::path::PathBuf>,
    pub(super) keeps_update_losses: bool,
    reduction: Reduction,
    pub(super) backend: Backend,
    fallback: Fallback,
    pub(super) validation: Validation,
}

impl<'a> Trainer<'a> {
    /// Trains with this optimiser.
    pub fn new(optimizer: impl Optimizer + 'a) -> Trainer<'a> {
        Trainer {
            optimizer: Box::new(optimizer),
            epochs: 100,
            batch: Batch::Full,
            order: Order::Given,
            schedule: Schedule::Constant,
            clip: None,
            penalty: None,
            stopping: None,
            metric: None,
            progress: false,
            on_epoch: None,
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

    /// How many passes over the samples there are in all.
    pub fn epochs(self, epochs: usize) -> Self {
        Trainer { epochs, ..self }
    }

    /// How many samples make an update.
    pub fn batch(self, batch: Batch) -> Self {
        Trainer { batch, ..self }
    }

    /// In which order the samples come.
    pub fn order(self, order: Order) -> Self {
        Trainer { order, ..self }
    }

    /// How the losses of a batch become one number.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Trainer { reduction, ..self }
    }

    /// How losses and gradients are computed. It is a matter of speed and the last digits, unless the loss reads what
    /// changes: see [`Backend`].
    pub fn backend(self, backend: Backend) -> Self {
        Trainer { backend, ..self }
    }

    /// What happens if the loss of [`fit_with`](Self::fit_with) cannot be replayed from a recording.
    pub fn fallback(self, fallback: Fallback) -> Self {
        Trainer { fallback, ..self }
    }

    /// Keeps the loss of every update in the history: a number each, which a checkpoint holds too.
    pub fn keep_update_losses(self, keep: bool) -> Self {
        Trainer { keeps_update_losses: keep, ..self }
    }

    /// How the learning rate changes.
    pub fn schedule(self, schedule: Schedule) -> Self {
        Trainer { schedule, ..self }
    }

    /// A limit for the gradient.
    pub fn clip(self, clip: Clip) -> Self {
        Trainer { clip: Some(clip), ..self }
    }

    /// A price on large parameters.
    pub fn penalty(self, penalty: Penalty) -> Self {
        Trainer { penalty: Some(penalty), ..self }
    }

    /// Validates on these samples after each epoch.
    pub fn validate_on(self, data: Data) -> Self {
        Trainer { validation: Validation::On(data), ..self }
    }

    /// Sets this share of the samples aside for validation, drawn with this seed.
    pub fn validation_split(self, share: f64, seed: u64) -> Self {
        Trainer { validation: Validation::Split { share, seed }, ..self }
    }

    /// Stops after so many epochs in a row without a new lowest validation loss, and takes back the best
    /// parameters, also when the epochs run out first.
    pub fn early_stopping(self, patience: usize) -> Self {
        Trainer { stopping: Some(EarlyStopping { patience, min_improvement: 0.0 }), ..self }
    }

    /// As [`early_stopping`](Self::early_stopping), with all settings.
    pub fn early_stopping_with(self, stopping: EarlyStopping) -> Self {
        Trainer { stopping: Some(stopping), ..self }
    }

    /// Reports this metric after each epoch.
    pub fn metric(self, metric: Metric) -> Self {
        Trainer { metric: Some(metric), ..self }
    }

    /// Shows a bar, if the standard error stream is a terminal and the feature `progress` is on.
    pub fn progress(self, progress: bool) -> Self {
        Trainer { progress, ..self }
    }

    /// Calls this after each epoch, with its figures and the parameters; `Break` ends the training.
    pub fn on_epoch(self, callback: impl FnMut(&Epoch, &[f64]) -> ControlFlow<()> + 'a) -> Self {
        Trainer { on_epoch: Some(Box::new(callback)), ..self }
    }

    /// Writes the whole state to a file after every so many epochs and at the end. The file is replaced
    /// atomically, as by [`Model::save`](crate::nn::Model::save): whenever the process dies, a whole checkpoint is there. A
    /// state that is not finite, such as an optimiser's average of huge squares, ends the training with an error, and
    /// the checkpoint before it stays.
    #[cfg(feature = "serde")]
    pub fn checkpoint(self, path: impl Into<std::path::PathBuf>, every: usize) -> Self {
        Trainer { checkpoint: Some((path.into(), every)), ..self }
    }

    /// Goes on from a checkpoint instead of the parameters given; the result has the same bits as that of a run that
    /// was never interrupted. Only the number of epochs may be another one: with other data, another network or other
    /// settings it would be another run, and is refused with what differs. Of functions of your own (a loss, a
    /// schedule) it is not seen whether they are the same.
    #[cfg(feature = "serde")]
    pub fn resume_from(self, path: impl Into<std::path::PathBuf>) -> Self {
        Trainer { resume_from: Some(path.into()), ..self }
    }

    /// Trains a network.
    ///
    /// # Errors
    /// If the data does not fit the network or the loss; if a loss, gradient or update is not finite
    /// ([`Error::NonFinite`]): then the network has the parameters from before that update; if a checkpoint
    /// cannot be written or read.
    pub fn fit(&mut self, mlp: &mut Mlp, loss: Loss, data: &Data) -> Result<History, Error> {
        let validation: &[Data] =
            if let Validation::On(data) = &self.validation { std::slice::from_ref(data) } else { &[] };
        for data in std::iter::once(data).chain(validation) {
            loss.check_all(mlp, data)?;
        }
        self.fit_loss(mlp, |outputs, targets| loss.of(outputs, targets), data, Some(loss))
    }

    /// Trains a network with any loss of its outputs and the targets of a sample.
    ///
    /// The loss must be a function of its arguments: unless the backend is [`Backend::Eager`], it is recorded, and what it
    /// reads elsewhere is frozen. So it is recorded twice, and again after 1, 2, 4, 8, … batches, after each
    /// [`on_epoch`](Self::on_epoch), and at the end; a loss that changes goes to the tape or is an error, as
    /// [`fallback`](Self::fallback) says, and the [`History`] tells which. What changes and changes back between two
    /// looks is not seen: for a loss that draws random numbers or reads a clock, choose [`Backend::Eager`].
    ///
    /// ```
    /// # use tapegrad::nn::{Adam, Activation, Mlp, Trainer, sine};
    /// # let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// // Errors count by the logarithm of their hyperbolic cosine.
    /// let log_cosh = |y: &[tapegrad::Var], t: &[tapegrad::Var]| (y[0] - t[0]).cosh().ln();
    /// let history = Trainer::new(Adam::new(0.02)).epochs(50).fit_with(&mut mlp, log_cosh, &sine(40, 0.0, 0))?;
    /// assert!(history.epochs[49].loss < history.epochs[0].loss);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit), for targets of any width unless there is a metric; and [`Error::NotReplayable`].
    pub fn fit_with(
        &mut self,
        mlp: &mut Mlp,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
    ) -> Result<History, Error> {
        self.fit_loss(mlp, loss, data, None)
    }

    /// Trains with a loss; one that is known is a function of its arguments.
    fn fit_loss(
        &mut self,
        mlp: &mut Mlp,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
        known: Option<Loss>,
    ) -> Result<History, Error> {
        let all = || (0..data.len()).collect::<Vec<usize>>();
        let (samples, held_out, validation) = match &self.validation {
            Validation::None => (all(), Vec::new(), None),
            Validation::On(other) => (all(), (0..other.len()).collect(), Some(other.clone())),
            &Validation::Split { share, seed } => {
                if !(0.0..1.0).contains(&share) {
                    let problem = format!("a share of {share} cannot be set aside; it is from 0 to below 1");
                    return Err(Error::Setting(problem));
                }
                let (samples, held_out) = data.split_order(share, seed);
                (samples, held_out, Some(data.clone()))
            }
        };
        if data.is_empty() {
            return Err(Error::NoSamples(" to learn from"));
        }
        if held_out.is_empty() && (validation.is_some() || self.stopping.is_some()) {
            let problem = "validation and early stopping need validation samples: give them with `validate_on`, \
                           or a share with `validation_split`";
            return Err(Error::Setting(problem.to_owned()));
        }
        for data in std::iter::once(data).chain(&validation) {
            expect_length("inputs of a sample", mlp.inputs(), data.input_width())?;
            if let Some(metric) = self.metric {
                metric.check(mlp.outputs(), data)?;
            }
        }

        let (net, metric, reduction, fallback) = (&*mlp, self.metric, self.reduction, self.fallback);
        let constants = |numbers: &[f64]| -> Vec<Var> { numbers.iter().map(|&x| Var::from(x)).collect() };
        let (judged, judged_samples) = match &validation {
            Some(validation) => (validation, &held_out),
            None => (data, &samples),
        };
        let judge = |parameters: &[f64]| {
            let has_work = validation.is_some() || metric.is_some();
            let judged_samples = if has_work { &judged_samples[..] } else { &[] };
            let predictions: Vec<Vec<f64>> =
                judged_samples.iter().map(|&k| net.forward(parameters, judged.input(k))).collect();
            let losses = predictions
                .iter()
                .zip(judged_samples)
                .map(|(outputs, &k)| loss(&constants(outputs), &constants(judged.target(k))).value());
            let validation_loss = validation.as_ref().map(|_| {
                let total: f64 = losses.sum();
                if reduction == Reduction::Mean { total / judged_samples.len() as f64 } else { total }
            });
            let metric = metric.map(|metric| {
                let predictions = Predictions::of(net.output_activation(), predictions);
                metric.of(&predictions, &judged.select(judged_samples))
            });
            Judgement { validation_loss, metric }
        };
        let of_sample = |w: &[Var], x: &[Var], t: &[Var]| loss(&net.forward(w, x), t);
        let objective: &mut dyn Objective = match self.backend {
            Backend::Recorded => {
                let recorded = Recorded::<_>::new(data, reduction, of_sample).naming_by(net);
                &mut recorded.fallback(fallback).known(known.is_some())
            }
            Backend::RecordedSingle => {
                let recorded = Recorded::<_, f32>::new(data, reduction, of_sample).naming_by(net);
                &mut recorded.fallback(fallback).known(known.is_some())
            }
            Backend::Eager => &mut Eager::new(data, reduction, of_sample).naming_by(net),
        };
        let (frozen, biases) = (net.frozen().to_vec(), net.biases());
        let mut parameters = net.parameters().to_vec();
        let task = Task {
            objective,
            samples: &samples,
            frozen: &frozen,
            biases: &biases,
            judge: &judge,
            network: Some(net),
            loss: known,
        };
        let outcome = self.run(&mut parameters, task);
        mlp.parameters_mut().copy_from_slice(&parameters);
        outcome
    }

    /// Trains any model: minimises an objective over its parameters. There is no validation, and no metric.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn minimize(
        &mut self,
        parameters: &mut [f64],
        objective: &mut dyn Objective,
    ) -> Result<History, Error> {
        if self.metric.is_some() || self.stopping.is_some() || !matches!(self.validation, Validation::None) {
            let problem =
                "validation, early stopping and metrics are for networks: `minimize` knows no outputs";
            return Err(Error::Setting(problem.to_owned()));
        }
        let samples: Vec<usize> = (0..objective.samples()).collect();
        let judge = |_: &[f64]| Judgement { validation_loss: None, metric: None };
        let task = Task {
            objective,
            samples: &samples,
            frozen: &[],
            biases: &[],
            judge: &judge,
            network: None,
            loss: None,
        };
        self.run(parameters, task)
    }
}

impl fmt::Debug for Trainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("epochs", &self.epochs)
            .field("batch", &self.batch)
            .field("order", &self.order)
            .field("reduction", &self.reduction)
            .field("rate", &self.optimizer.rate())
            .field("backend", &self.backend)
            .field("fallback", &self.fallback)
            .field("schedule", &self.schedule)
            .field("clip", &self.clip)
            .field("penalty", &self.penalty)
            .field("early_stopping", &self.stopping)
            .field("metric", &self.metric)
            .finish_non_exhaustive()
    }
}
