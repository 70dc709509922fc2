//! The objective that records every sample on a tape.

use super::data_loss::{DataLoss, TapeMemory};
use crate::Var;
use crate::nn::backend::Backend;
use crate::nn::data::Data;
use crate::nn::objective::{Failure, Objective, Reduction, Report, check_batch};

/// The loss `f(parameters, inputs, targets)` over data, recorded and swept sample by sample: the parameters stay on
/// the tape, which is rewound to them after each sample. This is the reference for faster backends. Weights and missing targets
/// are treated as by [`Recorded`](super::Recorded).
///
/// ```
/// use tapegrad::nn::{Data, Eager, Reduction, Sgd, Trainer};
///
/// // A line through three points, by gradient descent.
/// let data = Data::new(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let mut objective = Eager::new(&data, Reduction::Mean, |w, x, t| (w[0] * x[0] + w[1] - t[0]).powi(2));
/// let mut w = [0.0, 0.0];
/// Trainer::new(Sgd::new(0.2)).epochs(500).minimize(&mut w, &mut objective)?;
/// assert!((w[0] - 2.0).abs() < 1e-9 && (w[1] - 1.0).abs() < 1e-9);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug)]
pub struct Eager<'a, F> {
    loss: DataLoss<'a, F>,
    memory: TapeMemory,
}

impl<'a, F: Fn(&[Var], &[Var], &[Var]) -> Var> Eager<'a, F> {
    /// The objective of this loss over these samples.
    #[must_use]
    pub fn new(data: &'a Data, reduction: Reduction, loss: F) -> Self {
        Eager { loss: DataLoss::new(data, reduction, loss), memory: TapeMemory::default() }
    }

    /// As [`new`](Self::new), but for this loss.
    pub(super) fn over(loss: DataLoss<'a, F>) -> Self {
        Eager { loss, memory: TapeMemory::default() }
    }
}

impl<F: Fn(&[Var], &[Var], &[Var]) -> Var> Objective for Eager<'_, F> {
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
        check_batch(self.loss.reduction, parameters, batch, gradient)?;
        self.loss.check_missing()?;
        self.loss.on_tape(&mut self.memory, parameters, batch, gradient)
    }

    fn reduction(&self) -> Reduction {
        self.loss.reduction
    }

    fn report(&self) -> Report {
        Report { backend: Some(Backend::Eager), ..Report::default() }
    }
}
