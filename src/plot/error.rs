//! Errors of plots.

use std::fmt;

/// Why there is no plot. Each message says what is wrong and what to do.
///
/// `Debug` prints the message too, since it is used for errors that `main` returns and by `unwrap`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to draw.
    #[error("there is nothing to draw: {0}")]
    Empty(&'static str),
    /// A number cannot be placed on an axis.
    #[error(
        "number {index} of {what} is {value}, and a plot needs numbers from -1e300 to 1e300; leave it out"
    )]
    Number {
        /// The list.
        what: &'static str,
        /// The place in the list, from 0.
        index: usize,
        /// The number.
        value: f64,
    },
    /// A list has the wrong length.
    #[error("{what}: {found} given, {expected} needed")]
    Length {
        /// What the list contains.
        what: &'static str,
        /// The required length.
        expected: usize,
        /// The actual length.
        found: usize,
    },
    /// The plot cannot show this.
    #[error("{0}")]
    Unfit(String),
    /// A network did not give a prediction, or a file could not be written.
    #[error(transparent)]
    Network(#[from] crate::nn::Error),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The largest size of a number on an axis: sums and differences of several do not overflow.
const LARGEST: f64 = 1e300;

/// An error if a number cannot be placed on an axis.
pub(super) fn expect_drawable(what: &'static str, numbers: &[f64]) -> Result<(), Error> {
    match numbers.iter().position(|number| !is_drawable(*number)) {
        None => Ok(()),
        Some(index) => Err(Error::Number { what, index, value: numbers[index] }),
    }
}

/// Whether a number can be placed on an axis.
pub(super) fn is_drawable(number: f64) -> bool {
    (-LARGEST..=LARGEST).contains(&number)
}

/// An error if two lists that belong together have different lengths.
pub(super) fn expect_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}
