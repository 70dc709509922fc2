//! Outputs for many samples, and their classes.

use crate::nn::activation::Activation;
use crate::nn::data::class;
use std::borrow::Cow;
use std::ops::Deref;

/// The outputs for every sample, and the decision boundary of a single output, above which it means class 1.
/// Metrics are computed from them. [`Mlp::predict_all`](crate::nn::Mlp::predict_all) sets the boundary for the
/// output layer. Lists of plain numbers are treated as logits, with the boundary 0.
///
/// ```
/// use tapegrad::nn::{Data, Predictions, accuracy};
///
/// let data = Data::new(&[[0.0], [1.0]], &[[0.0], [1.0]])?;
/// let outputs = [vec![0.3], vec![0.9]];
/// assert_eq!(accuracy(&outputs, &data), 0.5); // logits: both mean class 1
/// assert_eq!(accuracy(Predictions::from(&outputs).with_boundary(0.5), &data), 1.0); // probabilities
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
///
/// It dereferences to a slice of lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions<'p> {
    outputs: Cow<'p, [Vec<f64>]>,
    boundary: f64,
}

impl Predictions<'_> {
    /// The predictions of a network with this activation in the last layer.
    pub(in crate::nn) fn of(output: Activation, outputs: Vec<Vec<f64>>) -> Predictions<'static> {
        Predictions { outputs: Cow::Owned(outputs), boundary: output.boundary() }
    }

    /// The same with this decision boundary for single outputs.
    #[must_use]
    pub fn with_boundary(self, boundary: f64) -> Self {
        Predictions { boundary, ..self }
    }

    /// The outputs, without the boundary.
    #[must_use]
    pub fn into_outputs(self) -> Vec<Vec<f64>> {
        self.outputs.into_owned()
    }

    /// The predicted class of a sample; `None` if an output is NaN.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn class(&self, sample: usize) -> Option<usize> {
        let samples = self.outputs.len();
        assert!(sample < samples, "there is no sample {sample}: there are {samples}, counted from 0");
        class(&self.outputs[sample], self.boundary)
    }
}

impl Deref for Predictions<'_> {
    type Target = [Vec<f64>];

    fn deref(&self) -> &[Vec<f64>] {
        &self.outputs
    }
}

impl<'p> From<&'p [Vec<f64>]> for Predictions<'p> {
    fn from(outputs: &'p [Vec<f64>]) -> Predictions<'p> {
        Predictions { outputs: Cow::Borrowed(outputs), boundary: Activation::Identity.boundary() }
    }
}

impl<'p> From<&'p Vec<Vec<f64>>> for Predictions<'p> {
    fn from(outputs: &'p Vec<Vec<f64>>) -> Predictions<'p> {
        outputs[..].into()
    }
}

impl<'p, const N: usize> From<&'p [Vec<f64>; N]> for Predictions<'p> {
    fn from(outputs: &'p [Vec<f64>; N]) -> Predictions<'p> {
        outputs[..].into()
    }
}

impl<'p> From<&'p Predictions<'_>> for Predictions<'p> {
    fn from(predictions: &'p Predictions<'_>) -> Predictions<'p> {
        Predictions { outputs: Cow::Borrowed(&predictions.outputs), boundary: predictions.boundary }
    }
}
