//! Training of networks and of other objectives.

use super::data_loss::{DataLoss, UNMASKED};
use super::eager::Eager;
use super::history::{History, MetricValue};
#[cfg(feature = "serde")]
use super::identity::of_network;
use super::metrics::measure_all;
use super::predictions::Predictions;
use super::recorded::Recorded;
use super::run::run;
use super::settings::Validation;
use super::state::{Judgement, Task};
use super::trainer::Trainer;
use crate::Var;
use crate::nn::activation::Activation;
use crate::nn::backend::Backend;
use crate::nn::data::Data;
use crate::nn::error::{Error, expect_length};
use crate::nn::loss::Loss;
use crate::nn::network::{Network, checked_forward};
use crate::nn::objective::{Objective, Reduction};
use crate::nn::parameters::Parameters;

type Outputs<'n> = &'n dyn Fn(&[f64], &[f64]) -> Vec<f64>;
type LossOfSample<'n> = &'n dyn Fn(&[Var], &[Var], &[Var]) -> Var;
#[cfg(feature = "serde")]
type Described<'n> = &'n dyn Fn(&[f64]) -> Vec<(&'static str, String)>;

/// A network and a loss, as functions.
struct Trained<'n> {
    named: &'n Parameters,
    inputs: usize,
    outputs: usize,
    output: Activation,
    /// The outputs, of parameters and inputs.
    forward: Outputs<'n>,
    /// The loss, of outputs and targets.
    loss: &'n dyn Fn(&[Var], &[Var]) -> Var,
    /// The loss, of parameters, inputs and targets.
    of_sample: LossOfSample<'n>,
    known: Option<Loss>,
    /// Whether network and loss are certain to be functions of their arguments.
    is_pure: bool,
    /// What a checkpoint has to know of the network, given the inputs of a sample.
    #[cfg(feature = "serde")]
    identity: Described<'n>,
}

