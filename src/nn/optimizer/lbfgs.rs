//! L-BFGS, from argmin.

use crate::nn::error::Error;
use crate::nn::objective::{Failure, Objective, stopped};
use crate::nn::ranges::{at_least_one, not_negative};
use argmin::core::{CostFunction, Executor, Gradient, State, TerminationReason, TerminationStatus};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use std::cell::RefCell;

/// L-BFGS with the line search of Moré and Thuente: for small models with all samples in one batch, where it needs
/// far fewer evaluations than gradient descent.
///
/// ```
/// use tapegrad::nn::{Data, Eager, Ending, Lbfgs, Reduction};
///
/// // An exponential decay through three points.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[3.0], [1.5], [0.75]])?;
/// let loss = |w: &[tapegrad::Var], x: &[tapegrad::Var], t: &[tapegrad::Var]| {
///     (w[0] * (w[1] * x[0]).exp() - t[0]).powi(2)
/// };
/// let mut w = [1.0, 0.0];
/// let minimum = Lbfgs::default().minimize(&mut w, &mut Eager::new(&data, Reduction::Mean, loss))?;
/// assert!((w[0] - 3.0).abs() < 1e-6 && (w[1] + 2f64.ln()).abs() < 1e-6);
/// assert!(minimum.loss < 1e-12 && minimum.ending != Ending::Iterations);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    /// How many pairs of steps and gradient changes are kept.
    pub memory: usize,
    /// The largest number of iterations.
    pub iterations: u64,
    /// Ends when the norm of the gradient is at most this.
    pub gradient_tolerance: f64,
    /// Ends when the loss changes by less than this.
    pub loss_tolerance: f64,
}

impl Default for Lbfgs {
    /// 10 pairs, 200 iterations, tolerances of 1e-8 and 1e-15.
    fn default() -> Lbfgs {
        Lbfgs { memory: 10, iterations: 200, gradient_tolerance: 1e-8, loss_tolerance: 1e-15 }
    }
}

/// Why a minimisation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The norm of the gradient is within the tolerance: a minimum, as far as a gradient can show.
    Gradient,
    /// The loss changed by less than the tolerance, or than its rounding error: it is as low as it gets.
    Loss,
    /// The largest number of iterations was reached. This is not a minimum; more iterations may find one.
    Iterations,
    /// The line search found no acceptable step, although the norm of the gradient is above the tolerance. The loss
    /// is lower than at the start, but this may not be a minimum: the loss may have kinks here, or the gradient may
    /// be wrong.
    LineSearch,
}

/// The result of a minimisation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The lowest loss found.
    pub loss: f64,
    /// The norm of the gradient there.
    pub gradient_norm: f64,
    /// The number of iterations.
    pub iterations: u64,
    /// Why it ended.
    pub ending: Ending,
}

impl Lbfgs {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        at_least_one("Lbfgs::memory", self.memory, "at least one pair")?;
        not_negative("Lbfgs::gradient_tolerance", self.gradient_tolerance)?;
        not_negative("Lbfgs::loss_tolerance", self.loss_tolerance)
    }

    /// Minimises an objective over all its samples, and sets the parameters to the best ones found. Whether they
    /// are a minimum depends on the [`ending`](Minimum::ending).
    ///
    /// # Errors
    /// [`Error::NonFinite`] if a loss or gradient is not finite, at the start or during a line search, as happens
    /// if the loss has no minimum; [`Error::NotReplayable`] if the objective refuses its loss;
    /// [`Error::NoProgress`] if no lower loss was found although the gradient indicates one; [`Error::NoSamples`];
    /// [`Error::OutOfRange`] for an invalid setting; [`Error::Setting`] if argmin does not accept one. The
    /// parameters are unchanged then.
    pub fn minimize(&self, parameters: &mut [f64], objective: &mut dyn Objective) -> Result<Minimum, Error> {
        self.check()?;
        if objective.samples() == 0 {
            return Err(Error::NoSamples(" to minimise a loss of"));
        }
        let search = RefCell::new(Search {
            samples: (0..objective.samples()).collect(),
            objective,
            first: None,
            last: None,
            best: None,
            evaluations: 0,
            without_progress: 0,
            is_contradicted: false,
            failure: None,
        });
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), self.memory)
            .with_tolerance_grad(self.gradient_tolerance)
            .and_then(|solver| solver.with_tolerance_cost(self.loss_tolerance))
            .map_err(|error| Error::Setting(error.to_string()))?;
        let start = parameters.to_vec();
        let outcome = Executor::new(Problem(&search), solver)
            .configure(|state| state.param(start).max_iters(self.iterations))
            .run();
        let (iterations, status) = match &outcome {
            Ok(outcome) => (outcome.state().get_iter(), outcome.state().get_termination_status().clone()),
            Err(error) => {
                (0, TerminationStatus::Terminated(TerminationReason::SolverExit(error.to_string())))
            }
        };
        drop(outcome);
        let search = search.into_inner();
        if let Some(failure) = search.failure {
            return Err(failure);
        }
        let (Some(first), Some(best)) = (search.first, search.best) else {
            return Err(Error::Setting(format!("the minimiser did not start: {status}")));
        };
        let gradient_norm = crate::table::lists::norm(&best.gradient);
        let ending = match status {
            _ if gradient_norm <= self.gradient_tolerance => Ending::Gradient,
            TerminationStatus::Terminated(TerminationReason::MaxItersReached) => Ending::Iterations,
            _ if best.loss >= first.loss && search.is_contradicted => {
                let (loss, cause) =
                    (first.loss, "the loss rises where its gradient says that it falls".to_owned());
                return Err(Error::NoProgress { loss, gradient_norm, cause });
            }
            TerminationStatus::Terminated(TerminationReason::SolverExit(_)) if best.loss < first.loss => {
                Ending::LineSearch
            }
            _ => Ending::Loss,
        };
        parameters.copy_from_slice(&best.at);
        Ok(Minimum { loss: best.loss, gradient_norm, iterations, ending })
    }
}

