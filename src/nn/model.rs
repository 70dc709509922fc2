//! A network together with its scalers and class names.

use super::data::{Data, Encoder, Scaler, Table, class};
use super::error::{Error, expect_inputs, expect_length, expect_outputs};
use super::mlp::Mlp;
use super::predict::class_or_panic;
use super::train::Predictions;

/// A network, the scalers of its inputs and targets, the names of its classes, and the encoder of its inputs: the contents of a
/// model file.
///
/// ```no_run
/// # use tapegrad::nn::{Activation, Mlp, Model, Scaler, moons};
/// # let data = moons(100, 0.1, 0);
/// # let mlp = Mlp::builder(2).layer(1, Activation::Identity).build()?;
/// let model = Model::new(mlp).scaling_inputs(Scaler::standard(&data)?)?;
/// model.save("moons.json")?;
/// assert_eq!(Model::load("moons.json")?.predict(&[0.5, 0.0]), model.predict(&[0.5, 0.0]));
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "ModelData"))]
pub struct Model {
    mlp: Mlp,
    input_scaler: Option<Scaler>,
    target_scaler: Option<Scaler>,
    classes: Vec<String>,
    encoder: Option<Encoder>,
}

impl Model {
    /// A network without scalers and class names.
    #[must_use]
    pub fn new(mlp: Mlp) -> Model {
        Model { mlp, input_scaler: None, target_scaler: None, classes: Vec::new(), encoder: None }
    }

    /// Scales inputs before the network is evaluated.
    ///
    /// # Errors
    /// [`Error::Length`] if the scaler is for another number of inputs.
    pub fn scaling_inputs(self, scaler: Scaler) -> Result<Model, Error> {
        expect_length("columns of the input scaler", self.mlp.inputs(), scaler.width())?;
        Ok(Model { input_scaler: Some(scaler), ..self })
    }

    /// Transforms outputs back from the scale of the targets in training.
    ///
    /// # Errors
    /// [`Error::Length`] if the scaler is for another number of outputs.
    pub fn scaling_targets(self, scaler: Scaler) -> Result<Model, Error> {
        expect_length("columns of the target scaler", self.mlp.outputs(), scaler.width())?;
        Ok(Model { target_scaler: Some(scaler), ..self })
    }

    /// Names the classes: one name per output, or two for a single output.
    /// [`Table::classes_as`](super::Table::classes_as) uses the names to read further tables.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of names is wrong; [`Error::Setting`] if two names are the same.
    pub fn naming_classes(self, names: &[impl AsRef<str>]) -> Result<Model, Error> {
        expect_length("class names", self.mlp.outputs().max(2), names.len())?;
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = names.iter().map(AsRef::as_ref).find(|name| !seen.insert(*name)) {
            let problem = format!("two classes have the name `{twice}`; give each its own");
            return Err(Error::Setting(problem));
        }
        Ok(Model { classes: names.iter().map(|name| name.as_ref().to_owned()).collect(), ..self })
    }

    /// Keeps the encoder that makes the inputs of the network from the columns of a table, for
    /// [`predict_table`](Self::predict_table).
    ///
    /// # Errors
    /// [`Error::Length`] if the encoder makes another number of inputs.
    pub fn encoding_inputs(self, encoder: Encoder) -> Result<Model, Error> {
        expect_length("columns of the encoder", self.mlp.inputs(), encoder.width())?;
        Ok(Model { encoder: Some(encoder), ..self })
    }

    /// The network.
    #[must_use]
    pub fn mlp(&self) -> &Mlp {
        &self.mlp
    }

    /// The network, without scalers and class names.
    #[must_use]
    pub fn into_mlp(self) -> Mlp {
        self.mlp
    }

    /// The scaler of the inputs, if there is one.
    #[must_use]
    pub fn input_scaler(&self) -> Option<&Scaler> {
        self.input_scaler.as_ref()
    }

    /// The scaler of the targets, if there is one.
    #[must_use]
    pub fn target_scaler(&self) -> Option<&Scaler> {
        self.target_scaler.as_ref()
    }

