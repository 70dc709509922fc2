//! Lists that are parts of others, copied in runs.

use super::float::Float;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// So many numbers of one list, from `first` on, that stand in a row in another, from `at` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    first: usize,
    at: usize,
    len: usize,
}

impl Run {
    /// Where the numbers are in the one list.
    pub fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// Where they are in the other.
    pub fn places(&self) -> Range<usize> {
        self.at..self.at + self.len
    }
}

/// The runs of a list that has, at each position, this number of another list, or none of them.
pub(super) fn runs(numbers: impl Iterator<Item = Option<usize>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, number) in numbers.enumerate() {
        let Some(number) = number else { continue };
        match runs.last_mut() {
            Some(run) if run.numbers().end == number && run.places().end == at => run.len += 1,
            _ => runs.push(Run { first: number, at, len: 1 }),
        }
    }
    runs
}

/// Copies runs of `from` to where they stand in `to`, in the precision of that; gives whether all numbers are finite.
pub(super) fn copy<T: Float>(runs: &[Run], from: &[f64], to: &mut [T]) -> bool {
    Arch::new().dispatch(CopyRuns { runs, from, to })
}

struct CopyRuns<'a, T> {
    runs: &'a [Run],
    from: &'a [f64],
    to: &'a mut [T],
}

impl<T: Float> WithSimd for CopyRuns<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut all = true;
        for run in self.runs {
            for (to, &from) in self.to[run.places()].iter_mut().zip(&self.from[run.numbers()]) {
                *to = T::of(from);
                all &= to.double().is_finite();
            }
        }
        all
    }
}
