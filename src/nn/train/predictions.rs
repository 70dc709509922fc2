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
/// assert_eq!(accuracy(Predictions::from(&outputs).as_probabilities(), &data), 1.0);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
///
/// It dereferences to a slice of lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions<'p> {
    outputs: Cow<'p, [Vec<f64>]>,
    boundary: f64,
    /// The activation of the last layer, which says how outputs become probabilities; `None` if they do not.
    output: Option<Activation>,
}

impl Predictions<'_> {
    /// The predictions of a network with this activation in the last layer.
    pub(in crate::nn) fn of(output: Activation, outputs: Vec<Vec<f64>>) -> Predictions<'static> {
        Predictions { outputs: Cow::Owned(outputs), boundary: output.boundary(), output: Some(output) }
    }

    /// The predictions of a network whose outputs were transformed, so that they are no probabilities.
    pub(in crate::nn) fn of_transformed(boundary: f64, outputs: Vec<Vec<f64>>) -> Predictions<'static> {
        Predictions { outputs: Cow::Owned(outputs), boundary, output: None }
    }

    /// The same outputs as probabilities of the classes, or of class 1 for a single output, whose boundary is ½: for
    /// [`Metric::LogLoss`](super::Metric::LogLoss).
    ///
    /// ```
    /// use tapegrad::nn::{Data, Metric, Predictions};
    ///
    /// let data = Data::new(&[[0.0], [1.0]], &[[0.0], [1.0]])?;
    /// let outputs = [vec![0.5], vec![0.25]];
    /// let loss = Metric::LogLoss.of(Predictions::from(&outputs).as_probabilities(), &data);
    /// assert!((loss - (2f64.ln() + 4f64.ln()) / 2.0).abs() < 1e-15);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    #[must_use]
    pub fn as_probabilities(self) -> Self {
        let output = Activation::Sigmoid;
        Predictions { boundary: output.boundary(), output: Some(output), ..self }
    }

    /// The same with this decision boundary for single outputs. Logits with another boundary than 0 might be meant as
    /// probabilities, so they have no [`Metric::LogLoss`](super::Metric::LogLoss) then: see
    /// [`as_probabilities`](Self::as_probabilities).
    #[must_use]
    pub fn with_boundary(self, boundary: f64) -> Self {
        let is_clear = |output: &Activation| *output != Activation::Identity || boundary == output.boundary();
        Predictions { boundary, output: self.output.filter(is_clear), ..self }
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

    /// The probabilities of the classes of a sample, or why there are none.
    pub(super) fn probabilities(&self, sample: usize) -> Result<Vec<f64>, String> {
        let none = "it is not known how the outputs become probabilities: if they are some, say so with `as_probabilities`";
        let output = self.output.ok_or(none)?;
        output.probabilities(self.outputs[sample].clone()).map_err(|error| error.to_string())
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
        let output = Activation::Identity;
        Predictions { outputs: Cow::Borrowed(outputs), boundary: output.boundary(), output: Some(output) }
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
        Predictions { outputs: Cow::Borrowed(&predictions.outputs), ..*predictions }
    }
}
