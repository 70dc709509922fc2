//! A loss over data, which the objectives `Eager` and `Recorded` evaluate.

use crate::nn::data::Data;
use crate::nn::mlp::Mlp;
use crate::nn::objective::{Failure, Reduction};
use crate::nn::vectors::scale;
use crate::{Error, Function, Gradient, Tape, Var};

/// The loss `f(parameters, inputs, targets)` over data.
#[derive(Debug)]
pub(super) struct DataLoss<'a, F> {
    pub data: &'a Data,
    pub reduction: Reduction,
    /// The network of the parameters, if there is one, for their names.
    pub network: Option<&'a Mlp>,
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

impl Default for TapeMemory {
    fn default() -> TapeMemory {
        TapeMemory { tape: Tape::for_gradients(), gradient: Gradient::new(), constants: Vec::new() }
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var> DataLoss<'_, F> {
    /// The loss of a batch and its gradient, recorded and swept sample by sample: the parameters stay on the tape,
    /// which is rewound to them after each sample.
    pub fn on_tape(
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
        let (inputs, targets) = (self.data.input(sample), self.data.target(sample));
        constants.clear();
        constants.extend(inputs.iter().chain(targets).map(|&number| Var::from(number)));
        let (inputs, targets) = constants.split_at(inputs.len());
        (self.f)(parameters, inputs, targets)
    }

    /// Sets `point` to the parameters, followed by the inputs and targets of a sample.
    pub fn point_into(&self, parameters: &[f64], sample: usize, point: &mut Vec<f64>) {
        point.clear();
        for part in [parameters, self.data.input(sample), self.data.target(sample)] {
            point.extend_from_slice(part);
        }
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
            let (inputs, targets) = sample.split_at(self.data.input_width());
            (self.f)(parameters, inputs, targets)
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
        let share = if self.reduction == Reduction::Mean { 1.0 / batch.len() as f64 } else { 1.0 };
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
            let names: Vec<String> = match self.network {
                Some(network) => network.names().collect(),
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
