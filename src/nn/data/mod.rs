//! Training data.

mod batches;
mod categories;
mod filled;
mod folds;
mod generators;
mod missing;
mod one_hot;
mod sample;
mod scale;
mod table;
mod weights;

pub(super) use batches::batches;
pub use batches::{Batch, Order};
pub use folds::Fold;
pub use generators::{blobs, circles, moons, sine, spirals, xor};
pub(super) use one_hot::class;
pub(crate) use one_hot::target_class;
pub use one_hot::{argmax, one_hot};
pub use scale::Scaler;
pub use table::{Encoder, Feature, Missing, Scaling, Table, TableFormat};

use super::error::{Error, expect_length};
use super::random::Random;
use filled::Filled;

/// Samples: for each, a list of inputs and a list of targets, all finite.
///
/// Samples can have [weights](Self::with_weights), targets can be [missing](Self::with_missing), and an input can be the index
/// of a [category](Self::with_categories).
///
/// ```
/// use tapegrad::nn::Data;
///
/// let data = Data::new(&[[0.0, 1.0], [1.0, 1.0]], &[[1.0], [0.0]])?;
/// assert_eq!((data.len(), data.input(1), data.target(1)), (2, &[1.0, 1.0][..], &[0.0][..]));
///
/// let data = Data::classes(&[[0.2], [0.8], [0.9]], &[0, 2, 2], 3)?;
/// assert_eq!(data.target(1), [0.0, 0.0, 1.0]);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Data {
    inputs: Vec<f64>,
    /// NaN where a target is missing.
    targets: Vec<f64>,
    input_width: usize,
    target_width: usize,
    /// For each input, the number of categories of which it is the index; 0 for a number. Empty if all are numbers.
    categories: Vec<usize>,
    weights: Option<Vec<f64>>,
    missing: Option<Filled>,
}

/// The same samples: missing targets are equal to each other.
impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        let shape = |data: &Data| (data.input_width, data.target_width);
        let is_equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
        shape(self) == shape(other)
            && self.inputs == other.inputs
            && self.targets.len() == other.targets.len()
            && self.targets.iter().zip(&other.targets).all(is_equal)
            && (&self.categories, &self.weights) == (&other.categories, &other.weights)
    }
}

impl Data {
    /// Samples with numeric targets: a row of inputs and a row of targets for each sample.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many rows of targets as of inputs, or rows differ in length;
    /// [`Error::NoSamples`] if rows are empty; [`Error::NotANumber`] if a number is not finite.
    pub fn new(inputs: &[impl AsRef<[f64]>], targets: &[impl AsRef<[f64]>]) -> Result<Data, Error> {
        expect_length("rows of targets", inputs.len(), targets.len())?;
        let (input_width, inputs) = flatten("input", "numbers in a row of inputs", inputs, f64::is_finite)?;
        let (target_width, targets) =
            flatten("target", "numbers in a row of targets", targets, f64::is_finite)?;
        let categories = Vec::new();
        Ok(Data { inputs, targets, input_width, target_width, categories, weights: None, missing: None })
    }

    /// Samples with classes from 0 to below `count`: the targets are the one-hot encoded classes.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Target`] if a class is out of range.
    pub fn classes(inputs: &[impl AsRef<[f64]>], classes: &[usize], count: usize) -> Result<Data, Error> {
        Data::new(inputs, &one_hot(classes, count)?)
    }

    /// The number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.len() / self.input_width.max(1)
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of inputs of a sample, of which the index of a category is one; 0 if there are no samples.
    #[must_use]
    pub fn input_width(&self) -> usize {
        self.input_width
    }

    /// The number of targets of a sample; 0 if there are no samples.
    #[must_use]
    pub fn target_width(&self) -> usize {
        self.target_width
    }

    /// The inputs of a sample, as they were given: see [`expanded_input`](Self::expanded_input) for what a network gets.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn input(&self, sample: usize) -> &[f64] {
        self.row(&self.inputs, self.input_width, sample)
    }

    /// The targets of a sample; NaN for those that are missing.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn target(&self, sample: usize) -> &[f64] {
        self.row(&self.targets, self.target_width, sample)
    }

    #[inline]
    #[track_caller]
    fn row<'a>(&self, numbers: &'a [f64], width: usize, sample: usize) -> &'a [f64] {
        let start = sample.checked_mul(width).filter(|_| width > 0);
        match start.and_then(|start| numbers.get(start..)?.get(..width)) {
            Some(row) => row,
            None => panic!("there is no sample {sample}: there are {}, counted from 0", self.len()),
        }
    }

    /// All inputs, sample by sample, as they were given.
    #[must_use]
    pub fn inputs(&self) -> &[f64] {
        &self.inputs
    }

    /// All targets, sample by sample; NaN for those that are missing.
    #[must_use]
    pub fn targets(&self) -> &[f64] {
        &self.targets
    }

    /// These samples, in this order.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn select(&self, samples: &[usize]) -> Data {
        for &sample in samples {
            let _ = self.input(sample); // panics at the line of the caller
        }
        let targets: Vec<f64> = samples.iter().flat_map(|&k| self.target(k)).copied().collect();
        Data {
            inputs: samples.iter().flat_map(|&k| self.input(k)).copied().collect(),
            missing: self.missing.as_ref().map(|_| Filled::of(&targets)),
            targets,
            categories: self.categories.clone(),
            weights: self.weights.as_ref().map(|weights| samples.iter().map(|&k| weights[k]).collect()),
            ..*self
        }
    }

    /// Splits the samples into two parts. The second part has this fraction of the samples, drawn at random. Both
    /// are in the original order. The same seed gives the same parts.
    ///
    /// # Panics
    /// If `share` is not from 0 to 1.
    #[must_use]
    #[track_caller]
    pub fn split(&self, share: f64, seed: u64) -> (Data, Data) {
        assert!((0.0..=1.0).contains(&share), "a share of {share} cannot be split off; it is from 0 to 1");
        let (first, second) = self.split_order(share, seed);
        (self.select(&first), self.select(&second))
    }

    /// The indices of the samples of the two parts of a [`split`](Self::split).
    pub(super) fn split_order(&self, share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let mut second: Vec<usize> = (0..self.len()).collect();
        Random::new(seed).shuffle(&mut second);
        let mut first = second.split_off((self.len() as f64 * share).round() as usize);
        first.sort_unstable();
        second.sort_unstable();
        (first, second)
    }
}

/// Concatenates rows of valid numbers; returns their common length and the list.
fn flatten(
    what: &'static str,
    width_of: &'static str,
    rows: &[impl AsRef<[f64]>],
    is_valid: impl Fn(f64) -> bool,
) -> Result<(usize, Vec<f64>), Error> {
    let width = rows.first().map_or(0, |row| row.as_ref().len());
    if width == 0 && !rows.is_empty() {
        return Err(Error::NoSamples(": the rows are empty"));
    }
    let mut flat = Vec::with_capacity(width * rows.len());
    for (sample, row) in rows.iter().enumerate() {
        let row = row.as_ref();
        expect_length(width_of, width, row.len())?;
        if let Some(column) = row.iter().position(|&number| !is_valid(number)) {
            return Err(Error::NotANumber { what, sample, column, value: row[column] });
        }
        flat.extend_from_slice(row);
    }
    Ok((width, flat))
}
