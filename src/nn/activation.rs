//! Activations: from the net inputs of a layer to its outputs.

use super::error::Error;
use crate::table::lists::softmax;
use crate::table::number::Number;

/// The function between the net inputs of a layer and its outputs; each is a row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Activation {
    /// The net input itself: for regression, and for losses on logits.
    Identity,
    /// `1 / (1 + e⁻ᵃ)`
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `a` above 0, else 0.
    Relu,
    /// `a` above 0, else this slope times `a`.
    LeakyRelu(f64),
    /// `a` above 0, else this factor times `eᵃ − 1`.
    Elu(f64),
    /// `a Φ(a)`, the exact form.
    Gelu,
    /// `a · sigmoid(a)`
    Silu,
    /// `ln(1 + eᵃ)`
    Softplus,
    /// `eᵃⁱ / Σ eᵃʲ` over the neurons of the layer: probabilities. For the last layer only. For training, use
    /// [`Identity`](Activation::Identity) with [`Loss::CrossEntropy`](super::Loss::CrossEntropy), which takes
    /// logits and is numerically stable.
    Softmax,
}

impl Activation {
    /// The outputs of a layer with these net inputs.
    ///
    /// ```
    /// use tapegrad::nn::Activation;
    /// assert_eq!(Activation::Relu.apply(vec![-1.0, 2.0]), [0.0, 2.0]);
    /// assert_eq!(Activation::Softmax.apply(vec![3.0, 3.0]), [0.5, 0.5]);
    /// ```
    #[must_use]
    pub fn apply<R: Number>(self, mut net_inputs: Vec<R>) -> Vec<R> {
        if self == Activation::Softmax {
            return softmax(&net_inputs);
        }
        for a in &mut net_inputs {
            *a = match self {
                Activation::Identity | Activation::Softmax => *a,
                Activation::Sigmoid => a.sigmoid(),
                Activation::Tanh => a.tanh(),
                Activation::Relu => a.relu(),
                Activation::LeakyRelu(slope) => a.leaky_relu(slope),
                Activation::Elu(factor) => a.elu(factor),
                Activation::Gelu => a.gelu(),
                Activation::Silu => a.silu(),
                Activation::Softplus => a.softplus(),
            };
        }
        net_inputs
    }

    /// The decision boundary of a single output, above which it means class 1: the output for a net input of 0,
    /// which is 0 for logits and `tanh`, and ½ for a sigmoid.
    pub(super) fn boundary(self) -> f64 {
        self.apply(vec![0.0])[0]
    }

    /// The probabilities of the classes, if the outputs are logits or probabilities.
    pub(super) fn probabilities(self, outputs: Vec<f64>) -> Result<Vec<f64>, Error> {
        match (self, &outputs[..]) {
            (Activation::Identity, &[logit]) => Ok(vec![(-logit).sigmoid(), logit.sigmoid()]),
            (Activation::Identity, logits) => Ok(softmax(logits)),
            (Activation::Sigmoid, &[probability]) => Ok(vec![1.0 - probability, probability]),
            (Activation::Sigmoid | Activation::Softmax, _) => Ok(outputs),
            _ => Err(Error::Setting(format!(
                "outputs of `Activation::{self:?}` are not probabilities: end the network with `Activation::Identity`, \
                 and train it with `Loss::CrossEntropy`, or `Loss::BinaryCrossEntropy` for a single output"
            ))),
        }
    }

    /// The numeric setting of the activation, if it has one.
    pub(super) fn setting(self) -> Option<f64> {
        match self {
            Activation::LeakyRelu(setting) | Activation::Elu(setting) => Some(setting),
            _ => None,
        }
    }
}
