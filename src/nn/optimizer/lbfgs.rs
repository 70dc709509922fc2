//! L-BFGS, by argmin.

use crate::nn::error::Error;
use crate::nn::objective::{Failure, Objective, stopped};
use crate::nn::ranges::{at_least_one, not_negative};
use argmin::core::{CostFunction, Executor, Gradient, State, TerminationReason, TerminationStatus};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use std::cell::RefCell;

/// L-BFGS with the line search of Moré and Thuente: for small models and all samples at once, where it needs
/// far fewer passes than gradient descent.
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
    /// How many pairs of steps and slopes are remembered.
    pub memory: usize,
    /// How many iterations there are at most.
    pub iterations: u64,
    /// Ends where the gradient is no longer than this.
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

/// Why a minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The gradient is as short as asked for: a minimum, as far as a gradient tells.
    Gradient,
    /// The loss changed by less than was asked for, or than it is rounded by: as low as it gets.
    Loss,
    /// The iterations ran out. This is no minimum; more of them may find one.
    Iterations,
    /// The line search found no step that is any good, though the gradient is longer than asked for. The loss is lower than
    /// it was, but this may be no minimum: the loss may have kinks there, or its gradient may not be that of the loss.
    LineSearch,
}

/// Where a minimiser ended, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The lowest loss found.
    pub loss: f64,
    /// The length of the gradient there.
    pub gradient_norm: f64,
    /// How many iterations there were.
    pub iterations: u64,
    /// Why there were no more.
    pub ending: Ending,
}

impl Lbfgs {
    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting.
    pub fn check(&self) -> Result<(), Error> {
        at_least_one("Lbfgs::memory", self.memory, "at least one pair")?;
        not_negative("Lbfgs::gradient_tolerance", self.gradient_tolerance)?;
        not_negative("Lbfgs::loss_tolerance", self.loss_tolerance)
    }

    /// Minimises an objective over all its samples. The parameters become the best ones found. That this is a minimum is
    /// only said by the [`ending`](Minimum::ending).
    ///
    /// # Errors
    /// [`Error::NonFinite`] if a loss or gradient is not finite, at the start or where the line search came to, as it does if
    /// the loss has no minimum; [`Error::NoProgress`] if no lower loss was found where the gradient says that there is one;
    /// [`Error::NoSamples`]; [`Error::OutOfRange`] for settings that make no sense. The parameters then stay as they were.
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
            return Err(Error::Setting(format!("the minimiser did not begin: {status}")));
        };
        let gradient_norm = crate::table::rules::norm(&best.gradient);
        let ending = match status {
            _ if gradient_norm <= self.gradient_tolerance => Ending::Gradient,
            TerminationStatus::Terminated(TerminationReason::MaxItersReached) => Ending::Iterations,
            _ if best.loss >= first.loss && search.is_contradicted => {
                let (loss, cause) = (first.loss, "losses rise where the gradient falls".to_owned());
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

/// So many evaluations in a row without a lower loss are the end: no line search needs as many.
const MOST_IN_VAIN: usize = 200;

/// What part of the loss a fall that its slopes promise has to be for its absence to count: less may be rounding.
const NOTICEABLE: f64 = 1e-8;

/// Loss and gradient at some parameters.
#[derive(Clone)]
struct Answer {
    at: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

/// What is asked of the objective, and what came of it so far: argmin does not say why a line search failed.
struct Search<'a> {
    samples: Vec<usize>,
    objective: &'a mut dyn Objective,
    first: Option<Answer>,
    /// Argmin asks for value and gradient apart; both come from one pass, and the last answer is kept.
    last: Option<Answer>,
    best: Option<Answer>,
    evaluations: usize,
    /// How many there were since the best.
    without_progress: usize,
    /// Whether the loss did not fall where, by the slopes at both ends, it must have.
    is_contradicted: bool,
    failure: Option<Error>,
}

impl Search<'_> {
    /// The answer at these parameters; none if there is none, or the search is over.
    fn at(&mut self, parameters: &[f64]) -> Option<&Answer> {
        if self.last.as_ref().is_none_or(|answer| answer.at != parameters) {
            // Steps that are no numbers come of steps that changed nothing before: there is no way on.
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

/// The search, as argmin sees it.
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
