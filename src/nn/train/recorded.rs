//! The objective that records the loss of one sample once, and evaluates it over all samples of a batch side by side.

use super::eager::Eager;
use super::objective::{Failure, Objective, Reduction};
use crate::function::{Branches, Recordings};
use crate::nn::data::Data;
use crate::nn::mlp::Mlp;
use crate::{BatchWorkspace, Column, Error, Float, Function, Samples, Var, Workspace};
use std::fmt;

/// So few parameters per byte of a lane's number that a single sample is quicker by itself: in lanes it leaves most idle, but the
/// smaller the numbers, the less a register of them costs.
const LITTLE: usize = 256;

/// How many combinations of branches of a loss are kept.
const RECORDINGS: usize = 16;

/// The loss `f(parameters, inputs, targets)` over data, recorded once per combination of branches that samples take, and
/// evaluated in vector registers: the way networks train. It agrees with [`Eager`] but for rounding, and is used in the
/// same way; `T` is the precision of the samples' arithmetic. A sample by itself would leave most of a register idle: where
/// there are few parameters, it goes through a [`Function`], in double precision.
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
    /// None if the loss cannot be recorded.
    kept: Option<Kept<T>>,
}

/// What is kept from one evaluation to the next, for so many parameters.
struct Kept<T> {
    parameters: usize,
    branches: Branches<T>,
    batch: BatchWorkspace<T>,
    /// For samples by themselves.
    recordings: Recordings,
    single: Workspace,
    /// The parameters and the numbers of the sample.
    point: Vec<f64>,
}

impl<T: Float> Kept<T> {
    fn new(parameters: usize, columns: usize) -> Self {
        Kept {
            parameters,
            branches: Branches::new(0..parameters, parameters..parameters + columns, RECORDINGS),
            batch: BatchWorkspace::new(),
            recordings: Recordings::new(RECORDINGS),
            single: Workspace::new(),
            point: Vec::new(),
        }
    }
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Float> Recorded<'a, F, T> {
    /// The objective of this loss over these samples.
    #[must_use]
    pub fn new(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        Recorded {
            columns: data.columns(),
            kept: Some(Kept::new(usize::MAX, 0)),
            eager: Eager::new(data, reduction, loss),
        }
    }

    /// With the names that this network has for its parameters, in messages.
    pub(super) fn naming_by(self, network: &'a Mlp) -> Self {
        Recorded { eager: self.eager.naming_by(network), ..self }
    }

    /// The sum over the batch, and its gradient; none if the loss cannot be recorded.
    fn sum(&mut self, parameters: &[f64], batch: &[usize], gradient: &mut [f64]) -> Option<f64> {
        let kept = self.kept.as_mut()?;
        let (count, columns) = (parameters.len(), self.columns.len());
        if kept.parameters != count {
            *kept = Kept::new(count, columns);
        }
        let Kept { branches, batch: memory, recordings, single, point, .. } = kept;
        let (loss, data) = (&self.eager.loss, self.eager.data);
        let of_all = |all: &[Var]| {
            let (parameters, sample) = all.split_at(count);
            let (inputs, targets) = sample.split_at(data.input_width());
            loss(parameters, inputs, targets)
        };
        let total = match *batch {
            [sample] if count <= LITTLE * size_of::<T>() => {
                point.clear();
                for part in [parameters, data.input(sample), data.target(sample)] {
                    point.extend_from_slice(part);
                }
                let record = || {
                    let function = Function::record::<&[f64], _>(of_all, point)?;
                    Ok(function.with_parameters(count..point.len())?.optimize())
                };
                let gradient = |function: &Function| function.value_and_gradient(point, single, gradient);
                recordings.with_fitting(record, gradient)
            }
            _ => {
                let samples = Samples::new(&self.columns).and_then(|samples| samples.choose(batch)).ok()?;
                branches.value_and_gradient(of_all, parameters, &samples, memory, gradient)
            }
        };
        if let Err(Error::ValueRead { .. } | Error::Opaque { .. } | Error::FreeVariable { .. }) = total {
            self.kept = None;
        }
        total.ok()
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var, T: Float> Objective for Recorded<'_, F, T> {
    fn samples(&self) -> usize {
        self.eager.samples()
    }

    fn data(&self) -> Option<&Data> {
        self.eager.data()
    }

    fn loss_and_gradient(
        &mut self,
        parameters: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, Failure> {
        match self.sum(parameters, batch, gradient) {
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
        f.debug_struct("Recorded").field("is_recorded", &self.kept.is_some()).finish_non_exhaustive()
    }
}
