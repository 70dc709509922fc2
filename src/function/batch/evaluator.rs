//! Evaluators of batches: values, sums and derivatives over many samples.

use super::super::length;
use super::super::maybe_owned::MaybeOwned;
use super::super::precision::Precision;
use super::samples::Samples;
use super::tree::Request;
use super::workspace::BatchWorkspace;
use super::{Batched, branches_changed};
use crate::error::Error;

/// Evaluates a [`Batched`] function. As with [`Evaluator`](crate::Evaluator), every method comes in two forms:
/// `values` returns its result, `values_into` writes it to a slice of the caller. After the first evaluation,
/// `values_into` allocates only for operations on matrices and atomic functions, or if an infinity meets a zero or a list contains a NaN in
/// some sample, or a guard fails.
///
/// `shared` has the values of the shared inputs, in ascending order of the inputs; `samples` has one column for
/// each other input, in the same order.
///
/// # Errors
/// Every method returns [`Error::BranchChanged`] if a guard between shared numbers does not have its recorded
/// outcome; [`Error::BranchesChanged`] if another guard does not have it in some samples; [`Error::Length`] if a
/// slice or the number of columns is wrong. On an error nothing is written, unless a method says otherwise.
#[derive(Debug)]
pub struct BatchEvaluator<'b, T = f64> {
    batched: &'b Batched<T>,
    memory: MaybeOwned<'b, BatchWorkspace<T>>,
}

impl<T: Precision> Batched<T> {
    /// An evaluator of this function, with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> BatchEvaluator<'_, T> {
        BatchEvaluator { batched: self, memory: MaybeOwned::Owned(Box::default()) }
    }

    /// An evaluator of this function that uses memory of the caller: one workspace serves many functions. Making it
    /// allocates nothing.
    #[must_use]
    pub fn evaluator_in<'b>(&'b self, workspace: &'b mut BatchWorkspace<T>) -> BatchEvaluator<'b, T> {
        BatchEvaluator { batched: self, memory: MaybeOwned::Lent(workspace) }
    }
}

impl<T: Precision> BatchEvaluator<'_, T> {
    fn parts(&mut self) -> (&Batched<T>, &mut BatchWorkspace<T>) {
        (self.batched, self.memory.get())
    }

    /// The outputs of every sample, sample after sample.
    ///
    /// # Errors
    /// See [`BatchEvaluator`].
    pub fn values(&mut self, shared: &[f64], samples: &Samples<'_>) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; samples.len().saturating_mul(self.batched.outputs())];
        self.values_into(shared, samples, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), into `out`.
    ///
    /// # Errors
    /// See [`BatchEvaluator`]. After [`Error::BranchesChanged`], `out` is NaN for the samples listed in the error,
    /// and correct for the others.
    pub fn values_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let (batched, workspace) = self.parts();
        let outcome = batched.fitting_values(shared, samples, workspace, out)?;
        branches_changed(outcome, samples)
    }

    /// The sums of the outputs over all samples.
    ///
    /// # Errors
    /// See [`BatchEvaluator`].
    pub fn sums(&mut self, shared: &[f64], samples: &Samples<'_>) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.batched.outputs()];
        self.sums_into(shared, samples, &mut out)?;
        Ok(out)
    }

    /// As [`sums`](Self::sums), into `out`.
    ///
    /// # Errors
    /// See [`BatchEvaluator`].
    pub fn sums_into(&mut self, shared: &[f64], samples: &Samples<'_>, out: &mut [f64]) -> Result<(), Error> {
        let (batched, workspace) = self.parts();
        length("sums", batched.outputs(), out.len())?;
        let mut outcome = batched.run(shared, samples, Request::Sums, workspace, [&mut [], &mut []])?;
        if outcome.out.is_empty() {
            out.copy_from_slice(&outcome.sums[batched.plan.preamble.outputs.len()..]);
        }
        workspace.give_back(&mut outcome);
        branches_changed(outcome, samples)
    }

    /// For a function with one output: its sum over all samples, and the gradient of the sum with respect to the
    /// shared variables, as training needs it.
    ///
    /// # Errors
    /// See [`BatchEvaluator`].
    pub fn value_and_gradient(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
    ) -> Result<(f64, Vec<f64>), Error> {
        let mut gradient = vec![0.0; self.batched.shared_variables()];
        Ok((self.value_and_gradient_into(shared, samples, &mut gradient)?, gradient))
    }

    /// As [`value_and_gradient`](Self::value_and_gradient): returns the sum and writes its gradient.
    ///
    /// # Errors
    /// See [`BatchEvaluator`].
    pub fn value_and_gradient_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        let (batched, workspace) = self.parts();
        length("derivatives", batched.shared_variables(), gradient.len())?;
        let into = |all_fit: bool| all_fit.then_some(gradient);
        let (total, outcome) = batched.fitting_value_and_gradient(shared, samples, workspace, into)?;
        branches_changed(outcome, samples)?;
        Ok(total)
    }

    /// The Jacobian of every sample with respect to the variables that differ between samples, sample after sample,
    /// each row by row: one row per output, one column per variable. For a function with one output this is the
    /// gradient of every sample.
    ///
    /// # Errors
    /// See [`BatchEvaluator`]. The result has no derivatives with respect to shared inputs.
    pub fn jacobians(&mut self, shared: &[f64], samples: &Samples<'_>) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.batched.derivatives_by_sample(samples)];
        self.jacobians_into(shared, samples, &mut out)?;
        Ok(out)
    }

    /// As [`jacobians`](Self::jacobians), into `out`.
    ///
    /// # Errors
    /// As [`values_into`](Self::values_into).
    pub fn jacobians_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let (batched, workspace) = self.parts();
        let outcome = batched.fitting_jacobians(shared, samples, workspace, out)?;
        branches_changed(outcome, samples)
    }

    /// The outputs of every sample, and its Jacobian with respect to the variables that differ between samples, as
    /// [`values`](Self::values) and [`jacobians`](Self::jacobians) return them, from one evaluation.
    ///
    /// ```
    /// use tapegrad::{Function, batch::{Column, Samples}};
    ///
    /// let polar = Function::record(|[scale, r, phi]| [scale * r * phi.cos(), scale * r * phi.sin()], [1.0, 1.0, 0.0])?;
    /// let polar = polar.batched([0])?;
    /// let (r, phi) = ([1.0, 2.0], [0.0, 0.0]);
    /// let columns = [Column::from(&r), Column::from(&phi)];
    /// let (values, jacobians) = polar.evaluator().values_and_jacobians(&[3.0], &Samples::new(&columns)?)?;
    /// assert_eq!(values, [3.0, 0.0, 6.0, 0.0]);
    /// assert_eq!(jacobians, [3.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0, 6.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobians`](Self::jacobians).
    pub fn values_and_jacobians(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let mut values = vec![0.0; samples.len().saturating_mul(self.batched.outputs())];
        let mut jacobians = vec![0.0; self.batched.derivatives_by_sample(samples)];
        self.values_and_jacobians_into(shared, samples, &mut values, &mut jacobians)?;
        Ok((values, jacobians))
    }

    /// As [`values_and_jacobians`](Self::values_and_jacobians), into `values` and `jacobians`.
    ///
    /// # Errors
    /// As [`values_into`](Self::values_into), for both slices.
    pub fn values_and_jacobians_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        values: &mut [f64],
        jacobians: &mut [f64],
    ) -> Result<(), Error> {
        let (batched, workspace) = self.parts();
        let outcome =
            batched.fitting_values_and_jacobians(shared, samples, workspace, [values, jacobians])?;
        branches_changed(outcome, samples)
    }
}
