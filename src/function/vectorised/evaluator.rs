//! Values and derivatives in runs, for users.

use super::Vectorised;
use super::forward::Forward;
use super::memory::Memory;
use super::reverse::Backward;
use crate::error::Error;
use crate::function::evaluator::Evaluator;
use crate::function::length;
use crate::function::schedule::{Derivatives, Schedule};
use crate::platform::with_best_instructions;

/// Computes values and derivatives of a [`Vectorised`] function, by methods of the same names as those of [`Evaluator`]. It owns its
/// memory: once it is made, evaluations in runs do not allocate, but for operations on matrices.
///
/// # Errors
/// As those of [`Evaluator`].
#[derive(Debug)]
pub struct VectorisedEvaluator<'v> {
    vectorised: &'v Vectorised,
    memory: Option<Memory<f64>>,
    /// The function one operation at a time: where that is quicker, or where it decides.
    careful: Evaluator<'v>,
    /// Weights of the outputs.
    weights: Vec<f64>,
}

impl Vectorised {
    /// An evaluator with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> VectorisedEvaluator<'_> {
        VectorisedEvaluator {
            vectorised: self,
            memory: self.schedule.as_ref().map(Memory::new),
            careful: self.function.evaluator(),
            weights: vec![0.0; self.function.outputs()],
        }
    }
}

impl VectorisedEvaluator<'_> {
    /// The value of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value(&mut self, x: &[f64]) -> Result<f64, Error> {
        self.vectorised.function.single_output()?;
        match self.forward(x)? {
            Some((schedule, memory)) => Ok(memory.values[schedule.outputs[0] as usize]),
            None => self.careful.value(x),
        }
    }

    /// The values of all outputs.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.vectorised.function.outputs()];
        self.values_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        length("values", self.vectorised.function.outputs(), out.len())?;
        match self.forward(x)? {
            Some((schedule, memory)) => {
                let outputs = schedule.outputs.iter().map(|&output| memory.values[output as usize]);
                out.iter_mut().zip(outputs).for_each(|(out, value)| *out = value);
                Ok(())
            }
            None => self.careful.values_into(x, out),
        }
    }

    /// The gradient with respect to the variables, of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The value and the gradient with respect to the variables, of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value_and_gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        let mut gradient = vec![0.0; self.vectorised.function.variables()];
        Ok((self.value_and_gradient_into(x, &mut gradient)?, gradient))
    }

    /// As [`value_and_gradient`](Self::value_and_gradient): returns the value and writes the gradient.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value_and_gradient_into(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Error> {
        self.vectorised.function.single_output()?;
        length("derivatives", self.vectorised.function.variables(), gradient.len())?;
        let Some((schedule, memory)) = self.forward(x)? else {
            return self.careful.value_and_gradient_into(x, gradient);
        };
        let value = memory.values[schedule.outputs[0] as usize];
        self.weights[0] = 1.0;
        if self.backward(gradient) { Ok(value) } else { self.careful.value_and_gradient_into(x, gradient) }
    }

    /// The Jacobian, row by row: one row per output, one column per variable. One evaluation, and a sweep per output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let function = &self.vectorised.function;
        let mut out = vec![0.0; function.outputs() * function.variables()];
        self.jacobian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian`](Self::jacobian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (outputs, variables) = (self.vectorised.function.outputs(), self.vectorised.function.variables());
        length("derivatives", outputs * variables, out.len())?;
        if self.forward(x)?.is_none() {
            return self.careful.jacobian_into(x, out);
        }
        for output in 0..outputs {
            self.weights.fill(0.0);
            self.weights[output] = 1.0;
            if !self.backward(&mut out[output * variables..][..variables]) {
                return self.careful.jacobian_into(x, out);
            }
        }
        Ok(())
    }

    /// The values, and the derivatives of the sum of the outputs weighted by `weights`: one evaluation and one sweep.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn vjp(&mut self, x: &[f64], weights: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        length("weights", self.vectorised.function.outputs(), weights.len())?;
        let Some((schedule, memory)) = self.forward(x)? else { return self.careful.vjp(x, weights) };
        let values = schedule.outputs.iter().map(|&output| memory.values[output as usize]).collect();
        let mut product = vec![0.0; self.vectorised.function.variables()];
        self.weights.copy_from_slice(weights);
        if self.backward(&mut product) { Ok((values, product)) } else { self.careful.vjp(x, weights) }
    }

    /// Computes all values. `None` where the function itself has to be evaluated: without a plan, where a guard has another
    /// outcome, and where something overflowed that might not in another order.
    fn forward(&mut self, x: &[f64]) -> Result<Option<(&Schedule, &Memory<f64>)>, Error> {
        let Vectorised { function, exactness, schedule, .. } = self.vectorised;
        length("inputs", function.inputs(), x.len())?;
        let (Some(schedule), Some(memory)) = (schedule, &mut self.memory) else { return Ok(None) };
        memory.values[schedule.inputs as usize..][..x.len()].copy_from_slice(x);
        let is_sound = with_best_instructions(Forward { schedule, memory, exactness: *exactness });
        let value = |at: u32| memory.values[at as usize];
        let are_met = schedule
            .guards
            .iter()
            .all(|guard| guard.predicate.holds(value(guard.left), value(guard.right)) == guard.outcome);
        Ok((are_met && is_sound).then_some((schedule, &*memory)))
    }

    /// Sweeps from the weights of the outputs; the values are known. Returns false where a derivative is not finite: then the
    /// function decides. (A sum may overflow in one order and not in another.)
    fn backward(&mut self, out: &mut [f64]) -> bool {
        let (Some(schedule), Some(memory)) = (&self.vectorised.schedule, &mut self.memory) else {
            return false;
        };
        with_best_instructions(Backward { schedule, memory, weights: &self.weights });
        let of = |part: &Derivatives, at: u32| &memory.adjoints[at as usize..][..part.len];
        let parts = schedule.derivatives.iter();
        let mut numbers = parts.clone().filter_map(|part| Some(of(part, part.at?)));
        // Without an early exit within a part, so that one instruction tests several.
        if numbers.any(|part| part.iter().fold(false, |any, number| any | !number.is_finite())) {
            return false;
        }
        let mut rest = out;
        for part in parts {
            let (now, after) = rest.split_at_mut(part.len);
            match part.at {
                Some(at) => now.copy_from_slice(of(part, at)),
                None => now.fill(0.0),
            }
            rest = after;
        }
        true
    }
}
