//! Weights in the format of safetensors, for other frameworks.
//!
//! Layer `k` has the tensors `layers.k.weight`, of neurons × inputs, and `layers.k.bias`, of one number per
//! neuron, or one in all where it is shared. What else a model has is JSON in the metadata.

use super::data::Scaler;
use super::error::Error;
use super::layer::{Bias, Layer};
use super::mlp::{Mlp, parameter_count};
use super::model::Model;
use super::save;
use ::safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

const FORMAT: &str = "tapegrad model";

impl Model {
    /// Writes the model in the format of safetensors, in double precision.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite.
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.expect_finite(path)?;
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let mlp = self.mlp();
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (k, layer) in mlp.layers().iter().enumerate() {
            let own = &mlp.parameters()[mlp.range(k)];
            let bytes = |places: Vec<usize>| places.into_iter().flat_map(|p| own[p].to_le_bytes()).collect();
            let (weights, biases) = places(layer);
            let shape = vec![layer.outputs(), layer.inputs()];
            tensors.push((format!("layers.{k}.weight"), shape, bytes(weights)));
            if !biases.is_empty() {
                tensors.push((format!("layers.{k}.bias"), vec![biases.len()], bytes(biases)));
            }
        }
        let views: Result<Vec<_>, _> = tensors
            .iter()
            .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F64, shape.clone(), bytes)?)))
            .collect();
        let views = views.map_err(|error: ::safetensors::SafeTensorError| refuse(error.to_string()))?;
        let metadata = self.metadata().map_err(|error| refuse(error.to_string()))?;
        let file = serialize(views, Some(metadata)).map_err(|error| refuse(error.to_string()))?;
        save::write(path, &file)
    }

    /// Reads a model that [`save_safetensors`](Self::save_safetensors) wrote.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if the file is cut off, of another kind, or contradicts itself;
    /// [`Error::Version`] if a newer version wrote it.
    pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Model, Error> {
        let path = path.as_ref();
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let broken = |error: ::safetensors::SafeTensorError| refuse(error.to_string());
        let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let none = HashMap::new();
        let metadata = header.metadata().as_ref().unwrap_or(&none);
        let entry = |key: &str| {
            metadata.get(key).map(String::as_str).ok_or_else(|| refuse(format!("it has no `{key}`")))
        };
        let version = entry("version")?.parse().map_err(|_| refuse("its version is no number".to_owned()))?;
        save::check_head(path, FORMAT, entry("format")?, version)?;

        let layers: Vec<Layer> = parse(entry("layers")?).map_err(refuse)?;
        parameter_count(&layers).map_err(refuse)?;
        let mut parameters = Vec::new();
        for (k, layer) in layers.iter().enumerate() {
            let tensor = |name: &str, shape: &[usize]| {
                let view = tensors.tensor(&format!("layers.{k}.{name}")).map_err(broken)?;
                if view.dtype() != Dtype::F64 || view.shape() != shape {
                    let (dtype, found) = (view.dtype(), view.shape());
                    let problem =
                        format!("`layers.{k}.{name}` is {dtype:?} {found:?}, and should be F64 {shape:?}");
                    return Err(refuse(problem));
                }
                let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("chunks of 8 bytes"));
                Ok(view.data().chunks_exact(8).map(number).collect::<Vec<f64>>())
            };
            let bias_shape = match layer.bias() {
                Bias::None => 0,
                Bias::PerNeuron => layer.outputs(),
                Bias::Shared => 1,
            };
            // The file has this many numbers, so that the sizes cannot be absurd from here on.
            let weights = tensor("weight", &[layer.outputs(), layer.inputs()])?;
            let biases = if bias_shape == 0 { Vec::new() } else { tensor("bias", &[bias_shape])? };
            let start = parameters.len();
            parameters.resize(start + weights.len() + biases.len(), 0.0);
            let (weight_places, bias_places) = places(layer);
            for (place, number) in weight_places.into_iter().zip(weights) {
                parameters[start + place] = number;
            }
            for (place, number) in bias_places.into_iter().zip(biases) {
                parameters[start + place] = number;
            }
        }
        let frozen = parse(entry("frozen")?).map_err(refuse)?;
        let mlp = Mlp::from_parts(layers, parameters, frozen).map_err(refuse)?;
        let mut model = Model::new(mlp);
        if let Some(scaler) = parse::<Option<Scaler>>(entry("input_scaler")?).map_err(refuse)? {
            model = model.scaling_inputs(scaler)?;
        }
        if let Some(scaler) = parse::<Option<Scaler>>(entry("target_scaler")?).map_err(refuse)? {
            model = model.scaling_targets(scaler)?;
        }
        let classes: Vec<String> = parse(entry("classes")?).map_err(refuse)?;
        if classes.is_empty() { Ok(model) } else { model.naming_classes(&classes) }
    }

    fn metadata(&self) -> Result<HashMap<String, String>, serde_json::Error> {
        let mlp = self.mlp();
        let frozen: Vec<usize> = (0..mlp.frozen().len()).filter(|&k| mlp.frozen()[k]).collect();
        let entries = [
            ("format", FORMAT.to_owned()),
            ("version", save::VERSION.to_string()),
            ("layers", serde_json::to_string(mlp.layers())?),
            ("frozen", serde_json::to_string(&frozen)?),
            ("input_scaler", serde_json::to_string(&self.input_scaler())?),
            ("target_scaler", serde_json::to_string(&self.target_scaler())?),
            ("classes", serde_json::to_string(self.classes())?),
        ];
        Ok(entries.into_iter().map(|(key, text)| (key.to_owned(), text)).collect())
    }
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("its metadata is broken: {error}"))
}

/// Where the weights of a layer are among its parameters, neuron by neuron, and where its biases are.
fn places(layer: &Layer) -> (Vec<usize>, Vec<usize>) {
    let weights = (0..layer.outputs()).flat_map(|neuron| layer.weights_of(neuron)).collect();
    let with_bias = if layer.bias() == Bias::Shared { 1 } else { layer.outputs() };
    (weights, (0..with_bias).filter_map(|neuron| layer.bias_of(neuron)).collect())
}
