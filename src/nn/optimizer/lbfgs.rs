//! L-BFGS, by argmin.

use crate::nn::error::Error;
use crate::nn::train::{Objective, stopped};
use argmin::core::{CostFunction, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use std::cell::RefCell;

/// L-BFGS with the line search of Moré and Thuente: for small models and all samples at once, where it needs
/// far fewer passes than gradient descent.
///
/// ```
/// use tapegrad::nn::{Data, Eager, Lbfgs, Reduction};
///
/// // An exponential decay through three points.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[3.0], [1.5], [0.75]])?;
/// let loss = |w: &[tapegrad::Var], x: &[tapegrad::Var], t: &[tapegrad::Var]| {
///     (w[0] * (w[1] * x[0]).exp() - t[0]).powi(2)
/// };
/// let mut w = [1.0, 0.0];
/// let minimum = Lbfgs::default().minimize(&mut w, &mut Eager::new(&data, Reduction::Mean, loss))?;
/// assert!((w[0] - 3.0).abs() < 1e-6 && (w[1] + 2f64.ln()).abs() < 1e-6);
/// assert!(minimum.loss < 1e-12);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    /// How many pairs of steps and slopes are remembered.
    pub memory: usize,
    /// How many iterations there are at most.
    pub iterations: u64,
    /// Ends where the gradient is shorter than this.
    pub gradient_tolerance: f64,
    /// Ends where the loss changes by less than this.
    pub loss_tolerance: f64,
}

impl Default for Lbfgs {
    /// 10 pairs, 200 iterations, tolerances of 1e-8 and 1e-15.
    fn default() -> Lbfgs {
        Lbfgs { memory: 10, iterations: 200, gradient_tolerance: 1e-8, loss_tolerance: 1e-15 }
    }
}

/// Where a minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The lowest loss found.
    pub loss: f64,
    /// How many iterations there were.
    pub iterations: u64,
}

impl Lbfgs {
    /// Minimises an objective over all its samples. The parameters become the best ones found.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if the line search came to a loss or gradient that is not finite, and
    /// [`Error::Setting`] for settings that make no sense; the parameters then stay as they were.
    pub fn minimize(&self, parameters: &mut [f64], objective: &mut dyn Objective) -> Result<Minimum, Error> {
        let problem = Problem {
            samples: (0..objective.samples()).collect(),
            objective: RefCell::new(objective),
            last: RefCell::default(),
            evaluations: RefCell::new(0),
        };
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), self.memory)
            .with_tolerance_grad(self.gradient_tolerance)
            .and_then(|solver| solver.with_tolerance_cost(self.loss_tolerance))
            .map_err(|error| Error::Setting(error.to_string()))?;
        let start = parameters.to_vec();
        let outcome = Executor::new(problem, solver)
            .configure(|state| state.param(start).max_iters(self.iterations))
            .run()
            .map_err(|error| error.downcast().unwrap_or_else(|error| Error::Setting(error.to_string())))?;
        let state = outcome.state();
        if let Some(best) = state.get_best_param() {
            parameters.copy_from_slice(best);
        }
        Ok(Minimum { loss: state.get_best_cost(), iterations: state.get_iter() })
    }
}

/// Argmin asks for value and gradient apart; both come from one pass, and the last answer is kept.
struct Problem<'a> {
    samples: Vec<usize>,
    objective: RefCell<&'a mut dyn Objective>,
    last: RefCell<Option<Answer>>,
    evaluations: RefCell<usize>,
}

/// Loss and gradient at some parameters.
struct Answer {
    at: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

impl Problem<'_> {
    fn at(&self, parameters: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        let mut last = self.last.borrow_mut();
        if let Some(answer) = last.as_ref().filter(|answer| answer.at == parameters) {
            return Ok((answer.loss, answer.gradient.clone()));
        }
        let mut gradient = vec![0.0; parameters.len()];
        let mut step = self.evaluations.borrow_mut();
        let mut objective = self.objective.borrow_mut();
        let answer = objective.loss_and_gradient(parameters, &self.samples, &mut gradient);
        let loss = answer.map_err(|failure| stopped(&**objective, *step, failure))?;
        *step += 1;
        *last = Some(Answer { at: parameters.to_vec(), loss, gradient: gradient.clone() });
        Ok((loss, gradient))
    }
}

impl CostFunction for Problem<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.at(parameters)?.0)
    }
}

impl Gradient for Problem<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        Ok(self.at(parameters)?.1)
    }
}
