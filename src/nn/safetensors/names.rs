//! The names that the tensors of a layer have in a file for another framework.

use crate::nn::activation::Activation;
use crate::nn::layer::Layer;

/// The names that the weights and the biases of a layer have in a file for another framework. A text is the name of a
/// module of PyTorch: `"fc1"` means `fc1.weight` and `fc1.bias`. A pair is any two names.
///
/// ```
/// use tapegrad::nn::TensorNames;
///
/// let names = TensorNames::from("encoder.0");
/// assert_eq!((names.weight.as_str(), names.bias.as_str()), ("encoder.0.weight", "encoder.0.bias"));
/// assert_eq!(TensorNames::from(("w1", "b1")).bias, "b1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorNames {
    /// The weights, of shape neurons × inputs.
    pub weight: String,
    /// The biases, one per neuron.
    pub bias: String,
}

impl TensorNames {
    /// The names in PyTorch's `nn.Sequential` of these layers, each followed by its activation, which is a module of
    /// its own. [`Activation::Identity`] is no module.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Mlp, TensorNames};
    ///
    /// // nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 8), nn.Linear(8, 3))
    /// let layers = Mlp::builder(4).layer(16, Activation::Tanh).layer(8, Activation::Identity);
    /// let mlp = layers.layer(3, Activation::Identity).build()?;
    /// let names = TensorNames::sequential(mlp.layers());
    /// assert_eq!(names, ["0".into(), "2".into(), "3".into()]);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    #[must_use]
    pub fn sequential(layers: &[Layer]) -> Vec<TensorNames> {
        let modules = |layer: &Layer| if layer.activation() == Activation::Identity { 1 } else { 2 };
        let indices = layers.iter().scan(0_usize, |next, layer| {
            let index = *next;
            *next += modules(layer);
            Some(index)
        });
        indices.map(|index| TensorNames::from(index.to_string())).collect()
    }
}

impl From<&str> for TensorNames {
    fn from(module: &str) -> TensorNames {
        TensorNames { weight: format!("{module}.weight"), bias: format!("{module}.bias") }
    }
}

impl From<String> for TensorNames {
    fn from(module: String) -> TensorNames {
        TensorNames::from(module.as_str())
    }
}

impl From<(&str, &str)> for TensorNames {
    fn from((weight, bias): (&str, &str)) -> TensorNames {
        TensorNames { weight: weight.to_owned(), bias: bias.to_owned() }
    }
}
