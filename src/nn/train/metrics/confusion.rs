//! Confusion matrices.

use super::samples::{Samples, expect_fitting, or_panic};
use crate::nn::data::Data;
use crate::nn::error::Error;
use crate::nn::train::predictions::Predictions;
use std::fmt;

/// A confusion matrix: how often samples of each class were predicted as each class. `Display` prints a table of
/// these counts.
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
#[derive(Debug, Clone, PartialEq)]
pub struct ConfusionMatrix {
    counts: Vec<Vec<usize>>,
    /// The sums of the weights of the samples; equal to the counts where there are no weights.
    weights: Vec<Vec<f64>>,
    names: Vec<String>,
}

impl ConfusionMatrix {
    /// Counts these predictions, one per sample; classes are determined as for [`accuracy`](super::accuracy).
    ///
    /// # Panics
    /// If there are not as many predictions as samples, or not as many outputs as targets, or a prediction has a
    /// NaN.
    #[must_use]
    #[track_caller]
    pub fn new<'p>(predictions: impl Into<Predictions<'p>>, data: &Data) -> ConfusionMatrix {
        let predictions = predictions.into();
        or_panic(expect_fitting(&predictions, data));
        match Samples::new(&predictions, data, None) {
            Ok(samples) => or_panic(ConfusionMatrix::of_samples(&samples)),
            Err(_) => ConfusionMatrix::empty(data.target_width().max(2)),
        }
    }

    /// As [`new`](Self::new), where sample `k` has the weight `weights[k]`; and predictions that are not known to be valid.
    ///
    /// # Errors
    /// [`Error::Metric`] if there are not as many predictions or weights as samples, or not as many outputs as targets; if a
    /// weight is negative or not finite, or all are 0; if there are no samples, or an output is NaN.
    pub fn weighted<'p>(
        predictions: impl Into<Predictions<'p>>,
        data: &Data,
        weights: Option<&[f64]>,
    ) -> Result<ConfusionMatrix, Error> {
        let predictions = predictions.into();
        let matrix = Samples::new(&predictions, data, weights)
            .and_then(|samples| ConfusionMatrix::of_samples(&samples));
        matrix.map_err(|problem| Error::Metric { metric: "confusion matrix".to_owned(), problem })
    }

    pub(super) fn of_samples(samples: &Samples<'_>) -> Result<ConfusionMatrix, String> {
        let mut matrix = ConfusionMatrix::empty(samples.classes());
        samples.expect_numbers()?;
        for k in samples.with_class() {
            let class = samples.predictions.class(k).expect("no output is NaN");
            matrix.counts[samples.true_class(k)][class] += 1;
            matrix.weights[samples.true_class(k)][class] += samples.weight(k);
        }
        Ok(matrix)
    }

    fn empty(classes: usize) -> ConfusionMatrix {
        ConfusionMatrix {
            counts: vec![vec![0; classes]; classes],
            weights: vec![vec![0.0; classes]; classes],
            names: (0..classes).map(|class| class.to_string()).collect(),
        }
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
        self.expect_classes(truth, predicted);
        self.counts[truth][predicted]
    }

    /// The sum of the weights of the samples of the class `truth` that were predicted as `predicted`; their number where
    /// samples have no weights.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn weight(&self, truth: usize, predicted: usize) -> f64 {
        self.expect_classes(truth, predicted);
        self.weights[truth][predicted]
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// The fraction of samples on the diagonal, by their weights.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let right: f64 = (0..self.classes()).map(|k| self.weights[k][k]).sum();
        right / self.weights.iter().flatten().sum::<f64>()
    }

    /// The mean of the recalls of the classes that have samples: `balanced_accuracy_score` of scikit-learn.
    #[must_use]
    pub fn balanced_accuracy(&self) -> f64 {
        let totals = (0..self.classes()).map(|class| self.totals(class));
        let recalls: Vec<f64> =
            totals.filter(|(_, _, actual)| *actual > 0.0).map(|(hits, _, actual)| hits / actual).collect();
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }

    /// The weights of a class: of the samples that are rightly predicted as it, that are predicted as it, and that are of it.
    pub(super) fn totals(&self, class: usize) -> (f64, f64, f64) {
        let predicted = self.weights.iter().map(|row| row[class]).sum();
        (self.weights[class][class], predicted, self.weights[class].iter().sum())
    }

    /// Whether a sample is of this class, or is predicted as it.
    pub(super) fn occurs(&self, class: usize) -> bool {
        self.counts[class].iter().any(|&count| count > 0) || self.counts.iter().any(|row| row[class] > 0)
    }

    #[track_caller]
    fn expect_classes(&self, truth: usize, predicted: usize) {
        let classes = self.classes();
        let is_class = truth < classes && predicted < classes;
        assert!(
            is_class,
            "there is no count of ({truth}, {predicted}): there are {classes} classes, counted from 0"
        );
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
