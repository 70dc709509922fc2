//! The interface between training and differentiation.

use super::backend::Backend;
use super::data::Data;
use super::error::Error;

/// How the losses of the samples of a batch are reduced to one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean: the size of an update does not depend on that of the batch.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// What is minimised: a loss that depends on parameters and numbered samples, and computes its value and gradient
/// for a batch of samples.
///
/// [`Recorded`](super::Recorded) and [`Eager`](super::Eager) make an objective from a loss over variables. You can
/// also implement one:
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
    /// The number of samples.
    fn samples(&self) -> usize;

    /// The samples, if they are stored as [`Data`]: then a checkpoint cannot be resumed with other data.
    fn data(&self) -> Option<&Data> {
        None
    }

    /// The loss of a batch of samples at these parameters. Overwrites `gradient` with its gradient.
    ///
    /// # Errors
    /// [`Failure`] if either is not finite, or if the objective cannot compute them, as [`report`](Self::report)
    /// then says. The contents of `gradient` are not used then.
    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure>;

    /// How the losses of the samples are reduced to that of the batch. A trainer uses it only to compute the loss
    /// of an epoch for the history.
    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    /// Checks, with one sample, that a recording which it keeps from earlier batches is still valid. A trainer
    /// calls this after a callback ran, and at the end of training. Objectives without a recording need not
    /// implement it.
    ///
    /// # Errors
    /// [`Failure`] if the recording is not valid and there is no other way to compute the loss;
    /// [`report`](Self::report) then says so.
    fn look_again(&mut self, _parameters: &[f64], _sample: usize, _when: Moment) -> Result<(), Failure> {
        Ok(())
    }

    /// How losses and gradients were computed. Empty by default.
    fn report(&self) -> Report {
        Report::default()
    }
}

/// When a trainer calls [`Objective::look_again`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// After the callback `on_epoch`: if the loss changed, the callback changed it, and earlier batches were right.
    AfterCallback,
    /// After the last batch: if the loss changed, earlier batches may be wrong.
    AtTheEnd,
}

/// How an objective computed losses and gradients.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// The backend of the last batch.
    pub backend: Option<Backend>,
    /// Why the tape was used instead of a recording, for some batches or for all that followed; or why the
    /// objective cannot compute the loss.
    pub tape_because: Option<String>,
    /// Whether the objective cannot compute the loss: a recording cannot be used, and the tape is not allowed, or
    /// batches were already computed with an outdated recording.
    pub is_refused: bool,
}

/// A loss or gradient that is not finite, or cannot be computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The sample that caused it, if it was a single one.
    pub sample: Option<usize>,
    /// The first node that was not finite, or another cause.
    pub cause: String,
}

/// The error of a training run whose objective failed after `step` updates.
pub(in crate::nn) fn stopped(objective: &dyn Objective, step: usize, failure: Failure) -> Error {
    let Failure { sample, cause } = failure;
    if objective.report().is_refused {
        Error::NotReplayable { step, cause }
    } else {
        Error::NonFinite { step, sample, cause }
    }
}

/// An error for the mean over a batch without samples, which is not defined; the sum is 0.
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
