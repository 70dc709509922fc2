//! Building a network.

use super::activation::Activation;
use super::error::Error;
use super::init::Init;
use super::layer::{Bias, Layer};
use super::mlp::Mlp;
use super::random::Random;
use super::vectors::are_finite;

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
        let inits = self.layers.iter().filter_map(|(_, _, init)| *init);
        inits.chain([self.init]).try_for_each(Init::check)?;
        let mut inputs = self.inputs;
        let mut layers = Vec::with_capacity(self.layers.len());
        for &(neurons, activation, _) in &self.layers {
            layers.push(Layer::new(inputs, neurons, activation, self.bias));
            inputs = neurons;
        }
        let mut mlp = Mlp::from_layers(layers)?;
        let mut random = Random::new(self.seed);
        for (k, (_, _, init)) in self.layers.iter().enumerate() {
            let (layer, range) = (mlp.layers()[k], mlp.range(k));
            let (init, parameters) = (init.unwrap_or(self.init), &mut mlp.parameters_mut()[range]);
            init.draw(&layer, &mut random, parameters);
            if !are_finite(parameters) {
                let problem =
                    format!("`Init::{init:?}` draws numbers that are not finite; give it a finite bound");
                return Err(Error::Setting(problem));
            }
        }
        Ok(mlp)
    }
}
