//! Lists that are parts of others, copied in spans.

use super::float::Float;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// So many numbers of one list, from `first` on, that stand in a row in another, from `at` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    first: usize,
    at: usize,
    len: usize,
}

impl Span {
    /// Where the numbers are in the one list.
    pub fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// Where they are in the other.
    pub fn places(&self) -> Range<usize> {
        self.at..self.at + self.len
    }
}

/// The spans of a list that has, at each position, this number of another list, or none of them.
pub(super) fn spans(numbers: impl Iterator<Item = Option<usize>>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (at, number) in numbers.enumerate() {
        let Some(number) = number else { continue };
        match spans.last_mut() {
            Some(span) if span.numbers().end == number && span.places().end == at => span.len += 1,
            _ => spans.push(Span { first: number, at, len: 1 }),
        }
    }
    spans
}

/// Copies spans of `from` to where they stand in `to`, in the precision of that; gives whether all numbers are finite.
pub(super) fn copy<T: Float>(spans: &[Span], from: &[f64], to: &mut [T]) -> bool {
    Arch::new().dispatch(CopySpans { spans, from, to })
}

struct CopySpans<'a, T> {
    spans: &'a [Span],
    from: &'a [f64],
    to: &'a mut [T],
}

impl<T: Float> WithSimd for CopySpans<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut all = true;
        for span in self.spans {
            for (to, &from) in self.to[span.places()].iter_mut().zip(&self.from[span.numbers()]) {
                *to = T::of(from);
                all &= to.double().is_finite();
            }
        }
        all
    }
}
