//! Metrics of numeric outputs: each is a list with a number for each output.

use super::samples::{Samples, expect_fitting, or_panic};
use crate::nn::data::Data;
use crate::nn::train::predictions::Predictions;

/// The coefficient of determination, 1 − (sum of squared errors) / (sum of squared deviations from the mean),
/// averaged over the outputs, as `r2_score` of scikit-learn. 1 is perfect; 0 is as good as predicting the mean. For
/// targets that do not vary it is 1 if all predictions are exact, else 0; for fewer than two samples it is NaN.
///
/// # Panics
/// If there are not as many predictions as samples, or not as many outputs as targets.
#[must_use]
#[track_caller]
pub fn r_squared<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
    let predictions = predictions.into();
    or_panic(expect_fitting(&predictions, data));
    let of_outputs = Samples::new(&predictions, data, None).and_then(|samples| determination(&samples));
    of_outputs.map_or(f64::NAN, |values| mean_of(&values))
}

pub(super) fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn absolute(samples: &Samples<'_>) -> Vec<f64> {
    per_output(samples, f64::abs)
}

pub(super) fn squared(samples: &Samples<'_>) -> Vec<f64> {
    per_output(samples, |error| error * error)
}

pub(super) fn root_squared(samples: &Samples<'_>) -> Vec<f64> {
    squared(samples).into_iter().map(f64::sqrt).collect()
}

/// The mean of a function of the errors of each output.
fn per_output(samples: &Samples<'_>, of: fn(f64) -> f64) -> Vec<f64> {
    let error = |sample: usize, k: usize| samples.predictions[sample][k] - samples.data.target(sample)[k];
    (0..samples.data.target_width())
        .map(|k| samples.mean(samples.with_target(k), |sample| of(error(sample, k))))
        .collect()
}

/// The coefficient of determination of each output.
pub(super) fn determination(samples: &Samples<'_>) -> Result<Vec<f64>, String> {
    if (0..samples.data.target_width()).any(|k| samples.with_target(k).nth(1).is_none()) {
        return Err("it needs at least two samples".to_owned());
    }
    let of_output = |(k, error): (usize, f64)| {
        let target = |sample: usize| samples.data.target(sample)[k];
        let mean = samples.mean(samples.with_target(k), target);
        let variance = samples.mean(samples.with_target(k), |sample| (target(sample) - mean).powi(2));
        // Not by the variance: the mean of equal numbers may be rounded. Samples without weight do not vary anything.
        let mut counted = samples.with_target(k).filter(|&sample| samples.weight(sample) > 0.0).map(target);
        let first = counted.next();
        match counted.all(|target| Some(target) == first) {
            true if error.is_nan() => error,
            true => f64::from(error == 0.0),
            false => 1.0 - error / variance,
        }
    };
    Ok(squared(samples).into_iter().enumerate().map(of_output).collect())
}
