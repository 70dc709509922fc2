//! Inputs that are indices of categories.

use super::Data;
use crate::Number;
use crate::nn::error::{Error, expect_length};
use crate::number::mask::eq;
use std::borrow::Cow;

impl Data {
    /// The same samples, with an input column that is the index of one of `count` categories: of a class, a word, a day. It
    /// is stored as one number, and a network gets `count` inputs in its place: 1 for the category, else 0. The product of
    /// these and a matrix of weights is the row of the category, known as its embedding.
    ///
    /// A network over these data has [`expanded_width`](Self::expanded_width) inputs.
    ///
    /// ```
    /// use tapegrad::nn::Data;
    ///
    /// let data = Data::new(&[[0.5, 2.0], [0.7, 0.0]], &[[1.0], [0.0]])?.with_categories(1, 3)?;
    /// assert_eq!((data.input(0), data.expanded_width()), (&[0.5, 2.0][..], 4));
    /// assert_eq!(*data.expanded_input(0), [0.5, 0.0, 0.0, 1.0]);
    ///
    /// let error = Data::new(&[[0.5, 3.0]], &[[1.0]])?.with_categories(1, 3).unwrap_err();
    /// assert!(error.to_string().starts_with("input 1 of sample 0 is 3, which is not the index of one of 3 categories"));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Category`] if a number in the column is not an integer from 0 to below `count`; [`Error::Setting`] if there is
    /// no such column, or no category.
    pub fn with_categories(mut self, column: usize, count: usize) -> Result<Data, Error> {
        if self.is_empty() && self.input_width == 0 {
            return Ok(self);
        }
        if column >= self.input_width || count == 0 {
            return Err(Error::Setting(format!(
                "input {column} cannot be the index of one of {count} categories: there are {} inputs, counted from 0, and an \
                 index needs at least one category",
                self.input_width
            )));
        }
        for sample in 0..self.len() {
            let value = self.input(sample)[column];
            if !is_index(value, count) {
                return Err(Error::Category { sample, column, value, count });
            }
        }
        self.categories.resize(self.input_width, 0);
        self.categories[column] = count;
        Ok(self)
    }

    /// The number of inputs that a network gets: `count` for a column of categories, one for any other.
    #[must_use]
    pub fn expanded_width(&self) -> usize {
        match self.categories.is_empty() {
            true => self.input_width,
            false => self.categories.iter().map(|&count| count.max(1)).sum(),
        }
    }

    /// The inputs of a sample as a network gets them: with 1 for the category and 0 for the others in place of an index.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    pub fn expanded_input(&self, sample: usize) -> Cow<'_, [f64]> {
        self.expanded(self.input(sample))
    }

    /// As [`expanded_input`](Self::expanded_input), for a row that need not be one of the samples: of another table, say.
    ///
    /// # Errors
    /// [`Error::Length`]; [`Error::Category`], with sample 0, if an index is invalid.
    pub fn try_expand(&self, inputs: &[f64]) -> Result<Vec<f64>, Error> {
        expect_length("inputs of a sample", self.input_width, inputs.len())?;
        for column in self.category_columns() {
            let (value, count) = (inputs[column], self.categories[column]);
            if !is_index(value, count) {
                return Err(Error::Category { sample: 0, column, value, count });
            }
        }
        Ok(self.expanded(inputs).into_owned())
    }

    /// Inputs of a sample, expanded by comparisons, which a recording repeats for each sample.
    pub(super) fn expanded<'s, R: Number>(&self, inputs: &'s [R]) -> Cow<'s, [R]> {
        if self.categories.is_empty() {
            return Cow::Borrowed(inputs);
        }
        let mut expanded = Vec::with_capacity(self.expanded_width());
        for (&input, &count) in inputs.iter().zip(&self.categories) {
            match count {
                0 => expanded.push(input),
                count => expanded.extend((0..count).map(|k| eq(input, k as f64).number())),
            }
        }
        Cow::Owned(expanded)
    }

    /// The columns that are indices.
    pub(in crate::nn) fn category_columns(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.categories.len()).filter(|&column| self.categories[column] > 0)
    }

    /// The number of categories of each input; 0 for a number.
    #[cfg(feature = "serde")]
    pub(in crate::nn) fn categories(&self) -> &[usize] {
        &self.categories
    }

    /// # Panics
    /// If an index differs from what it was `before`.
    #[track_caller]
    pub(super) fn expect_same_categories(&self, before: &[f64]) {
        let width = self.input_width;
        for column in self.category_columns() {
            let is_same = (column..before.len()).step_by(width).all(|k| before[k] == self.inputs[k]);
            assert!(
                is_same,
                "input {column} is the index of a category, and cannot be scaled: make the scaler of these data, or with \
                 shift 0 and scale 1 there"
            );
        }
    }
}

fn is_index(value: f64, count: usize) -> bool {
    value >= 0.0 && value < count as f64 && value.fract() == 0.0
}
