//! Scaling of inputs and targets.

use super::Data;
use super::filled::Filled;
use crate::nn::error::{Error, expect_length};

/// Scales each column: `(x − shift) / scale`. Keep the scaler together with the network, as
/// [`Model`](crate::nn::Model) does.
///
/// ```
/// use tapegrad::nn::{Data, Scaler};
///
/// let data = Data::new(&[[1.0, 10.0], [3.0, 30.0]], &[[0.0], [0.0]])?;
/// let scaler = Scaler::standard(&data)?;
/// assert_eq!(data.scale_inputs(&scaler).inputs(), [-1.0, -1.0, 1.0, 1.0]);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "ScalerData"))]
pub struct Scaler {
    shift: Vec<f64>,
    scale: Vec<f64>,
}

/// The stored form of a scaler, before it is checked.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ScalerData {
    shift: Vec<f64>,
    scale: Vec<f64>,
}

#[cfg(feature = "serde")]
impl TryFrom<ScalerData> for Scaler {
    type Error = Error;

    fn try_from(data: ScalerData) -> Result<Scaler, Error> {
        Scaler::new(data.shift, data.scale)
    }
}

impl Scaler {
    /// A scaler with these shifts and scales, one of each per column.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many scales as shifts; [`Error::Setting`] if there are none, one is
    /// not finite, or a scale is 0.
    pub fn new(shift: Vec<f64>, scale: Vec<f64>) -> Result<Scaler, Error> {
        expect_length("scales", shift.len(), scale.len())?;
        if shift.is_empty() || !shift.iter().chain(&scale).all(|x| x.is_finite()) || scale.contains(&0.0) {
            let problem =
                "a scaler needs finite shifts and finite scales other than 0, one of each per column";
            return Err(Error::Setting(problem.to_owned()));
        }
        Ok(Scaler { shift, scale })
    }

    /// Scales the inputs of these data to mean 0 and (population) standard deviation 1. A column that does not vary
    /// is only shifted, and one of categories is left as it is.
    ///
    /// # Errors
    /// [`Error::NoSamples`].
    pub fn standard(data: &Data) -> Result<Scaler, Error> {
        Ok(Scaler::standard_of(data.inputs(), data.input_width())?.sparing_categories(data))
    }

    /// Scales the inputs of these data to the range from 0 to 1. A column that does not vary is only shifted, and one
    /// of categories is left as it is.
    ///
    /// # Errors
    /// [`Error::NoSamples`].
    pub fn min_max(data: &Data) -> Result<Scaler, Error> {
        Ok(Scaler::min_max_of(data.inputs(), data.input_width())?.sparing_categories(data))
    }

    /// As [`standard`](Self::standard), for rows of `width` numbers, such as targets.
    ///
    /// # Errors
    /// [`Error::NoSamples`]; [`Error::Length`] if the last row is not complete; [`Error::NotANumber`] if a number
    /// is not finite.
    pub fn standard_of(rows: &[f64], width: usize) -> Result<Scaler, Error> {
        Scaler::by_column(rows, width, |column| {
            let n = column.len() as f64;
            let mean = column.iter().sum::<f64>() / n;
            let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            (mean, variance.sqrt())
        })
    }

    /// As [`min_max`](Self::min_max), for rows of `width` numbers.
    ///
    /// # Errors
    /// As [`standard_of`](Self::standard_of).
    pub fn min_max_of(rows: &[f64], width: usize) -> Result<Scaler, Error> {
        Scaler::by_column(rows, width, |column| {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high - low)
        })
    }

    fn by_column(rows: &[f64], width: usize, rule: impl Fn(&[f64]) -> (f64, f64)) -> Result<Scaler, Error> {
        if rows.is_empty() || width == 0 {
            return Err(Error::NoSamples(" to scale by"));
        }
        expect_length("numbers in the last row to scale by", width, (rows.len() - 1) % width + 1)?;
        if let Some(k) = rows.iter().position(|number| !number.is_finite()) {
            let (sample, column) = (k / width, k % width);
            return Err(Error::NotANumber { what: "number", sample, column, value: rows[k] });
        }
        let of_column = |k: usize| rule(&rows.iter().skip(k).step_by(width).copied().collect::<Vec<_>>());
        let (shift, mut scale): (Vec<f64>, Vec<f64>) = (0..width).map(of_column).unzip();
        scale.iter_mut().filter(|scale| **scale == 0.0).for_each(|scale| *scale = 1.0);
        Scaler::new(shift, scale)
    }

    /// The same, but columns of categories are left as they are.
    fn sparing_categories(mut self, data: &Data) -> Scaler {
        for column in data.category_columns() {
            (self.shift[column], self.scale[column]) = (0.0, 1.0);
        }
        self
    }

    /// The number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shift.len()
    }

    /// Scales rows, in place.
    ///
    /// # Panics
    /// If the length of `rows` is not a multiple of the width.
    #[track_caller]
    pub fn apply(&self, rows: &mut [f64]) {
        self.each(rows, |x, shift, scale| (x - shift) / scale);
    }

    /// Reverses the scaling of rows, in place.
    ///
    /// # Panics
    /// If the length of `rows` is not a multiple of the width.
    #[track_caller]
    pub fn undo(&self, rows: &mut [f64]) {
        self.each(rows, |x, shift, scale| x * scale + shift);
    }

    #[track_caller]
    fn each(&self, rows: &mut [f64], rule: impl Fn(f64, f64, f64) -> f64) {
        assert_eq!(rows.len() % self.width(), 0, "the scaler is for rows of {} numbers", self.width());
        for row in rows.chunks_mut(self.width()) {
            for (x, (&shift, &scale)) in row.iter_mut().zip(self.shift.iter().zip(&self.scale)) {
                *x = rule(*x, shift, scale);
            }
        }
    }
}

impl Data {
    /// The same samples with scaled inputs.
    ///
    /// # Panics
    /// If the scaler was made for another number of inputs, or it changes the index of a category.
    #[must_use]
    #[track_caller]
    pub fn scale_inputs(mut self, scaler: &Scaler) -> Data {
        let before = self.inputs.clone();
        scaler.apply(&mut self.inputs);
        self.expect_same_categories(&before);
        self
    }

    /// The same samples with scaled targets.
    ///
    /// # Panics
    /// If the scaler was made for another number of targets.
    #[must_use]
    #[track_caller]
    pub fn scale_targets(mut self, scaler: &Scaler) -> Data {
        scaler.apply(&mut self.targets);
        self.missing = self.missing.map(|_| Filled::of(&self.targets));
        self
    }
}
