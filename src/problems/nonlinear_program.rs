//! Nonlinear programs: an objective, constraints and bounds, with the patterns of their derivatives.

use super::bounds::Bounds;
use super::first::FirstDerivatives;
use super::inputs::Inputs;
use crate::error::Error;
use crate::function::{Exactness, Function, SparseDerivatives, Vectorised, length};
use crate::number::point::Point;
use crate::tape::Var;

/// A nonlinear program, as interior-point and SQP solvers take it:
///
/// > minimise f(x) subject to g_l ≤ g(x) ≤ g_u and x_l ≤ x ≤ x_u.
///
/// It has what Ipopt's `TNLP` and the interfaces modelled on it ask for: sizes, bounds, the structure of the Jacobian of the
/// constraints and of the lower triangle of the Hessian of the Lagrangian σ f(x) + Σ λᵢ gᵢ(x), and an
/// [evaluator](Self::evaluator) whose methods have the names of `TNLP`. Derivatives are exact, and only nonzeros are
/// computed. Rows and columns are counted from 0.
///
/// The first output of a recorded function is the objective, all further ones are the constraints. Inputs that are held
/// ([`Function::with_held`]) are parameters: they are no variables of the program, and an evaluator can
/// [set](super::ProgramEvaluator::set_parameters) them.
///
/// It is `Send + Sync`: threads can share it, each with an evaluator of its own.
///
/// ```
/// use tapegrad::solvers::NonlinearProgram;
///
/// // Problem 71 of Hock and Schittkowski.
/// let program = NonlinearProgram::record(
///     |[a, b, c, d]| (a * d * (a + b + c) + c, [a * b * c * d, a * a + b * b + c * c + d * d]),
///     [1.0, 5.0, 5.0, 1.0],
/// )?
/// .with_x_bounds(&[1.0; 4], &[5.0; 4])?
/// .with_g_bounds(&[25.0, 40.0], &[f64::INFINITY, 40.0])?;
/// assert_eq!((program.variables(), program.constraints()), (4, 2));
/// assert_eq!(program.jac_g_structure().0, [0, 0, 0, 0, 1, 1, 1, 1]); // rows; columns are `.1`
/// assert_eq!(program.h_structure().0.len(), 10); // a full lower triangle
///
/// let mut solver_calls = program.evaluator();
/// let x = program.starting_point();
/// assert_eq!(solver_calls.eval_f(&x)?, 16.0);
/// let mut g = [0.0; 2];
/// solver_calls.eval_g(&x, &mut g)?;
/// assert_eq!(g, [25.0, 52.0]);
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NonlinearProgram {
    pub(super) values: Vectorised,
    pub(super) first: FirstDerivatives,
    /// The lower triangle of the Hessian of the Lagrangian, by the inputs and the multipliers.
    pub(super) second: SparseDerivatives,
    pub(super) start: Inputs,
    x_bounds: Bounds,
    g_bounds: Bounds,
}

impl NonlinearProgram {
    /// The program of a function whose first output is the objective, and whose further outputs are the constraints. Its
    /// variables are free, and its constraints are equations g(x) = 0, until bounds are set.
    ///
    /// # Errors
    /// [`Error::Length`] if the function has no output. A loaded function gives [`Error::BranchChanged`] if its guards do
    /// not hold where it was recorded.
    pub fn new(function: &Function) -> Result<NonlinearProgram, Error> {
        let Some(constraints) = function.outputs().checked_sub(1) else {
            return Err(Error::Length { what: "outputs or more", expected: 1, got: 0 });
        };
        let function = function.optimize();
        Ok(NonlinearProgram {
            first: FirstDerivatives::new(&function)?,
            second: function.lagrangian()?.optimize().sparse_hessian()?,
            start: Inputs::of(&function),
            x_bounds: Bounds::all(function.variables(), f64::NEG_INFINITY, f64::INFINITY),
            g_bounds: Bounds::all(constraints, 0.0, 0.0),
            values: function.vectorised_with(Exactness::Exact),
        })
    }

