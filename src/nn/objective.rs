//! The seam between training and differentiation.

use super::backend::Backend;
use super::data::Data;
use super::error::Error;

/// How the losses of a batch become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean: the size of a step does not depend on that of the batch.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// What is minimised: a loss of parameters over numbered samples, which can say its value and gradient for
/// a batch of them.
///
/// [`Eager`](super::Eager) makes one of a loss over variables. Anything else that can answer fits as well:
///
/// ```
/// use tapegrad::nn::{Failure, Objective, Sgd, Trainer};
///
/// /// The mean squared distance to some points.
/// struct Distance(Vec<f64>);
///
/// impl Objective for Distance {
///     fn samples(&self) -> usize {
///         self.0.len()
///     }
///     fn loss_and_gradient(&mut self, w: &[f64], batch: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
///         let n = batch.len() as f64;
///         g[0] = batch.iter().map(|&k| 2.0 * (w[0] - self.0[k])).sum::<f64>() / n;
///         Ok(batch.iter().map(|&k| (w[0] - self.0[k]).powi(2)).sum::<f64>() / n)
///     }
/// }
///
/// let mut w = [0.0];
/// Trainer::new(Sgd::new(0.1)).epochs(100).minimize(&mut w, &mut Distance(vec![1.0, 2.0, 6.0]))?;
/// assert!((w[0] - 3.0).abs() < 1e-8);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
pub trait Objective {
    /// How many samples there are.
    fn samples(&self) -> usize;

    /// The samples themselves, if they are kept so: then a checkpoint is not resumed with others.
    fn data(&self) -> Option<&Data> {
        None
    }

    /// The loss of a batch of samples at these parameters; its gradient is written over `gradient`.
    ///
    /// # Errors
    /// [`Failure`] if either is not finite, or the [`report`](Self::report) says that they are refused; what is in
    /// `gradient` then is not used.
    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure>;

    /// How the losses of the samples become that of the batch. Only the loss that the history gives for an
    /// epoch depends on it.
    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    /// Looks, with one sample, whether what it keeps from earlier batches still holds. A trainer asks where code of
    /// the caller's ran, and at the end. There is nothing to do for what keeps nothing.
    ///
    /// # Errors
    /// [`Failure`] if it does not hold and nothing else can answer; the [`report`](Self::report) then says so.
    fn look_again(&mut self, _parameters: &[f64], _sample: usize, _when: Moment) -> Result<(), Failure> {
        Ok(())
    }

    /// How it came by its answers; nothing, unless it has a choice.
    fn report(&self) -> Report {
        Report::default()
    }
}

/// When an objective is asked to [look again](Objective::look_again).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// After the caller's `on_epoch` ran: a change is its doing, and earlier batches were right.
    AfterCallback,
    /// After the last batch: a change may have come before it.
    AtTheEnd,
}

/// How an objective came by its answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// What computed them last.
    pub backend: Option<Backend>,
    /// Why the tape had to, for all that followed or for some batches; or why there is no answer.
    pub tape_because: Option<String>,
    /// Whether there is no answer: a recording cannot be used, and the tape is not wanted or comes too late.
    pub is_refused: bool,
}

/// A loss or gradient that is not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The sample it comes from, if it is one of them.
    pub sample: Option<usize>,
    /// The first node that was not finite, or what else became so.
    pub cause: String,
}

/// The error of a run whose objective failed after so many updates.
pub(in crate::nn) fn stopped(objective: &dyn Objective, step: usize, failure: Failure) -> Error {
    let Failure { sample, cause } = failure;
    if objective.report().is_refused {
        Error::NotReplayable { step, cause }
    } else {
        Error::NonFinite { step, sample, cause }
    }
}

/// Refuses a batch without samples, whose losses have no mean; their sum is 0.
///
/// # Panics
/// If there are not as many derivatives as parameters.
#[track_caller]
pub(crate) fn check_batch(
    reduction: Reduction,
    parameters: &[f64],
    batch: &[usize],
    gradient: &[f64],
) -> Result<(), Failure> {
    let (derivatives, parameters) = (gradient.len(), parameters.len());
    assert!(
        derivatives == parameters,
        "`gradient` has room for {derivatives} derivatives, and there are {parameters} parameters: make it as long"
    );
    if batch.is_empty() && reduction == Reduction::Mean {
        return Err(Failure {
            sample: None,
            cause: "the batch has no samples, and so no mean loss".to_owned(),
        });
    }
    Ok(())
}
