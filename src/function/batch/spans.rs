//! Copies between lists, by spans of contiguous numbers.

use crate::function::lanes::float::Float;
use crate::platform::with_best_instructions;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// `len` numbers that are contiguous in two lists: from `first` on in one, from `at` on in the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    first: usize,
    at: usize,
    len: usize,
}

impl Span {
    /// Their range in the first list.
    pub fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// Their range in the second list.
    pub fn places(&self) -> Range<usize> {
        self.at..self.at + self.len
    }
}

/// The spans of the second list, given for each of its positions the index of the same number in the first list, if
/// there is one.
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

/// Copies the spans of `from` to their places in `to`, in the precision of `to`. Returns whether all numbers are
/// finite.
pub(super) fn copy<T: Float>(spans: &[Span], from: &[f64], to: &mut [T]) -> bool {
    with_best_instructions(CopySpans { spans, from, to })
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