/// The search ends after this many evaluations in a row without a lower loss: no line search needs as many.
const MOST_IN_VAIN: usize = 200;

/// A predicted decrease that did not happen counts only if it is larger than this fraction of the loss: less may be
/// rounding.
const NOTICEABLE: f64 = 1e-8;

/// Loss and gradient at some parameters.
#[derive(Clone)]
struct Answer {
    at: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

/// The evaluations of the objective so far: argmin does not report why a line search failed.
struct Search<'a> {
    samples: Vec<usize>,
    objective: &'a mut dyn Objective,
    first: Option<Answer>,
    /// Argmin requests value and gradient separately; both come from one evaluation, and the last one is kept.
    last: Option<Answer>,
    best: Option<Answer>,
    evaluations: usize,
    /// The number of evaluations since the best.
    without_progress: usize,
    /// Whether the loss did not decrease in a step where the gradients at both ends predict it.
    is_contradicted: bool,
    failure: Option<Error>,
}

impl Search<'_> {
    /// The evaluation at these parameters; `None` if it failed, or the search is over.
    fn at(&mut self, parameters: &[f64]) -> Option<&Answer> {
        if self.last.as_ref().is_none_or(|answer| answer.at != parameters) {
            // A step becomes NaN after steps that changed nothing: the search cannot continue.
            let has_step = !parameters.iter().any(|w| w.is_nan()) || self.evaluations == 0;
            if self.failure.is_some() || self.without_progress >= MOST_IN_VAIN || !has_step {
                return None;
            }
            match self.evaluate(parameters) {
                Ok(answer) => self.keep(answer),
                Err(mut failure) => {
                    if self.evaluations > 0 {
                        failure.cause += " (in a line search: the loss may have no minimum, or its steps are too long, and scaling the \
                                  parameters helps)";
                    }
                    self.failure = Some(stopped(&*self.objective, self.evaluations, failure));
                    return None;
                }
            }
        }
        self.last.as_ref()
    }

    fn evaluate(&mut self, parameters: &[f64]) -> Result<Answer, Failure> {
        let mut gradient = vec![0.0; parameters.len()];
        let loss = self.objective.loss_and_gradient(parameters, &self.samples, &mut gradient)?;
        let fail = |cause: String| Err(Failure { sample: None, cause });
        if !loss.is_finite() {
            return fail(format!("the loss is {loss}"));
        }
        if let Some(k) = gradient.iter().position(|slope| !slope.is_finite()) {
            return fail(format!("the derivative by parameter {k} is {}", gradient[k]));
        }
        Ok(Answer { at: parameters.to_vec(), loss, gradient })
    }

    fn keep(&mut self, answer: Answer) {
        self.evaluations += 1;
        self.without_progress += 1;
        let first = self.first.get_or_insert_with(|| answer.clone());
        let fall = |slopes: &[f64]| -> f64 {
            let steps = first.at.iter().zip(&answer.at).map(|(from, to)| from - to);
            steps.zip(slopes).map(|(step, slope)| step * slope).sum()
        };
        let least = fall(&first.gradient).min(fall(&answer.gradient));
        self.is_contradicted |= answer.loss >= first.loss && least > NOTICEABLE * first.loss.abs();
        if self.best.as_ref().is_none_or(|best| answer.loss < best.loss) {
            self.best = Some(answer.clone());
            self.without_progress = 0;
        }
        self.last = Some(answer);
    }
}

/// The interface of the search to argmin.
struct Problem<'s, 'a>(&'s RefCell<Search<'a>>);

impl Problem<'_, '_> {
    fn ask<T>(&self, parameters: &[f64], part: impl FnOnce(&Answer) -> T) -> Result<T, argmin::core::Error> {
        self.0
            .borrow_mut()
            .at(parameters)
            .map(part)
            .ok_or_else(|| argmin::core::Error::msg("the search is over"))
    }
}

impl CostFunction for Problem<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        self.ask(parameters, |answer| answer.loss)
    }
}

impl Gradient for Problem<'_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        self.ask(parameters, |answer| answer.gradient.clone())
    }
}
