//! A single neuron.

use super::activation::Activation;
use crate::table::lists::{affine, dot};
use crate::table::number::Number;

/// A neuron over any type of number: weights, an optional bias, and an activation.
///
/// ```
/// use tapegrad::nn::{Activation, Neuron};
///
/// let neuron = Neuron { weights: &[0.5, -1.0], bias: Some(0.25), activation: Activation::Relu };
/// assert_eq!(neuron.net_input(&[2.0, 1.0]), 0.25);
/// assert_eq!(neuron.forward(&[1.0, 2.0]), 0.0);
/// ```
///
/// Weights are borrowed: all parameters of an [`Mlp`](super::Mlp) are in one list, and
/// [`Mlp::neuron`](super::Mlp::neuron) returns a view of a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neuron<'a, R> {
    /// One per input.
    pub weights: &'a [R],
    /// The bias, if there is one.
    pub bias: Option<R>,
    /// The function from the net input to the output.
    pub activation: Activation,
}

impl<R: Number> Neuron<'_, R> {
    /// The net input `Σ wᵢ xᵢ + b`, which is one node on a tape.
    ///
    /// # Panics
    /// If there are not as many inputs as weights.
    #[must_use]
    #[track_caller]
    pub fn net_input(&self, inputs: &[impl Copy + Into<R>]) -> R {
        match self.bias {
            Some(bias) => affine(self.weights, inputs, bias),
            None => dot(self.weights, inputs),
        }
    }

    /// The output: the activation of the net input.
    ///
    /// # Panics
    /// As [`net_input`](Self::net_input).
    #[must_use]
    #[track_caller]
    pub fn forward(&self, inputs: &[impl Copy + Into<R>]) -> R {
        self.activation.apply(vec![self.net_input(inputs)])[0]
    }
}
