//! Contributions of several steps to the same adjoints, side by side: these are read and written once.

use super::parts::in_parts;
use super::plan::{Address, Contribution, ReverseStep, Schedule, Write};
use super::ranges::{Ranges, are_about};
use rustc_hash::FxHashSet;
use std::mem::take;
use std::ops::Range;

impl Schedule {
    /// Puts linear steps together that follow each other, where their order does not matter, and sorts their contributions
    /// by destination.
    pub(super) fn gather(&mut self) {
        let before = take(&mut self.contributions);
        let mut steps: Vec<ReverseStep> = Vec::with_capacity(self.reverse.len());
        let mut together = Together::default();
        for step in take(&mut self.reverse) {
            match step {
                ReverseStep::Linear(contributions) => {
                    let contributions = &before[contributions];
                    let are_free = are_free(contributions);
                    if !(are_free && together.takes(contributions)) {
                        steps.extend(take(&mut together).finish(&mut self.contributions));
                    }
                    together.append(contributions, are_free);
                }
                other => {
                    steps.extend(take(&mut together).finish(&mut self.contributions));
                    steps.push(other);
                }
            }
        }
        steps.extend(together.finish(&mut self.contributions));
        self.reverse = steps;
    }
}

/// Steps whose order does not matter: none reads what another writes, and what two contributions write is the same, about the
/// same, or has nothing in common.
#[derive(Default)]
struct Together {
    contributions: Vec<Contribution>,
    read: Ranges,
    written: Ranges,
    /// A single step whose contributions have to stay in order.
    is_ordered: bool,
}

impl Together {
    /// Whether these contributions of a further step, whose order does not matter, may be among them.
    fn takes(&self, contributions: &[Contribution]) -> bool {
        let fits = |it: &Contribution| {
            let (from, to) = (it.reads(), it.writes());
            let is_about = self.written.around(&to).all(|others| are_about(&others, &to));
            is_about && !self.written.meets(&from) && !self.read.meets(&to)
        };
        !self.is_ordered && contributions.iter().all(fits)
    }

    fn append(&mut self, contributions: &[Contribution], are_free: bool) {
        self.is_ordered |= !are_free;
        for contribution in contributions {
            self.read.insert(contribution.reads());
            self.written.insert(contribution.writes());
        }
        self.contributions.extend_from_slice(contributions);
    }

    /// The step, if there is any.
    fn finish(mut self, contributions: &mut Vec<Contribution>) -> Option<ReverseStep> {
        let start = contributions.len();
        // One contribution is in order already.
        if !self.is_ordered && self.contributions.len() > 1 {
            // Sums with the same adjoints are computed together.
            self.contributions.sort_by_key(|it| (it.is_sum, if it.is_sum { it.from.at } else { it.to.at }));
            let sums = self.contributions.partition_point(|it| !it.is_sum);
            let mut sums = self.contributions.split_off(sums);
            debug_assert!(
                sums.iter().all(|sum| !self
                    .contributions
                    .iter()
                    .any(|it| it.writes().contains(&(sum.to.at as usize)))),
                "what a sum is written to gets nothing else here"
            );
            // Another one may be the first to its destination now.
            let mut unwritten: FxHashSet<Address> =
                sums.iter().filter(|it| it.to.write == Write::Set).map(|it| it.to.at).collect();
            for it in &mut sums {
                it.to.write = if unwritten.remove(&it.to.at) { Write::Set } else { Write::Add };
            }
            self.contributions = in_parts(&self.contributions);
            self.contributions.extend(sums);
        }
        contributions.append(&mut self.contributions);
        (contributions.len() > start).then_some(ReverseStep::Linear(start..contributions.len()))
    }
}

/// Whether the order of these contributions does not matter. (A sum over one element is no different from a contribution to
/// each: their order stays.)
fn are_free(contributions: &[Contribution]) -> bool {
    if let [one] = contributions {
        return one.len > 1;
    }
    let mut all: Vec<Range<usize>> = contributions.iter().map(Contribution::writes).collect();
    all.sort_unstable_by_key(|range| (range.start, range.end));
    all.dedup();
    // Those that go on beyond where the next one begins.
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut meets_only_about_the_same = |next: Range<usize>| {
        open.retain(|other| other.end > next.start);
        let is_about = open.iter().all(|other| are_about(other, &next));
        open.push(next);
        is_about
    };
    contributions.iter().all(|it| it.len > 1) && all.into_iter().all(&mut meets_only_about_the_same)
}
