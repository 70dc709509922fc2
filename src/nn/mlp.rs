//! Multi-layer perceptrons.

use super::activation::Activation;
use super::error::Error;
use super::layer::Layer;
use super::layers;
use super::neuron::Neuron;
use super::parameters::Parameters;
use crate::Number;
use indexmap::IndexMap;
use std::fmt;
use std::ops::Range;

/// A multi-layer perceptron: fully connected layers, and one list of all parameters as plain numbers.
///
/// The order is layer by layer, neuron by neuron: the weights of a neuron, then its bias. A bias that is shared by
/// a layer comes after the neurons of the layer.
///
/// ```
/// use tapegrad::nn::{Activation, Mlp};
/// use tapegrad::Tape;
///
/// let mlp = Mlp::builder(2).layer(3, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
/// assert_eq!(mlp.parameters().len(), 2 * 3 + 3 + 3 + 1);
///
/// // Over plain numbers, a prediction; over variables, a recording.
/// let y = mlp.predict(&[0.5, -1.0]);
/// let tape = Tape::new();
/// let net = mlp.bind(&tape);
/// let pass = net.forward_pass(&[0.5, -1.0]);
/// assert_eq!(pass.outputs()[0].value(), y[0]);
///
/// let loss = (pass.outputs()[0] - 1.0).powi(2);
/// let g = loss.backward();
/// let by_parameter: Vec<f64> = net.gradient(&g);
/// let by_net_input = pass.deltas(&g);
/// assert_eq!(by_net_input[1], [2.0 * (y[0] - 1.0)]);
/// # let _ = by_parameter;
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "MlpData", try_from = "MlpData"))]
pub struct Mlp {
    layers: Vec<Layer>,
    parameters: Parameters,
}

impl Mlp {
    /// A network of these layers with all parameters 0.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no layer, a layer has no inputs or no neurons, a layer does not have as many
    /// inputs as the one before it has outputs, softmax is not in the last layer, an activation has a setting that
    /// is not finite, or there is no memory for the parameters.
    pub fn from_layers(layers: Vec<Layer>) -> Result<Mlp, Error> {
        layers::parameter_count(&layers).map_err(Error::Shape)?;
        Ok(Mlp { parameters: Parameters::of_layers(layers.clone())?, layers })
    }

