//! Evaluation of nonlinear programs, under the names of Ipopt's TNLP.

use super::first::FirstEvaluator;
use super::inputs::Inputs;
use super::kept::Kept;
use super::nonlinear_program::NonlinearProgram;
use crate::error::Error;
use crate::function::{SparseEvaluator, VectorisedEvaluator, length};

/// Evaluates a [`NonlinearProgram`]: what a solver calls at each iterate.
///
/// A solver asks for objective, gradient, constraints and Jacobian at the same point in turn. So results are kept until `x`
/// changes, and asking again evaluates nothing. Objective and constraints come from one evaluation. Gradient and Jacobian come
/// from another, which gives objective and constraints too: where derivatives are asked for first, one evaluation is all.
/// (Values alone, as in a line search, take a fraction of that.) [`evaluations`](Self::evaluations) counts. Points are compared by
/// their bits, so a solver's flag `new_x` is not needed.
///
/// Numbers that are not finite are results as any other: a solver looks for them and shortens its step.
///
/// ```
/// use tapegrad::{Error, solvers::NonlinearProgram};
///
/// let program = NonlinearProgram::record(|[x, y]| ((x - 1.0).powi(2), [x * y.ln()]), [0.5, 1.0])?;
/// let mut solver_calls = program.evaluator();
///
/// let (mut gradient, mut jacobian, mut hessian) = ([0.0; 2], [0.0; 2], [0.0; 3]);
/// solver_calls.eval_grad_f(&[3.0, 2.0], &mut gradient)?;
/// solver_calls.eval_jac_g(&[3.0, 2.0], &mut jacobian)?; // already known
/// assert_eq!((gradient, jacobian), ([4.0, 0.0], [2f64.ln(), 1.5]));
/// assert_eq!(solver_calls.evaluations().first_derivatives, 1);
///
/// // σ = 1, λ = 10: entries (0, 0), (1, 0) and (1, 1).
/// solver_calls.eval_h(&[3.0, 2.0], 1.0, &[10.0], &mut hessian)?;
/// assert_eq!(hessian, [2.0, 5.0, -7.5]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Every evaluation returns [`Error::BranchChanged`] if a guard does not have its recorded outcome, which a solver can
/// treat as a point outside the domain, and [`Error::Length`] if a slice has the wrong length. On an error nothing is written
/// and no result is kept.
#[derive(Debug)]
pub struct ProgramEvaluator<'p> {
    program: &'p NonlinearProgram,
    /// The point of what is kept.
    inputs: Inputs,
    values: VectorisedEvaluator<'p>,
    first: FirstEvaluator<'p>,
    second: SparseEvaluator<'p>,
    kept_values: Kept,
    /// The values, if they come along, and then the first derivatives.
    kept_first: Kept,
    /// The inputs and the multipliers.
    of_lagrangian: Vec<f64>,
    hessians: usize,
}

/// How often a program was evaluated, apart from results that were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Evaluations {
    /// Evaluations of the objective and the constraints together, without derivatives.
    pub values: usize,
    /// Evaluations of the gradient of the objective and the Jacobian of the constraints together, with the values.
    pub first_derivatives: usize,
    /// Evaluations of the Hessian of the Lagrangian.
    pub hessians: usize,
}

impl NonlinearProgram {
    /// An evaluator, with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> ProgramEvaluator<'_> {
        ProgramEvaluator {
            program: self,
            inputs: self.start.clone(),
            values: self.values.evaluator(),
            first: self.first.evaluator(),
            second: self.second.evaluator(),
            kept_values: Kept::new(1 + self.constraints()),
            kept_first: Kept::new(self.first.values() + self.first.pattern().nonzeros()),
            of_lagrangian: Vec::new(),
            hessians: 0,
        }
    }
}

