//! Multi-layer perceptrons.

use super::activation::Activation;
use super::error::{Error, expect_length};
use super::layer::Layer;
use super::neuron::Neuron;
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
    parameters: Vec<f64>,
    is_frozen: Vec<bool>,
}

impl Mlp {
    /// A network of these layers with all parameters 0.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no layer, a layer has no inputs or no neurons, a layer does not have as many
    /// inputs as the one before it has outputs, softmax is not in the last layer, an activation has a setting that
    /// is not finite, or there is no memory for the parameters.
    pub fn from_layers(layers: Vec<Layer>) -> Result<Mlp, Error> {
        let count = parameter_count(&layers).map_err(Error::Shape)?;
        Ok(Mlp { parameters: filled(count, 0.0)?, is_frozen: filled(count, false)?, layers })
    }

    /// The network that was read from a file, if its parts are consistent.
    #[cfg(feature = "serde")]
    pub(super) fn from_parts(
        layers: Vec<Layer>,
        parameters: Vec<f64>,
        frozen: Vec<usize>,
    ) -> Result<Mlp, String> {
        let (count, found) = (parameter_count(&layers)?, parameters.len());
        if count != found {
            return Err(format!("the layers have {count} parameters, and {found} are given"));
        }
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            return Err(format!("parameter {k} is not finite"));
        }
        let mut is_frozen = vec![false; count];
        for k in frozen {
            *is_frozen.get_mut(k).ok_or(format!("there is no parameter {k} to freeze"))? = true;
        }
        Ok(Mlp { layers, parameters, is_frozen })
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
        &mut self.parameters
    }

    /// Sets all parameters, in order.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of parameters is wrong, [`Error::Parameter`] if one is not finite; then
    /// nothing is changed.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<(), Error> {
        expect_length("parameters", self.parameters.len(), parameters.len())?;
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            let name = self.names().nth(k).unwrap_or_default();
            return Err(Error::Parameter { name, value: parameters[k] });
        }
        self.parameters.copy_from_slice(parameters);
        Ok(())
    }

    /// The names of all parameters, in order: `layers.0.neurons.3.weights.1`, `layers.0.neurons.3.bias`, and
    /// `layers.0.bias` where a layer shares one.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        let of_layer = |(k, layer): (usize, &'_ Layer)| {
            layer.names().map(|name| format!("layers.{k}.{name}")).collect::<Vec<_>>()
        };
        self.layers.iter().enumerate().flat_map(of_layer)
    }

    /// The name of the parameter with this index, for messages.
    pub(super) fn name_of(&self, place: usize) -> String {
        self.names().nth(place).unwrap_or_default()
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
        self.names().zip(self.parameters.iter().copied()).collect()
    }

    /// The index of a parameter in the list.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn index_of(&self, name: &str) -> Result<usize, Error> {
        self.find(name).ok_or_else(|| Error::UnknownParameter { name: name.to_owned() })
    }

    fn find(&self, name: &str) -> Option<usize> {
        let number = |part: &str| part.parse().ok().filter(|n: &usize| n.to_string() == part);
        let parts: Vec<&str> = name.split('.').collect();
        let k = number(parts.get(1)?)?;
        let layer = self.layers.get(k)?;
        let in_layer = match parts[..] {
            ["layers", _, "bias"] if layer.bias() == super::Bias::Shared => layer.bias_of(0)?,
            ["layers", _, "neurons", j, "bias"] if layer.bias() == super::Bias::PerNeuron => {
                layer.bias_of(number(j).filter(|&j| j < layer.outputs())?)?
            }
            ["layers", _, "neurons", j, "weights", i] => {
                let weights = layer.weights_of(number(j).filter(|&j| j < layer.outputs())?);
                weights.start + number(i).filter(|&i| i < layer.inputs())?
            }
            _ => return None,
        };
        Some(self.range(k).start + in_layer)
    }

    /// The parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn get(&self, name: &str) -> Result<f64, Error> {
        Ok(self.parameters[self.index_of(name)?])
    }

    /// Sets the parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`]; [`Error::Parameter`] if the value is not finite.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), Error> {
        let index = self.index_of(name)?;
        if !value.is_finite() {
            return Err(Error::Parameter { name: name.to_owned(), value });
        }
        self.parameters[index] = value;
        Ok(())
    }

    /// Freezes every parameter whose name starts with `prefix`, which consists of whole parts of the name:
    /// `layers.1`, or `layers.0.neurons.3.bias`. Training does not change frozen parameters. Returns how many
    /// parameters have this prefix.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] if no parameter has this prefix.
    pub fn freeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.set_frozen(prefix, true)
    }

    /// Lets training change these parameters again.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    pub fn unfreeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.set_frozen(prefix, false)
    }

    fn set_frozen(&mut self, prefix: &str, frozen: bool) -> Result<usize, Error> {
        let is_meant = |name: &str| {
            name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let meant: Vec<bool> = self.names().map(|name| is_meant(&name)).collect();
        let count = meant.iter().filter(|&&meant| meant).count();
        if count == 0 {
            return Err(Error::UnknownParameter { name: prefix.to_owned() });
        }
        for (place, _) in self.is_frozen.iter_mut().zip(meant).filter(|(_, meant)| *meant) {
            *place = frozen;
        }
        Ok(count)
    }

    /// For each parameter, whether it is frozen.
    #[must_use]
    pub fn frozen(&self) -> &[bool] {
        &self.is_frozen
    }

    /// For each parameter, whether it is a bias.
    #[must_use]
    pub fn biases(&self) -> Vec<bool> {
        self.layers.iter().flat_map(Layer::biases).collect()
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
        let start: usize = self.layers[..layer].iter().map(Layer::parameter_count).sum();
        start..start + self.layers[layer].parameter_count()
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
        let mut flow: Option<Vec<R>> = None;
        let mut rest = parameters;
        for layer in &self.layers {
            let (own, after) = rest.split_at(layer.parameter_count());
            flow = Some(layer.forward(own, flow.as_deref().unwrap_or(inputs)));
            rest = after;
        }
        flow.unwrap_or_else(|| inputs.to_vec())
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
        let frozen = self.is_frozen.iter().filter(|&&frozen| frozen).count();
        let width = width + 36 - "total".len();
        write!(f, "total{:>width$}  ({frozen} frozen)", self.parameters.len())
    }
}

