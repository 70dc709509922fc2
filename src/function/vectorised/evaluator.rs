//! Values and derivatives in runs, for users.

use super::Vectorised;
use super::plan::Plan;
use super::workspace::VectorisedWorkspace;
use crate::error::Error;
use crate::function::lanes::float::Float;
use crate::function::length;
use crate::function::maybe_owned::MaybeOwned;
use crate::function::precision::Precision;

/// Computes values and derivatives of a [`Vectorised`] function, by methods of the same names as those of
/// [`Evaluator`](crate::Evaluator). As there, they come in two forms, and those that end in `_into` do not allocate after the
/// first evaluation, but for operations on matrices and atomic functions, and to call threads for long sums.
///
/// # Errors
/// As those of [`Evaluator`](crate::Evaluator).
#[derive(Debug)]
pub struct VectorisedEvaluator<'v, T = f64> {
    vectorised: &'v Vectorised<T>,
    memory: MaybeOwned<'v, VectorisedWorkspace<T>>,
}

impl<T: Precision> Vectorised<T> {
    /// An evaluator with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> VectorisedEvaluator<'_, T> {
        VectorisedEvaluator { vectorised: self, memory: MaybeOwned::Owned(Box::default()) }
    }

    /// An evaluator that uses memory of the caller: one workspace serves many plans. Making it allocates nothing.
    ///
    /// ```
    /// use tapegrad::{Function, Var, vectorised::VectorisedWorkspace};
    ///
    /// let square = Function::record(|x: &[Var]| x.iter().map(|&x| x * x).sum::<Var>(), &[1.0; 100][..])?.vectorised();
    /// let cube = Function::record(|x: &[Var]| x.iter().map(|&x| x * x * x).sum::<Var>(), &[1.0; 100][..])?.vectorised();
    /// let mut workspace = VectorisedWorkspace::new();
    /// let mut value = |plan: &tapegrad::vectorised::Vectorised| plan.evaluator_in(&mut workspace).value(&[2.0; 100]);
    /// assert_eq!((value(&square)?, value(&cube)?), (400.0, 800.0));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn evaluator_in<'v>(
        &'v self,
        workspace: &'v mut VectorisedWorkspace<T>,
    ) -> VectorisedEvaluator<'v, T> {
        VectorisedEvaluator { vectorised: self, memory: MaybeOwned::Lent(workspace) }
    }
}

