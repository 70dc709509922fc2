//! The objective that records the loss of one sample once, and evaluates the recording over all samples of a batch.

use super::data_loss::{DataLoss, TapeMemory};
use super::single::Singles;
use super::watch::Watch;
use crate::error::Error;
use crate::function::{Branches, Column, Precision, Samples};
use crate::nn::backend::{Backend, Fallback};
use crate::nn::data::Data;
use crate::nn::objective::{Failure, Moment, Objective, Reduction, Report, check_batch};
use crate::tape::Var;
use std::fmt;

/// For how many combinations of branches of a loss recordings are kept.
const RECORDINGS: usize = 16;

/// The loss `f(parameters, inputs, targets)` over data, recorded once for each combination of branches that samples
/// take, and evaluated in vector registers. Networks are trained with it by default. It agrees with
/// [`Eager`](super::Eager) up to rounding, and is used in the same way; `T` is the precision of the arithmetic over
/// samples. A batch of one sample is evaluated by a [`Function`](crate::Function), in double precision, if that seems quicker:
/// it is for small losses, and for those with nothing to compute side by side. That depends on the recording alone.
///
/// The loss of a sample is multiplied by its weight, if the data have [weights](Data::with_weights); data with
/// [missing targets](Data::with_missing) are refused.
///
/// `f` must be a function of its arguments: anything else that it reads, such as a counter or random numbers, is
/// baked into the recording. To detect this, every recording is made twice and compared, and `f` is recorded again
/// after 1, 2, 4, 8, … batches, after each `on_epoch` of a trainer, and at the end of training. A loss that is not
/// the same function each time, or cannot be recorded because it reads the plain number of a variable or uses a
/// node of which only the partials are known, is evaluated as by [`Eager`](super::Eager) instead, or is an error:
/// see [`fallback`](Self::fallback). [`report`](Objective::report) says which was used, and why. It is always an
/// error if a change is found only after batches may have been computed with the outdated recording. A change that
/// is undone between two checks, or affects only a branch that no check takes, is not detected.
///
/// ```
/// use tapegrad::nn::{Data, Recorded, Reduction, Sgd, Trainer};
///
/// // A line through three points, by gradient descent.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let mut objective =
///     Recorded::new(&data, Reduction::Mean, |w, x, t| (w[0] * x[0] + w[1] - t[0]).powi(2));
/// let mut w = [0.0, 0.0];
/// Trainer::new(Sgd::new(0.2)).epochs(500).minimize(&mut w, &mut objective)?;
/// assert!((w[0] - 2.0).abs() < 1e-9 && (w[1] - 1.0).abs() < 1e-9);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
pub struct Recorded<'a, F, T = f64> {
    loss: DataLoss<'a, F>,
    /// Memory for losses that cannot be recorded.
    tape: TapeMemory,
    columns: Vec<Column<'a>>,
    /// `None` if the loss cannot be recorded.
    kept: Option<Kept<T>>,
    watch: Watch,
    fallback: Fallback,
    /// Why the tape is used, or why the loss cannot be computed.
    because: Option<String>,
    is_refused: bool,
}

/// Recordings and memory that are kept between evaluations, for this number of parameters.
struct Kept<T> {
    parameters: usize,
    branches: Branches<T>,
    /// Recordings for batches of one sample.
    singles: Singles<T>,
    /// The parameters and the numbers of the sample.
    point: Vec<f64>,
}

impl<T: Precision> Kept<T> {
    fn new(parameters: usize, columns: usize) -> Self {
        Kept {
            parameters,
            branches: Branches::new(0..parameters, parameters..parameters + columns, RECORDINGS),
            singles: Singles::new(RECORDINGS),
            point: Vec::new(),
        }
    }
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var> Recorded<'a, F> {
    /// The objective of this loss over these samples, in double precision.
    #[must_use]
    pub fn new(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        Self::new_as(data, reduction, loss)
    }
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Precision> Recorded<'a, F, T> {
    /// As [`new`](Recorded::new), in the precision of `T`: `Recorded::<_, f32>::new_as(data, reduction, loss)`.
    #[must_use]
    pub fn new_as(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        Self::over(DataLoss::new(data, reduction, loss))
    }

    /// As [`new_as`](Self::new_as), but for this loss.
    pub(in crate::nn) fn over(loss: DataLoss<'a, F>) -> Self {
        Recorded {
            columns: loss.data.columns(),
            // No network has this many parameters, so it is replaced at the first batch.
            kept: Some(Kept { parameters: usize::MAX, ..Kept::new(0, 0) }),
            loss,
            tape: TapeMemory::default(),
            watch: Watch::new(false, 2 * RECORDINGS),
            fallback: Fallback::Tape,
            because: None,
            is_refused: false,
        }
    }