/// A list of `count` copies, or an error if there is no memory for it.
fn filled<T: Clone>(count: usize, value: T) -> Result<Vec<T>, Error> {
    // 8 TB are a mistake. Some systems grant them, and kill the process when they are used.
    const MOST: u64 = 1 << 40;
    let mut list = Vec::new();
    if count as u64 > MOST || list.try_reserve_exact(count).is_err() {
        let problem = format!("there is no memory for {count} parameters; make the layers smaller");
        return Err(Error::Shape(problem));
    }
    list.resize(count, value);
    Ok(list)
}

/// The number of parameters of these layers, or why they are not a network.
pub(super) fn parameter_count(layers: &[Layer]) -> Result<usize, String> {
    let last = layers.len().checked_sub(1).ok_or("it needs at least one layer")?;
    let mut total = 0_usize;
    for (k, layer) in layers.iter().enumerate() {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        if inputs == 0 || outputs == 0 {
            return Err(format!(
                "layer {k} has {inputs} inputs and {outputs} neurons; it needs at least one"
            ));
        }
        if k > 0 && layers[k - 1].outputs() != inputs {
            let before = layers[k - 1].outputs();
            return Err(format!("layer {k} takes {inputs} inputs, and the layer before it gives {before}"));
        }
        if k < last && layer.activation() == Activation::Softmax {
            return Err(format!("softmax is for the output, not for layer {k} of {}", last + 1));
        }
        if layer.activation().setting().is_some_and(|setting| !setting.is_finite()) {
            return Err(format!("the activation of layer {k} has a setting that is not finite"));
        }
        total = layer
            .checked_parameter_count()
            .and_then(|count| total.checked_add(count))
            .ok_or("it would have more parameters than can be counted")?;
    }
    Ok(total)
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
        let frozen = (0..mlp.is_frozen.len()).filter(|&k| mlp.is_frozen[k]).collect();
        MlpData { layers: mlp.layers, parameters: mlp.parameters, frozen }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<MlpData> for Mlp {
    type Error = String;

    fn try_from(data: MlpData) -> Result<Mlp, String> {
        Mlp::from_parts(data.layers, data.parameters, data.frozen)
    }
}
