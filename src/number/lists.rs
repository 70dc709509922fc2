//! Functions of lists that are composed from the table's rows.

use crate::table::number::Number;
use crate::table::rules::{log_sum_exp, sum};

/// Arithmetic mean: the sum, from left to right, divided by the number of items.
///
/// # Panics
/// If the list is empty.
#[must_use]
#[track_caller]
pub fn mean<R: Number>(xs: &[R]) -> R {
    assert!(!xs.is_empty(), "the mean of an empty list is not defined");
    sum(xs) / xs.len() as f64
}

/// `eˣⁱ / Σ eˣʲ`, without overflow.
///
/// ```
/// let p = tapegrad::lists::softmax(&[1000.0, 1000.0]);
/// assert_eq!(p, [0.5, 0.5]);
/// ```
#[must_use]
#[track_caller]
pub fn softmax<R: Number>(xs: &[R]) -> Vec<R> {
    let log_total = log_sum_exp(xs);
    let parts: Vec<R> = xs.iter().map(|&x| (x - log_total).exp()).collect();
    // Already normalised except for the rounding of the logarithm, which all parts share.
    let total = sum(&parts);
    parts.iter().map(|&part| part / total).collect()
}
