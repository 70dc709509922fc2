//! Weights of samples.

use super::{Data, target_class};
use crate::nn::error::{Error, expect_length};

impl Data {
    /// The same samples with a weight each: a loss counts a sample as often as its weight says, in training, validation and
    /// metrics. Only ratios of weights count if losses are averaged: the loss of a batch is the mean of the losses, each
    /// times its weight, divided by the mean weight of all samples that are trained on. So a full batch with integer
    /// weights has the loss of the samples repeated, and the weight also counts where a batch is a single sample.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Data, Loss, Mlp};
    ///
    /// let mlp = Mlp::builder(1).layer(1, Activation::Identity).build()?;
    /// let data = Data::new(&[[1.0], [2.0]], &[[3.0], [4.0]])?;
    /// let weighted = mlp.loss_and_gradient(Loss::Squared, &data.clone().with_weights(&[1.0, 2.0])?)?;
    /// let repeated = mlp.loss_and_gradient(Loss::Squared, &data.select(&[0, 1, 1]))?;
    /// assert!((weighted.0 - repeated.0).abs() < 1e-12);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many weights as samples; [`Error::Weight`] if one is negative or not finite;
    /// [`Error::Setting`] if all are 0.
    pub fn with_weights(self, weights: &[f64]) -> Result<Data, Error> {
        expect_length("weights of samples", self.len(), weights.len())?;
        check("sample", weights)?;
        Ok(Data { weights: Some(weights.to_vec()), ..self })
    }

    /// The same samples, with weights for their classes: each sample has that of the class of its targets, times the weight
    /// that it has already. The class is that of [`accuracy`](crate::nn::accuracy).
    ///
    /// ```
    /// use tapegrad::nn::Data;
    ///
    /// let data = Data::classes(&[[0.1], [0.2], [0.9]], &[0, 0, 1], 2)?;
    /// assert_eq!(data.with_class_weights(&[0.5, 1.0])?.weights(), Some(&[0.5, 0.5, 1.0][..]));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many weights as classes, of which there are two for a single target;
    /// [`Error::Weight`], [`Error::Setting`] as [`with_weights`](Self::with_weights); [`Error::Target`] if the target of a
    /// sample is missing.
    pub fn with_class_weights(self, weights: &[f64]) -> Result<Data, Error> {
        check("class", weights)?;
        if !self.is_empty() {
            expect_length("weights of classes", self.target_width().max(2), weights.len())?;
        }
        let of_sample = |k: usize| Ok(weights[self.class_of(k)?] * self.weight(k));
        let weights = (0..self.len()).map(of_sample).collect::<Result<Vec<f64>, Error>>()?;
        self.with_weights(&weights)
    }

    /// As [`with_class_weights`](Self::with_class_weights), with weights that give every class that occurs the same total:
    /// (samples) / (classes · samples of the class), as `class_weight="balanced"` of scikit-learn.
    ///
    /// # Errors
    /// [`Error::Target`] if the target of a sample is missing.
    pub fn with_balanced_classes(self) -> Result<Data, Error> {
        let mut counts = vec![0_usize; self.target_width().max(2)];
        for sample in 0..self.len() {
            counts[self.class_of(sample)?] += 1;
        }
        let present = counts.iter().filter(|&&count| count > 0).count();
        let weight = |&count: &usize| match count {
            0 => 1.0,
            count => self.len() as f64 / (present * count) as f64,
        };
        let weights: Vec<f64> = counts.iter().map(weight).collect();
        self.with_class_weights(&weights)
    }

    /// The weights of the samples; `None` if they have none.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The weight of a sample; 1 if samples have no weights.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn weight(&self, sample: usize) -> f64 {
        let _ = self.input(sample); // panics at the line of the caller
        self.weights.as_ref().map_or(1.0, |weights| weights[sample])
    }

    /// The mean weight of these samples, or an error if all are 0; 1 without weights.
    pub(in crate::nn) fn mean_weight(&self, samples: &[usize], of: &'static str) -> Result<f64, Error> {
        let Some(weights) = self.weights.as_ref().filter(|_| !samples.is_empty()) else { return Ok(1.0) };
        let mean = samples.iter().map(|&k| weights[k]).sum::<f64>() / samples.len() as f64;
        if mean > 0.0 { Ok(mean) } else { Err(all_zero(of)) }
    }

    fn class_of(&self, sample: usize) -> Result<usize, Error> {
        if self.target(sample).iter().any(|target| target.is_nan()) {
            let problem = "it is missing, and so its class is not known: leave the sample out".to_owned();
            return Err(Error::Target { sample, problem });
        }
        Ok(target_class(self.target(sample)))
    }
}

fn check(what: &'static str, weights: &[f64]) -> Result<(), Error> {
    if let Some(index) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(Error::Weight { what, index, value: weights[index] });
    }
    match weights.iter().any(|&weight| weight > 0.0) || weights.is_empty() {
        true if weights.iter().sum::<f64>().is_finite() => Ok(()),
        true => {
            Err(Error::Setting("the sum of the weights overflows: divide them by the largest".to_owned()))
        }
        false => Err(all_zero("")),
    }
}

fn all_zero(of: &str) -> Error {
    Error::Setting(format!("all weights{of} are 0: give a weight above 0 to what counts"))
}
