//! Building a network.

use super::activation::Activation;
use super::error::Error;
use super::init::{Init, draw};
use super::layer::{Bias, Layer};
use super::mlp::Mlp;
use super::random::Random;

/// Builds a network. See [`Mlp::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder makes a network with `build()`"]
pub struct MlpBuilder {
    inputs: usize,
    layers: Vec<(usize, Activation, Option<Init>)>,
    bias: Bias,
    init: Init,
    seed: u64,
}

impl Mlp {
    /// Starts building a network with this number of inputs; layers, initialisation and seed follow.
    pub fn builder(inputs: usize) -> MlpBuilder {
        MlpBuilder::new(inputs)
    }
}

impl MlpBuilder {
    pub(super) fn new(inputs: usize) -> MlpBuilder {
        MlpBuilder { inputs, layers: Vec::new(), bias: Bias::PerNeuron, init: Init::XavierUniform, seed: 0 }
    }

    /// Adds a layer with this number of neurons.
    pub fn layer(mut self, neurons: usize, activation: Activation) -> Self {
        self.layers.push((neurons, activation, None));
        self
    }

    /// Adds a layer with an initialisation of its own.
    pub fn layer_with(mut self, neurons: usize, activation: Activation, init: Init) -> Self {
        self.layers.push((neurons, activation, Some(init)));
        self
    }

    /// The biases of all layers; by default one per neuron.
    pub fn bias(mut self, bias: Bias) -> Self {
        self.bias = bias;
        self
    }

    /// How weights are drawn; by default [`Init::XavierUniform`].
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// The seed of the weights; by default 0. The same seed gives the same network in every version.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Builds the network.
    ///
    /// # Errors
    /// [`Error::Shape`], as [`Mlp::from_layers`]; [`Error::OutOfRange`], as [`Init::check`]; [`Error::Setting`] if
    /// an initialisation draws numbers that are not finite.
    pub fn build(self) -> Result<Mlp, Error> {
        let (layers, inits) = self.layers_and_inits()?;
        let mut mlp = Mlp::from_layers(layers.clone())?;
        draw(&layers, &inits, &mut Random::new(self.seed), mlp.parameters_mut())?;
        Ok(mlp)
    }

    /// The layers, and how the weights of each are drawn.
    pub(super) fn layers_and_inits(&self) -> Result<(Vec<Layer>, Vec<Init>), Error> {
        let mut inputs = self.inputs;
        let (mut layers, mut inits) = (Vec::new(), Vec::new());
        self.init.check()?;
        for &(neurons, activation, init) in &self.layers {
            let init = init.unwrap_or(self.init);
            init.check()?;
            inits.push(init);
            layers.push(Layer::new(inputs, neurons, activation, self.bias));
            inputs = neurons;
        }
        Ok((layers, inits))
    }
}
