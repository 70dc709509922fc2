//! Between the parameters of layers and named tensors.

use super::names::TensorNames;
use crate::nn::error::Error;
use crate::nn::foreign::in_place_of_safetensors;
use crate::nn::layer::{Bias, Layer};
use crate::nn::mlp::Mlp;
use ::safetensors::SafeTensorError;
use ::safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// A tensor to be written.
pub(super) struct Tensor {
    name: String,
    shape: Vec<usize>,
    numbers: Vec<f64>,
}

/// How many biases are written for a layer that shares one.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Biases {
    AsInLayer,
    PerNeuron,
}

/// The parameters of a network as tensors.
pub(super) fn layer_tensors(mlp: &Mlp, names: &[TensorNames], biases: Biases) -> Vec<Tensor> {
    let mut tensors = Vec::new();
    for (k, (layer, names)) in mlp.layers().iter().zip(names).enumerate() {
        let own = &mlp.parameters()[mlp.range(k)];
        let numbers = |places: &[usize]| places.iter().map(|&place| own[place]).collect();
        let shape = vec![layer.outputs(), layer.inputs()];
        tensors.push(Tensor { name: names.weight.clone(), shape, numbers: numbers(&weight_places(layer)) });
        let mut places = bias_places(layer);
        if biases == Biases::AsInLayer && layer.bias() == Bias::Shared {
            places.truncate(1);
        }
        if !places.is_empty() {
            let shape = vec![places.len()];
            tensors.push(Tensor { name: names.bias.clone(), shape, numbers: numbers(&places) });
        }
    }
    tensors
}

/// The contents of a file with these tensors.
pub(super) fn to_bytes(
    tensors: Vec<Tensor>,
    dtype: Dtype,
    metadata: HashMap<String, String>,
) -> Result<Vec<u8>, String> {
    let bytes = |tensor: &Tensor| -> Vec<u8> {
        match dtype {
            Dtype::F32 => tensor.numbers.iter().flat_map(|&number| (number as f32).to_le_bytes()).collect(),
            _ => tensor.numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        }
    };
    let stored: Vec<Vec<u8>> = tensors.iter().map(bytes).collect();
    let views: Result<Vec<_>, SafeTensorError> = tensors
        .iter()
        .zip(&stored)
        .map(|(tensor, bytes)| Ok((&tensor.name, TensorView::new(dtype, tensor.shape.clone(), bytes)?)))
        .collect();
    views.and_then(|views| serialize(views, Some(metadata))).map_err(|error| error.to_string())
}

/// A file in the safetensors format, written by any program.
pub(super) struct Tensors<'a> {
    tensors: SafeTensors<'a>,
    pub metadata: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// The tensors in the contents of a file.
    pub fn read(path: &Path, bytes: &'a [u8]) -> Result<Self, Error> {
        Tensors::of(bytes).map_err(|problem| {
            let format = || Error::Format { path: path.to_owned(), problem };
            in_place_of_safetensors(path, bytes).unwrap_or_else(format)
        })
    }

    pub fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let broken = |error: SafeTensorError| format!("not a valid safetensors file: {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        Ok(Tensors { tensors, metadata: header.metadata().clone().unwrap_or_default() })
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        self.tensors.names().into_iter().collect()
    }

    /// The parameters of these layers, whose tensors have these names. Other tensors are an error.
    pub fn parameters(
        &self,
        layers: &[Layer],
        names: &[TensorNames],
        dtypes: &[Dtype],
    ) -> Result<Vec<f64>, String> {
        let mut others = self.names();
        let mut parameters = Vec::new();
        for (layer, names) in layers.iter().zip(names) {
            // The file contains this many numbers, so the sizes are not absurd from here on.
            let mut numbers = self.numbers(&names.weight, &[layer.outputs(), layer.inputs()], dtypes)?;
            others.remove(names.weight.as_str());
            let mut places = weight_places(layer);
            if layer.bias() != Bias::None {
                numbers.extend(self.biases(layer, &names.bias, dtypes)?);
                others.remove(names.bias.as_str());
                places.extend(bias_places(layer));
            }
            let start = parameters.len();
            parameters.resize(start + layer.parameter_count(), 0.0);
            for (place, number) in places.into_iter().zip(numbers) {
                parameters[start + place] = number;
            }
        }
        if others.is_empty() {
            return Ok(parameters);
        }
        Err(format!(
            "no layer has the tensors {}; if they belong to the network, build it with their layers (and biases with \
             `Bias::PerNeuron`), or else remove them from the file: without them the result would be another network's",
            list(&others)
        ))
    }

    /// One bias per neuron, or a single one for a layer that shares it.
    fn biases(&self, layer: &Layer, name: &str, dtypes: &[Dtype]) -> Result<Vec<f64>, String> {
        if layer.bias() != Bias::Shared {
            return self.numbers(name, &[layer.outputs()], dtypes);
        }
        if self.tensors.tensor(name).is_ok_and(|view| view.shape() == [layer.outputs()]) {
            let numbers = self.numbers(name, &[layer.outputs()], dtypes)?;
            return match numbers.iter().find(|&&number| number != numbers[0]) {
                Some(other) => Err(format!(
                    "`{name}` has the biases {} and {other}, and the layer shares one: build it with \
                     `Bias::PerNeuron`",
                    numbers[0]
                )),
                None => Ok(numbers),
            };
        }
        Ok(vec![self.numbers(name, &[1], dtypes)?[0]])
    }

    fn numbers(&self, name: &str, shape: &[usize], dtypes: &[Dtype]) -> Result<Vec<f64>, String> {
        let view = self.tensors.tensor(name).map_err(|_| {
            format!(
                "it has no tensor `{name}`; it has {}: give the names that they have there",
                list(&self.names())
            )
        })?;
        let (dtype, found) = (view.dtype(), view.shape());
        if !dtypes.contains(&dtype) || found != shape {
            let known: Vec<String> = dtypes.iter().map(|dtype| format!("{dtype:?}")).collect();
            let remedy = match found {
                _ if !dtypes.contains(&dtype) => {
                    "; convert it in Python: `tensor.double()` with PyTorch, `array.astype(float)` with numpy"
                }
                &[inputs, outputs] if shape == [outputs, inputs] => {
                    "; it has inputs × neurons, as in Keras and JAX: store `array.T.copy()` in Python"
                }
                _ => "; build the network with the layers that the file has",
            };
            return Err(format!(
                "`{name}` is {dtype:?} {found:?}, and should be {} {shape:?}{remedy}",
                known.join(" or ")
            ));
        }
        let data = view.data();
        Ok(match dtype {
            Dtype::F32 => {
                data.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()
            }
            _ => data.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
        })
    }
}

/// The indices of the weights of a layer among its parameters, neuron by neuron.
fn weight_places(layer: &Layer) -> Vec<usize> {
    (0..layer.outputs()).flat_map(|neuron| layer.weights_of(neuron)).collect()
}

/// The index of the bias of every neuron; the same one each time if they share it.
fn bias_places(layer: &Layer) -> Vec<usize> {
    (0..layer.outputs()).filter_map(|neuron| layer.bias_of(neuron)).collect()
}

/// A list of names for a message, shortened if there are many.
pub(super) fn list(names: &BTreeSet<&str>) -> String {
    let first: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(8) {
        0 if names.is_empty() => "(none)".to_owned(),
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
