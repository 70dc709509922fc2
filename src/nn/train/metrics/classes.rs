//! Metrics of predicted classes.

use super::confusion::ConfusionMatrix;
use super::samples::{Samples, expect_fitting, or_panic};
use crate::nn::data::Data;
use crate::nn::train::predictions::Predictions;
use std::fmt;

/// How the values of a metric for each class become one number. The classes are those that occur in the targets or the
/// predictions, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// The value of this class alone. For two classes, scikit-learn's default is that of class 1.
    Class(usize),
    /// The mean over the classes: each counts the same.
    Macro,
    /// The mean over the classes by their numbers of samples (scikit-learn's `"weighted"`).
    BySamples,
    /// From counts over all classes. Where each sample has one class, this is the accuracy.
    Micro,
}

impl Average {
    /// An error if there is no such class.
    pub(super) fn check(self, classes: usize) -> Result<(), String> {
        match self {
            Average::Class(class) if class >= classes => {
                Err(format!("there is no class {class}: there are {classes}, counted from 0"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Average {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Average::Class(class) => write!(f, "class {class}"),
            Average::Macro => f.write_str("macro"),
            Average::BySamples => f.write_str("by samples"),
            Average::Micro => f.write_str("micro"),
        }
    }
}

/// The fraction of samples whose predicted class is right. The class is the index of the largest output; a single
/// output means class 1 if it is above the output for a net input of 0: above 0 for logits, above ½ for a sigmoid.
/// Lists of plain numbers are treated as logits: see [`Predictions`]. A prediction with a NaN has no class, and
/// counts as wrong. A single target means class 1 if it is above ½. Of no samples it is NaN.
///
/// # Panics
/// If there are not as many predictions as samples, or not as many outputs as targets.
#[must_use]
#[track_caller]
pub fn accuracy<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
    let predictions = predictions.into();
    or_panic(expect_fitting(&predictions, data));
    Samples::new(&predictions, data, None).map_or(f64::NAN, |samples| accuracy_of(&samples))
}

pub(super) fn accuracy_of(samples: &Samples<'_>) -> f64 {
    samples.mean(samples.with_class(), |k| {
        f64::from(samples.predictions.class(k) == Some(samples.true_class(k)))
    })
}

/// A metric of a class: from its true positives, the samples predicted as it, and its samples.
pub(super) type OfClass = fn(f64, f64, f64) -> f64;

pub(super) const PRECISION: OfClass = |hits, predicted, _| fraction(hits, predicted);
pub(super) const RECALL: OfClass = |hits, _, actual| fraction(hits, actual);
pub(super) const F1: OfClass = |hits, predicted, actual| fraction(2.0 * hits, predicted + actual);

/// 0 of nothing, as scikit-learn has it.
fn fraction(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// The average of a metric over the classes.
pub(super) fn averaged(matrix: &ConfusionMatrix, average: Average, metric: OfClass) -> Result<f64, String> {
    average.check(matrix.classes())?;
    let value = |class: usize| {
        let (hits, predicted, actual) = matrix.totals(class);
        metric(hits, predicted, actual)
    };
    let occurring: Vec<usize> = (0..matrix.classes()).filter(|&class| matrix.occurs(class)).collect();
    let mean_by = |weight: &dyn Fn(usize) -> f64| {
        let total: f64 = occurring.iter().map(|&class| weight(class)).sum();
        occurring.iter().map(|&class| weight(class) * value(class)).sum::<f64>() / total
    };
    Ok(match average {
        Average::Class(class) => value(class),
        Average::Macro => mean_by(&|_| 1.0),
        Average::BySamples => mean_by(&|class| matrix.totals(class).2),
        Average::Micro => matrix.accuracy(),
    })
}
