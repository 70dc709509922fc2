//! Ranges of memory that steps read and write.

use std::collections::BTreeMap;
use std::ops::Range;

/// Windows whose ends are apart by no more than this are about the same.
const SHIFT: usize = 4;
/// Shorter windows have to be the same.
const LONG: usize = 32;

/// Whether two windows are the same, or long and about the same.
pub(super) fn are_about(a: &Range<usize>, b: &Range<usize>) -> bool {
    let is_long = a.len().min(b.len()) >= LONG;
    a == b || is_long && a.start.abs_diff(b.start) <= SHIFT && a.end.abs_diff(b.end) <= SHIFT
}

/// Ranges by where they begin; those that have something in common are one.
#[derive(Default)]
pub(super) struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    pub fn insert(&mut self, mut range: Range<usize>) {
        while let Some(other) = self.around(&range) {
            if other.start <= range.start && other.end >= range.end {
                return;
            }
            self.0.remove(&other.start);
            range = range.start.min(other.start)..range.end.max(other.end);
        }
        self.0.insert(range.start, range.end);
    }

    /// One that has something in common with this one: the last of them.
    pub fn around(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let (&start, &end) = self.0.range(..range.end).next_back()?;
        (end > range.start).then_some(start..end)
    }

    pub fn meets(&self, range: &Range<usize>) -> bool {
        self.around(range).is_some()
    }
}
