//! The interface of networks: what training needs of one.

use super::activation::Activation;
use super::data::{Data, class};
use super::error::{Error, expect_inputs, expect_length, expect_outputs};
#[cfg(feature = "serde")]
use super::json::FileFormat;
use super::loss::Loss;
use super::mlp::Mlp;
use super::objective::{Objective, Reduction, stopped};
use super::parameters::Parameters;
#[cfg(feature = "serde")]
use super::saved_parameters;
use super::train::{DataLoss, Predictions, Recorded};
use crate::Real;
#[cfg(feature = "serde")]
use std::path::Path;

/// A network: parameters, and outputs as a function of parameters and inputs, over any type of number. It is what a
/// [`Trainer`](super::Trainer) trains: an [`Mlp`], or a [`CustomNetwork`](super::CustomNetwork) around a function of your own,
/// which is all that most networks need. A type may also implement this trait itself.
pub trait Network {
    /// The name and version of the format of saved parameters. The name is one that nobody else uses; the version is raised when
    /// saved parameters no longer mean the same, because `forward` has changed.
    fn format(&self) -> (&'static str, u64);

    /// The parameters.
    fn parameters(&self) -> &Parameters;

    /// The parameters, mutable.
    fn parameters_mut(&mut self) -> &mut Parameters;

    /// The number of inputs.
    fn inputs(&self) -> usize;

    /// The number of outputs.
    fn outputs(&self) -> usize;

    /// The outputs for these inputs: as many as [`outputs`](Self::outputs). There are always as many parameters and inputs as the
    /// network says.
    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R>;

    /// The activation that the outputs went through, which determines their meaning: see [`Loss::check_output`], and the
    /// decision boundary of [`Predictions`].
    fn output_activation(&self) -> Activation {
        Activation::Identity
    }

    /// Whether `forward` is certain to depend on nothing but its arguments. Otherwise, as by default, training records it again at
    /// intervals, as it does with [losses of your own](super::Trainer::fit_with), to detect a function that reads something else:
    /// random numbers, or a setting that a callback changes.
    fn is_pure(&self) -> bool {
        false
    }

    /// The network in a few words. A checkpoint is resumed only by a network with the same description.
    fn description(&self) -> String {
        let (name, version) = self.format();
        format!("`{name}` in version {version}: {}", self.parameters().description())
    }

    /// Writes the parameters to a JSON file, with their names, under the name and version of this network's format. An existing
    /// file is replaced atomically, as by [`Model::save`](super::Model::save). The structure of the network is not saved: it is
    /// in your code.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if a parameter is not finite.
    #[cfg(feature = "serde")]
    fn save_parameters(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        saved_parameters::write(path.as_ref(), file_format(self), self.parameters())
    }

    /// Reads the parameters, and which of them are frozen, from a file of a network of the same format, version and structure.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] if the file is truncated or of another kind, has other parameters than this network, or
    /// does not match its checksum; [`Error::Version`] if it has another version. The network is unchanged then.
    #[cfg(feature = "serde")]
    fn load_parameters(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        saved_parameters::read(path.as_ref(), file_format(self), self.parameters_mut())
    }

    /// The outputs for these inputs.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes: see [`try_predict`](Self::try_predict).
    #[must_use]
    #[track_caller]
    fn predict(&self, inputs: &[f64]) -> Vec<f64> {
        let (width, found) = (self.inputs(), inputs.len());
        assert!(found == width, "the network takes {width} inputs, and {found} are given");
        self.forward(self.parameters(), inputs)
    }

    /// As [`predict`](Self::predict), for inputs that are not known to be valid.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many inputs as the network takes, [`Error::Prediction`] if an input or an
    /// output is not finite.
    fn try_predict(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        expect_inputs(self.inputs(), inputs)?;
        expect_outputs(self.predict(inputs))
    }

    /// The class with the largest output; a single output means class 1 if it is above the output for a net input of 0, by the
    /// [activation](Self::output_activation) that it went through.
    ///
    /// # Errors
    /// As [`try_predict`](Self::try_predict).
    fn try_classify(&self, inputs: &[f64]) -> Result<usize, Error> {
        let outputs = self.try_predict(inputs)?;
        Ok(class(&outputs, self.output_activation().boundary()).expect("outputs are finite"))
    }

    /// The probability of each class: see [`Mlp::probabilities`].
    ///
    /// # Errors
    /// As [`Mlp::probabilities`].
    fn probabilities(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        self.output_activation().probabilities(self.try_predict(inputs)?)
    }

    /// The outputs for every sample.
    ///
    /// # Panics
    /// If the samples do not have as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    fn predict_all(&self, data: &Data) -> Predictions<'static> {
        let mut outputs = Vec::with_capacity(data.len());
        for sample in 0..data.len() {
            outputs.push(self.predict(&data.expanded_input(sample)));
        }
        Predictions::of(self.output_activation(), outputs)
    }

    /// The mean loss over all samples, and its gradient with respect to all parameters, frozen ones included.
    ///
    /// # Errors
    /// As [`Mlp::loss_and_gradient`].
    fn loss_and_gradient(&self, loss: Loss, data: &Data) -> Result<(f64, Vec<f64>), Error> {
        if data.is_empty() {
            return Err(Error::NoSamples(" to take the loss of"));
        }
        loss.check_all(self.output_activation(), self.outputs(), data)?;
        expect_length("inputs of a sample", self.inputs(), data.expanded_width())?;
        let samples: Vec<usize> = (0..data.len()).collect();
        let mut gradient = vec![0.0; self.parameters().len()];
        let of_sample = |w: &[crate::Var], x: &[crate::Var], t: &[crate::Var]| {
            loss.of_sample(&checked_forward(self, w, x), t)
        };
        let loss_of_data = DataLoss {
            takes_mask: true,
            names: Some(self.parameters()),
            ..DataLoss::new(data, Reduction::Mean, of_sample)
        };
        let mut objective = Recorded::<_, f64>::over(loss_of_data).known(self.is_pure());
        let answer = objective.loss_and_gradient(self.parameters(), &samples, &mut gradient);
        answer.map(|loss| (loss, gradient)).map_err(|failure| stopped(&objective, 0, failure))
    }
}

#[cfg(feature = "serde")]
fn file_format<N: Network + ?Sized>(network: &N) -> FileFormat {
    let (name, version) = network.format();
    FileFormat { name, version }
}

/// The outputs of a network.
///
/// # Panics
/// If there are not as many as the network says.
#[track_caller]
pub(super) fn checked_forward<N: Network + ?Sized, R: Real>(
    network: &N,
    parameters: &[R],
    inputs: &[R],
) -> Vec<R> {
    let outputs = network.forward(parameters, inputs);
    let (found, count) = (outputs.len(), network.outputs());
    assert!(
        found == count,
        "`forward` of the network gives {found} outputs, and `outputs` says {count}: correct one of them"
    );
    outputs
}

impl Network for Mlp {
    fn format(&self) -> (&'static str, u64) {
        ("tapegrad mlp", 1)
    }

    fn parameters(&self) -> &Parameters {
        self.list()
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        self.list_mut()
    }

    fn inputs(&self) -> usize {
        self.inputs()
    }

    fn outputs(&self) -> usize {
        self.outputs()
    }

    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        self.forward(parameters, inputs)
    }

    fn output_activation(&self) -> Activation {
        self.output_activation()
    }

    fn is_pure(&self) -> bool {
        true
    }

    fn description(&self) -> String {
        self.list().description()
    }
}
