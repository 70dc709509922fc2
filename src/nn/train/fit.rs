//! Training of networks and of other objectives.

use super::eager::Eager;
use super::history::{History, MetricValue};
use super::metrics::measure_all;
use super::predictions::Predictions;
use super::recorded::Recorded;
use super::run::run;
use super::settings::Validation;
use super::state::{Judgement, Task};
use super::trainer::Trainer;
use crate::Var;
use crate::nn::backend::Backend;
use crate::nn::data::Data;
use crate::nn::error::{Error, expect_length};
use crate::nn::loss::Loss;
use crate::nn::mlp::Mlp;
use crate::nn::objective::{Objective, Reduction};

impl Trainer<'_> {
    /// Trains a network.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Target`] and [`Error::Setting`] if the data do not fit the network or the loss;
    /// [`Error::NoSamples`]; [`Error::OutOfRange`] and [`Error::Setting`] for invalid settings;
    /// [`Error::NonFinite`] if a loss, gradient or update is not finite: then the network has the parameters from
    /// before that update; [`Error::Io`], [`Error::Format`] and [`Error::Version`] if a checkpoint cannot be
    /// written or read.
    pub fn fit(&mut self, mlp: &mut Mlp, loss: Loss, data: &Data) -> Result<History, Error> {
        let validation: &[Data] = if let Validation::On(data) = &self.settings.validation {
            std::slice::from_ref(data)
        } else {
            &[]
        };
        for data in std::iter::once(data).chain(validation) {
            loss.check_all(mlp, data)?;
        }
        self.fit_loss(mlp, |outputs, targets| loss.of(outputs, targets), data, Some(loss))
    }

    /// Trains a network with any loss that is a function of its outputs and the targets of a sample.
    ///
    /// The loss must be a function of its arguments: unless the backend is [`Backend::Eager`], it is recorded, and
    /// anything else that it reads is frozen. To detect this, it is recorded twice at first, and again after 1, 2,
    /// 4, 8, … batches, after each [`on_epoch`](Self::on_epoch), and at the end. If the loss has changed, training
    /// continues on the tape or returns an error, depending on [`fallback`](Self::fallback); the [`History`]
    /// reports which backend was used. A change that is undone between two checks is not detected: for a loss that
    /// draws random numbers or reads a clock, choose [`Backend::Eager`].
    ///
    /// ```
    /// # use tapegrad::nn::{Adam, Activation, Mlp, Trainer, sine};
    /// # let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// // The logarithm of the hyperbolic cosine of the error.
    /// let log_cosh = |y: &[tapegrad::Var], t: &[tapegrad::Var]| (y[0] - t[0]).cosh().ln();
    /// let history = Trainer::new(Adam::new(0.02)).epochs(50).fit_with(&mut mlp, log_cosh, &sine(40, 0.0, 0))?;
    /// assert!(history.epochs[49].loss < history.epochs[0].loss);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but targets may have any width unless there is a metric; and
    /// [`Error::NotReplayable`].
    pub fn fit_with(
        &mut self,
        mlp: &mut Mlp,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
    ) -> Result<History, Error> {
        self.fit_loss(mlp, loss, data, None)
    }

    /// Trains with a loss. A `known` loss of this library is a function of its arguments.
    fn fit_loss(
        &mut self,
        mlp: &mut Mlp,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
        known: Option<Loss>,
    ) -> Result<History, Error> {
        let all = || (0..data.len()).collect::<Vec<usize>>();
        let (samples, held_out, validation) = match &self.settings.validation {
            Validation::None => (all(), Vec::new(), None),
            Validation::On(other) => (all(), (0..other.len()).collect(), Some(other.clone())),
            &Validation::Split { share, seed } => {
                if !(0.0..1.0).contains(&share) {
                    let problem =
                        format!("a share of {share} cannot be set aside; it has to be from 0 to below 1");
                    return Err(Error::Setting(problem));
                }
                let (samples, held_out) = data.split_order(share, seed);
                (samples, held_out, Some(data.clone()))
            }
        };
        if data.is_empty() {
            return Err(Error::NoSamples(" to learn from"));
        }
        if held_out.is_empty() && (validation.is_some() || self.settings.stopping.is_some()) {
            let problem = "validation and early stopping need validation samples: give them with `validate_on`, \
                           or a share with `validation_split`";
            return Err(Error::Setting(problem.to_owned()));
        }
        for data in std::iter::once(data).chain(&validation) {
            expect_length("inputs of a sample", mlp.inputs(), data.input_width())?;
        }
        let judged_parts = match &validation {
            Some(validation) if self.settings.training_metrics => {
                vec![(data, &samples), (validation, &held_out)]
            }
            Some(validation) => vec![(validation, &held_out)],
            None => vec![(data, &samples)],
        };
        for (data, samples) in judged_parts {
            let selected = data.select(samples);
            self.settings.metrics.iter().try_for_each(|metric| metric.check(mlp.outputs(), &selected))?;
        }

        let (net, metrics, reduction, fallback) =
            (&*mlp, self.settings.metrics.clone(), self.settings.reduction, self.settings.fallback);
        let constants = |numbers: &[f64]| -> Vec<Var> { numbers.iter().map(|&x| Var::from(x)).collect() };
        let outputs_of = |parameters: &[f64], data: &Data, samples: &[usize]| -> Vec<Vec<f64>> {
            samples.iter().map(|&k| net.forward(parameters, data.input(k))).collect()
        };
        let measured = |outputs: Vec<Vec<f64>>, data: &Data, samples: &[usize]| {
            let predictions = Predictions::of(net.output_activation(), outputs);
            measure_all(&metrics, &predictions, &data.select(samples), None)
        };
        let has_training_metrics =
            !metrics.is_empty() && (validation.is_none() || self.settings.training_metrics);
        let judge = |parameters: &[f64]| {
            let mut values: Vec<MetricValue> =
                metrics.iter().map(|metric| MetricValue::none(&metric.name)).collect();
            if has_training_metrics {
                let found = measured(outputs_of(parameters, data, &samples), data, &samples);
                values.iter_mut().zip(found).for_each(|(value, found)| value.training = found);
            }
            let validation_loss = validation.as_ref().map(|validation| {
                let outputs = outputs_of(parameters, validation, &held_out);
                let losses = outputs
                    .iter()
                    .zip(&held_out)
                    .map(|(outputs, &k)| loss(&constants(outputs), &constants(validation.target(k))).value());
                let total: f64 = losses.sum();
                if !metrics.is_empty() {
                    let found = measured(outputs, validation, &held_out);
                    values.iter_mut().zip(found).for_each(|(value, found)| value.validation = found);
                }
                if reduction == Reduction::Mean { total / held_out.len() as f64 } else { total }
            });
            Judgement { validation_loss, metrics: values }
        };
        let of_sample = |w: &[Var], x: &[Var], t: &[Var]| loss(&net.forward(w, x), t);
        let objective: &mut dyn Objective = match self.settings.backend {
            Backend::Recorded => {
                let recorded = Recorded::new(data, reduction, of_sample).naming_by(net);
                &mut recorded.fallback(fallback).known(known.is_some())
            }
            Backend::RecordedSingle => {
                let recorded = Recorded::<_, f32>::new_as(data, reduction, of_sample).naming_by(net);
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
        let outcome = run(&mut self.settings, &mut parameters, task);
        mlp.parameters_mut().copy_from_slice(&parameters);
        outcome
    }

    /// Trains any model: minimises an objective over its parameters, without validation and metrics.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`Error::NotReplayable`].
    pub fn minimize(
        &mut self,
        parameters: &mut [f64],
        objective: &mut dyn Objective,
    ) -> Result<History, Error> {
        if !self.settings.metrics.is_empty()
            || self.settings.stopping.is_some()
            || !matches!(self.settings.validation, Validation::None)
        {
            let problem =
                "validation, early stopping and metrics are for networks: `minimize` has no outputs";
            return Err(Error::Setting(problem.to_owned()));
        }
        let samples: Vec<usize> = (0..objective.samples()).collect();
        let judge = |_: &[f64]| Judgement { validation_loss: None, metrics: Vec::new() };
        let task = Task {
            objective,
            samples: &samples,
            frozen: &[],
            biases: &[],
            judge: &judge,
            network: None,
            loss: None,
        };
        run(&mut self.settings, parameters, task)
    }
}
