//! Initialisation of parameters.

use super::error::Error;
use super::layer::Layer;
use super::random::Random;
use super::ranges::bound;
use super::vectors::are_finite;

/// How weights are drawn before training. Biases start at 0, except with [`Init::Linear`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// All 0. A network with a hidden layer cannot learn from there, since its neurons stay equal.
    Zeros,
    /// Uniform in ±bound.
    Uniform(f64),
    /// Uniform in ±√(6 / (inputs + outputs)): Xavier Glorot, for sigmoid and tanh.
    XavierUniform,
    /// Normal with variance 2 / (inputs + outputs).
    XavierNormal,
    /// Uniform in ±√(6 / inputs): Kaiming He, for the relu family.
    HeUniform,
    /// Normal with variance 2 / inputs.
    HeNormal,
    /// Uniform in ±√(3 / inputs): LeCun.
    LecunUniform,
    /// Normal with variance 1 / inputs.
    LecunNormal,
    /// Weights and biases uniform in ±1/√inputs: the initialisation of a linear layer in PyTorch.
    Linear,
}

impl Init {
    /// Checks the bound. [`MlpBuilder::build`](super::MlpBuilder::build) does so too.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the bound is negative, or twice the bound is not finite.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Init::Uniform(most) => bound("Init::Uniform", most),
            _ => Ok(()),
        }
    }

    /// Draws one weight of a matrix with this number of inputs and outputs.
    ///
    /// ```
    /// use tapegrad::nn::{Init, Random};
    ///
    /// let mut random = Random::new(7);
    /// assert!(Init::Uniform(0.5).weight(3, 2, &mut random).abs() <= 0.5);
    /// assert_eq!(Init::Zeros.weight(3, 2, &mut random), 0.0);
    /// ```
    #[must_use]
    pub fn weight(self, inputs: usize, outputs: usize, random: &mut Random) -> f64 {
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Init::Linear => random.uniform(-1.0, 1.0) / inputs.sqrt(),
            Init::Zeros => 0.0,
            Init::Uniform(bound) => random.uniform(-bound, bound),
            Init::XavierUniform => random.uniform(-1.0, 1.0) * (6.0 / (inputs + outputs)).sqrt(),
            Init::XavierNormal => random.normal() * (2.0 / (inputs + outputs)).sqrt(),
            Init::HeUniform => random.uniform(-1.0, 1.0) * (6.0 / inputs).sqrt(),
            Init::HeNormal => random.normal() * (2.0 / inputs).sqrt(),
            Init::LecunUniform => random.uniform(-1.0, 1.0) * (3.0 / inputs).sqrt(),
            Init::LecunNormal => random.normal() * (1.0 / inputs).sqrt(),
        }
    }

    /// Draws one bias, of a neuron with this number of inputs: 0, except with [`Init::Linear`].
    #[must_use]
    pub fn bias(self, inputs: usize, random: &mut Random) -> f64 {
        if self == Init::Linear { self.weight(inputs, 1, random) } else { 0.0 }
    }

    /// Draws the parameters of a layer, in order.
    pub(super) fn draw(self, layer: &Layer, random: &mut Random, parameters: &mut [f64]) {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        for (place, is_bias) in parameters.iter_mut().zip(layer.biases()) {
            *place = if is_bias { self.bias(inputs, random) } else { self.weight(inputs, outputs, random) };
        }
    }
}

/// Draws the parameters of layers, each by its rule.
pub(super) fn draw(
    layers: &[Layer],
    inits: &[Init],
    random: &mut Random,
    parameters: &mut [f64],
) -> Result<(), Error> {
    let mut rest = parameters;
    for (layer, init) in layers.iter().zip(inits) {
        let (own, after) = rest.split_at_mut(layer.parameter_count());
        init.draw(layer, random, own);
        expect_drawn(*init, own)?;
        rest = after;
    }
    Ok(())
}

/// An error if numbers that were drawn by a rule are not finite.
pub(super) fn expect_drawn(init: Init, drawn: &[f64]) -> Result<(), Error> {
    if are_finite(drawn) {
        return Ok(());
    }
    let problem = format!("`Init::{init:?}` draws numbers that are not finite; give it a finite bound");
    Err(Error::Setting(problem))
}
