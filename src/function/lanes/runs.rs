//! Lists that are parts of others, copied in runs.

use super::float::Float;
use pulp::{Arch, Simd, WithSimd};

/// So many numbers of one list, from `first` on, that stand in a row in another, from `at` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub first: usize,
    pub at: usize,
    pub len: usize,
}

/// The runs of a list that has, at each position, this number of another list, or none of them.
pub(super) fn runs(numbers: impl Iterator<Item = Option<usize>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, number) in numbers.enumerate() {
        let Some(number) = number else { continue };
        match runs.last_mut() {
            Some(Run { first, at: start, len }) if *first + *len == number && *start + *len == at => {
                *len += 1
            }
            _ => runs.push(Run { first: number, at, len: 1 }),
        }
    }
    runs
}

/// Copies runs of `from` to where they stand in `to`, in the precision of that; gives whether all numbers are finite.
pub(super) fn copy<T: Float>(runs: &[Run], from: &[f64], to: &mut [T]) -> bool {
    Arch::new().dispatch(Copy { runs, from, to })
}

struct Copy<'a, T> {
    runs: &'a [Run],
    from: &'a [f64],
    to: &'a mut [T],
}

impl<T: Float> WithSimd for Copy<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut all = true;
        for &Run { first, at, len } in self.runs {
            for (to, &from) in self.to[at..at + len].iter_mut().zip(&self.from[first..first + len]) {
                *to = T::of(from);
                all &= to.double().is_finite();
            }
        }
        all
    }
}
