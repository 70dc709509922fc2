//! A nonlinear program of tapegrad as a problem of ripopt.

use ripopt::{NlpProblem, SolveResult, SolverOptions};
use std::cell::RefCell;
use tapegrad::Error;
use tapegrad::solvers::{NonlinearProgram, ProgramEvaluator};

/// A program, and what evaluates it: the solver calls through `&self`.
struct Problem<'p> {
    program: &'p NonlinearProgram,
    calls: RefCell<ProgramEvaluator<'p>>,
    start: &'p [f64],
}

impl Problem<'_> {
    /// Whether an evaluation succeeded. The solver takes a point where it did not as one outside of the domain.
    fn call(&self, evaluate: impl FnOnce(&mut ProgramEvaluator<'_>) -> Result<(), Error>) -> bool {
        evaluate(&mut self.calls.borrow_mut()).is_ok()
    }
}

impl NlpProblem for Problem<'_> {
    fn num_variables(&self) -> usize {
        self.program.variables()
    }

    fn num_constraints(&self) -> usize {
        self.program.constraints()
    }

    fn bounds(&self, x_l: &mut [f64], x_u: &mut [f64]) {
        x_l.copy_from_slice(self.program.x_bounds().lower());
        x_u.copy_from_slice(self.program.x_bounds().upper());
    }

    fn constraint_bounds(&self, g_l: &mut [f64], g_u: &mut [f64]) {
        g_l.copy_from_slice(self.program.g_bounds().lower());
        g_u.copy_from_slice(self.program.g_bounds().upper());
    }

    fn initial_point(&self, x0: &mut [f64]) {
        x0.copy_from_slice(self.start);
    }

    fn objective(&self, x: &[f64], _new_x: bool, obj: &mut f64) -> bool {
        self.call(|calls| calls.eval_f(x).map(|f| *obj = f))
    }

    fn gradient(&self, x: &[f64], _new_x: bool, grad: &mut [f64]) -> bool {
        self.call(|calls| calls.eval_grad_f(x, grad))
    }

    fn constraints(&self, x: &[f64], _new_x: bool, g: &mut [f64]) -> bool {
        self.call(|calls| calls.eval_g(x, g))
    }

    fn jacobian_structure(&self) -> (Vec<usize>, Vec<usize>) {
        self.program.jac_g_structure()
    }

    fn jacobian_values(&self, x: &[f64], _new_x: bool, vals: &mut [f64]) -> bool {
        self.call(|calls| calls.eval_jac_g(x, vals))
    }

    fn hessian_structure(&self) -> (Vec<usize>, Vec<usize>) {
        self.program.h_structure()
    }

    fn hessian_values(
        &self,
        x: &[f64],
        _new_x: bool,
        obj_factor: f64,
        lambda: &[f64],
        vals: &mut [f64],
    ) -> bool {
        self.call(|calls| calls.eval_h(x, obj_factor, lambda, vals))
    }
}

/// Solves a program from a point, and prints how often it was evaluated.
pub fn solve(program: &NonlinearProgram, start: &[f64], options: &SolverOptions) -> SolveResult {
    let problem = Problem { program, calls: RefCell::new(program.evaluator()), start };
    let result = ripopt::solve(&problem, options);
    let counts = problem.calls.borrow().evaluations();
    println!(
        "{} iterations; evaluations: {} of values, {} of first derivatives, {} of Hessians",
        result.iterations, counts.values, counts.first_derivatives, counts.hessians
    );
    result
}
