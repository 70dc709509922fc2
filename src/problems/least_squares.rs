//! Least squares: residuals, their Jacobian in rows or in columns, and the products of Gauss and Newton.

use super::inputs::Inputs;
use super::kept::Kept;
use crate::error::Error;
use crate::function::{Evaluator, Function, length};
use crate::table::lists::dot;

/// A nonlinear least-squares problem: minimise ½ Σ rₖ(x)², where the residuals r are the outputs of a recorded function. An
/// [evaluator](Self::evaluator) computes what solvers of Gauss-Newton and Levenberg-Marquardt type ask for.
///
/// Inputs that are held ([`Function::with_held`]) are no variables of the problem; they keep the numbers at which the function
/// was recorded, until they are [set](LeastSquaresEvaluator::set_parameters).
///
/// ```
/// use tapegrad::{Function, solvers::LeastSquares};
///
/// // a exp(b t) through three points
/// let data = [(0.0, 3.0), (1.0, 1.5), (2.0, 0.75)];
/// let problem = LeastSquares::new(Function::record(|[a, b]| data.map(|(t, y)| a * (b * t).exp() - y), [1.0, 0.0])?);
/// let mut at = problem.evaluator();
/// assert_eq!(at.cost(&[1.0, 0.0])?, 0.5 * (4.0 + 0.25 + 0.0625));
/// assert_eq!(at.jacobian(&[1.0, 0.0])?, [1.0, 0.0, 1.0, 1.0, 1.0, 2.0]); // row by row
/// assert_eq!(at.jacobian_by_columns(&[1.0, 0.0])?, [1.0, 1.0, 1.0, 0.0, 1.0, 2.0]);
///
/// // A step of Gauss and Newton solves JᵀJ s = −Jᵀr.
/// let (matrix, gradient) = at.normal_equations(&[1.0, 0.0])?;
/// assert_eq!((matrix, gradient), (vec![3.0, 3.0, 3.0, 5.0], vec![-2.25, 0.0]));
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LeastSquares {
    function: Function,
}

/// Evaluates a [`LeastSquares`] problem. Residuals and Jacobian are kept until `x` changes, so that asking for several results
/// at the same point computes each once. Points are compared by their bits.
///
/// # Errors
/// Every evaluation returns [`Error::BranchChanged`] if a guard does not have its recorded outcome, and [`Error::Length`] if a
/// slice has the wrong length. On an error nothing is written and no result is kept.
#[derive(Debug)]
pub struct LeastSquaresEvaluator<'p> {
    function: &'p Function,
    /// The point of what is kept.
    inputs: Inputs,
    evaluator: Evaluator<'p>,
    residuals: Kept,
    jacobian: Kept,
}

impl LeastSquares {
    /// The problem whose residuals are the outputs of this function.
    #[must_use]
    pub fn new(residuals: Function) -> LeastSquares {
        LeastSquares { function: residuals }
    }

    /// The function of the residuals.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// How many residuals there are.
    #[must_use]
    pub fn residuals(&self) -> usize {
        self.function.outputs()
    }

    /// How many variables there are.
    #[must_use]
    pub fn variables(&self) -> usize {
        self.function.variables()
    }

    /// An evaluator, with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> LeastSquaresEvaluator<'_> {
        let function = &self.function;
        LeastSquaresEvaluator {
            function,
            inputs: Inputs::of(function),
            evaluator: function.evaluator(),
            residuals: Kept::new(function.outputs()),
            jacobian: Kept::new(function.outputs() * function.variables()),
        }
    }
}

