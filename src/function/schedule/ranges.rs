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
        loop {
            let Some(other) = self.around(&range).next() else { break };
            if other.start <= range.start && other.end >= range.end {
                return;
            }
            self.0.remove(&other.start);
            range = range.start.min(other.start)..range.end.max(other.end);
        }
        self.0.insert(range.start, range.end);
    }

    /// Those that have something in common with this one, the last one first.
    pub fn around(&self, range: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let first = range.start;
        let before = self.0.range(..range.end).rev();
        before.map(|(&start, &end)| start..end).take_while(move |other| other.end > first)
    }

    pub fn meets(&self, range: &Range<usize>) -> bool {
        self.around(range).next().is_some()
    }
}