    /// Records a closure that returns the objective and the constraints, in this order and any shape: `(f, [g0, g1])`, or
    /// `(f, g)` with a vector `g`. See [`new`](Self::new).
    ///
    /// # Errors
    /// As [`Function::record`] and [`new`](Self::new).
    ///
    /// # Panics
    /// As [`Function::record`].
    #[track_caller]
    pub fn record<P: Point<f64>, Y: Point<Var>>(
        f: impl FnOnce(P::Args<'_, Var>) -> Y,
        start: P,
    ) -> Result<NonlinearProgram, Error> {
        NonlinearProgram::new(&Function::record(f, start)?)
    }

    /// The program of an objective and of constraints in a function of the same inputs.
    ///
    /// ```
    /// use tapegrad::{Function, solvers::NonlinearProgram};
    ///
    /// let objective = Function::record(|[x, y]| x * x + y * y, [1.0, 1.0])?;
    /// let constraints = Function::record(|[x, y]| [x + y - 2.0], [1.0, 1.0])?;
    /// let program = NonlinearProgram::of(&objective, &constraints)?;
    /// assert_eq!((program.variables(), program.constraints()), (2, 1));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the objective has not one output; as [`Function::with_outputs_of`].
    pub fn of(objective: &Function, constraints: &Function) -> Result<NonlinearProgram, Error> {
        length("outputs", 1, objective.outputs())?;
        NonlinearProgram::new(&objective.with_outputs_of(constraints)?)
    }

    /// The same program with bounds of its variables: x_l ≤ x ≤ x_u, an infinity where there is none.
    ///
    /// # Errors
    /// [`Error::Length`] if there is not one bound for each variable; [`Error::Bounds`] if a lower bound is above its upper
    /// bound or one of them is NaN.
    pub fn with_x_bounds(mut self, x_l: &[f64], x_u: &[f64]) -> Result<NonlinearProgram, Error> {
        self.x_bounds = Bounds::new("variable", self.variables(), x_l, x_u)?;
        Ok(self)
    }

    /// The same program with bounds of its constraints: g_l ≤ g(x) ≤ g_u, an infinity where there is none, and the same
    /// number twice for an equation.
    ///
    /// # Errors
    /// As [`with_x_bounds`](Self::with_x_bounds), for constraints.
    pub fn with_g_bounds(mut self, g_l: &[f64], g_u: &[f64]) -> Result<NonlinearProgram, Error> {
        self.g_bounds = Bounds::new("constraint", self.constraints(), g_l, g_u)?;
        Ok(self)
    }

    /// How many variables there are: `n` of `get_nlp_info`.
    #[must_use]
    pub fn variables(&self) -> usize {
        self.first.pattern().columns()
    }

    /// How many constraints there are: `m` of `get_nlp_info`.
    #[must_use]
    pub fn constraints(&self) -> usize {
        self.first.pattern().rows() - 1
    }

    /// How many parameters there are: inputs of the function that are held.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.start.held()
    }

    /// The bounds of the variables.
    #[must_use]
    pub fn x_bounds(&self) -> &Bounds {
        &self.x_bounds
    }

    /// The bounds of the constraints.
    #[must_use]
    pub fn g_bounds(&self) -> &Bounds {
        &self.g_bounds
    }

    /// The variables where the function was recorded, for `get_starting_point`.
    #[must_use]
    pub fn starting_point(&self) -> Vec<f64> {
        self.start.variables().collect()
    }

    /// The constraint and the variable of each nonzero of the Jacobian of the constraints, in the order of
    /// [`eval_jac_g`](super::ProgramEvaluator::eval_jac_g): row by row, in each row by ascending columns.
    #[must_use]
    pub fn jac_g_structure(&self) -> (Vec<usize>, Vec<usize>) {
        let of_constraints = self.first.pattern().triplets().skip(self.gradient().len());
        of_constraints.map(|(row, column)| (row - 1, column)).unzip()
    }

    /// The row and the column of each nonzero of the lower triangle of the Hessian of the Lagrangian, in the order of
    /// [`eval_h`](super::ProgramEvaluator::eval_h): row by row, in each row by ascending columns.
    #[must_use]
    pub fn h_structure(&self) -> (Vec<usize>, Vec<usize>) {
        self.second.pattern().triplets().unzip()
    }

    /// The variables on which the objective depends, in ascending order.
    pub(super) fn gradient(&self) -> &[usize] {
        self.first.pattern().row(0)
    }
}
