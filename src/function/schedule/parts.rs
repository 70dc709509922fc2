//! Contributions to windows of the same adjoints, part by part: throughout a part, the same contributions are added up.

use super::adjoints::is_safe;
use super::plan::{Address, Contribution, Destination, Operand, Write};
use std::ops::Range;

/// These contributions, which are sorted by where their windows begin, so that all to one part follow each other.
pub(super) fn in_parts(contributions: &[Contribution]) -> Vec<Contribution> {
    let mut all = Vec::with_capacity(contributions.len());
    let mut rest = contributions;
    while let Some(first) = rest.first() {
        let mut end = first.writes().end;
        let mut overlapping = 1;
        while let Some(next) = rest.get(overlapping).map(Contribution::writes).filter(|next| next.start < end)
        {
            end = end.max(next.end);
            overlapping += 1;
        }
        let now;
        (now, rest) = rest.split_at(overlapping);
        if let [one] = now {
            all.push(*one);
            continue;
        }
        let mut bounds: Vec<usize> = now.iter().flat_map(|it| [it.writes().start, it.writes().end]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        bounds.windows(2).for_each(|bounds| part(now, bounds[0]..bounds[1], &mut all));
    }
    all
}

/// What these contributions add to a part of their windows, in an order in which equal loops follow each other.
fn part(contributions: &[Contribution], part: Range<usize>, all: &mut Vec<Contribution>) {
    let start = all.len();
    let covers = |it: &&Contribution| it.writes().start <= part.start && part.end <= it.writes().end;
    all.extend(contributions.iter().filter(covers).map(|it| it.within(&part)));
    let now = &mut all[start..];
    let is_written = now.iter().all(|it| it.to.write == Write::Add);
    now.sort_by_key(|it| (it.value.is_some_and(|value| !value.is_same), it.value.map(key), key(it.from)));
    let mut last = 0;
    for k in 1..now.len() {
        let (of, it) = (now[last], now[k]);
        let by = of.by + it.by;
        if (of.from, of.value) == (it.from, it.value) && is_safe(by, it.value.is_some()) {
            now[last].by = by;
        } else {
            last += 1;
            now[last] = it;
        }
    }
    all.truncate(start + last + 1);
    // Another one may be the first to its destination now.
    all[start..].iter_mut().for_each(|it| it.to.write = Write::Add);
    if !is_written {
        all[start].to.write = Write::Set;
    }
}

fn key(operand: Operand) -> (bool, Address) {
    (operand.is_same, operand.at)
}

impl Contribution {
    /// The part of it that goes to these adjoints.
    fn within(&self, part: &Range<usize>) -> Contribution {
        let by = part.start - self.writes().start;
        let to = Destination { at: self.to.at + by as Address, ..self.to };
        let (from, value) = (self.from.after(by), self.value.map(|value| value.after(by)));
        Contribution { from, value, to, len: part.len(), ..*self }
    }
}
