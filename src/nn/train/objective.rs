//! The seam between training and differentiation.

use crate::nn::data::Data;

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
    /// [`Failure`] if either is not finite; what is in `gradient` then is not used.
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
}

/// A loss or gradient that is not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The sample it comes from, if it is one of them.
    pub sample: Option<usize>,
    /// The first node that was not finite, or what else became so.
    pub cause: String,
}