impl<'p> ProgramEvaluator<'p> {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &'p NonlinearProgram {
        self.program
    }

    /// Sets the parameters: the inputs of the function that are held, in ascending order. At first they are what they were
    /// where the function was recorded.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one number for each.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), Error> {
        self.inputs.set_held(parameters)
    }

    /// The objective.
    ///
    /// # Errors
    /// See [`ProgramEvaluator`].
    pub fn eval_f(&mut self, x: &[f64]) -> Result<f64, Error> {
        Ok(self.values_at(x)?[0])
    }

    /// The gradient of the objective: one derivative per variable, zeros included.
    ///
    /// # Errors
    /// See [`ProgramEvaluator`].
    pub fn eval_grad_f(&mut self, x: &[f64], grad_f: &mut [f64]) -> Result<(), Error> {
        length("derivatives", self.program.variables(), grad_f.len())?;
        let places = self.program.gradient();
        let derivatives = self.first_derivatives_at(x)?;
        grad_f.fill(0.0);
        for (&place, &derivative) in places.iter().zip(derivatives) {
            grad_f[place] = derivative;
        }
        Ok(())
    }

    /// The constraints.
    ///
    /// # Errors
    /// See [`ProgramEvaluator`].
    pub fn eval_g(&mut self, x: &[f64], g: &mut [f64]) -> Result<(), Error> {
        length("constraints", self.program.constraints(), g.len())?;
        g.copy_from_slice(&self.values_at(x)?[1..]);
        Ok(())
    }

    /// The nonzeros of the Jacobian of the constraints, in the order of
    /// [`jac_g_structure`](NonlinearProgram::jac_g_structure).
    ///
    /// # Errors
    /// See [`ProgramEvaluator`].
    pub fn eval_jac_g(&mut self, x: &[f64], values: &mut [f64]) -> Result<(), Error> {
        let of_objective = self.program.gradient().len();
        length("nonzeros", self.program.first.pattern().nonzeros() - of_objective, values.len())?;
        values.copy_from_slice(&self.first_derivatives_at(x)?[of_objective..]);
        Ok(())
    }

    /// The nonzeros of the lower triangle of the Hessian of the Lagrangian `obj_factor` · f(x) + Σ `lambda`ᵢ · gᵢ(x), in the
    /// order of [`h_structure`](NonlinearProgram::h_structure).
    ///
    /// A multiplier of 0 is a number as any other: where a second derivative is not finite, its product with 0 is NaN.
    ///
    /// # Errors
    /// See [`ProgramEvaluator`].
    pub fn eval_h(
        &mut self,
        x: &[f64],
        obj_factor: f64,
        lambda: &[f64],
        values: &mut [f64],
    ) -> Result<(), Error> {
        length("multipliers", self.program.constraints(), lambda.len())?;
        length("nonzeros", self.program.second.pattern().nonzeros(), values.len())?;
        self.inputs.set_variables(x.iter().copied())?;
        self.of_lagrangian.clear();
        self.of_lagrangian.extend_from_slice(self.inputs.numbers());
        self.of_lagrangian.push(obj_factor);
        self.of_lagrangian.extend_from_slice(lambda);
        self.second.values_into(&self.of_lagrangian, values)?;
        self.hessians += 1;
        Ok(())
    }

    /// How often the program was evaluated so far.
    #[must_use]
    pub fn evaluations(&self) -> Evaluations {
        Evaluations {
            values: self.kept_values.count(),
            first_derivatives: self.kept_first.count(),
            hessians: self.hessians,
        }
    }

    fn values_at(&mut self, x: &[f64]) -> Result<&[f64], Error> {
        self.inputs.set_variables(x.iter().copied())?;
        let values = self.program.first.values();
        if values > 0 && self.kept_first.is_known(&self.inputs) {
            return Ok(&self.first_derivatives()?[..values]);
        }
        self.kept_values.numbers(&self.inputs, |x, out| self.values.values_into(x, out))
    }

    fn first_derivatives_at(&mut self, x: &[f64]) -> Result<&[f64], Error> {
        self.inputs.set_variables(x.iter().copied())?;
        let values = self.program.first.values();
        Ok(&self.first_derivatives()?[values..])
    }

    /// The values, if they come along, and the derivatives.
    fn first_derivatives(&mut self) -> Result<&[f64], Error> {
        self.kept_first.numbers(&self.inputs, |x, out| self.first.evaluate(x, out))
    }
}
