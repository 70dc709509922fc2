//! A network with all that is needed to use it.

use super::data::{Data, Scaler, class};
use super::error::{Error, expect_length};
use super::mlp::Mlp;
use super::predict::{expect_inputs, expect_outputs, told};
use super::train::Predictions;

/// A network, how its inputs and targets are scaled, and what its classes are called: what a file holds.
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
}

impl Model {
    /// A network alone.
    #[must_use]
    pub fn new(mlp: Mlp) -> Model {
        Model { mlp, input_scaler: None, target_scaler: None, classes: Vec::new() }
    }

    /// With inputs that are scaled before the network sees them.
    ///
    /// # Errors
    /// [`Error::Length`] if the scaler is for another number of inputs.
    pub fn scaling_inputs(self, scaler: Scaler) -> Result<Model, Error> {
        expect_length("columns of the input scaler", self.mlp.inputs(), scaler.width())?;
        Ok(Model { input_scaler: Some(scaler), ..self })
    }

    /// With outputs that are brought back from the scale the targets had in training.
    ///
    /// # Errors
    /// [`Error::Length`] if the scaler is for another number of outputs.
    pub fn scaling_targets(self, scaler: Scaler) -> Result<Model, Error> {
        expect_length("columns of the target scaler", self.mlp.outputs(), scaler.width())?;
        Ok(Model { target_scaler: Some(scaler), ..self })
    }

    /// With names for the classes: one per output, or two for a single output.
    /// [`Table::classes_as`](super::Table::classes_as) reads further tables by them.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Setting`] if two have the same name.
    pub fn naming_classes(self, names: &[impl AsRef<str>]) -> Result<Model, Error> {
        expect_length("class names", self.mlp.outputs().max(2), names.len())?;
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = names.iter().map(AsRef::as_ref).find(|name| !seen.insert(*name)) {
            let problem = format!("two classes have the name `{twice}`; give each its own");
            return Err(Error::Setting(problem));
        }
        Ok(Model { classes: names.iter().map(|name| name.as_ref().to_owned()).collect(), ..self })
    }

    /// The network.
    #[must_use]
    pub fn mlp(&self) -> &Mlp {
        &self.mlp
    }

    /// The network, alone.
    #[must_use]
    pub fn into_mlp(self) -> Mlp {
        self.mlp
    }

    /// How inputs are scaled.
    #[must_use]
    pub fn input_scaler(&self) -> Option<&Scaler> {
        self.input_scaler.as_ref()
    }

    /// How targets were scaled.
    #[must_use]
    pub fn target_scaler(&self) -> Option<&Scaler> {
        self.target_scaler.as_ref()
    }

    /// The names of the classes; none if they have none.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
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

    /// As [`predict`](Self::predict), for inputs from outside.
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
            outputs.push(self.predict(data.input(sample)));
        }
        Predictions::of(self.mlp.output_activation(), outputs).with_boundary(self.boundary())
    }

    /// The class with the largest output, and its name: its number, if it has none. A single output speaks for
    /// class 1 if it is above what a net input of 0 gives: above 0 for logits, ½ for a sigmoid.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes, or one is not finite: use [`try_classify`](Self::try_classify)
    /// for inputs from outside.
    #[must_use]
    #[track_caller]
    pub fn classify(&self, inputs: &[f64]) -> (usize, String) {
        told(self.try_classify(inputs))
    }

    /// As [`classify`](Self::classify), for inputs from outside.
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
                "the model scales its targets, so that they are no classes, and has no probabilities";
            return Err(Error::Setting(problem.to_owned()));
        }
        self.mlp.output_activation().probabilities(self.try_predict(inputs)?)
    }

    /// Where class 1 begins for a single output, in the scale of the data.
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
    use super::{Error, Mlp, Model, Scaler};
    use crate::nn::json;
    use std::path::Path;

    const FORMAT: &str = "tapegrad model";

    /// What is read of a model, before it is checked.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct ModelData {
        mlp: Mlp,
        #[serde(deserialize_with = "json::required")]
        input_scaler: Option<Scaler>,
        #[serde(deserialize_with = "json::required")]
        target_scaler: Option<Scaler>,
        classes: Vec<String>,
    }

    impl TryFrom<ModelData> for Model {
        type Error = Error;

        fn try_from(data: ModelData) -> Result<Model, Error> {
            let mut model = Model::new(data.mlp);
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
        /// Writes the model to a JSON file, which replaces the one that is there, whole or not at all, also while others
        /// write or read it. The new file keeps the mode of the old one; a link stays, and what it points to is
        /// replaced. The content is on the disk before it takes the name, so that a power failure leaves one file or the
        /// other. A process that is killed in the midst of it leaves a file `.tapegrad-XXXXXX.part` in the folder, which
        /// saves there remove once it is an hour old.
        ///
        /// # Errors
        /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite.
        pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
            let path = path.as_ref();
            self.expect_finite(path)?;
            json::write(path, FORMAT, self)
        }

        /// Refuses to save what could not be loaded.
        pub(in crate::nn) fn expect_finite(&self, path: &Path) -> Result<(), Error> {
            let parameters = self.mlp.parameters();
            let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) else {
                return Ok(());
            };
            let problem = format!("`{}` is {}, and was not saved", self.mlp.name_of(k), parameters[k]);
            Err(Error::Format { path: path.to_owned(), problem })
        }

        /// Reads a model. It predicts the same, bit for bit, as the one that was saved.
        ///
        /// # Errors
        /// [`Error::Io`]; [`Error::Format`] if the file is cut off, of another kind, lacks an entry or has one more,
        /// contradicts itself, or is not what was saved, which its checksum tells; [`Error::Version`] if another version
        /// wrote it.
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
        /// As [`Model::load`]; and [`Error::Format`] if the file scales inputs or targets: a network alone
        /// would predict something else.
        pub fn load(path: impl AsRef<Path>) -> Result<Mlp, Error> {
            let model = Model::load(path.as_ref())?;
            if model.input_scaler.is_some() || model.target_scaler.is_some() {
                let problem = "the model scales its data; read it with `Model::load`".to_owned();
                return Err(Error::Format { path: path.as_ref().to_owned(), problem });
            }
            Ok(model.mlp)
        }
    }
}
#[cfg(feature = "serde")]
use file::ModelData;
