//! Multi-layer perceptrons as parts of a network.

use super::builder::MlpBuilder;
use super::error::Error;
use super::layer::Layer;
use super::layers;
use super::parameters::Parameters;
use crate::Number;

/// A multi-layer perceptron that is a part of a network of your own: its layers, and where its parameters begin among those of
/// the network. See [`CustomNetwork`](super::CustomNetwork) for an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    layers: Vec<Layer>,
    start: usize,
    count: usize,
}

impl Parameters {
    /// Appends the parameters of a multi-layer perceptron, and returns it as a part. Its parameters are named as those of an
    /// [`Mlp`](super::Mlp), after this name: `first.layers.0.neurons.3.bias`. They are drawn by the seed of this list, so that
    /// no two parts start with the same numbers; that of the builder is not used.
    ///
    /// # Errors
    /// As [`MlpBuilder::build`]; [`Error::Setting`] if the name is empty or taken. Then nothing is appended.
    pub fn mlp(&mut self, name: &str, builder: MlpBuilder) -> Result<Part, Error> {
        let (layers, inits) = builder.layers_and_inits()?;
        let count = layers::parameter_count(&layers).map_err(Error::Shape)?;
        let start = self.append_layers(name, &layers, &inits)?;
        Ok(Part { layers, start, count })
    }
}

impl Part {
    /// The layers, starting at the inputs.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// The number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    /// The outputs, given *all* parameters of the network and the inputs of this part. A part may be used several times.
    ///
    /// # Panics
    /// If there are too few parameters, or the number of inputs is wrong.
    #[must_use]
    #[track_caller]
    pub fn forward<R: Number>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        let found = parameters.len();
        let Some(own) = parameters.get(self.start..self.start + self.count) else {
            panic!(
                "a part has its parameters from {} to {}, and {found} are given: it takes those of the whole network",
                self.start,
                self.start + self.count
            );
        };
        layers::forward(&self.layers, own, inputs)
    }
}
