//! A loss over data: what stands below the objectives, each of which evaluates it in its way.

use crate::nn::data::Data;
use crate::nn::mlp::Mlp;
use crate::nn::objective::{Failure, Reduction};
use crate::nn::passes::scale;
use crate::{Error, Function, Gradient, Tape, Var};

/// The loss `f(parameters, inputs, targets)` over data.
#[derive(Debug)]
pub(super) struct DataLoss<'a, F> {
    pub data: &'a Data,
    pub reduction: Reduction,
    /// Whose parameters they are, if they are a network's: it knows their names.
    pub network: Option<&'a Mlp>,
    pub f: F,
}

/// Memory of evaluations on a tape, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct TapeMemory {
    tape: Tape,
    gradient: Gradient,
    /// A sample as constants: memory that serves one after the other.
    constants: Vec<Var>,
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var> DataLoss<'_, F> {
    /// The loss of a batch and its gradient, recorded and swept sample by sample: the parameters stay on the tape, and the
    /// tape goes back to them after each sample.
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

    /// The loss of one sample, its inputs and targets as constants.
    fn of_sample(&self, parameters: &[Var], sample: usize, constants: &mut Vec<Var>) -> Var {
        let (inputs, targets) = (self.data.input(sample), self.data.target(sample));
        constants.clear();
        constants.extend(inputs.iter().chain(targets).map(|&number| Var::from(number)));
        let (inputs, targets) = constants.split_at(inputs.len());
        (self.f)(parameters, inputs, targets)
    }

    /// The numbers of a sample behind the parameters, in memory that serves again.
    pub fn point_into(&self, parameters: &[f64], sample: usize, point: &mut Vec<f64>) {
        point.clear();
        for part in [parameters, self.data.input(sample), self.data.target(sample)] {
            point.extend_from_slice(part);
        }
    }

    /// The loss of a sample, recorded at such a point: its fingerprint, and a function unless that is known.
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

    /// The loss of a batch and its gradient from the sums over its samples.
    pub fn reduced(
        &self,
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
