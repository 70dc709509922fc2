//! Lists of layers, the one after the other: the parameters of all in one list, and the outputs of the last.

use super::activation::Activation;
use super::layer::{Bias, Layer};
use crate::Number;
use std::ops::Range;

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

/// The outputs of the last layer, given the parameters of all.
#[track_caller]
pub(super) fn forward<R: Number>(layers: &[Layer], parameters: &[R], inputs: &[R]) -> Vec<R> {
    let mut flow: Option<Vec<R>> = None;
    let mut rest = parameters;
    for layer in layers {
        let (own, after) = rest.split_at(layer.parameter_count());
        flow = Some(layer.forward(own, flow.as_deref().unwrap_or(inputs)));
        rest = after;
    }
    flow.unwrap_or_else(|| inputs.to_vec())
}

/// The range of the parameters of a layer.
pub(super) fn range(layers: &[Layer], layer: usize) -> Range<usize> {
    let start: usize = layers[..layer].iter().map(Layer::parameter_count).sum();
    start..start + layers[layer].parameter_count()
}

/// The names of all parameters, in order: `layers.0.neurons.3.weights.1`, `layers.0.neurons.3.bias`, and `layers.0.bias`
/// where a layer shares one.
pub(super) fn names(layers: &[Layer]) -> impl Iterator<Item = String> + '_ {
    let of_layer = |(k, layer): (usize, &'_ Layer)| {
        layer.names().map(|name| format!("layers.{k}.{name}")).collect::<Vec<_>>()
    };
    layers.iter().enumerate().flat_map(of_layer)
}

/// The index of the parameter with this name.
pub(super) fn find(layers: &[Layer], name: &str) -> Option<usize> {
    let parts: Vec<&str> = name.split('.').collect();
    let k = number(parts.get(1)?)?;
    let layer = layers.get(k)?;
    let in_layer = match parts[..] {
        ["layers", _, "bias"] if layer.bias() == Bias::Shared => layer.bias_of(0)?,
        ["layers", _, "neurons", j, "bias"] if layer.bias() == Bias::PerNeuron => {
            layer.bias_of(number(j).filter(|&j| j < layer.outputs())?)?
        }
        ["layers", _, "neurons", j, "weights", i] => {
            let weights = layer.weights_of(number(j).filter(|&j| j < layer.outputs())?);
            weights.start + number(i).filter(|&i| i < layer.inputs())?
        }
        _ => return None,
    };
    Some(range(layers, k).start + in_layer)
}

/// A number within a name: as it is printed, without signs and leading zeros.
pub(super) fn number(part: &str) -> Option<usize> {
    part.parse().ok().filter(|n: &usize| n.to_string() == part)
}

/// Layers in a few words, such as `2-8 Tanh-1 Identity`.
pub(super) fn description(layers: &[Layer]) -> String {
    let of_layer = |layer: &Layer| {
        let biases = match layer.bias() {
            Bias::PerNeuron => "",
            Bias::Shared => " with one bias",
            Bias::None => " without biases",
        };
        format!("-{} {:?}{biases}", layer.outputs(), layer.activation())
    };
    let inputs = layers.first().map_or(0, Layer::inputs);
    format!("{inputs}{}", layers.iter().map(of_layer).collect::<String>())
}
