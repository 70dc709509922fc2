//! Repeated runs over seeds, with mean and spread.

use super::error::Error;
use std::fmt;

/// A score of several runs. `Display` prints its mean and standard error: `0.953 ± 0.004 (10 runs)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Scores {
    /// The score of each run, in the order of the seeds.
    pub values: Vec<f64>,
}

impl Scores {
    /// These scores.
    ///
    /// # Errors
    /// [`Error::NoSamples`] if there are none.
    pub fn new(values: Vec<f64>) -> Result<Scores, Error> {
        if values.is_empty() { Err(Error::NoSamples(": no runs")) } else { Ok(Scores { values }) }
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// The standard deviation of the runs, `√(Σ (x − mean)² / (n − 1))`; NaN for a single run.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.values.iter().map(|value| (value - mean) * (value - mean)).sum();
        (squares / (self.values.len() as f64 - 1.0)).sqrt()
    }

    /// The standard error of the mean: the deviation over `√n`.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.deviation() / (self.values.len() as f64).sqrt()
    }

    /// The lowest and the highest score.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        (low, self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = f.precision().unwrap_or(3);
        let runs = self.values.len();
        write!(f, "{:.places$} ± {:.places$} ({runs} runs)", self.mean(), self.standard_error())
    }
}

/// Calls `run` with each seed, on all cores with the feature `parallel`, and collects the scores in the order of the seeds: the
/// result does not depend on the number of threads.
///
/// ```
/// use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, accuracy, moons, repeat};
///
/// let data = moons(60, 0.2, 1);
/// let scores = repeat(0..4, |seed| {
///     let (train, test) = data.split(0.5, seed);
///     let mut mlp = Mlp::builder(2).layer(4, Activation::Tanh).layer(1, Activation::Identity).seed(seed).build()?;
///     Trainer::new(Adam::new(0.1)).epochs(30).fit(&mut mlp, Loss::Hinge, &train)?;
///     Ok(accuracy(mlp.predict_all(&test), &test))
/// })?;
/// println!("accuracy {scores}");
/// assert!(scores.mean() > 0.7 && scores.values.len() == 4);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
///
/// # Errors
/// The error of the first seed, in their order, whose run has one; [`Error::NoSamples`] if there are no seeds.
pub fn repeat(
    seeds: impl IntoIterator<Item = u64>,
    run: impl Fn(u64) -> Result<f64, Error> + Sync,
) -> Result<Scores, Error> {
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let outcomes = all(&seeds, run);
    Scores::new(outcomes.into_iter().collect::<Result<_, _>>()?)
}

#[cfg(feature = "parallel")]
fn all(seeds: &[u64], run: impl Fn(u64) -> Result<f64, Error> + Sync) -> Vec<Result<f64, Error>> {
    use rayon::prelude::*;
    seeds.par_iter().map(|&seed| run(seed)).collect()
}

#[cfg(not(feature = "parallel"))]
fn all(seeds: &[u64], run: impl Fn(u64) -> Result<f64, Error> + Sync) -> Vec<Result<f64, Error>> {
    seeds.iter().map(|&seed| run(seed)).collect()
}