    /// The names of the classes; empty if they have no names.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The encoder of the inputs, if there is one.
    #[must_use]
    pub fn encoder(&self) -> Option<&Encoder> {
        self.encoder.as_ref()
    }

    /// The outputs for the rows of a table, encoded as those of the training table were.
    ///
    /// # Errors
    /// [`Error::Setting`] if the model has no encoder; [`Error::Column`] and [`Error::Cell`] as [`Encoder::rows`];
    /// [`Error::Prediction`] if an output is not finite.
    pub fn predict_table(&self, table: &Table) -> Result<Predictions<'static>, Error> {
        let Some(encoder) = &self.encoder else {
            let problem = "the model has no encoder, so it cannot read tables; keep one by `encoding_inputs`";
            return Err(Error::Setting(problem.to_owned()));
        };
        let rows = encoder.rows(table)?;
        let outputs = rows.iter().map(|row| self.try_predict(row)).collect::<Result<_, _>>()?;
        Ok(self.predictions_of(outputs))
    }

    /// The outputs for these inputs, both in the scale of the data.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn predict(&self, inputs: &[f64]) -> Vec<f64> {
        let mut inputs = inputs.to_vec();
        if let Some(scaler) = &self.input_scaler {
            scaler.apply(&mut inputs);
        }
        let mut outputs = self.mlp.predict(&inputs);
        if let Some(scaler) = &self.target_scaler {
            scaler.undo(&mut outputs);
        }
        outputs
    }

    /// As [`predict`](Self::predict), for inputs that are not known to be valid.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many inputs as the network takes, [`Error::Prediction`] if an input or an
    /// output is not finite.
    pub fn try_predict(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        expect_inputs(self.mlp.inputs(), inputs)?;
        expect_outputs(self.predict(inputs))
    }

    /// The outputs for every sample.
    ///
    /// # Panics
    /// If the samples do not have as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn predict_all(&self, data: &Data) -> Predictions<'static> {
        let mut outputs = Vec::with_capacity(data.len());
        for sample in 0..data.len() {
            outputs.push(self.predict(&data.expanded_input(sample)));
        }
        self.predictions_of(outputs)
    }

    fn predictions_of(&self, outputs: Vec<Vec<f64>>) -> Predictions<'static> {
        match self.target_scaler {
            None => Predictions::of(self.mlp.output_activation(), outputs),
            Some(_) => Predictions::of_transformed(self.boundary(), outputs),
        }
    }

    /// The class with the largest output, and its name, or its number if classes have no names. A single output
    /// means class 1 if it is above the output for a net input of 0: above 0 for logits, above ½ for a sigmoid.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes, or an input or output is not finite: use
    /// [`try_classify`](Self::try_classify) for inputs that are not known to be valid.
    #[must_use]
    #[track_caller]
    pub fn classify(&self, inputs: &[f64]) -> (usize, String) {
        class_or_panic(self.try_classify(inputs))
    }

    /// As [`classify`](Self::classify), for inputs that are not known to be valid.
    ///
    /// # Errors
    /// As [`try_predict`](Self::try_predict).
    pub fn try_classify(&self, inputs: &[f64]) -> Result<(usize, String), Error> {
        let class = class(&self.try_predict(inputs)?, self.boundary()).expect("outputs are finite");
        Ok((class, self.classes.get(class).cloned().unwrap_or_else(|| class.to_string())))
    }

    /// The probability of each class: see [`Mlp::probabilities`].
    ///
    /// # Errors
    /// As [`Mlp::probabilities`], and [`Error::Setting`] if the model scales targets.
    pub fn probabilities(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        if self.target_scaler.is_some() {
            let problem =
                "the model scales its targets, so its outputs are not classes and have no probabilities";
            return Err(Error::Setting(problem.to_owned()));
        }
        self.mlp.output_activation().probabilities(self.try_predict(inputs)?)
    }

    /// The decision boundary of a single output, in the scale of the data.
    fn boundary(&self) -> f64 {
        let mut boundary = vec![self.mlp.output_activation().boundary(); self.mlp.outputs()];
        if let Some(scaler) = &self.target_scaler {
            scaler.undo(&mut boundary);
        }
        boundary[0]
    }
}

