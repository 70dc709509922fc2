//! Metrics: the quality of predictions.

use super::predictions::Predictions;
use crate::nn::data::{Data, target_class};
use crate::nn::error::Error;
use std::fmt;

/// A metric that training reports in addition to the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// See [`accuracy`].
    Accuracy,
    /// See [`r_squared`].
    RSquared,
}

impl Metric {
    /// Computes the metric of these predictions, one per sample.
    ///
    /// # Panics
    /// If there are not as many predictions as samples, or not as many outputs as targets.
    #[must_use]
    #[track_caller]
    pub fn of<'p>(self, predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
        match self {
            Metric::Accuracy => accuracy(predictions, data),
            Metric::RSquared => r_squared(predictions, data),
        }
    }

    /// Checks that the metric can compare this number of outputs with the targets.
    pub(super) fn check(self, outputs: usize, data: &Data) -> Result<(), Error> {
        let targets = data.target_width();
        if data.is_empty() || outputs == targets {
            return Ok(());
        }
        Err(Error::Setting(format!(
            "`Metric::{self:?}` compares each output with its target, and there are {outputs} outputs and {targets} \
             targets: leave it out, or compute a metric of your own in `on_epoch`"
        )))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::RSquared => "R²",
        }
    }
}

/// The fraction of samples whose predicted class is right. The class is the index of the largest output; a single
/// output means class 1 if it is above the output for a net input of 0: above 0 for logits, above ½ for a sigmoid.
/// Lists of plain numbers are treated as logits: see [`Predictions`]. A prediction with a NaN has no class, and
/// counts as wrong. A single target means class 1 if it is above ½. Samples count by their weight, and not at all if a target is
/// missing.
///
/// # Panics
/// If there are not as many predictions as samples, or not as many outputs as targets.
#[must_use]
#[track_caller]
pub fn accuracy<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
    let predictions = predictions.into();
    expect_fitting(&predictions, data);
    let weights = data.weights();
    let (mut right, mut total) = (0.0, 0.0);
    for k in 0..data.len() {
        if data.has_missing() && data.target(k).iter().any(|target| target.is_nan()) {
            continue;
        }
        let weight = weights.map_or(1.0, |weights| weights[k]);
        total += weight;
        if predictions.class(k) == Some(target_class(data.target(k))) {
            right += weight;
        }
    }
    right / total
}

/// The coefficient of determination, 1 − (sum of squared errors) / (sum of squared deviations from the mean),
/// averaged over the outputs, as `r2_score` of scikit-learn. 1 is perfect; 0 is as good as predicting the mean. For
/// targets that do not vary it is 1 if all predictions are exact, else 0; for fewer than two samples it is NaN. Samples count by
/// their weight; of each output, those whose target is given.
///
/// # Panics
/// If there are not as many predictions as samples, or not as many outputs as targets.
#[must_use]
#[track_caller]
pub fn r_squared<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> f64 {
    let predictions = predictions.into();
    expect_fitting(&predictions, data);
    let of_output = |k: usize| {
        // The weight, target and output of each sample whose target is given, and that counts at all.
        let of_sample = |sample: usize| (data.weight(sample), data.target(sample)[k], predictions[sample][k]);
        let given: Vec<(f64, f64, f64)> = (0..data.len())
            .map(of_sample)
            .filter(|(weight, target, _)| *weight > 0.0 && !target.is_nan())
            .collect();
        if given.len() < 2 {
            return f64::NAN;
        }
        let total: f64 = given.iter().map(|(weight, ..)| weight).sum();
        let mean = given.iter().map(|(weight, target, _)| weight * target).sum::<f64>() / total;
        let deviations: f64 = given.iter().map(|(weight, target, _)| weight * (target - mean).powi(2)).sum();
        let errors: f64 =
            given.iter().map(|(weight, target, output)| weight * (target - output).powi(2)).sum();
        match given.iter().all(|(_, target, _)| *target == given[0].1) {
            true if errors.is_nan() => errors,
            true => f64::from(errors == 0.0),
            false => 1.0 - errors / deviations,
        }
    };
    (0..data.target_width()).map(of_output).sum::<f64>() / data.target_width() as f64
}

