//! Weights of other frameworks, under the names that they have there.

use super::names::TensorNames;
use super::tensors::{Biases, Tensors, layer_tensors, to_bytes};
use crate::nn::error::{Error, expect_length};
use crate::nn::mlp::Mlp;
use crate::nn::save;
use ::safetensors::tensor::Dtype;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The type of the numbers in a file of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatType {
    /// Single precision, as in most frameworks. Weights are rounded to the nearest number.
    F32,
    /// Double precision: weights keep every bit.
    F64,
}

impl Mlp {
    /// Sets the parameters from a file in the safetensors format that another framework wrote, in single or double
    /// precision. `names` has one entry per layer: see [`TensorNames`]. Weights have the shape neurons × inputs, as in
    /// PyTorch; Keras and JAX store inputs × neurons, which is an error unless both are the same number. A bias that
    /// the layer shares is a single number, or one per neuron, all equal.
    ///
    /// PyTorch's `safetensors.torch.save_file(model.state_dict(), path)` writes such a file.
    ///
    /// ```no_run
    /// use tapegrad::nn::{Activation, Mlp, TensorNames};
    ///
    /// // nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    /// let mut mlp = Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).build()?;
    /// mlp.load_weights("iris.safetensors", TensorNames::sequential(mlp.layers()))?;
    /// // Modules with names: self.fc1 = nn.Linear(4, 16), self.fc2 = nn.Linear(16, 3)
    /// mlp.load_weights("named.safetensors", ["fc1", "fc2"])?;
    /// // Any names
    /// mlp.load_weights("numpy.safetensors", [("w1", "b1"), ("w2", "b2")])?;
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many names as layers; [`Error::Setting`] if a name is given twice;
    /// [`Error::Io`]; [`Error::Foreign`] if the file has another format that is known (`torch.save`, `numpy.savez`,
    /// HDF5, ONNX, JSON), with the line of Python that converts it; [`Error::Format`] if the file is truncated or of an
    /// unknown format, if a tensor is missing, is of no layer, or has the wrong shape or type, or if a number is not
    /// finite. Then nothing is changed.
    pub fn load_weights(
        &mut self,
        path: impl AsRef<Path>,
        names: impl IntoIterator<Item: Into<TensorNames>>,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let names = self.tensor_names(names)?;
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let bytes = save::read(path)?;
        let file = Tensors::read(path, &bytes)?;
        let parameters = file.parameters(self.layers(), &names, &[Dtype::F32, Dtype::F64]).map_err(refuse)?;
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            return Err(refuse(format!("`{}` would be {}", self.name_of(k), parameters[k])));
        }
        self.set_parameters(&parameters)
    }

    /// Writes the weights in the safetensors format for another framework, under the names that they have there: the
    /// counterpart of [`load_weights`](Self::load_weights). A bias that a layer shares becomes one per neuron. The
    /// file is replaced as by [`save`](Self::save).
    ///
    /// PyTorch's `model.load_state_dict(safetensors.torch.load_file(path))` reads it, and `safetensors.numpy.load_file`
    /// gives numpy's arrays. Activations and scalers are not in the file.
    ///
    /// ```no_run
    /// use tapegrad::nn::{Activation, FloatType, Mlp, TensorNames};
    ///
    /// let mlp = Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).build()?;
    /// mlp.save_weights("iris.safetensors", TensorNames::sequential(mlp.layers()), FloatType::F32)?;
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many names as layers; [`Error::Setting`] if a name is given twice;
    /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite, or too large for single precision.
    pub fn save_weights(
        &self,
        path: impl AsRef<Path>,
        names: impl IntoIterator<Item: Into<TensorNames>>,
        float: FloatType,
    ) -> Result<(), Error> {
        let path = path.as_ref();
        let names = self.tensor_names(names)?;
        let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
        let dtype = match float {
            FloatType::F32 => Dtype::F32,
            FloatType::F64 => Dtype::F64,
        };
        let stored = |number: f64| match float {
            FloatType::F32 => f64::from(number as f32),
            FloatType::F64 => number,
        };
        let parameters: Vec<f64> = self.parameters().iter().copied().map(stored).collect();
        if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
            let (name, number) = (self.name_of(k), self.parameters()[k]);
            return Err(refuse(format!(
                "`{name}` is {number}, which {float:?} cannot hold; nothing was saved"
            )));
        }
        // What Python's safetensors writes for PyTorch, and some programs require.
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let bytes =
            to_bytes(layer_tensors(self, &names, Biases::PerNeuron), dtype, metadata).map_err(refuse)?;
        let read = Tensors::of(&bytes).and_then(|file| file.parameters(self.layers(), &names, &[dtype]));
        if read.as_ref() != Ok(&parameters) {
            return Err(refuse("with these names it could not be read back, and was not written".to_owned()));
        }
        save::write(path, &bytes)
    }

    /// One entry per layer, no name twice.
    fn tensor_names(
        &self,
        names: impl IntoIterator<Item: Into<TensorNames>>,
    ) -> Result<Vec<TensorNames>, Error> {
        let names: Vec<TensorNames> = names.into_iter().map(Into::into).collect();
        expect_length("names of layers", self.layers().len(), names.len())?;
        let mut seen = HashSet::new();
        let twice = names.iter().flat_map(|n| [&n.weight, &n.bias]).find(|name| !seen.insert(*name));
        if let Some(twice) = twice {
            return Err(Error::Setting(format!("two tensors have the name `{twice}`; give each its own")));
        }
        Ok(names)
    }
}
