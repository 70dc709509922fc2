//! A fully connected layer: the order of its parameters, and its outputs.

use super::activation::Activation;
use super::neuron::Neuron;
use crate::Number;
use std::ops::Range;

/// Which biases a layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Bias {
    /// No bias: the net input is `Σ wᵢ xᵢ`.
    None,
    /// One per neuron.
    #[default]
    PerNeuron,
    /// One for all neurons of the layer.
    Shared,
}

/// The shape of a fully connected layer, and its outputs as a function of parameters and inputs. The parameters are
/// a list: for each neuron its weights, then its bias; a shared bias comes last.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Layer {
    inputs: usize,
    outputs: usize,
    activation: Activation,
    bias: Bias,
}

impl Layer {
    /// A layer of `outputs` neurons with `inputs` weights each.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, activation: Activation, bias: Bias) -> Layer {
        Layer { inputs, outputs, activation, bias }
    }

    /// The number of inputs.
    #[must_use]
    #[inline]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of neurons.
    #[must_use]
    #[inline]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The activation of the neurons.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Which biases there are.
    #[must_use]
    pub fn bias(&self) -> Bias {
        self.bias
    }

    /// The number of parameters.
    ///
    /// # Panics
    /// If the number overflows. A network with such a layer cannot be built.
    #[must_use]
    #[track_caller]
    pub fn parameter_count(&self) -> usize {
        match self.checked_parameter_count() {
            Some(count) => count,
            None => panic!(
                "a layer of {} neurons with {} inputs each has more parameters than can be counted",
                self.outputs, self.inputs
            ),
        }
    }

    /// The same, or `None` if the number overflows: sizes from a file may be absurd.
    #[inline]
    pub(super) fn checked_parameter_count(&self) -> Option<usize> {
        let stride = self.inputs.checked_add(usize::from(self.bias == Bias::PerNeuron))?;
        self.outputs.checked_mul(stride)?.checked_add(usize::from(self.bias == Bias::Shared))
    }

    /// The distance from the first weight of a neuron to that of the next.
    #[inline]
    fn stride(&self) -> usize {
        self.inputs + usize::from(self.bias == Bias::PerNeuron)
    }

    /// The range of the weights of a neuron in the list.
    #[inline]
    pub(super) fn weights_of(&self, neuron: usize) -> Range<usize> {
        let start = neuron * self.stride();
        start..start + self.inputs
    }

    /// The index of the bias of a neuron in the list.
    #[inline]
    pub(super) fn bias_of(&self, neuron: usize) -> Option<usize> {
        match self.bias {
            Bias::None => None,
            Bias::PerNeuron => Some(neuron * self.stride() + self.inputs),
            Bias::Shared => Some(self.outputs * self.stride()),
        }
    }

    /// For each parameter, in order, whether it is a bias.
    pub(super) fn biases(&self) -> impl Iterator<Item = bool> + use<> {
        let Layer { inputs, outputs, bias, .. } = *self;
        let stride = self.stride();
        (0..self.parameter_count()).map(move |k| match bias {
            Bias::None => false,
            Bias::PerNeuron => k % stride == inputs,
            Bias::Shared => k == outputs * stride,
        })
    }

    /// The names of the parameters within the layer, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + '_ {
        let of_neuron = move |neuron: usize| {
            let weights = (0..self.inputs).map(move |input| format!("neurons.{neuron}.weights.{input}"));
            let bias = (self.bias == Bias::PerNeuron).then(|| format!("neurons.{neuron}.bias"));
            weights.chain(bias)
        };
        let shared = (self.bias == Bias::Shared).then(|| "bias".to_owned());
        (0..self.outputs).flat_map(of_neuron).chain(shared)
    }

    /// One of the neurons, given the parameters of the layer.
    ///
    /// # Panics
    /// If there is no such neuron, or the parameters are too few.
    #[must_use]
    #[track_caller]
    pub fn neuron<'a, R: Copy>(&self, parameters: &'a [R], neuron: usize) -> Neuron<'a, R> {
        assert!(neuron < self.outputs, "there is no neuron {neuron} in a layer of {}", self.outputs);
        Neuron {
            weights: &parameters[self.weights_of(neuron)],
            bias: self.bias_of(neuron).map(|index| parameters[index]),
            activation: self.activation,
        }
    }

    /// The net input of every neuron: `Σ wᵢ xᵢ + b`.
    ///
    /// # Panics
    /// If the number of parameters or of inputs is wrong.
    #[must_use]
    #[track_caller]
    pub fn net_inputs<R: Number>(&self, parameters: &[R], inputs: &[impl Copy + Into<R>]) -> Vec<R> {
        let (count, found) = (self.parameter_count(), parameters.len());
        assert!(found == count, "the layer has {count} parameters, and {found} are given");
        let (width, found) = (self.inputs, inputs.len());
        assert!(found == width, "the layer takes {width} inputs, and {found} are given");
        (0..self.outputs).map(|neuron| self.neuron(parameters, neuron).net_input(inputs)).collect()
    }

    /// The output of every neuron.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Bias, Layer};
    ///
    /// let layer = Layer::new(2, 2, Activation::Relu, Bias::PerNeuron);
    /// let parameters = [1.0, 2.0, 0.5, /* the second neuron */ -1.0, 0.0, 0.0];
    /// assert_eq!(layer.forward(&parameters, &[1.0, 1.0]), [3.5, 0.0]);
    /// ```
    ///
    /// # Panics
    /// As [`net_inputs`](Self::net_inputs).
    #[must_use]
    #[track_caller]
    pub fn forward<R: Number>(&self, parameters: &[R], inputs: &[impl Copy + Into<R>]) -> Vec<R> {
        self.activation.apply(self.net_inputs(parameters, inputs))
    }
}