#[cfg(feature = "serde")]
mod file {
    use super::{Encoder, Error, Mlp, Model, Scaler};
    use crate::nn::json;
    use std::path::Path;

    const FORMAT: json::FileFormat = json::FileFormat { name: "tapegrad model", version: 3 };

    /// The contents of a model file, before they are checked.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct ModelData {
        mlp: Mlp,
        #[serde(deserialize_with = "json::required")]
        input_scaler: Option<Scaler>,
        #[serde(deserialize_with = "json::required")]
        target_scaler: Option<Scaler>,
        classes: Vec<String>,
        #[serde(default)]
        encoder: Option<Encoder>,
    }

    impl TryFrom<ModelData> for Model {
        type Error = Error;

        fn try_from(data: ModelData) -> Result<Model, Error> {
            let mut model = Model::new(data.mlp);
            if let Some(encoder) = data.encoder {
                model = model.encoding_inputs(encoder)?;
            }
            if let Some(scaler) = data.input_scaler {
                model = model.scaling_inputs(scaler)?;
            }
            if let Some(scaler) = data.target_scaler {
                model = model.scaling_targets(scaler)?;
            }
            if data.classes.is_empty() { Ok(model) } else { model.naming_classes(&data.classes) }
        }
    }

    impl Model {
        /// Writes the model to a JSON file. An existing file is replaced atomically, even while other processes
        /// read or write it. The new file keeps the permissions of the old one; if the path is a symbolic link, its
        /// target is replaced. The contents are flushed to the disk before the file is renamed, so that a power
        /// failure leaves the old file or the new one. A process that is killed while it saves leaves a file
        /// `.tapegrad-XXXXXX.part` in the folder; later saves to this folder remove it once it is an hour old.
        ///
        /// # Errors
        /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite.
        pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
            let path = path.as_ref();
            self.expect_finite(path)?;
            json::write(path, FORMAT, self)
        }

        /// An error if a parameter is not finite: the file could not be loaded.
        pub(in crate::nn) fn expect_finite(&self, path: &Path) -> Result<(), Error> {
            let parameters = self.mlp.parameters();
            let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) else {
                return Ok(());
            };
            let problem = format!("`{}` is {}, and was not saved", self.mlp.name_of(k), parameters[k]);
            Err(Error::Format { path: path.to_owned(), problem })
        }

        /// Reads a model. Its predictions have the same bits as those of the saved model.
        ///
        /// # Errors
        /// [`Error::Io`]; [`Error::Format`] if the file is truncated or of another kind, has missing or unknown
        /// entries, is inconsistent, or does not match its checksum; [`Error::Version`] if its version of the
        /// format is another one.
        pub fn load(path: impl AsRef<Path>) -> Result<Model, Error> {
            json::read(path.as_ref(), FORMAT)
        }
    }

    impl Mlp {
        /// Writes the network to a file; see [`Model::save`].
        ///
        /// # Errors
        /// As [`Model::save`].
        pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
            Model::new(self.clone()).save(path)
        }

        /// Reads a network.
        ///
        /// # Errors
        /// As [`Model::load`]; and [`Error::Format`] if the file has scalers, since the network without them would
        /// predict something else.
        pub fn load(path: impl AsRef<Path>) -> Result<Mlp, Error> {
            let model = Model::load(path.as_ref())?;
            if model.input_scaler.is_some() || model.target_scaler.is_some() || model.encoder.is_some() {
                let problem = "the model scales or encodes its data; read it with `Model::load`".to_owned();
                return Err(Error::Format { path: path.as_ref().to_owned(), problem });
            }
            Ok(model.mlp)
        }
    }
}
#[cfg(feature = "serde")]
use file::ModelData;
