//! Metrics: the quality of predictions. The definitions are those of scikit-learn.

mod classes;
mod confusion;
mod measure;
mod ranking;
mod regression;
mod samples;

pub use classes::{Average, accuracy};
pub use confusion::ConfusionMatrix;
pub(super) use measure::{Measure, measure_all};
pub use regression::r_squared;

use super::predictions::Predictions;
use crate::nn::data::Data;
use crate::nn::error::Error;
use regression::mean_of;
use samples::Samples;
use std::fmt;

/// A metric that training reports in addition to the loss. Values are those of scikit-learn, for which each says the name
/// there. Classes of predictions and targets are determined as for [`accuracy`].
///
/// ```
/// use tapegrad::nn::{Average, Data, Metric};
///
/// // Scores (logits) of four samples; the targets are classes 0 and 1.
/// let data = Data::new(&[[0.0]; 4], &[[0.0], [0.0], [1.0], [1.0]])?;
/// let scores = [vec![-2.0], vec![0.5], vec![0.2], vec![3.0]];
/// assert_eq!(Metric::Accuracy.of(&scores, &data), 0.75);
/// assert_eq!(Metric::RocAuc.of(&scores, &data), 0.75);
/// assert_eq!(Metric::Recall(Average::Class(1)).of(&scores, &data), 1.0);
///
/// // The first sample counts three times.
/// assert_eq!(Metric::Accuracy.evaluate(&scores, &data, Some(&[3.0, 1.0, 1.0, 1.0]))?, 5.0 / 6.0);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// The fraction of samples whose class is right: see [`accuracy`] (`accuracy_score`).
    Accuracy,
    /// The mean of the recalls of the classes that occur in the targets (`balanced_accuracy_score`).
    BalancedAccuracy,
    /// Of the samples predicted as a class, the fraction that is of this class; 0 if there are none (`precision_score`).
    Precision(Average),
    /// Of the samples of a class, the fraction predicted as this class; 0 if there are none (`recall_score`).
    Recall(Average),
    /// The harmonic mean of precision and recall; 0 if both are 0 (`f1_score`).
    F1(Average),
    /// The area under the receiver operating characteristic: the probability that a sample of class 1 has a higher output
    /// than one of class 0, where a tie counts one half. With several classes, the mean of the areas of each class against
    /// all others (`roc_auc_score`, with `multi_class="ovr"`). Not defined if the targets lack a class.
    RocAuc,
    /// The mean of `−ln p`, where `p` is the probability of the right class, at least 2⁻⁵² (`log_loss`). Logits are passed
    /// through the sigmoid or softmax. Not defined for outputs that are neither logits nor probabilities.
    LogLoss,
    /// The mean of `|t − y|`, averaged over the outputs (`mean_absolute_error`).
    MeanAbsoluteError,
    /// The mean of `(t − y)²`, averaged over the outputs (`mean_squared_error`).
    MeanSquaredError,
    /// The square root of the mean of `(t − y)²`, averaged over the outputs (`root_mean_squared_error`).
    RootMeanSquaredError,
    /// The coefficient of determination, averaged over the outputs: see [`r_squared`] (`r2_score`). Not defined for fewer
    /// than two samples.
    RSquared,
}

/// Which values of a metric are good ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Large values are good: accuracy, R².
    Maximize,
    /// Small values are good: errors and losses.
    Minimize,
}

impl Goal {
    /// By how much `new` is better than `old`; negative if it is worse.
    pub(super) fn gain(self, old: f64, new: f64) -> f64 {
        match self {
            Goal::Maximize => new - old,
            Goal::Minimize => old - new,
        }
    }
}

