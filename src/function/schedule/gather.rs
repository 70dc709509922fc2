//! Contributions of several steps to the same adjoints, side by side: these are read and written once.

use super::plan::{Address, Contribution, ReverseStep, Schedule, Write};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::mem::take;
use std::ops::Range;

impl Schedule {
    /// Puts linear steps of the same length together that follow each other, where their order does not matter, and sorts
    /// their contributions by destination.
    pub(super) fn gather(&mut self) {
        let mut steps: Vec<ReverseStep> = Vec::with_capacity(self.reverse.len());
        let mut together = Together::default();
        for step in take(&mut self.reverse) {
            match step {
                ReverseStep::Linear { len, contributions } => {
                    let of_step = &self.contributions[contributions.clone()];
                    if !together.takes(len, of_step) {
                        steps.extend(together.finish(&mut self.contributions));
                        together.start(len, contributions.start);
                    }
                    together.append(&self.contributions[contributions]);
                }
                other => {
                    steps.extend(together.finish(&mut self.contributions));
                    steps.push(other);
                }
            }
        }
        steps.extend(together.finish(&mut self.contributions));
        self.reverse = steps;
    }
}

/// Steps of the same length whose order does not matter: none reads what another writes, and what two contributions write is
/// the same or has nothing in common.
#[derive(Default)]
struct Together {
    len: usize,
    contributions: Range<usize>,
    read: Ranges,
    written: Ranges,
    /// A single step whose contributions have to stay in order.
    is_ordered: bool,
}

impl Together {
    fn start(&mut self, len: usize, first: usize) {
        // A sum over one element is no different from a contribution to each.
        *self = Together { len, contributions: first..first, is_ordered: len == 1, ..Together::default() };
    }

    /// Whether these contributions of a further step may be among them.
    fn takes(&self, len: usize, contributions: &[Contribution]) -> bool {
        let fits = |contribution| {
            let (from, to) = ranges(contribution, len);
            let is_separate = !self.written.meets(&from) && !self.read.meets(&to);
            is_separate && (self.written.has(&to) || !self.written.meets(&to))
        };
        len == self.len && !self.is_ordered && are_apart(contributions, len) && contributions.iter().all(fits)
    }

    fn append(&mut self, contributions: &[Contribution]) {
        self.is_ordered |= !are_apart(contributions, self.len);
        for contribution in contributions {
            let (from, to) = ranges(contribution, self.len);
            self.read.insert(from);
            self.written.insert(to);
        }
        self.contributions.end += contributions.len();
    }

    /// The step, if there is any.
    fn finish(&mut self, contributions: &mut [Contribution]) -> Option<ReverseStep> {
        let Together { len, contributions: all, is_ordered, .. } = take(self);
        if !is_ordered {
            let contributions = &mut contributions[all.clone()];
            let is_first = |it: &&Contribution| it.to.write == Write::Set;
            let mut unwritten: FxHashSet<Address> =
                contributions.iter().filter(is_first).map(|it| it.to.at).collect();
            // Sums with the same adjoints are computed together.
            let key = |it: &Contribution| (it.is_sum, if it.is_sum { it.from.at } else { it.to.at });
            contributions.sort_by_key(key);
            // Another one may be the first to its destination now.
            for it in contributions {
                it.to.write = if unwritten.remove(&it.to.at) { Write::Set } else { Write::Add };
            }
        }
        (!all.is_empty()).then_some(ReverseStep::Linear { len, contributions: all })
    }
}

/// Whether what these contributions write is the same or has nothing in common.
fn are_apart(contributions: &[Contribution], len: usize) -> bool {
    let mut all: Vec<Range<usize>> = contributions.iter().map(|it| ranges(it, len).1).collect();
    all.sort_unstable_by_key(|range| (range.start, range.end));
    all.windows(2).all(|pair| pair[0] == pair[1] || pair[0].end <= pair[1].start)
}

/// The adjoints that a contribution reads, and those that it writes.
fn ranges(contribution: &Contribution, len: usize) -> (Range<usize>, Range<usize>) {
    let to = contribution.to.at as usize;
    (contribution.from.range(len), to..to + if contribution.is_sum { 1 } else { len })
}

/// Ranges by where they begin; those that have something in common are one.
#[derive(Default)]
struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    fn insert(&mut self, mut range: Range<usize>) {
        while let Some((&start, &end)) =
            self.0.range(..range.end).next_back().filter(|&(_, &end)| end > range.start)
        {
            if start <= range.start && end >= range.end {
                return;
            }
            self.0.remove(&start);
            range = range.start.min(start)..range.end.max(end);
        }
        self.0.insert(range.start, range.end);
    }

    fn has(&self, range: &Range<usize>) -> bool {
        self.0.get(&range.start) == Some(&range.end)
    }

    fn meets(&self, range: &Range<usize>) -> bool {
        self.0.range(..range.end).next_back().is_some_and(|(_, &end)| end > range.start)
    }
}
