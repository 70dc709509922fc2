//! Models and weights in the safetensors format, for exchange with other frameworks.
//!
//! Layer `k` has the tensors `layers.k.weight`, of shape neurons × inputs, and `layers.k.bias`, with one number per
//! neuron, or a single one if the bias is shared. The rest of a model is JSON in the metadata.

use super::data::Scaler;
use super::error::{Error, expect_length};
use super::json;
use super::layer::{Bias, Layer};
use super::mlp::{Mlp, parameter_count};
use super::model::Model;
use super::save;
use ::safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

const FORMAT: &str = "tapegrad model";

impl Model {
    /// Writes the model in the safetensors format, in double precision. The file is replaced as by
    /// [`save`](Self::save).
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
        let file = serialize(views, Some(self.metadata().map_err(refuse)?))
            .map_err(|error| refuse(error.to_string()))?;
        // As for JSON, a file that could not be read back is not written.
        Tensors::of(&file).and_then(|tensors| tensors.model()).map_err(|problem| {
            refuse(format!("it could not be read back, and was not written: {problem}"))
        })?;
        save::write(path, &file)
    }

    /// Reads a model that [`save_safetensors`](Self::save_safetensors) wrote. For weights that another framework wrote,
    /// see [`Mlp::load_weights`].
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if the file is truncated or of another kind, has missing or unknown entries
    /// or tensors, is inconsistent, or does not match its checksum; [`Error::Version`] if its version of the format
    /// is another one.
    pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Model, Error> {
        let path = path.as_ref();
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let bytes = save::read(path)?;
        let file = Tensors::of(&bytes).map_err(refuse)?;
        let found = file.metadata.get("format").map_or("", String::as_str);
        if found != FORMAT {
            return Err(refuse(file.foreign()));
        }
        let entry = |key: &str| file.entry(key).map_err(refuse);
        let version =
            entry("version")?.parse().map_err(|_| refuse("its version is not a number".to_owned()))?;
        json::check_head(path, FORMAT, found, version)?;
        file.model().map_err(refuse)
    }

    fn metadata(&self) -> Result<HashMap<String, String>, String> {
        let mlp = self.mlp();
        let frozen: Vec<usize> = (0..mlp.frozen().len()).filter(|&k| mlp.frozen()[k]).collect();
        let texts = || -> Result<_, serde_json::Error> {
            Ok([
                FORMAT.to_owned(),
                json::VERSION.to_string(),
                serde_json::to_string(mlp.layers())?,
                serde_json::to_string(&frozen)?,
                serde_json::to_string(&self.input_scaler())?,
                serde_json::to_string(&self.target_scaler())?,
                serde_json::to_string(self.classes())?,
            ])
        };
        let texts = texts().map_err(|error| error.to_string())?.into_iter().chain([json::checksum(self)?]);
        Ok(ENTRIES.into_iter().map(str::to_owned).zip(texts).collect())
    }
}

/// The keys of the metadata; all are required, and no others are allowed.
const ENTRIES: [&str; 8] =
    ["format", "version", "layers", "frozen", "input_scaler", "target_scaler", "classes", "checksum"];

impl Mlp {
    /// Sets the parameters from a file that another framework wrote. `names` has one name per layer. For the name
    /// `fc1`, the tensor `fc1.weight` has the shape neurons × inputs, and `fc1.bias` has one number per neuron,
    /// both in single or double precision. PyTorch's `safetensors.torch.save_file(model.state_dict(), path)` writes
    /// linear layers in this form.
    ///
    /// ```no_run
    /// use tapegrad::nn::{Activation, Mlp};
    ///
    /// // torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    /// let mut mlp = Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).build()?;
    /// mlp.load_weights("iris.safetensors", &["0", "2"])?;
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many names as layers; [`Error::Io`]; [`Error::Format`] if the file is
    /// truncated or of another kind, if a tensor is missing, unknown or of the wrong shape or type, or if a number
    /// is not finite. Then nothing is changed.
    pub fn load_weights(&mut self, path: impl AsRef<Path>, names: &[&str]) -> Result<(), Error> {
        let path = path.as_ref();
        expect_length("names of layers", self.layers().len(), names.len())?;
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let bytes = save::read(path)?;
        let file = Tensors::of(&bytes).map_err(refuse)?;
        let parameters = file.parameters(self.layers(), names, &[Dtype::F32, Dtype::F64]).map_err(refuse)?;
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            return Err(refuse(format!("`{}` would be {}", self.name_of(k), parameters[k])));
        }
        self.set_parameters(&parameters)
    }
}

