//! Numbers of a function of many samples: values, sums and derivatives.

use super::super::length;
use super::samples::Samples;
use super::tree::{Precision, Request};
use super::workspace::BatchWorkspace;
use super::{Batched, told};
use crate::error::Error;

/// Evaluates a [`Batched`] function. As with [`Evaluator`](crate::Evaluator), every method comes in two forms: `values` returns
/// what it computes, `values_into` writes it to a slice of yours, and after the first evaluation allocates nothing, but for
/// samples in which an infinity meets a zero or a list has a NaN, or a guard fails.
///
/// `shared` are the numbers of the shared inputs, in their order; `samples` has a column for each of the others.
///
/// # Errors
/// Of every method: [`Error::BranchChanged`] if a comparison of shared numbers turns out differently than when recorded;
/// [`Error::BranchesChanged`] if one does in some samples; [`Error::Length`] if a slice or the columns do not fit. Then
/// nothing is written, but where a method says otherwise.
#[derive(Debug)]
pub struct BatchEvaluator<'b, T = f64> {
    batched: &'b Batched<T>,
    memory: Held<'b, T>,
}

#[derive(Debug)]
enum Held<'w, T> {
    Own(Box<BatchWorkspace<T>>),
    Lent(&'w mut BatchWorkspace<T>),
}

impl<T: Precision> Batched<T> {
    /// What evaluates this function, with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> BatchEvaluator<'_, T> {
        BatchEvaluator { batched: self, memory: Held::Own(Box::default()) }
    }

    /// What evaluates this function, in memory of the caller: one workspace serves many functions. It costs nothing to make.
    #[must_use]
    pub fn evaluator_in<'b>(&'b self, workspace: &'b mut BatchWorkspace<T>) -> BatchEvaluator<'b, T> {
        BatchEvaluator { batched: self, memory: Held::Lent(workspace) }
    }
}

impl<T: Precision> BatchEvaluator<'_, T> {
    fn parts(&mut self) -> (&Batched<T>, &mut BatchWorkspace<T>) {
        let memory = match &mut self.memory {
            Held::Own(workspace) => workspace,
            Held::Lent(workspace) => &mut **workspace,
        };
        (self.batched, memory)
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
    /// See [`BatchEvaluator`]; with [`Error::BranchesChanged`], `out` is NaN for the samples it names, and right for the others.
    pub fn values_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let (batched, workspace) = self.parts();
        let outcome = batched.fitting_values(shared, samples, workspace, out)?;
        told(outcome, samples)
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
        let mut outcome = batched.run(shared, samples, Request::Sums, workspace, &mut [])?;
        if outcome.out.is_empty() {
            out.copy_from_slice(&outcome.sums[batched.plan.head.outputs.len()..]);
        }
        workspace.give_back(&mut outcome);
        told(outcome, samples)
    }

    /// Of a function with one output, its sum over all samples, and the derivatives of that by the shared variables: what
    /// training takes.
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
        told(outcome, samples)?;
        Ok(total)
    }

    /// The Jacobian of every sample by the samples' variables, sample after sample, each row by row: a row per output, a
    /// column per variable. Of a function with one output, the gradient of every sample.
    ///
    /// # Errors
    /// See [`BatchEvaluator`]. By shared inputs there are no derivatives here: [`Error::Length`] counts none for them.
    pub fn jacobians(&mut self, shared: &[f64], samples: &Samples<'_>) -> Result<Vec<f64>, Error> {
        let per_sample = self.batched.outputs() * self.batched.sample_variables();
        let mut out = vec![0.0; samples.len().saturating_mul(per_sample)];
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
        told(outcome, samples)
    }
}