    /// What to do if the loss cannot be replayed; by default [`Fallback::Tape`].
    #[must_use]
    pub fn fallback(self, fallback: Fallback) -> Self {
        Recorded { fallback, ..self }
    }

    /// Sets whether the loss is known to be a function of its arguments; then it is not recorded again.
    pub(in crate::nn) fn known(self, is_known: bool) -> Self {
        Recorded { watch: Watch::new(is_known, 2 * RECORDINGS), ..self }
    }

    /// The sum over the batch and its gradient; `None` if the loss cannot be recorded.
    fn sum(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Option<Result<f64, Error>> {
        let kept = self.kept.as_mut()?;
        let (count, columns) = (parameters.len(), self.columns.len());
        if kept.parameters != count {
            *kept = Kept::new(count, columns);
            self.watch.clear();
        }
        let Kept { branches, singles, point, .. } = kept;
        let (loss, watch) = (&self.loss, &mut self.watch);
        let mut record = |at: &[f64]| watch.record(|known| loss.record(count, at, known));
        let samples = || Samples::new(&self.columns)?.choose(batch);
        Some(match *batch {
            [sample] => {
                loss.point_into(parameters, sample, point);
                singles.value_and_gradient(|| record(point), 0..count, point, samples, gradient)
            }
            _ => samples()
                .and_then(|samples| branches.value_and_gradient(record, parameters, &samples, gradient)),
        })
    }

    /// Handles an error of a recording: the tape is used, from now on or for this batch, or the loss is refused.
    fn give_up(&mut self, error: &Error, is_too_late: bool) -> Result<(), Failure> {
        let is_for_good = !matches!(error, Error::BranchesChanged { .. } | Error::BranchChanged { .. });
        if is_for_good {
            self.kept = None;
        }
        if is_for_good || self.because.is_none() {
            let too_late =
                if is_too_late { "; batches may have been computed with the outdated recording" } else { "" };
            self.because = Some(format!("{error}{too_late}"));
        }
        self.is_refused |= is_too_late || self.fallback == Fallback::Refuse;
        self.answerable()
    }

    fn answerable(&self) -> Result<(), Failure> {
        match &self.because {
            Some(cause) if self.is_refused => Err(Failure { sample: None, cause: cause.clone() }),
            _ => Ok(()),
        }
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Precision> Objective for Recorded<'_, F, T> {
    fn samples(&self) -> usize {
        self.loss.data.len()
    }

    fn data(&self) -> Option<&Data> {
        Some(self.loss.data)
    }

    /// # Panics
    /// If `gradient` does not have the length of `parameters`, or a sample does not exist.
    #[track_caller]
    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        check_batch(self.reduction(), parameters, batch, gradient)?;
        self.loss.check_missing()?;
        self.answerable()?;
        if self.watch.is_due() {
            self.look_again(parameters, batch[0], Moment::AtTheEnd)?;
        }
        match self.sum(parameters, batch, gradient) {
            Some(Ok(total)) => {
                self.watch.has_answered();
                return self.loss.reduced(total, parameters, batch, gradient);
            }
            Some(Err(error)) => self.give_up(&error, false)?,
            None => {}
        }
        self.loss.on_tape(&mut self.tape, parameters, batch, gradient)
    }

    fn reduction(&self) -> Reduction {
        self.loss.reduction
    }

    fn look_again(&mut self, parameters: &[f64], sample: usize, when: Moment) -> Result<(), Failure> {
        let Some(kept) = self.kept.as_mut().filter(|kept| kept.parameters == parameters.len()) else {
            return Ok(());
        };
        self.loss.point_into(parameters, sample, &mut kept.point);
        let (loss, point) = (&self.loss, &kept.point);
        match self.watch.look(point, |known| loss.record(parameters.len(), point, known)) {
            Ok(()) => Ok(()),
            Err(error) => self.give_up(&error, when == Moment::AtTheEnd && self.watch.is_in_doubt()),
        }
    }

    fn report(&self) -> Report {
        let recorded = if size_of::<T>() == 4 { Backend::RecordedSingle } else { Backend::Recorded };
        Report {
            backend: Some(if self.kept.is_some() { recorded } else { Backend::Eager }),
            tape_because: self.because.clone(),
            is_refused: self.is_refused,
        }
    }
}

impl<F, T> fmt::Debug for Recorded<'_, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("is_recorded", &self.kept.is_some()).finish_non_exhaustive()
    }
}
