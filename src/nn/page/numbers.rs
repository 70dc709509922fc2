//! Numbers as the page stores them: rounded, since a page is read by people and half as large.

use serde::{Serialize, Serializer};

/// Rounds to ten significant digits. Numbers that are not finite are `null` in JSON, and the page says so.
fn rounded(x: f64) -> f64 {
    format!("{x:.9e}").parse().unwrap_or(x)
}

/// A number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rounded(self.0).serialize(serializer)
    }
}

/// A list of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers<'n>(pub &'n [f64]);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&x| Number(x)))
    }
}

/// A list of lists of numbers, written as [`Numbers`]; for `serialize_with`.
pub(super) fn lists<S: Serializer>(lists: &[Vec<f64>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lists.iter().map(|list| Numbers(list)))
}
