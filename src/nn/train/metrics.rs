//! How good predictions are, in terms that people understand.

use crate::nn::data::{Data, class};
use std::fmt;

/// A number that training reports beside the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// See [`accuracy`].
    Accuracy,
    /// See [`r_squared`].
    RSquared,
}

impl Metric {
    /// The metric of these predictions, one per sample.
    ///
    /// # Panics
    /// If there are not as many predictions as samples.
    #[must_use]
    #[track_caller]
    pub fn of(self, predictions: &[Vec<f64>], data: &Data) -> f64 {
        match self {
            Metric::Accuracy => accuracy(predictions, data),
            Metric::RSquared => r_squared(predictions, data),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::RSquared => "R²",
        }
    }
}

/// The share of samples whose predicted class is right. The class is the place of the largest output; a single
/// output is a logit, and speaks for class 1 if it is above 0.
///
/// # Panics
/// If there are not as many predictions as samples.
#[must_use]
#[track_caller]
pub fn accuracy(predictions: &[Vec<f64>], data: &Data) -> f64 {
    assert_eq!(predictions.len(), data.len(), "one prediction per sample");
    let is_right = |(k, prediction): &(usize, &Vec<f64>)| class(prediction) == class(data.target(*k));
    predictions.iter().enumerate().filter(is_right).count() as f64 / data.len() as f64
}

/// The coefficient of determination, over all outputs: 1 − (squared errors) / (squared deviations from the
/// mean). 1 is perfect, 0 as good as the mean; NaN or −∞ if the targets do not vary.
///
/// # Panics
/// If there are not as many predictions as samples, or of another width than the targets.
#[must_use]
#[track_caller]
pub fn r_squared(predictions: &[Vec<f64>], data: &Data) -> f64 {
    assert_eq!(predictions.len(), data.len(), "one prediction per sample");
    let (mut errors, mut deviations) = (0.0, 0.0);
    for column in 0..data.target_width() {
        let mean = (0..data.len()).map(|k| data.target(k)[column]).sum::<f64>() / data.len() as f64;
        for (k, prediction) in predictions.iter().enumerate() {
            let target = data.target(k)[column];
            errors += (target - prediction[column]).powi(2);
            deviations += (target - mean).powi(2);
        }
    }
    1.0 - errors / deviations
}

/// How often samples of each class were taken for which; `Display` is a table.
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
    /// Counts these predictions, one per sample.
    ///
    /// # Panics
    /// If there are not as many predictions as samples, or of another width than the targets.
    #[must_use]
    #[track_caller]
    pub fn new(predictions: &[Vec<f64>], data: &Data) -> ConfusionMatrix {
        assert_eq!(predictions.len(), data.len(), "one prediction per sample");
        let classes = data.target_width().max(2);
        let mut counts = vec![vec![0; classes]; classes];
        for (k, prediction) in predictions.iter().enumerate() {
            counts[class(data.target(k))][class(prediction)] += 1;
        }
        ConfusionMatrix { counts, names: (0..classes).map(|class| class.to_string()).collect() }
    }

    /// Gives the classes names.
    ///
    /// # Panics
    /// If there are not as many names as classes.
    #[must_use]
    #[track_caller]
    pub fn with_names(mut self, names: &[impl AsRef<str>]) -> ConfusionMatrix {
        assert_eq!(names.len(), self.counts.len(), "one name per class");
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// How many samples of the class `truth` were taken for `predicted`.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        self.counts[truth][predicted]
    }

    /// The share of samples on the diagonal.
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