impl Trainer<'_> {
    /// Trains a network: an [`Mlp`](crate::nn::Mlp), or [one of your own](Network).
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Target`] and [`Error::Setting`] if the data do not fit the network or the loss;
    /// [`Error::NoSamples`]; [`Error::OutOfRange`] and [`Error::Setting`] for invalid settings;
    /// [`Error::NonFinite`] if a loss, gradient or update is not finite: then the network has the parameters from
    /// before that update; [`Error::Io`], [`Error::Format`] and [`Error::Version`] if a checkpoint cannot be
    /// written or read.
    pub fn fit<N: Network>(&mut self, network: &mut N, loss: Loss, data: &Data) -> Result<History, Error> {
        let validation: &[Data] = if let Validation::On(data) = &self.settings.validation {
            std::slice::from_ref(data)
        } else {
            &[]
        };
        for data in std::iter::once(data).chain(validation) {
            loss.check_all(network.output_activation(), network.outputs(), data)?;
        }
        self.fit_loss(network, |outputs, targets| loss.of_sample(outputs, targets), data, Some(loss))
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
    /// As [`fit`](Self::fit), but targets may have any width unless there is a metric; [`Error::Setting`] if targets are
    /// missing, see [`fit_masked`](Self::fit_masked); and [`Error::NotReplayable`].
    pub fn fit_with<N: Network>(
        &mut self,
        network: &mut N,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
    ) -> Result<History, Error> {
        let validation = if let Validation::On(data) = &self.settings.validation { Some(data) } else { None };
        if data.has_missing() || validation.is_some_and(Data::has_missing) {
            return Err(Error::Setting(UNMASKED.to_owned()));
        }
        self.fit_loss(network, loss, data, None)
    }

    /// As [`fit_with`](Self::fit_with), with a loss that is told which targets are given: its third argument is 1 for each that
    /// is, and 0 for each that is [missing](Data::with_missing), whose target is 0 then. These are numbers of a recording: select
    /// by a [mask](crate::masks), not by an `if`.
    ///
    /// ```
    /// use tapegrad::masks::gt;
    /// # use tapegrad::nn::{Adam, Activation, Data, Mlp, Trainer};
    /// # let mut mlp = Mlp::builder(1).layer(2, Activation::Identity).build()?;
    /// let data = Data::with_missing(&[[0.0], [1.0]], &[[1.0, f64::NAN], [2.0, 5.0]])?;
    /// let quartic = |y: &[tapegrad::Var], t: &[tapegrad::Var], given: &[tapegrad::Var]| {
    ///     (0..2).map(|k| gt(given[k], 0.5).select((y[k] - t[k]).powi(4), 0.0)).sum::<tapegrad::Var>()
    /// };
    /// let history = Trainer::new(Adam::new(0.1)).epochs(500).fit_masked(&mut mlp, quartic, &data)?;
    /// assert!(history.last().unwrap().loss < 0.01);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_with`](Self::fit_with), but targets may be missing.
    pub fn fit_masked<N: Network>(
        &mut self,
        network: &mut N,
        loss: impl Fn(&[Var], &[Var], &[Var]) -> Var,
        data: &Data,
    ) -> Result<History, Error> {
        let width = data.target_width();
        if let Validation::On(validation) = &self.settings.validation {
            expect_length("targets of a validation sample", width, validation.target_width())?;
        }
        let all_given = vec![Var::from(1.0); width];
        let with_mask = |outputs: &[Var], targets: &[Var]| {
            let (targets, given) = targets.split_at(width);
            loss(outputs, targets, if given.is_empty() { &all_given } else { given })
        };
        self.fit_loss(network, with_mask, data, None)
    }

    /// Trains with a loss, which gets, after the targets, what says which of them are given, if any is missing. A `known` loss
    /// is one of this library.
    fn fit_loss<N: Network>(
        &mut self,
        network: &mut N,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
        known: Option<Loss>,
    ) -> Result<History, Error> {
        let mut parameters = network.parameters().to_vec();
        let net = &*network;
        let trained = Trained {
            named: net.parameters(),
            inputs: net.inputs(),
            outputs: net.outputs(),
            output: net.output_activation(),
            forward: &|parameters, inputs| checked_forward(net, parameters, inputs),
            of_sample: &|w, x, t| loss(&checked_forward(net, w, x), t),
            loss: &loss,
            known,
            is_pure: known.is_some() && net.is_pure(),
            #[cfg(feature = "serde")]
            identity: &|inputs| of_network(net, inputs),
        };
        let outcome = self.fit_trained(&trained, &mut parameters, data);
        network.parameters_mut().values_mut().copy_from_slice(&parameters);
        outcome
    }

    /// Trains what is behind functions: compiled once, and not for each type of network.
    fn fit_trained(
        &mut self,
        net: &Trained<'_>,
        parameters: &mut [f64],
        data: &Data,
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
            expect_length("inputs of a sample", net.inputs, data.expanded_width())?;
        }
        let judged_parts = match &validation {
            _ if self.settings.metrics.is_empty() => Vec::new(),
            Some(validation) if self.settings.training_metrics => {
                vec![(data, &samples), (validation, &held_out)]
            }
            Some(validation) => vec![(validation, &held_out)],
            None => vec![(data, &samples)],
        };
        for (data, samples) in judged_parts {
            let selected = data.select(samples);
            self.settings.metrics.iter().try_for_each(|metric| metric.check(net.outputs, &selected))?;
        }
        let mean_weight = data.mean_weight(&samples, " of the training samples")?;

        let (metrics, reduction, fallback) =
            (self.settings.metrics.clone(), self.settings.reduction, self.settings.fallback);
        let judged_weight = match &validation {
            Some(validation) => validation.mean_weight(&held_out, " of the validation samples")?,
            None => 1.0,
        };
        let outputs_of = |parameters: &[f64], data: &Data, samples: &[usize]| -> Vec<Vec<f64>> {
            samples.iter().map(|&k| (net.forward)(parameters, &data.expanded_input(k))).collect()
        };
        let measured = |outputs: Vec<Vec<f64>>, data: &Data, samples: &[usize]| {
            measure_all(&metrics, &Predictions::of(net.output, outputs), &data.select(samples))
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
                let (mut total, mut targets) = (0.0, Vec::new());
                for (outputs, &k) in outputs.iter().zip(&held_out) {
                    targets.clear();
                    validation.append_targets(k, &mut targets);
                    let outputs: Vec<Var> = outputs.iter().map(|&output| Var::from(output)).collect();
                    total += (net.loss)(&outputs, &targets).value() * validation.weight(k);
                }
                if !metrics.is_empty() {
                    let found = measured(outputs, validation, &held_out);
                    values.iter_mut().zip(found).for_each(|(value, found)| value.validation = found);
                }
                match reduction {
                    Reduction::Mean => total / (held_out.len() as f64 * judged_weight),
                    Reduction::Sum => total,
                }
            });
            Judgement { validation_loss, metrics: values }
        };
        let named = Some(net.named);
        let of_data = DataLoss {
            mean_weight,
            takes_mask: true,
            names: named,
            ..DataLoss::new(data, reduction, net.of_sample)
        };
        let objective: &mut dyn Objective = match self.settings.backend {
            Backend::Recorded => &mut Recorded::<_, f64>::over(of_data).fallback(fallback).known(net.is_pure),
            Backend::RecordedSingle => {
                &mut Recorded::<_, f32>::over(of_data).fallback(fallback).known(net.is_pure)
            }
            Backend::Eager => &mut Eager::over(of_data),
        };
        let biases = net.named.biases();
        let task = Task {
            objective,
            samples: &samples,
            frozen: net.named.frozen(),
            biases: &biases,
            judge: &judge,
            named,
            #[cfg(feature = "serde")]
            network: &|| (net.identity)(&data.expanded_input(samples[0])),
            loss: net.known,
        };
        run(&mut self.settings, parameters, task)
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
            named: None,
            #[cfg(feature = "serde")]
            network: &|| vec![("the network", "not known".to_owned())],
            loss: None,
        };
        run(&mut self.settings, parameters, task)
    }
}