impl Metric {
    /// The metric of these predictions, one per sample, by the weights of the data; NaN where it is not defined.
    ///
    /// # Panics
    /// If there are not as many predictions as samples, or not as many outputs as targets.
    #[must_use]
    #[track_caller]
    pub fn of<'p>(self, predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
        let predictions = predictions.into();
        samples::or_panic(samples::expect_fitting(&predictions, data));
        self.evaluate(predictions, data, None).unwrap_or(f64::NAN)
    }

    /// The metric of these predictions, one per sample, where sample `k` counts as `weights[k]` samples; without `weights`, by
    /// the weights of the data. Missing targets are left out.
    ///
    /// # Errors
    /// [`Error::Metric`] if there are not as many predictions or weights as samples, or not as many outputs as targets; if a
    /// weight is negative or not finite, or all are 0; if an output is NaN (except for [`Metric::Accuracy`], which counts the
    /// sample as wrong); or if the metric is not defined for these targets or outputs, as the message says.
    pub fn evaluate<'p>(
        self,
        predictions: impl Into<Predictions<'p>>,
        data: &Data,
        weights: Option<&[f64]>,
    ) -> Result<f64, Error> {
        let predictions = predictions.into();
        let value = || {
            let samples = Samples::new(&predictions, data, weights)?;
            match self {
                Metric::Accuracy => return Ok(classes::accuracy_of(&samples)),
                _ => samples.expect_numbers()?,
            }
            let matrix = || ConfusionMatrix::of_samples(&samples);
            match self {
                Metric::Accuracy => Ok(classes::accuracy_of(&samples)),
                Metric::BalancedAccuracy => Ok(matrix()?.balanced_accuracy()),
                Metric::Precision(average) => classes::averaged(&matrix()?, average, classes::PRECISION),
                Metric::Recall(average) => classes::averaged(&matrix()?, average, classes::RECALL),
                Metric::F1(average) => classes::averaged(&matrix()?, average, classes::F1),
                Metric::RocAuc => ranking::roc_auc(&samples),
                Metric::LogLoss => ranking::log_loss(&samples),
                Metric::MeanAbsoluteError => Ok(mean_of(&regression::absolute(&samples))),
                Metric::MeanSquaredError => Ok(mean_of(&regression::squared(&samples))),
                Metric::RootMeanSquaredError => Ok(mean_of(&regression::root_squared(&samples))),
                Metric::RSquared => Ok(mean_of(&regression::determination(&samples)?)),
            }
        };
        let is_defined = |value: f64| match value.is_nan() {
            true => Err("no sample has both a target and a weight".to_owned()),
            false => Ok(value),
        };
        value()
            .and_then(is_defined)
            .map_err(|problem: String| Error::Metric { metric: self.to_string(), problem })
    }

    /// The metric of each output: of those that are averaged over the outputs, [`Metric::MeanAbsoluteError`],
    /// [`Metric::MeanSquaredError`], [`Metric::RootMeanSquaredError`] and [`Metric::RSquared`].
    ///
    /// ```
    /// use tapegrad::nn::{Data, Metric};
    ///
    /// let data = Data::new(&[[0.0], [0.0]], &[[1.0, 10.0], [3.0, 30.0]])?;
    /// let errors = Metric::MeanAbsoluteError.per_output(&[vec![1.0, 11.0], vec![4.0, 30.0]], &data, None)?;
    /// assert_eq!(errors, [0.5, 0.5]);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Metric`] as [`evaluate`](Self::evaluate), and for any other metric.
    pub fn per_output<'p>(
        self,
        predictions: impl Into<Predictions<'p>>,
        data: &Data,
        weights: Option<&[f64]>,
    ) -> Result<Vec<f64>, Error> {
        let predictions = predictions.into();
        let values = || {
            let samples = Samples::new(&predictions, data, weights)?;
            samples.expect_numbers()?;
            match self {
                Metric::MeanAbsoluteError => Ok(regression::absolute(&samples)),
                Metric::MeanSquaredError => Ok(regression::squared(&samples)),
                Metric::RootMeanSquaredError => Ok(regression::root_squared(&samples)),
                Metric::RSquared => regression::determination(&samples),
                _ => Err("it is of classes, and has no value for each output; `Average::Class` gives that of a class"
                    .to_owned()),
            }
        };
        values().map_err(|problem: String| Error::Metric { metric: self.to_string(), problem })
    }

    /// Which values are good.
    #[must_use]
    pub fn goal(self) -> Goal {
        match self {
            Metric::LogLoss
            | Metric::MeanAbsoluteError
            | Metric::MeanSquaredError
            | Metric::RootMeanSquaredError => Goal::Minimize,
            _ => Goal::Maximize,
        }
    }

    /// Checks that the metric is defined for this number of outputs and these targets, whatever the outputs are.
    fn check(self, outputs: usize, data: &Data) -> Result<(), Error> {
        let targets = data.target_width();
        if data.is_empty() {
            return Ok(());
        }
        if outputs != targets {
            return Err(Error::Setting(format!(
                "`Metric::{self:?}` compares each output with its target, and there are {outputs} outputs and {targets} \
                 targets: leave it out, or compute a metric of your own with `metric_with` or in `on_epoch`"
            )));
        }
        let problem = match self {
            Metric::RocAuc => ranking::expect_all_classes(data),
            Metric::Precision(average) | Metric::Recall(average) | Metric::F1(average) => {
                average.check(targets.max(2))
            }
            _ => Ok(()),
        };
        problem.map_err(|problem| Error::Metric { metric: self.to_string(), problem })
    }
}

/// The name, as in the [`History`](super::History): `accuracy`, `F1 (macro)`, `R²`.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Metric::Accuracy => "accuracy",
            Metric::BalancedAccuracy => "balanced accuracy",
            Metric::Precision(average) => return write!(f, "precision ({average})"),
            Metric::Recall(average) => return write!(f, "recall ({average})"),
            Metric::F1(average) => return write!(f, "F1 ({average})"),
            Metric::RocAuc => "ROC AUC",
            Metric::LogLoss => "log loss",
            Metric::MeanAbsoluteError => "mean absolute error",
            Metric::MeanSquaredError => "mean squared error",
            Metric::RootMeanSquaredError => "root mean squared error",
            Metric::RSquared => "R²",
        };
        f.write_str(name)
    }
}
