//! The input of every metric: predictions and targets, which fit each other, and the weights of the samples.

use crate::nn::data::{Data, target_class};
use crate::nn::train::predictions::Predictions;

/// As many predictions as samples, as many outputs as targets, and valid weights.
pub(super) struct Samples<'s> {
    pub predictions: &'s Predictions<'s>,
    pub data: &'s Data,
    weights: Option<&'s [f64]>,
}

impl<'s> Samples<'s> {
    /// With these weights, or those of the data. An error if the parts do not fit each other, or there is nothing to measure.
    pub fn new(
        predictions: &'s Predictions<'s>,
        data: &'s Data,
        weights: Option<&'s [f64]>,
    ) -> Result<Self, String> {
        expect_fitting(predictions, data)?;
        let weights = weights.or(data.weights());
        if let Some(weights) = weights {
            expect_weights(weights, data.len())?;
        }
        if data.is_empty() {
            return Err("there are no samples".to_owned());
        }
        Ok(Samples { predictions, data, weights })
    }

    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// The number of classes: one per target, or two for a single one.
    pub fn classes(&self) -> usize {
        self.data.target_width().max(2)
    }

    pub fn weight(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[sample])
    }

    /// The samples that have a class: those of which no target is missing, which is NaN.
    pub fn with_class(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|&sample| has_class(self.data.target(sample)))
    }

    /// The samples that have a target for this output.
    pub fn with_target(&self, output: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(move |&sample| !self.data.target(sample)[output].is_nan())
    }

    /// The mean of a number of each of these samples, by their weights.
    pub fn mean(&self, samples: impl Iterator<Item = usize>, of: impl Fn(usize) -> f64) -> f64 {
        let (mut total, mut weight) = (0.0, 0.0);
        for sample in samples {
            total += self.weight(sample) * of(sample);
            weight += self.weight(sample);
        }
        total / weight
    }

    pub fn true_class(&self, sample: usize) -> usize {
        target_class(self.data.target(sample))
    }

    /// An error if an output is NaN.
    pub fn expect_numbers(&self) -> Result<(), String> {
        let has_nan = |outputs: &Vec<f64>| outputs.iter().any(|output| output.is_nan());
        match self.predictions.iter().position(has_nan) {
            Some(sample) => {
                let outputs = &self.predictions[sample];
                Err(format!(
                    "prediction {sample} is {outputs:?}, which has no class and no error: leave the sample out"
                ))
            }
            None => Ok(()),
        }
    }
}

/// Whether no target is missing.
pub(super) fn has_class(targets: &[f64]) -> bool {
    targets.iter().all(|target| !target.is_nan())
}

/// An error if there are not as many predictions as samples, or not as many outputs as targets.
pub(super) fn expect_fitting(predictions: &Predictions<'_>, data: &Data) -> Result<(), String> {
    let (found, samples) = (predictions.len(), data.len());
    if found != samples {
        return Err(format!("{found} predictions for {samples} samples: give one for each, in their order"));
    }
    let width = data.target_width();
    match predictions.iter().position(|outputs| outputs.len() != width) {
        Some(k) => {
            let found = predictions[k].len();
            Err(format!(
                "prediction {k} has {found} outputs, and a sample has {width} targets: give one output for each target"
            ))
        }
        None => Ok(()),
    }
}

fn expect_weights(weights: &[f64], samples: usize) -> Result<(), String> {
    let found = weights.len();
    if found != samples {
        return Err(format!("{found} weights for {samples} samples: give one for each, in their order"));
    }
    if let Some(k) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
        return Err(format!(
            "the weight of sample {k} is {}: weights are finite and not negative",
            weights[k]
        ));
    }
    if samples > 0 && weights.iter().all(|&weight| weight == 0.0) {
        return Err("all weights are 0: a mean over these samples is not defined".to_owned());
    }
    Ok(())
}

/// Panics with the problem, at the line of the caller.
#[track_caller]
pub(super) fn or_panic<T>(outcome: Result<T, String>) -> T {
    match outcome {
        Ok(value) => value,
        Err(problem) => panic!("{problem}"),
    }
}
