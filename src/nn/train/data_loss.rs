//! A loss over data, which the objectives `Eager` and `Recorded` evaluate.

use crate::nn::data::Data;
use crate::nn::objective::{Failure, Reduction};
use crate::nn::parameters::Parameters;
use crate::nn::vectors::scale;
use crate::{Error, Function, Gradient, Tape, Var};

/// The loss `f(parameters, inputs, targets)` over data, times the weight of the sample.
#[derive(Debug)]
pub(in crate::nn) struct DataLoss<'a, F> {
    pub data: &'a Data,
    pub reduction: Reduction,
    /// The mean weight of the samples that are trained on, by which a mean is divided.
    pub mean_weight: f64,
    /// Whether `f` expects to see, after the targets, which of them are given, if any is missing.
    pub takes_mask: bool,
    /// The parameters with their names, if they have names.
    pub names: Option<&'a Parameters>,
    pub f: F,
}

/// Reusable memory for evaluations on a tape.
#[derive(Debug)]
pub(super) struct TapeMemory {
    tape: Tape,
    gradient: Gradient,
    /// The current sample as constants.
    constants: Vec<Var>,
}

/// Why a loss that does not know which targets are missing is refused.
pub(super) const UNMASKED: &str = "targets are missing, and this loss does not know which: train with a `Loss` or with \
                                   `Trainer::fit_masked`, or leave out samples with missing targets";

impl Default for TapeMemory {
    fn default() -> TapeMemory {
        TapeMemory { tape: Tape::for_gradients(), gradient: Gradient::new(), constants: Vec::new() }
    }
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var> DataLoss<'a, F> {
    /// Of all samples, for a loss that does not expect missing targets, with parameters that have no names.
    pub fn new(data: &'a Data, reduction: Reduction, f: F) -> Self {
        let samples: Vec<usize> = (0..data.len()).collect();
        let mean_weight = data.mean_weight(&samples, "").unwrap_or(1.0);
        DataLoss { data, reduction, mean_weight, takes_mask: false, names: None, f }
    }

    /// An error if targets are missing that the loss would take for numbers.
    pub fn check_missing(&self) -> Result<(), Failure> {
        match self.data.has_missing() && !self.takes_mask {
            false => Ok(()),
            true => Err(Failure { sample: None, cause: UNMASKED.to_owned() }),
        }
    }

    /// The loss of a batch and its gradient, recorded and swept sample by sample: the parameters stay on the tape,
    /// which is rewound to them after each sample.
    pub(super) fn on_tape(
        &self,
        memory: &mut TapeMemory,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        memory.tape.clear();
        let variables = memory.tape.vars(parameters);
        let mark = memory.tape.mark();
        gradient.fill(0.0);
        let mut total = 0.0;
        for (k, &sample) in batch.iter().enumerate() {
            if k > 0 {
                memory.tape.rewind(mark);
            }
            let loss = self.of_sample(&variables, sample, &mut memory.constants);
            loss.backward_into(&mut memory.gradient);
            total += loss.value();
            for (sum, &variable) in gradient.iter_mut().zip(&variables) {
                *sum += memory.gradient[variable];
            }
        }
        self.reduced(total, parameters, batch, gradient)
    }

    /// The loss of one sample, with its inputs and targets as constants.
    fn of_sample(&self, parameters: &[Var], sample: usize, constants: &mut Vec<Var>) -> Var {
        constants.clear();
        self.data.append_sample(sample, constants);
        self.of_numbers(parameters, constants)
    }

    /// The loss of the sample with these numbers.
    fn of_numbers(&self, parameters: &[Var], numbers: &[Var]) -> Var {
        let sample = self.data.parts_of(numbers);
        let loss = (self.f)(parameters, &sample.inputs, sample.targets);
        sample.weight.map_or(loss, |weight| loss * weight)
    }

    /// Sets `point` to the parameters, followed by the numbers of a sample.
    pub fn point_into(&self, parameters: &[f64], sample: usize, point: &mut Vec<f64>) {
        point.clear();
        point.extend_from_slice(parameters);
        self.data.append_sample(sample, point);
    }

    /// Records the loss of a sample at such a point. Returns the fingerprint, and a function unless the fingerprint
    /// is among the `known` ones.
    pub fn record(
        &self,
        parameters: usize,
        at: &[f64],
        known: &[u64],
    ) -> Result<(u64, Option<Function>), Error> {
        let of_all = |all: &[Var]| {
            let (parameters, sample) = all.split_at(parameters);
            self.of_numbers(parameters, sample)
        };
        Function::record_unless_known(of_all, at, known)
    }

    /// The loss of a batch and its gradient, from the sums over the samples.
    pub fn reduced(
        &self,
        total: f64,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        let share = match self.reduction {
            Reduction::Mean => 1.0 / (batch.len() as f64 * self.mean_weight),
            Reduction::Sum => 1.0,
        };
        // If one number is not finite, the sum is not finite.
        let is_finite = scale(gradient, share) && total.is_finite();
        if is_finite { Ok(total * share) } else { Err(self.diagnose(parameters, batch)) }
    }

    /// Evaluates the samples again, with lines and names, to find the first one with a number that is not finite,
    /// and its cause.
    fn diagnose(&self, parameters: &[f64], batch: &[usize]) -> Failure {
        let mut constants = Vec::new();
        for &sample in batch {
            let tape = Tape::new();
            tape.keep_lines(true);
            let names: Vec<String> = match self.names {
                Some(named) => named.names().collect(),
                None => (0..parameters.len()).map(|k| format!("w{k}")).collect(),
            };
            let named = |(name, &value): (String, &f64)| tape.named(name, value);
            let parameters: Vec<Var> = names.into_iter().zip(parameters).map(named).collect();
            let loss = self.of_sample(&parameters, sample, &mut constants);
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
