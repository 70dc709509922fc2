//! Predictions of a network: outputs, classes, probabilities, and the loss over data.

use super::data::Data;
use super::error::Error;
use super::loss::Loss;
use super::mlp::Mlp;
use super::network::Network;
use super::train::Predictions;

impl Mlp {
    /// As [`predict`](Self::predict), for inputs that are not known to be valid.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Mlp};
    /// let mlp = Mlp::builder(2).layer(1, Activation::Tanh).build()?;
    /// assert_eq!(mlp.try_predict(&[0.5, -1.0])?, mlp.predict(&[0.5, -1.0]));
    /// assert!(mlp.try_predict(&[0.5]).is_err());
    /// assert!(mlp.try_predict(&[0.5, f64::NAN]).is_err());
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many inputs as the network takes, [`Error::Prediction`] if an input or an
    /// output is not finite.
    pub fn try_predict(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        Network::try_predict(self, inputs)
    }

    /// The class with the largest output. A single output means class 1 if it is above the output for a net input
    /// of 0: above 0 for logits, above ½ for a sigmoid.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes, or an input or output is not finite: use
    /// [`try_classify`](Self::try_classify) for inputs that are not known to be valid.
    #[must_use]
    #[track_caller]
    pub fn classify(&self, inputs: &[f64]) -> usize {
        class_or_panic(self.try_classify(inputs))
    }

    /// As [`classify`](Self::classify), for inputs that are not known to be valid.
    ///
    /// # Errors
    /// As [`try_predict`](Self::try_predict).
    pub fn try_classify(&self, inputs: &[f64]) -> Result<usize, Error> {
        Network::try_classify(self, inputs)
    }

    /// The probability of each class; there are two classes for a single output. Logits are passed through the
    /// softmax, a single logit through the sigmoid; outputs of a softmax or of several sigmoids are returned
    /// unchanged, and that of a single sigmoid after its complement. The numbers are probabilities if the network
    /// was trained with a cross entropy loss.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Mlp};
    /// let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build()?;
    /// mlp.set_parameters(&[1.0, 0.0])?;
    /// assert_eq!(mlp.probabilities(&[0.0])?, [0.5, 0.5]);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`try_predict`](Self::try_predict), and [`Error::Setting`] if the output layer has another activation.
    pub fn probabilities(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        Network::probabilities(self, inputs)
    }

    /// The outputs for every sample.
    ///
    /// # Panics
    /// If the samples do not have as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn predict_all(&self, data: &Data) -> Predictions<'static> {
        Network::predict_all(self, data)
    }

    /// The mean loss over all samples, and its gradient with respect to all parameters, frozen ones included.
    ///
    /// ```
    /// # use tapegrad::nn::{Activation, Loss, Mlp, xor};
    /// let mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).build()?;
    /// let (loss, gradient) = mlp.loss_and_gradient(Loss::BinaryCrossEntropy, &xor())?;
    /// assert!(loss > 0.0 && gradient.len() == mlp.parameters().len());
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoSamples`]; [`Error::Length`] and [`Error::Target`] if the samples do not fit the network or the
    /// loss; [`Error::Setting`] and [`Error::OutOfRange`] as [`Loss::check_output`] and [`Loss::check`];
    /// [`Error::NonFinite`] if the loss or the gradient is not finite.
    pub fn loss_and_gradient(&self, loss: Loss, data: &Data) -> Result<(f64, Vec<f64>), Error> {
        Network::loss_and_gradient(self, loss, data)
    }
}

/// Panics with the error, at the line of the caller.
#[track_caller]
pub(super) fn class_or_panic<T>(outcome: Result<T, Error>) -> T {
    match outcome {
        Ok(class) => class,
        Err(error) => panic!("{error} (`try_classify` gives this as an error)"),
    }
}
