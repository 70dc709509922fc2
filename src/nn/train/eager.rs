//! The objective that records every sample afresh.

use crate::nn::backend::Backend;
use crate::nn::data::Data;
use crate::nn::mlp::Mlp;
use crate::nn::objective::{Failure, Objective, Reduction, Report, check_batch};
use crate::nn::passes::scale;
use crate::{Error, Function, Gradient, Tape, Var};

/// The loss `f(parameters, inputs, targets)` over data, recorded and swept sample by sample: the parameters
/// stay on the tape, and the tape goes back to them after each sample. The reference for any faster back end.
///
/// ```
/// use tapegrad::nn::{Data, Eager, Reduction, Sgd, Trainer};
///
/// // A line through three points, by gradient descent.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let mut objective = Eager::new(&data, Reduction::Mean, |w, x, t| (w[0] * x[0] + w[1] - t[0]).powi(2));
/// let mut w = [0.0, 0.0];
/// Trainer::new(Sgd::new(0.2)).epochs(500).minimize(&mut w, &mut objective)?;
/// assert!((w[0] - 2.0).abs() < 1e-9 && (w[1] - 1.0).abs() < 1e-9);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug)]
pub struct Eager<'a, F> {
    data: &'a Data,
    reduction: Reduction,
    loss: F,
    tape: Tape,
    gradient: Gradient,
    /// A sample as constants: memory that serves one after the other.
    constants: Vec<Var>,
    /// Whose parameters they are, if they are a network's: it knows their names.
    network: Option<&'a Mlp>,
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var> Eager<'a, F> {
    /// The objective of this loss over these samples.
    #[must_use]
    pub fn new(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        let (tape, gradient) = (Tape::new(), Gradient::new());
        Eager { data, reduction, loss, tape, gradient, constants: Vec::new(), network: None }
    }

    /// With the names that this network has for its parameters, in messages.
    pub(super) fn naming_by(self, network: &'a Mlp) -> Self {
        Eager { network: Some(network), ..self }
    }

    /// The loss of one sample, its inputs and targets as constants.
    fn of_sample(&mut self, parameters: &[Var], sample: usize) -> Var {
        let (inputs, targets) = (self.data.input(sample), self.data.target(sample));
        self.constants.clear();
        self.constants.extend(inputs.iter().chain(targets).map(|&number| Var::from(number)));
        let (inputs, targets) = self.constants.split_at(inputs.len());
        (self.loss)(parameters, inputs, targets)
    }

    /// The numbers of a sample behind the parameters, in memory that serves again.
    pub(super) fn point_into(&self, parameters: &[f64], sample: usize, point: &mut Vec<f64>) {
        point.clear();
        for part in [parameters, self.data.input(sample), self.data.target(sample)] {
            point.extend_from_slice(part);
        }
    }

    /// The loss of a sample, recorded at such a point: its fingerprint, and a function unless that is known.
    pub(super) fn record(
        &self,
        parameters: usize,
        at: &[f64],
        known: &[u64],
    ) -> Result<(u64, Option<Function>), Error> {
        let of_all = |all: &[Var]| {
            let (parameters, sample) = all.split_at(parameters);
            let (inputs, targets) = sample.split_at(self.data.input_width());
            (self.loss)(parameters, inputs, targets)
        };
        Function::record_unless_known(of_all, at, known)
    }

    /// The loss of a batch and its gradient from the sums over its samples.
    pub(super) fn reduced(
        &mut self,
        total: f64,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        let share = if self.reduction == Reduction::Mean { 1.0 / batch.len() as f64 } else { 1.0 };
        // One number that is not finite leaves no finite sum.
        let is_finite = scale(gradient, share) && total.is_finite();
        if is_finite { Ok(total * share) } else { Err(self.diagnose(parameters, batch)) }
    }

    /// Goes through the samples once more, with lines and names, to say which one first went wrong, and where.
    fn diagnose(&mut self, parameters: &[f64], batch: &[usize]) -> Failure {
        for &sample in batch {
            let tape = Tape::new();
            tape.keep_lines(true);
            let names: Vec<String> = match self.network {
                Some(network) => network.names().collect(),
                None => (0..parameters.len()).map(|k| format!("w{k}")).collect(),
            };
            let named = |(name, &value): (String, &f64)| tape.named(name, value);
            let parameters: Vec<Var> = names.into_iter().zip(parameters).map(named).collect();
            let loss = self.of_sample(&parameters, sample);
            let gradient = loss.backward().wrt(&parameters);
            if loss.value().is_finite() && gradient.iter().all(|slope| slope.is_finite()) {
                continue;
            }
            let cause = match tape.first_non_finite() {
                Some(culprit) => culprit.to_string(),
                None => format!("the loss is {}; every node is finite, adjoints overflow", loss.value()),
            };
            return Failure { sample: Some(sample), cause };
        }
        Failure { sample: None, cause: "the sum over the batch overflows".to_owned() }
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var> Objective for Eager<'_, F> {
    fn samples(&self) -> usize {
        self.data.len()
    }

    fn data(&self) -> Option<&Data> {
        Some(self.data)
    }

    /// # Panics
    /// If there are not as many derivatives as parameters, or no such sample.
    #[track_caller]
    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        check_batch(self.reduction, parameters, batch, gradient)?;
        self.tape.clear();
        let variables = self.tape.vars(parameters);
        let mark = self.tape.mark();
        gradient.fill(0.0);
        let mut total = 0.0;
        for (k, &sample) in batch.iter().enumerate() {
            if k > 0 {
                self.tape.rewind(mark);
            }
            let loss = self.of_sample(&variables, sample);
            loss.backward_into(&mut self.gradient);
            total += loss.value();
            for (sum, &variable) in gradient.iter_mut().zip(&variables) {
                *sum += self.gradient[variable];
            }
        }
        self.reduced(total, parameters, batch, gradient)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn report(&self) -> Report {
        Report { backend: Some(Backend::Eager), ..Report::default() }
    }
}