    /// The network that was read from a file, if its parts are consistent.
    #[cfg(feature = "serde")]
    pub(super) fn from_parts(
        layers: Vec<Layer>,
        parameters: Vec<f64>,
        frozen: Vec<usize>,
    ) -> Result<Mlp, String> {
        let (count, found) = (layers::parameter_count(&layers)?, parameters.len());
        if count != found {
            return Err(format!("the layers have {count} parameters, and {found} are given"));
        }
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            return Err(format!("parameter {k} is not finite"));
        }
        let mut mlp = Mlp::from_layers(layers).map_err(|error| error.to_string())?;
        mlp.parameters.values_mut().copy_from_slice(&parameters);
        for k in frozen {
            let place = mlp.parameters.frozen_mut().get_mut(k);
            *place.ok_or(format!("there is no parameter {k} to freeze"))? = true;
        }
        Ok(mlp)
    }

    /// The parameters with their names.
    pub(super) fn list(&self) -> &Parameters {
        &self.parameters
    }

    pub(super) fn list_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

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

    /// The activation of the last layer, which determines the meaning of the outputs.
    #[must_use]
    pub fn output_activation(&self) -> Activation {
        self.layers[self.layers.len() - 1].activation()
    }

    /// All parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// All parameters, mutable. Numbers that are not finite are possible here;
    /// [`set_parameters`](Self::set_parameters), training and saving refuse them.
    #[must_use]
    pub fn parameters_mut(&mut self) -> &mut [f64] {
        self.parameters.values_mut()
    }

    /// Sets all parameters, in order.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of parameters is wrong, [`Error::Parameter`] if one is not finite; then
    /// nothing is changed.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), Error> {
        self.parameters.set_all(parameters)
    }

    /// The names of all parameters, in order: `layers.0.neurons.3.weights.1`, `layers.0.neurons.3.bias`, and
    /// `layers.0.bias` where a layer shares one.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.parameters.names()
    }

    /// The name of the parameter with this index, for messages.
    pub(super) fn name_of(&self, place: usize) -> String {
        self.parameters.name_of(place)
    }

    /// All parameters by name, in order: a map of the crate `indexmap` (2.x), which keeps the order.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Mlp};
    /// let mut mlp = Mlp::builder(2).layer(1, Activation::Sigmoid).build()?;
    /// mlp.set("layers.0.neurons.0.weights.1", 0.5)?;
    /// assert_eq!(mlp.named()["layers.0.neurons.0.weights.1"], 0.5);
    /// assert_eq!(mlp.parameters()[1], 0.5);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    #[must_use]
    pub fn named(&self) -> IndexMap<String, f64> {
        self.parameters.named()
    }

    /// The index of a parameter in the list.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn index_of(&self, name: &str) -> Result<usize, Error> {
        self.parameters.index_of(name)
    }

    /// The parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn get(&self, name: &str) -> Result<f64, Error> {
        self.parameters.get(name)
    }

    /// Sets the parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`]; [`Error::Parameter`] if the value is not finite.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), Error> {
        self.parameters.set(name, value)
    }

    /// Freezes every parameter whose name starts with `prefix`, which consists of whole parts of the name:
    /// `layers.1`, or `layers.0.neurons.3.bias`. Training does not change frozen parameters. Returns how many
    /// parameters have this prefix.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] if no parameter has this prefix.
    pub fn freeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.parameters.freeze(prefix)
    }

    /// Lets training change these parameters again.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    pub fn unfreeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.parameters.unfreeze(prefix)
    }

    /// For each parameter, whether it is frozen.
    #[must_use]
    pub fn frozen(&self) -> &[bool] {
        self.parameters.frozen()
    }

    /// For each parameter, whether it is a bias.
    #[must_use]
    pub fn biases(&self) -> Vec<bool> {
        self.parameters.biases()
    }

    #[track_caller]
    pub(super) fn expect_layer(&self, layer: usize) {
        let layers = self.layers.len();
        assert!(layer < layers, "there is no layer {layer}: there are {layers}, counted from 0");
    }

    /// The range of the parameters of a layer in the list.
    ///
    /// # Panics
    /// If there is no such layer.
    #[must_use]
    #[track_caller]
    pub fn range(&self, layer: usize) -> Range<usize> {
        self.expect_layer(layer);
        layers::range(&self.layers, layer)
    }

    /// A view of one neuron.
    ///
    /// # Panics
    /// If there is no such layer or neuron.
    #[must_use]
    #[track_caller]
    pub fn neuron(&self, layer: usize, neuron: usize) -> Neuron<'_, f64> {
        self.expect_layer(layer);
        self.layers[layer].neuron(&self.parameters[self.range(layer)], neuron)
    }

    /// The outputs for these inputs.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn predict(&self, inputs: &[f64]) -> Vec<f64> {
        self.forward(&self.parameters, inputs)
    }

    /// The outputs as a function of parameters and inputs, over any type of number.
    ///
    /// # Panics
    /// If the number of parameters or of inputs is wrong.
    #[must_use]
    #[track_caller]
    pub fn forward<R: Number>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        let (count, found) = (self.parameters.len(), parameters.len());
        assert!(found == count, "the network has {count} parameters, and {found} are given");
        layers::forward(&self.layers, parameters, inputs)
    }

    /// A table of the layers with their sizes, activations and numbers of parameters.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Mlp};
    /// let mlp = Mlp::builder(2).layer(16, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// println!("{}", mlp.summary());
    /// # assert_eq!(mlp.summary().lines().last(), Some("total                                       65  (0 frozen)"));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    /// ```text
    /// layer  inputs  neurons  activation  parameters
    /// 0           2       16  tanh                48
    /// 1          16        1  identity            17
    /// total                                       65  (0 frozen)
    /// ```
    #[must_use]
    pub fn summary(&self) -> String {
        self.to_string()
    }
}

/// The table of [`summary`](Mlp::summary).
impl fmt::Display for Mlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let activation = |layer: &Layer| format!("{:?}", layer.activation()).to_lowercase();
        let width = self.layers.iter().map(|layer| activation(layer).len()).max().unwrap_or(0).max(10);
        writeln!(f, "layer  inputs  neurons  {:<width$}  parameters", "activation")?;
        for (k, layer) in self.layers.iter().enumerate() {
            let (inputs, outputs) = (layer.inputs(), layer.outputs());
            let (name, count) = (activation(layer), layer.parameter_count());
            writeln!(f, "{k:<5}  {inputs:>6}  {outputs:>7}  {name:<width$}  {count:>10}")?;
        }
        let frozen = self.frozen().iter().filter(|&&frozen| frozen).count();
        let width = width + 36 - "total".len();
        write!(f, "total{:>width$}  ({frozen} frozen)", self.parameters.len())
    }
}

/// The stored form of a network, which is checked when it is read.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct MlpData {
    layers: Vec<Layer>,
    parameters: Vec<f64>,
    /// The indices of the frozen parameters.
    frozen: Vec<usize>,
}

#[cfg(feature = "serde")]
impl From<Mlp> for MlpData {
    fn from(mlp: Mlp) -> MlpData {
        let is_frozen = mlp.frozen();
        let frozen = (0..is_frozen.len()).filter(|&k| is_frozen[k]).collect();
        MlpData { parameters: mlp.parameters.to_vec(), frozen, layers: mlp.layers }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<MlpData> for Mlp {
    type Error = String;

    fn try_from(data: MlpData) -> Result<Mlp, String> {
        Mlp::from_parts(data.layers, data.parameters, data.frozen)
    }
}
