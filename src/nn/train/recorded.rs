//! The objective that records the loss of one sample once, and evaluates it over all samples of a batch side by side.

use super::eager::Eager;
use super::objective::{Failure, Objective, Reduction};
use crate::function::Branches;
use crate::nn::data::Data;
use crate::{BatchWorkspace, Column, Error, Float, Samples, Var};
use std::fmt;

/// So few parameters that single samples are quicker on a tape.
const LITTLE: usize = 64;

/// How many combinations of branches of a loss are kept.
const RECORDINGS: usize = 16;

/// The loss `f(parameters, inputs, targets)` over data, recorded once per combination of branches that samples take, and
/// evaluated in vector registers: the way networks train. It agrees with [`Eager`] but for rounding, and is used in the
/// same way; `T` is the precision of the samples' arithmetic.
///
/// `f` must be a function of its arguments: what it reads elsewhere is baked into the recording. A loss that cannot be
/// recorded, since it reads a plain number out of a variable or uses a node that only has partials, is evaluated by
/// [`Eager`] instead.
///
/// ```
/// use tapegrad::nn::{Data, Recorded, Reduction, Sgd, Trainer};
///
/// // A line through three points, by gradient descent.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let mut objective =
///     Recorded::<_>::new(&data, Reduction::Mean, |w, x, t| (w[0] * x[0] + w[1] - t[0]).powi(2));
/// let mut w = [0.0, 0.0];
/// Trainer::new(Sgd::new(0.2)).epochs(500).minimize(&mut w, &mut objective)?;
/// assert!((w[0] - 2.0).abs() < 1e-9 && (w[1] - 1.0).abs() < 1e-9);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
pub struct Recorded<'a, F, T = f64> {
    /// For losses that cannot be recorded, and to say where something is not finite.
    eager: Eager<'a, F>,
    columns: Vec<Column<'a>>,
    /// The recordings, for so many parameters; none if the loss cannot be recorded.
    branches: Option<(usize, Branches<T>)>,
    workspace: BatchWorkspace<T>,
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Float> Recorded<'a, F, T> {
    /// The objective of this loss over these samples.
    #[must_use]
    pub fn new(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        Recorded {
            columns: data.columns(),
            branches: Some((usize::MAX, Branches::new(0..0, 0..0, RECORDINGS))),
            workspace: BatchWorkspace::new(),
            eager: Eager::new(data, reduction, loss),
        }
    }

    /// The sum over the batch, and its gradient; none if the loss cannot be recorded.
    fn sum(&mut self, parameters: &[f64], batch: &[usize], gradient: &mut [f64]) -> Option<f64> {
        let (known, branches) = self.branches.as_mut()?;
        let (count, columns) = (parameters.len(), self.columns.len());
        if *known != count {
            (*known, *branches) = (count, Branches::new(0..count, count..count + columns, RECORDINGS));
        }
        let (loss, inputs) = (&self.eager.loss, self.eager.data.input_width());
        let of_all = |all: &[Var]| {
            let (parameters, sample) = all.split_at(count);
            let (inputs, targets) = sample.split_at(inputs);
            loss(parameters, inputs, targets)
        };
        let samples = Samples::new(&self.columns).and_then(|samples| samples.choose(batch)).ok()?;
        let total = branches.value_and_gradient(of_all, parameters, &samples, &mut self.workspace, gradient);
        if let Err(Error::ValueRead { .. } | Error::Opaque { .. } | Error::FreeVariable { .. }) = total {
            self.branches = None;
        }
        total.ok()
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Float> Objective for Recorded<'_, F, T> {
    fn samples(&self) -> usize {
        self.eager.samples()
    }

    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        // One sample leaves most lanes idle, and a tape of so few nodes is quick.
        let is_little = batch.len() == 1 && parameters.len() <= LITTLE;
        let total = if is_little { None } else { self.sum(parameters, batch, gradient) };
        match total {
            Some(total) => self.eager.reduced(total, parameters, batch, gradient),
            None => self.eager.loss_and_gradient(parameters, batch, gradient),
        }
    }

    fn reduction(&self) -> Reduction {
        self.eager.reduction()
    }
}

impl<F, T> fmt::Debug for Recorded<'_, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded").field("is_recorded", &self.branches.is_some()).finish_non_exhaustive()
    }
}
