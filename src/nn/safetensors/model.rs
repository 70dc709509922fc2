//! Models in the safetensors format.
//!
//! Layer `k` has the tensors `layers.k.weight`, of shape neurons × inputs, and `layers.k.bias`, with one number per
//! neuron, or a single one if the bias is shared. The rest of a model is JSON in the metadata.

use super::names::TensorNames;
use super::tensors::{Biases, Tensors, layer_tensors, list, to_bytes};
use crate::nn::data::Scaler;
use crate::nn::error::Error;
use crate::nn::json;
use crate::nn::layer::Layer;
use crate::nn::layers::parameter_count;
use crate::nn::mlp::Mlp;
use crate::nn::model::Model;
use crate::nn::save;
use ::safetensors::tensor::Dtype;
use std::collections::HashMap;
use std::path::Path;

const FORMAT: json::FileFormat = json::FileFormat { name: "tapegrad model", version: 2 };

/// The key of the metadata of a model with an encoder.
const ENCODER: &str = "encoder";

/// The other keys of the metadata; all are required, and no others are allowed.
const ENTRIES: [&str; 8] =
    ["format", "version", "layers", "frozen", "input_scaler", "target_scaler", "classes", "checksum"];

impl Model {
    /// Writes the model in the safetensors format, in double precision. The file is replaced as by
    /// [`save`](Self::save). Other frameworks can read the tensors, `layers.0.weight` and so on; for the names that
    /// they expect, see [`Mlp::save_weights`].
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite.
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        self.expect_finite(path)?;
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let tensors = layer_tensors(self.mlp(), &names(self.mlp().layers()), Biases::AsInLayer);
        let file = to_bytes(tensors, Dtype::F64, self.metadata().map_err(refuse)?).map_err(refuse)?;
        // As for JSON, a file that could not be read back is not written.
        Tensors::of(&file).and_then(|tensors| model(&tensors)).map_err(|problem| {
            refuse(format!("it could not be read back, and was not written: {problem}"))
        })?;
        save::write(path, &file)
    }

    /// Reads a model that [`save_safetensors`](Self::save_safetensors) wrote. For weights that another framework wrote,
    /// see [`Mlp::load_weights`].
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Foreign`] if the file is of another format that is known, with what to do;
    /// [`Error::Format`] if it is truncated or of another kind, has missing or unknown entries or tensors, is
    /// inconsistent, or does not match its checksum; [`Error::Version`] if its version of the format is another one.
    pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Model, Error> {
        let path = path.as_ref();
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let bytes = save::read(path)?;
        let file = Tensors::read(path, &bytes)?;
        let found = file.metadata.get("format").map_or("", String::as_str);
        if found != FORMAT.name {
            return Err(refuse(not_a_model(&file)));
        }
        let entry = |key: &str| entry(&file, key).map_err(refuse);
        let version =
            entry("version")?.parse().map_err(|_| refuse("its version is not a number".to_owned()))?;
        json::check_head(path, FORMAT, found, version)?;
        model(&file).map_err(refuse)
    }

    fn metadata(&self) -> Result<HashMap<String, String>, String> {
        let mlp = self.mlp();
        let frozen: Vec<usize> = (0..mlp.frozen().len()).filter(|&k| mlp.frozen()[k]).collect();
        let texts = || -> Result<_, serde_json::Error> {
            Ok([
                FORMAT.name.to_owned(),
                FORMAT.version.to_string(),
                serde_json::to_string(mlp.layers())?,
                serde_json::to_string(&frozen)?,
                serde_json::to_string(&self.input_scaler())?,
                serde_json::to_string(&self.target_scaler())?,
                serde_json::to_string(self.classes())?,
            ])
        };
        let texts = texts().map_err(|error| error.to_string())?.into_iter().chain([json::checksum(self)?]);
        let mut entries: HashMap<String, String> =
            ENTRIES.into_iter().map(str::to_owned).zip(texts).collect();
        if let Some(encoder) = self.encoder() {
            let text = serde_json::to_string(encoder).map_err(|error| error.to_string())?;
            entries.insert(ENCODER.to_owned(), text);
        }
        Ok(entries)
    }
}

fn names(layers: &[Layer]) -> Vec<TensorNames> {
    (0..layers.len()).map(|k| TensorNames::from(format!("layers.{k}"))).collect()
}

fn entry<'a>(file: &'a Tensors<'_>, key: &str) -> Result<&'a str, String> {
    file.metadata.get(key).map(String::as_str).ok_or(format!("its metadata has no `{key}`"))
}

fn parse<T: serde::de::DeserializeOwned>(file: &Tensors<'_>, key: &str) -> Result<T, String> {
    serde_json::from_str(entry(file, key)?)
        .map_err(|error| format!("`{key}` in its metadata is broken: {error}"))
}

fn model(file: &Tensors<'_>) -> Result<Model, String> {
    let unknown = file.metadata.keys().find(|key| !ENTRIES.contains(&key.as_str()) && *key != ENCODER);
    if let Some(key) = unknown {
        return Err(format!("its metadata has the unknown entry `{key}`"));
    }
    let layers: Vec<Layer> = parse(file, "layers")?;
    parameter_count(&layers)?;
    let parameters = file.parameters(&layers, &names(&layers), &[Dtype::F64])?;
    let mut model = Model::new(Mlp::from_parts(layers, parameters, parse(file, "frozen")?)?);
    let said = |error: Error| error.to_string();
    if let Some(scaler) = parse::<Option<Scaler>>(file, "input_scaler")? {
        model = model.scaling_inputs(scaler).map_err(said)?;
    }
    if let Some(scaler) = parse::<Option<Scaler>>(file, "target_scaler")? {
        model = model.scaling_targets(scaler).map_err(said)?;
    }
    let classes: Vec<String> = parse(file, "classes")?;
    if !classes.is_empty() {
        model = model.naming_classes(&classes).map_err(said)?;
    }
    if file.metadata.contains_key(ENCODER) {
        model = model.encoding_inputs(parse(file, ENCODER)?).map_err(said)?;
    }
    json::check(&model, entry(file, "checksum")?)?;
    Ok(model)
}

/// The message for tensors that another program wrote.
fn not_a_model(file: &Tensors<'_>) -> String {
    let format = match file.metadata.get("format") {
        Some(format) => format!("says `{format}`"),
        None => "is missing".to_owned(),
    };
    format!(
        "this is not a model that `save_safetensors` wrote: `format` in its metadata {format}, and should say \
         `{}`. It has the tensors {}. For weights of PyTorch or another framework, build the network with \
         `Mlp::builder` and call `mlp.load_weights(path, names)`, with the name that each layer's tensors have \
         before `.weight` and `.bias`",
        FORMAT.name,
        list(&file.names())
    )
}
