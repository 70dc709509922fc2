//! The samples of a batch, where the caller has them.

use super::super::length;
use super::float::Float;
use crate::error::Error;

/// What one input is in every sample: some numbers of a slice, at equal distances.
///
/// ```
/// use tapegrad::Column;
///
/// let rows = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]; // three samples of two numbers
/// let [x, y] = [Column::strided(&rows, 0, 2), Column::strided(&rows, 1, 2)];
/// assert_eq!((x.len(), y.get(2)), (3, 30.0));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    data: &'a [f64],
    start: usize,
    stride: usize,
}

impl<'a> Column<'a> {
    /// Every `stride`-th number from `start` on: a column of a table that is stored row by row.
    ///
    /// # Panics
    /// If `stride` is 0.
    #[must_use]
    #[track_caller]
    pub fn strided(data: &'a [f64], start: usize, stride: usize) -> Column<'a> {
        assert!(stride > 0, "a stride of 0 never gets anywhere; use `Column::constant`");
        Column { data, start, stride }
    }

    /// The same number in every sample of a batch.
    #[must_use]
    pub fn constant(number: &'a f64) -> Column<'a> {
        Column { data: std::slice::from_ref(number), start: 0, stride: 0 }
    }

    /// For how many samples there is a number; for a constant, for any.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // nothing is done with empty ones
    pub fn len(&self) -> usize {
        match self.stride {
            0 => usize::MAX,
            stride => self.data.len().saturating_sub(self.start).div_ceil(stride),
        }
    }

    /// The number of a sample.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn get(&self, sample: usize) -> f64 {
        self.data[self.start + sample * self.stride]
    }
}

impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(data: &'a [f64]) -> Column<'a> {
        Column { data, start: 0, stride: 1 }
    }
}

impl<'a> From<&'a Vec<f64>> for Column<'a> {
    fn from(data: &'a Vec<f64>) -> Column<'a> {
        Column::from(&data[..])
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Column<'a> {
    fn from(data: &'a [f64; N]) -> Column<'a> {
        Column::from(&data[..])
    }
}

/// The samples of a batch: a column per input, as many numbers in each as there are samples, or a choice of them.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    columns: &'a [Column<'a>],
    chosen: Option<&'a [usize]>,
    len: usize,
}

impl<'a> Samples<'a> {
    /// All samples of the columns, in order.
    ///
    /// # Errors
    /// [`Error::Length`] if columns differ in length.
    pub fn new(columns: &'a [Column<'a>]) -> Result<Samples<'a>, Error> {
        let long = |column: &&Column<'_>| column.stride > 0;
        let len = columns.iter().find(long).map_or(0, Column::len);
        for column in columns.iter().filter(long) {
            length("samples in each column", len, column.len())?;
        }
        Ok(Samples { columns, chosen: None, len })
    }

    /// These samples of the columns, in this order: a mini-batch. Nothing is copied.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such sample.
    pub fn choose(self, samples: &'a [usize]) -> Result<Samples<'a>, Error> {
        let all = self.columns.iter().map(Column::len).min().unwrap_or(0);
        match samples.iter().max() {
            Some(&last) if last >= all => {
                Err(Error::Length { what: "samples or more", expected: last.saturating_add(1), got: all })
            }
            _ => Ok(Samples { chosen: Some(samples), len: samples.len(), ..self }),
        }
    }

    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The number of a sample in the columns.
    pub(super) fn number(&self, sample: usize) -> usize {
        self.chosen.map_or(sample, |chosen| chosen[sample])
    }

    /// The number of a column in a sample.
    pub(super) fn at(&self, column: usize, sample: usize) -> f64 {
        self.columns[column].get(self.number(sample))
    }

    /// Fills the lanes with the numbers of a column, from sample `from` on; lanes without a sample get the last one's.
    #[inline(always)]
    pub(super) fn load<T: Float>(&self, column: usize, from: usize, count: usize, lanes: &mut [T]) {
        let column = &self.columns[column];
        let (full, rest) = lanes.split_at_mut(count);
        match (self.chosen, column.stride) {
            (None, 1) => {
                for (lane, &number) in full.iter_mut().zip(&column.data[column.start + from..]) {
                    *lane = T::of(number);
                }
            }
            (None, _) => {
                for (k, lane) in full.iter_mut().enumerate() {
                    *lane = T::of(column.get(from + k));
                }
            }
            (Some(chosen), _) => {
                for (lane, &sample) in full.iter_mut().zip(&chosen[from..]) {
                    *lane = T::of(column.get(sample));
                }
            }
        }
        rest.fill(full[count - 1]);
    }
}