impl LeastSquaresEvaluator<'_> {
    /// Sets the parameters: the inputs of the function that are held, in ascending order.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one number for each.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), Error> {
        self.inputs.set_held(parameters)
    }

    /// Half of the sum of the squares of the residuals.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn cost(&mut self, x: &[f64]) -> Result<f64, Error> {
        let residuals = self.residuals_at(x)?;
        Ok(0.5 * dot(residuals, residuals))
    }

    /// The residuals.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn residuals(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.outputs()];
        self.residuals_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`residuals`](Self::residuals), into `out`.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn residuals_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        length("residuals", self.function.outputs(), out.len())?;
        out.copy_from_slice(self.residuals_at(x)?);
        Ok(())
    }

    /// The Jacobian J row by row: one row per residual, one column per variable.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn jacobian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.outputs() * self.function.variables()];
        self.jacobian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian`](Self::jacobian), into `out`.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn jacobian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        length("derivatives", self.function.outputs() * self.function.variables(), out.len())?;
        out.copy_from_slice(self.jacobian_at(x)?);
        Ok(())
    }

    /// The Jacobian column by column, as nalgebra, faer and LAPACK store matrices.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn jacobian_by_columns(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.outputs() * self.function.variables()];
        self.jacobian_by_columns_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian_by_columns`](Self::jacobian_by_columns), into `out`.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn jacobian_by_columns_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (rows, columns) = (self.function.outputs(), self.function.variables());
        length("derivatives", rows * columns, out.len())?;
        by_columns(self.jacobian_at(x)?, columns, out);
        Ok(())
    }

    /// The gradient of the cost, Jᵀr, by one reverse sweep and without the Jacobian.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let weights = self.residuals(x)?;
        Ok(self.evaluator.vjp(self.inputs.numbers(), &weights)?.1)
    }

    /// The product Jᵀ(J v) of the Gauss-Newton matrix with a direction, by one evaluation along it and one reverse sweep,
    /// without the Jacobian: what conjugate gradients need, for many variables.
    ///
    /// ```
    /// # use tapegrad::{Function, solvers::LeastSquares};
    /// let problem = LeastSquares::new(Function::record(|[x, y]| [x * y, y], [1.0, 1.0])?);
    /// // J is [[5, 2], [0, 1]] here, and J v is [7, 1].
    /// assert_eq!(problem.evaluator().gauss_newton_product(&[2.0, 5.0], &[1.0, 1.0])?, [35.0, 15.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn gauss_newton_product(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>, Error> {
        self.inputs.set_variables(x.iter().copied())?;
        let along = self.evaluator.jvp(self.inputs.numbers(), v)?.1;
        Ok(self.evaluator.vjp(self.inputs.numbers(), &along)?.1)
    }

    /// The normal equations: the Gauss-Newton matrix JᵀJ, row by row, and the gradient Jᵀr. They square the condition of J; a
    /// QR factorisation of the Jacobian does not.
    ///
    /// # Errors
    /// See [`LeastSquaresEvaluator`].
    pub fn normal_equations(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let columns = self.function.variables();
        let residuals = self.residuals(x)?;
        let jacobian = self.jacobian_at(x)?;
        let (mut matrix, mut gradient) = (vec![0.0; columns * columns], vec![0.0; columns]);
        for (row, residual) in jacobian.chunks_exact(columns.max(1)).zip(residuals) {
            for (k, &slope) in row.iter().enumerate() {
                gradient[k] += slope * residual;
                for (entry, &other) in matrix[k * columns..].iter_mut().zip(&row[..=k]) {
                    *entry += slope * other;
                }
            }
        }
        for row in 0..columns {
            for column in 0..row {
                matrix[column * columns + row] = matrix[row * columns + column];
            }
        }
        Ok((matrix, gradient))
    }

    fn residuals_at(&mut self, x: &[f64]) -> Result<&[f64], Error> {
        self.inputs.set_variables(x.iter().copied())?;
        self.residuals.numbers(&self.inputs, |x, out| self.evaluator.values_into(x, out))
    }

    fn jacobian_at(&mut self, x: &[f64]) -> Result<&[f64], Error> {
        self.inputs.set_variables(x.iter().copied())?;
        self.jacobian.numbers(&self.inputs, |x, out| self.evaluator.jacobian_into(x, out))
    }
}

/// A matrix by columns, from one by rows.
fn by_columns(rows: &[f64], columns: usize, out: &mut [f64]) {
    let height = rows.len() / columns.max(1);
    for (row, numbers) in rows.chunks_exact(columns.max(1)).enumerate() {
        for (column, &number) in numbers.iter().enumerate() {
            out[column * height + row] = number;
        }
    }
}
