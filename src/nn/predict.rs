//! What a network says about samples: outputs, classes, probabilities, and the loss over data.

use super::data::{Data, class};
use super::error::{Error, expect_length};
use super::loss::Loss;
use super::mlp::Mlp;
use super::objective::{Objective, Reduction, stopped};
use super::train::{Predictions, Recorded};

impl Mlp {
    /// The outputs for inputs from outside.
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
        expect_inputs(self.inputs(), inputs)?;
        expect_outputs(self.predict(inputs))
    }

    /// The class with the largest output. A single output speaks for class 1 if it is above what a net input of 0 gives:
    /// above 0 for logits, ½ for a sigmoid.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes, or one is not finite: use [`try_classify`](Self::try_classify)
    /// for inputs from outside.
    #[must_use]
    #[track_caller]
    pub fn classify(&self, inputs: &[f64]) -> usize {
        told(self.try_classify(inputs))
    }

    /// As [`classify`](Self::classify), for inputs from outside.
    ///
    /// # Errors
    /// As [`try_predict`](Self::try_predict).
    pub fn try_classify(&self, inputs: &[f64]) -> Result<usize, Error> {
        let outputs = self.try_predict(inputs)?;
        Ok(class(&outputs, self.output_activation().boundary()).expect("outputs are finite"))
    }

    /// The probability of each class, two for a single output: the softmax of logits, or the sigmoid of a single one; what
    /// an output layer with softmax gives; what several sigmoids give, each for itself. They are probabilities if the
    /// network learned by cross entropy.
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
        self.output_activation().probabilities(self.try_predict(inputs)?)
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
        Predictions::of(self.output_activation(), outputs)
    }

    /// The mean loss over all samples, and its gradient by the parameters, frozen ones included.
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
    /// If there are no samples, they do not fit the network or the loss, or something is not finite
    /// ([`Error::NonFinite`]).
    pub fn loss_and_gradient(&self, loss: Loss, data: &Data) -> Result<(f64, Vec<f64>), Error> {
        if data.is_empty() {
            return Err(Error::NoSamples(" to take the loss of"));
        }
        loss.check_all(self, data)?;
        expect_length("inputs of a sample", self.inputs(), data.input_width())?;
        let samples: Vec<usize> = (0..data.len()).collect();
        let mut gradient = vec![0.0; self.parameters().len()];
        let mut objective =
            Recorded::new(data, Reduction::Mean, |w, x, t| loss.of(&self.forward(w, x), t)).known(true);
        let answer = objective.loss_and_gradient(self.parameters(), &samples, &mut gradient);
        answer.map(|loss| (loss, gradient)).map_err(|failure| stopped(&objective, 0, failure))
    }
}

/// Refuses inputs that are too many, too few or not finite.
pub(super) fn expect_inputs(width: usize, inputs: &[f64]) -> Result<(), Error> {
    expect_length("inputs of a sample", width, inputs.len())?;
    match inputs.iter().position(|input| !input.is_finite()) {
        None => Ok(()),
        Some(k) => {
            let problem = format!("input {k} is {}; leave the sample out or fill in a number", inputs[k]);
            Err(Error::Prediction(problem))
        }
    }
}

/// Refuses outputs that are not finite.
pub(super) fn expect_outputs(outputs: Vec<f64>) -> Result<Vec<f64>, Error> {
    match outputs.iter().position(|output| !output.is_finite()) {
        None => Ok(outputs),
        Some(k) => {
            let problem =
                format!("output {k} is {}; inputs or parameters are too large: scale them", outputs[k]);
            Err(Error::Prediction(problem))
        }
    }
}

/// Panics with an error, in the name of the caller.
#[track_caller]
pub(super) fn told<T>(answer: Result<T, Error>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(error) => panic!("{error} (`try_classify` gives this as an error)"),
    }
}