/// A file in the safetensors format, written by any program.
struct Tensors<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let broken = |error: ::safetensors::SafeTensorError| format!("not a valid safetensors file: {error}");
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        Ok(Tensors { tensors, metadata: header.metadata().clone().unwrap_or_default() })
    }

    fn entry(&self, key: &str) -> Result<&str, String> {
        self.metadata.get(key).map(String::as_str).ok_or(format!("its metadata has no `{key}`"))
    }

    /// The message for a file that this crate did not write.
    fn foreign(&self) -> String {
        let mut names: Vec<&str> = self.tensors.names().into_iter().collect();
        names.sort_unstable();
        let format = match self.metadata.get("format") {
            Some(format) => format!("says `{format}`"),
            None => "is missing".to_owned(),
        };
        format!(
            "this is not a model that `save_safetensors` wrote: `format` in its metadata {format}, and should say \
             `{FORMAT}`. It has the tensors {}. For weights of PyTorch or another framework, build the network with \
             `Mlp::builder` and call `mlp.load_weights(path, names)`, with the name that each layer's tensors have \
             before `.weight` and `.bias`",
            list(&names)
        )
    }

    fn model(&self) -> Result<Model, String> {
        let unknown = self.metadata.keys().find(|key| !ENTRIES.contains(&key.as_str()));
        if let Some(key) = unknown {
            return Err(format!("its metadata has the unknown entry `{key}`"));
        }
        let layers: Vec<Layer> = self.parse("layers")?;
        parameter_count(&layers)?;
        let names: Vec<String> = (0..layers.len()).map(|k| format!("layers.{k}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let parameters = self.parameters(&layers, &names, &[Dtype::F64])?;
        let mut model = Model::new(Mlp::from_parts(layers, parameters, self.parse("frozen")?)?);
        let said = |error: Error| error.to_string();
        if let Some(scaler) = self.parse::<Option<Scaler>>("input_scaler")? {
            model = model.scaling_inputs(scaler).map_err(said)?;
        }
        if let Some(scaler) = self.parse::<Option<Scaler>>("target_scaler")? {
            model = model.scaling_targets(scaler).map_err(said)?;
        }
        let classes: Vec<String> = self.parse("classes")?;
        if !classes.is_empty() {
            model = model.naming_classes(&classes).map_err(said)?;
        }
        json::check(&model, self.entry("checksum")?)?;
        Ok(model)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, String> {
        serde_json::from_str(self.entry(key)?)
            .map_err(|error| format!("`{key}` in its metadata is broken: {error}"))
    }

    /// The parameters of these layers, whose tensors have these names. Other tensors are an error.
    fn parameters(&self, layers: &[Layer], names: &[&str], dtypes: &[Dtype]) -> Result<Vec<f64>, String> {
        let mut others: BTreeSet<&str> = self.tensors.names().into_iter().collect();
        let mut parameters = Vec::new();
        for (layer, name) in layers.iter().zip(names) {
            let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
            // The file contains this many numbers, so the sizes are not absurd from here on.
            let mut numbers = self.numbers(&weight, &[layer.outputs(), layer.inputs()], dtypes)?;
            others.remove(weight.as_str());
            let biases = match layer.bias() {
                Bias::None => 0,
                Bias::PerNeuron => layer.outputs(),
                Bias::Shared => 1,
            };
            if biases > 0 {
                numbers.extend(self.numbers(&bias, &[biases], dtypes)?);
                others.remove(bias.as_str());
            }
            let start = parameters.len();
            parameters.resize(start + numbers.len(), 0.0);
            let (weight_places, bias_places) = places(layer);
            for (place, number) in weight_places.into_iter().chain(bias_places).zip(numbers) {
                parameters[start + place] = number;
            }
        }
        if others.is_empty() {
            return Ok(parameters);
        }
        Err(format!("no layer has the tensors {}", list(&Vec::from_iter(others))))
    }

    fn numbers(&self, name: &str, shape: &[usize], dtypes: &[Dtype]) -> Result<Vec<f64>, String> {
        let view = self.tensors.tensor(name).map_err(|_| {
            let mut names: Vec<&str> = self.tensors.names().into_iter().collect();
            names.sort_unstable();
            format!("it has no tensor `{name}`; it has {}", list(&names))
        })?;
        let (dtype, found) = (view.dtype(), view.shape());
        if !dtypes.contains(&dtype) || found != shape {
            let dtypes: Vec<String> = dtypes.iter().map(|dtype| format!("{dtype:?}")).collect();
            return Err(format!(
                "`{name}` is {dtype:?} {found:?}, and should be {} {shape:?}",
                dtypes.join(" or ")
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

/// The indices of the weights of a layer among its parameters, neuron by neuron, and those of its biases.
fn places(layer: &Layer) -> (Vec<usize>, Vec<usize>) {
    let weights = (0..layer.outputs()).flat_map(|neuron| layer.weights_of(neuron)).collect();
    let with_bias = if layer.bias() == Bias::Shared { 1 } else { layer.outputs() };
    (weights, (0..with_bias).filter_map(|neuron| layer.bias_of(neuron)).collect())
}

/// A list of names for a message, shortened if there are many.
fn list(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(8) {
        0 if names.is_empty() => "(none)".to_owned(),
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
