//! Values and derivatives in runs, for users.

use super::Vectorised;
use super::forward::Forward;
use super::memory::Memory;
use super::reverse::Backward;
use crate::error::Error;
use crate::function::evaluator::Evaluator;
use crate::function::lanes::float::Float;
use crate::function::length;
use crate::function::precision::Precision;
use crate::function::schedule::Derivatives;

/// Computes values and derivatives of a [`Vectorised`] function, by methods of the same names as those of [`Evaluator`]. It owns its
/// memory: once it is made, evaluations in runs do not allocate, but for operations on matrices.
///
/// # Errors
/// As those of [`Evaluator`].
#[derive(Debug)]
pub struct VectorisedEvaluator<'v, T = f64> {
    vectorised: &'v Vectorised<T>,
    memory: Option<Memory<T>>,
    /// The function one operation at a time: where that is quicker, or where it decides.
    careful: Evaluator<'v>,
    /// Weights of the outputs.
    weights: Vec<f64>,
}

impl<T: Precision> Vectorised<T> {
    /// An evaluator with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> VectorisedEvaluator<'_, T> {
        VectorisedEvaluator {
            vectorised: self,
            memory: self.schedule.as_ref().map(Memory::new),
            careful: self.function.evaluator(),
            weights: vec![0.0; self.function.outputs()],
        }
    }
}

impl<T: Precision> VectorisedEvaluator<'_, T> {
    /// The value of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value(&mut self, x: &[f64]) -> Result<f64, Error> {
        self.vectorised.function.single_output()?;
        let mut value = [0.0];
        self.values_into(x, &mut value)?;
        Ok(value[0])
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
        if self.forward(x)? {
            self.read_values(out);
            return Ok(());
        }
        self.careful.values_into(x, out)?;
        round::<T>(out);
        Ok(())
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
        let mut value = [0.0];
        self.vjp_into(x, &[1.0], &mut value, gradient)?;
        Ok(value[0])
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
        if self.forward(x)?
            && (0..outputs).all(|output| {
                self.weights.fill(0.0);
                self.weights[output] = 1.0;
                self.backward(&mut out[output * variables..][..variables])
            })
        {
            return Ok(());
        }
        self.careful.jacobian_into(x, out)?;
        round::<T>(out);
        Ok(())
    }

    /// The values of all outputs, and the vector-Jacobian product: the gradient, with respect to the variables, of the sum
    /// of the outputs with weights `u`. One evaluation and one sweep.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn vjp(&mut self, x: &[f64], u: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let function = &self.vectorised.function;
        let (mut values, mut product) = (vec![0.0; function.outputs()], vec![0.0; function.variables()]);
        self.vjp_into(x, u, &mut values, &mut product)?;
        Ok((values, product))
    }

    /// As [`vjp`](Self::vjp), into `values` and `product`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn vjp_into(
        &mut self,
        x: &[f64],
        u: &[f64],
        values: &mut [f64],
        product: &mut [f64],
    ) -> Result<(), Error> {
        let function = &self.vectorised.function;
        length("weights", function.outputs(), u.len())?;
        length("values", function.outputs(), values.len())?;
        length("derivatives", function.variables(), product.len())?;
        if self.forward(x)? {
            self.weights.copy_from_slice(u);
            if self.backward(product) {
                self.read_values(values);
                return Ok(());
            }
        }
        self.careful.vjp_into(x, u, values, product)?;
        round::<T>(values);
        round::<T>(product);
        Ok(())
    }

    /// Computes all values. False where the function itself has to be evaluated: without a plan, where a guard has another
    /// outcome, and where an output is not finite, since a sum may overflow in one order and not in another.
    fn forward(&mut self, x: &[f64]) -> Result<bool, Error> {
        let Vectorised { function, exactness, schedule, .. } = self.vectorised;
        length("inputs", function.inputs(), x.len())?;
        let (Some(schedule), Some(memory)) = (schedule, &mut self.memory) else { return Ok(false) };
        let inputs = &mut memory.values[schedule.inputs as usize..][..x.len()];
        inputs.iter_mut().zip(x).for_each(|(input, &x)| *input = T::of(x));
        T::forward(Forward { schedule, memory, exactness: *exactness });
        let value = |at: u32| memory.values[at as usize].double();
        let mut guards = schedule.guards.iter();
        let are_met =
            guards.all(|guard| guard.predicate.holds(value(guard.left), value(guard.right)) == guard.outcome);
        Ok(are_met && schedule.outputs.iter().all(|&output| value(output).is_finite()))
    }

    /// The values of the outputs, once all values are known.
    fn read_values(&self, out: &mut [f64]) {
        if let (Some(schedule), Some(memory)) = (&self.vectorised.schedule, &self.memory) {
            let outputs = schedule.outputs.iter().map(|&output| memory.values[output as usize].double());
            out.iter_mut().zip(outputs).for_each(|(out, value)| *out = value);
        }
    }

    /// Sweeps from the weights of the outputs; the values are known. Returns false where a derivative is not finite.
    fn backward(&mut self, out: &mut [f64]) -> bool {
        let (Some(schedule), Some(memory)) = (&self.vectorised.schedule, &mut self.memory) else {
            return false;
        };
        T::backward(Backward { schedule, memory, weights: &self.weights });
        let of = |part: &Derivatives, at: u32| &memory.adjoints[at as usize..][..part.len];
        let parts = schedule.derivatives.iter();
        let mut numbers = parts.clone().filter_map(|part| Some(of(part, part.at?)));
        // Without an early exit within a part, so that one instruction tests several.
        if numbers.any(|part| part.iter().fold(false, |any, number| any | !number.double().is_finite())) {
            return false;
        }
        let mut rest = out;
        for part in parts {
            let (now, after) = rest.split_at_mut(part.len);
            match part.at {
                Some(at) => now.iter_mut().zip(of(part, at)).for_each(|(out, number)| *out = number.double()),
                None => now.fill(0.0),
            }
            rest = after;
        }
        true
    }
}

/// Rounds what the function itself computed to this precision.
fn round<T: Float>(numbers: &mut [f64]) {
    numbers.iter_mut().for_each(|number| *number = T::of(*number).double());
}
