//! The sweep over stretches, on one thread or several: what each writes does not depend on the others.

use super::part::{Part, Span, add_to};
use crate::function::vectorised::memory::{Kept, Memory};
use crate::function::vectorised::runs::InRuns;
use crate::platform::join;
use std::ops::Range;
use std::sync::Mutex;

/// A part of the terms, and where its derivatives go. The derivatives by all variables are divided into windows, one for each
/// stretch, which writes those that no other stretch has; those that others have too it keeps, and they are added in the end.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub part: Part,
    window: Range<usize>,
    own: Vec<Piece>,
    shared: Vec<Piece>,
    /// How many derivatives it has that others have, too; and how many the stretches before it have.
    pub shared_len: usize,
    shared_before: usize,
}

/// Where derivatives of a stretch are among its adjoints, if they are not 0, and by which variables they are.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: Option<u32>,
    to: Span,
}

/// What stretches read.
pub(super) struct Sweep<'s, T> {
    pub given: [&'s [f64]; 3],
    /// The derivatives by the sums; `None` if only values are wanted.
    pub seeds: Option<&'s [f64]>,
    /// How many sums there are.
    pub sums: usize,
    /// Memory for each thread.
    pub pool: &'s Mutex<Vec<Kept<T>>>,
    pub is_parallel: bool,
}

/// What stretches write.
pub(super) struct Written<'s> {
    /// The sums of each stretch.
    pub sums: &'s mut [f64],
    /// The windows of the derivatives, and those that several stretches have; empty if only values are wanted.
    pub derivatives: &'s mut [f64],
    pub shared: &'s mut [f64],
}

impl Stretch {
    /// The stretches of a function with this number of variables.
    pub fn all(parts: Vec<Part>, variables: usize) -> Vec<Stretch> {
        let mut uses = vec![0; variables];
        for at in parts.iter().flat_map(|part| &part.adds).flat_map(|span| span.at..span.at + span.len) {
            if let Some(uses) = uses.get_mut(at) {
                *uses += 1;
            }
        }
        let mut start = 0;
        let mut stretches: Vec<Stretch> = Vec::new();
        for part in parts {
            let is_own = |at: usize| at >= start && uses.get(at) == Some(&1);
            let (mut own, mut shared) = (Vec::new(), Vec::new());
            let targets = part.adds.iter().flat_map(|span| span.at..span.at + span.len);
            let parts = part.whole.schedule.derivatives.iter();
            let adjoints = parts.flat_map(|part| (0..part.len).map(|k| part.at.map(|at| at + k as u32)));
            for (from, at) in adjoints.zip(targets) {
                let pieces: &mut Vec<Piece> = if is_own(at) { &mut own } else { &mut shared };
                let goes_on = |last: &Piece| {
                    last.from.map(|first| first + last.to.len as u32) == from
                        && last.to.at + last.to.len == at
                };
                match pieces.last_mut().filter(|last| goes_on(last)) {
                    Some(last) => last.to.len += 1,
                    None => pieces.push(Piece { from, to: Span { at, len: 1 } }),
                }
            }
            // The variables of a part are in ascending order.
            let end = own.last().map_or(start, |last| last.to.at + last.to.len);
            let shared_len = shared.iter().map(|piece| piece.to.len).sum();
            let shared_before = stretches.last().map_or(0, |last| last.shared_before + last.shared_len);
            stretches.push(Stretch { part, window: start..end, own, shared, shared_len, shared_before });
            start = end;
        }
        if let Some(last) = stretches.last_mut() {
            last.window.end = variables;
        }
        stretches
    }

    /// Adds the derivatives that others have too.
    pub fn add_to(&self, shared: &[f64], to: [&mut [f64]; 2]) -> bool {
        add_to(self.shared.iter().map(|piece| piece.to), shared, to)
    }

    /// Writes the derivatives.
    fn write<T: InRuns>(&self, memory: &Memory<T>, window: &mut [f64], shared: &mut [f64]) {
        let mut at = 0;
        for &Piece { from, to } in &self.own {
            let start = to.at - self.window.start;
            window[at..start].fill(0.0);
            at = start + to.len;
            memory.read_derivatives(from, &mut window[start..at]);
        }
        window[at..].fill(0.0);
        let mut at = 0;
        for &Piece { from, to } in &self.shared {
            memory.read_derivatives(from, &mut shared[at..][..to.len]);
            at += to.len;
        }
    }
}

impl<T: InRuns> Sweep<'_, T> {
    /// Evaluates stretches. Returns whether all of them are valid.
    pub fn run(&self, stretches: &[Stretch], written: Written<'_>) -> bool {
        if let [stretch] = stretches {
            return self.one(stretch, written);
        }
        let (first, second) = stretches.split_at(stretches.len() / 2);
        let (mut in_windows, mut in_shared) = (0, 0);
        if self.seeds.is_some() {
            in_windows = second[0].window.start - first[0].window.start;
            in_shared = second[0].shared_before - first[0].shared_before;
        }
        let (sums, other_sums) = written.sums.split_at_mut(first.len() * self.sums);
        let (derivatives, other_derivatives) = written.derivatives.split_at_mut(in_windows);
        let (shared, other_shared) = written.shared.split_at_mut(in_shared);
        let written = Written { sums, derivatives, shared };
        let other = Written { sums: other_sums, derivatives: other_derivatives, shared: other_shared };
        let one = move || self.run(first, written);
        let two = move || self.run(second, other);
        if self.is_parallel {
            let (one, two) = join(one, two);
            return one && two;
        }
        one() && two()
    }

    fn one(&self, stretch: &Stretch, written: Written<'_>) -> bool {
        let pooled = || self.pool.lock().ok()?.pop();
        let mut kept = pooled().unwrap_or_default();
        let whole = &stretch.part.whole;
        let memory = kept.of(&whole.schedule);
        let mut is_valid = stretch.part.forward(self.given, memory);
        if is_valid {
            whole.read_values(memory, [written.sums, &mut []]);
        }
        if let Some(seeds) = self.seeds.filter(|_| is_valid) {
            is_valid = whole.sweep(seeds, memory);
            if is_valid {
                stretch.write(memory, written.derivatives, written.shared);
            }
        }
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(kept);
        }
        is_valid
    }
}