#[track_caller]
fn expect_fitting(predictions: &Predictions<'_>, data: &Data) {
    let (found, samples) = (predictions.len(), data.len());
    assert!(found == samples, "{found} predictions for {samples} samples: give one for each, in their order");
    let width = data.target_width();
    if let Some((k, outputs)) = predictions.iter().enumerate().find(|(_, outputs)| outputs.len() != width) {
        let found = outputs.len();
        panic!(
            "prediction {k} has {found} outputs, and a sample has {width} targets: give one output for each target"
        );
    }
}

/// A confusion matrix: how often samples of each class were predicted as each class. `Display` prints a table.
///
/// ```
/// use tapegrad::nn::{ConfusionMatrix, Data};
///
/// let data = Data::classes(&[[0.0], [1.0], [2.0]], &[0, 1, 1], 2)?;
/// let matrix = ConfusionMatrix::new(&[vec![2.0, 1.0], vec![0.0, 1.0], vec![0.3, 0.2]], &data);
/// assert_eq!(matrix.count(1, 0), 1);
/// println!("{}", matrix.with_names(&["cat", "dog"]));
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
/// ```text
/// true \ predicted  cat  dog
/// cat                 1    0
/// dog                 1    1
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    counts: Vec<Vec<usize>>,
    names: Vec<String>,
}

impl ConfusionMatrix {
    /// Counts these predictions, one per sample; classes are determined as for [`accuracy`]. Weights do not count; samples with a
    /// missing target are left out.
    ///
    /// # Panics
    /// If there are not as many predictions as samples, or not as many outputs as targets, or a prediction has a
    /// NaN.
    #[must_use]
    #[track_caller]
    pub fn new<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> ConfusionMatrix {
        let predictions = predictions.into();
        expect_fitting(&predictions, data);
        let classes = data.target_width().max(2);
        let mut counts = vec![vec![0; classes]; classes];
        for (k, outputs) in predictions.iter().enumerate() {
            if data.target(k).iter().any(|target| target.is_nan()) {
                continue;
            }
            match predictions.class(k) {
                Some(class) => counts[target_class(data.target(k))][class] += 1,
                None => panic!("prediction {k} is {outputs:?}, which has no class: leave the sample out"),
            }
        }
        ConfusionMatrix { counts, names: (0..classes).map(|class| class.to_string()).collect() }
    }

    /// Names the classes.
    ///
    /// # Panics
    /// If there are not as many names as classes.
    #[must_use]
    #[track_caller]
    pub fn with_names(mut self, names: &[impl AsRef<str>]) -> ConfusionMatrix {
        let (found, classes) = (names.len(), self.counts.len());
        assert!(found == classes, "{found} names for {classes} classes: give one for each");
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// The names of the classes; their numbers, if they have no names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many samples of the class `truth` were predicted as `predicted`.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        let classes = self.counts.len();
        let is_class = truth < classes && predicted < classes;
        assert!(
            is_class,
            "there is no count of ({truth}, {predicted}): there are {classes} classes, counted from 0"
        );
        self.counts[truth][predicted]
    }

    /// The fraction of samples on the diagonal.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.counts.len()).map(|k| self.counts[k][k]).sum();
        right as f64 / self.counts.iter().flatten().sum::<usize>() as f64
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CORNER: &str = "true \\ predicted";
        let first = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(CORNER.len());
        let widths: Vec<usize> = (0..self.names.len())
            .map(|k| {
                let of_count = |row: &Vec<usize>| row[k].to_string().len();
                self.counts.iter().map(of_count).max().unwrap_or(0).max(self.names[k].chars().count())
            })
            .collect();
        write!(f, "{CORNER:<first$}")?;
        for (name, &width) in self.names.iter().zip(&widths) {
            write!(f, "  {name:>width$}")?;
        }
        for (name, row) in self.names.iter().zip(&self.counts) {
            write!(f, "\n{name:<first$}")?;
            for (count, &width) in row.iter().zip(&widths) {
                write!(f, "  {count:>width$}")?;
            }
        }
        Ok(())
    }
}
