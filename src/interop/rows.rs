//! Derivatives row by row, as they enter the matrices of other crates.

use crate::error::Error;
use crate::number::point::Point;

/// The numbers of a matrix, from numbers or from rows of them, of which there must be as many as it has places.
pub fn row_by_row(
    derivatives: impl IntoIterator<Item: Point<f64>>,
    rows: usize,
    columns: usize,
) -> Result<Vec<f64>, Error> {
    let numbers: Vec<f64> = derivatives.into_iter().flat_map(|row| row.numbers()).collect();
    match rows.saturating_mul(columns) {
        expected if expected == numbers.len() => Ok(numbers),
        expected => Err(Error::Length { what: "derivatives", expected, got: numbers.len() }),
    }
}