impl<T: Precision> VectorisedEvaluator<'_, T> {
    fn parts(&mut self) -> (&Vectorised<T>, &mut VectorisedWorkspace<T>) {
        (self.vectorised, self.memory.get())
    }

    /// The value of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn value(&mut self, x: &[f64]) -> Result<f64, Error> {
        self.vectorised.function.single_output()?;
        let mut value = [0.0];
        self.values_into(x, &mut value)?;
        Ok(value[0])
    }

    /// The values of all outputs.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn values(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.vectorised.function.outputs()];
        self.values_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn values_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let Vectorised { function, .. } = self.vectorised;
        length("inputs", function.inputs(), x.len())?;
        length("values", function.outputs(), out.len())?;
        if self.try_values_into(x, out) {
            return Ok(());
        }
        function.evaluator_in(&mut self.memory.get().careful).values_into(x, out)?;
        to_precision::<T>(out);
        Ok(())
    }

    /// As [`values_into`](Self::values_into), of as many numbers as there are, by the plan alone. Returns false, and may have written
    /// anything, where the function itself has to be evaluated.
    pub(in crate::function) fn try_values_into(&mut self, x: &[f64], out: &mut [f64]) -> bool {
        let (Vectorised { plan, .. }, VectorisedWorkspace { own, .. }) = self.parts();
        plan.as_ref().is_some_and(|plan| plan.values([x, &[]], own, [out, &mut []]))
    }

    /// The value and the gradient with respect to the variables, of a function with one output: one evaluation and one
    /// reverse sweep.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn value_and_gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        let mut gradient = vec![0.0; self.vectorised.function.variables()];
        Ok((self.value_and_gradient_into(x, &mut gradient)?, gradient))
    }

    /// As [`value_and_gradient`](Self::value_and_gradient): returns the value and writes the gradient.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn value_and_gradient_into(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Error> {
        let (Vectorised { function, plan, .. }, VectorisedWorkspace { careful, .. }) = self.parts();
        let mut value = [0.0];
        if plan.is_none() {
            value = [function.evaluator_in(careful).value_and_gradient_into(x, gradient)?];
            to_precision::<T>(&mut value);
            to_precision::<T>(gradient);
        } else {
            function.single_output()?;
            self.vjp_into(x, &[1.0], &mut value, gradient)?;
        }
        Ok(value[0])
    }

    /// The gradient with respect to the variables, of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The Jacobian: one row per output, one column per variable. One evaluation, and a reverse sweep per output.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn jacobian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let function = &self.vectorised.function;
        let mut out = vec![0.0; function.outputs() * function.variables()];
        self.jacobian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian`](Self::jacobian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn jacobian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (Vectorised { function, plan, .. }, VectorisedWorkspace { own, careful, .. }) = self.parts();
        length("inputs", function.inputs(), x.len())?;
        length("derivatives", function.outputs() * function.variables(), out.len())?;
        if plan.as_ref().is_some_and(|plan| plan.jacobian([x, &[]], own, out)) {
            return Ok(());
        }
        function.evaluator_in(careful).jacobian_into(x, out)?;
        to_precision::<T>(out);
        Ok(())
    }

    /// The values of all outputs, and the Jacobian-vector product: the derivatives of the outputs in the direction `v` of
    /// the variables, in forward mode. It has a plan of its own, which is made when it is first needed.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn jvp(&mut self, x: &[f64], v: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let outputs = self.vectorised.function.outputs();
        let (mut values, mut product) = (vec![0.0; outputs], vec![0.0; outputs]);
        self.jvp_into(x, v, &mut values, &mut product)?;
        Ok((values, product))
    }

    /// As [`jvp`](Self::jvp), into `values` and `product`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn jvp_into(
        &mut self,
        x: &[f64],
        v: &[f64],
        values: &mut [f64],
        product: &mut [f64],
    ) -> Result<(), Error> {
        let (vectorised, VectorisedWorkspace { jvp, careful, .. }) = self.parts();
        let function = &vectorised.function;
        length("inputs", function.inputs(), x.len())?;
        length("directions", function.variables(), v.len())?;
        length("values", function.outputs(), values.len())?;
        length("derivatives", function.outputs(), product.len())?;
        if vectorised.jvp_plan().is_some_and(|plan| plan.values([x, v], jvp, [values, product])) {
            return Ok(());
        }
        function.evaluator_in(careful).jvp_into(x, v, values, product)?;
        to_precision::<T>(values);
        to_precision::<T>(product);
        Ok(())
    }

    /// The values of all outputs, and the vector-Jacobian product: the gradient, with respect to the variables, of the sum
    /// of the outputs with weights `u`. One evaluation and one reverse sweep.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn vjp(&mut self, x: &[f64], u: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let function = &self.vectorised.function;
        let (mut values, mut product) = (vec![0.0; function.outputs()], vec![0.0; function.variables()]);
        self.vjp_into(x, u, &mut values, &mut product)?;
        Ok((values, product))
    }

    /// As [`vjp`](Self::vjp), into `values` and `product`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn vjp_into(
        &mut self,
        x: &[f64],
        u: &[f64],
        values: &mut [f64],
        product: &mut [f64],
    ) -> Result<(), Error> {
        let (Vectorised { function, plan, .. }, VectorisedWorkspace { own, careful, .. }) = self.parts();
        length("inputs", function.inputs(), x.len())?;
        length("weights", function.outputs(), u.len())?;
        length("values", function.outputs(), values.len())?;
        length("derivatives", function.variables(), product.len())?;
        if plan.as_ref().is_some_and(|plan| plan.vjp([x, &[]], u, own, values, product)) {
            return Ok(());
        }
        function.evaluator_in(careful).vjp_into(x, u, values, product)?;
        to_precision::<T>(values);
        to_precision::<T>(product);
        Ok(())
    }

    /// The Hessian of a function with one output. It takes one Hessian-vector product per variable.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn hessian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let n = self.vectorised.function.variables();
        let mut out = vec![0.0; n * n];
        self.hessian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`hessian`](Self::hessian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn hessian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (vectorised, VectorisedWorkspace { hvp, careful, direction, .. }) = self.parts();
        let function = &vectorised.function;
        let n = function.variables();
        length("inputs", function.inputs(), x.len())?;
        length("derivatives", n * n, out.len())?;
        function.single_output()?;
        direction.clear();
        direction.resize(n, 0.0);
        let mut row = |plan: &Plan, k: usize| {
            direction[k] = 1.0;
            let is_valid = plan.vjp([x, direction], &[1.0], hvp, &mut [0.0], &mut out[k * n..][..n]);
            direction[k] = 0.0;
            is_valid
        };
        // Without variables there is nothing to write, but errors are still reported.
        if n > 0 && vectorised.hvp_plan().is_some_and(|plan| (0..n).all(|k| row(plan, k))) {
            return Ok(());
        }
        function.evaluator_in(careful).hessian_into(x, out)?;
        to_precision::<T>(out);
        Ok(())
    }

    /// The product of the Hessian with a direction `v` of the variables, of a function with one output. It has a plan of its
    /// own, of the derivative in the direction `v`, which is made when it is first needed: one evaluation and one reverse
    /// sweep.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn hvp(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.vectorised.function.variables()];
        self.hvp_into(x, v, &mut out)?;
        Ok(out)
    }

    /// As [`hvp`](Self::hvp), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`](crate::Evaluator).
    pub fn hvp_into(&mut self, x: &[f64], v: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (vectorised, VectorisedWorkspace { hvp, careful, .. }) = self.parts();
        let function = &vectorised.function;
        length("inputs", function.inputs(), x.len())?;
        length("directions", function.variables(), v.len())?;
        length("derivatives", function.variables(), out.len())?;
        function.single_output()?;
        if vectorised.hvp_plan().is_some_and(|plan| plan.vjp([x, v], &[1.0], hvp, &mut [0.0], out)) {
            return Ok(());
        }
        function.evaluator_in(careful).hvp_into(x, v, out)?;
        to_precision::<T>(out);
        Ok(())
    }
}

/// Rounds what the function itself computed to this precision.
fn to_precision<T: Float>(numbers: &mut [f64]) {
    numbers.iter_mut().for_each(|number| *number = T::of(*number).double());
}
