//! The sweep over stretches, on one thread or several: what each writes does not depend on the others.

use super::part::{Part, Span, add_to};
use crate::function::vectorised::memory::{Kept, Memory};
use crate::function::vectorised::runs::InRuns;
use crate::platform::with_helpers;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A part of the terms, and where its derivatives go. The derivatives by all variables are divided into windows, one for each
/// stretch, which writes those that no other stretch has; those that others have too it keeps, and they are added in the end.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub part: Part,
    window: Range<usize>,
    own: Vec<Piece>,
    shared: Vec<Piece>,
    /// How many derivatives it has that others have, too.
    pub shared_len: usize,
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

/// What stretches write, one after the other.
#[derive(Default)]
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
            stretches.push(Stretch { part, window: start..end, own, shared, shared_len });
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

/// Of what is left.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// Stretches that nobody has taken yet, and what they write.
struct Rest<'s> {
    stretches: &'s [Stretch],
    written: Written<'s>,
    /// How many sums there are.
    sums: usize,
    has_derivatives: bool,
}

impl<'s> Rest<'s> {
    fn take(&mut self, which: End) -> Option<(&'s Stretch, Written<'s>)> {
        let (taken, others) = match which {
            End::First => self.stretches.split_first()?,
            End::Last => self.stretches.split_last()?,
        };
        let own = self.len_of(taken);
        let Written { sums, derivatives, shared } = &self.written;
        let others_len = [sums.len() - own[0], derivatives.len() - own[1], shared.len() - own[2]];
        let (own, written) = match which {
            End::First => self.split(own),
            End::Last => {
                let (written, own) = self.split(others_len);
                (own, written)
            }
        };
        (self.stretches, self.written) = (others, written);
        Some((taken, own))
    }

    /// How many numbers a stretch writes, of each kind.
    fn len_of(&self, stretch: &Stretch) -> [usize; 3] {
        match self.has_derivatives {
            true => [self.sums, stretch.window.len(), stretch.shared_len],
            false => [self.sums, 0, 0],
        }
    }

    fn split(&mut self, [sums, derivatives, shared]: [usize; 3]) -> (Written<'s>, Written<'s>) {
        let written = std::mem::take(&mut self.written);
        let (sums, other_sums) = written.sums.split_at_mut(sums);
        let (derivatives, other_derivatives) = written.derivatives.split_at_mut(derivatives);
        let (shared, other_shared) = written.shared.split_at_mut(shared);
        (
            Written { sums, derivatives, shared },
            Written { sums: other_sums, derivatives: other_derivatives, shared: other_shared },
        )
    }
}

impl<T: InRuns> Sweep<'_, T> {
    /// Evaluates stretches. Returns whether all of them are valid.
    pub fn run(&self, stretches: &[Stretch], written: Written<'_>) -> bool {
        let has_derivatives = self.seeds.is_some();
        let mut rest = Rest { stretches, written, sums: self.sums, has_derivatives };
        if !self.is_parallel {
            return self.all(|| rest.take(End::First));
        }
        // A thread that comes late finds less to do. The helpers start at the end: so every thread has much the same
        // stretches in its cache as the time before.
        let (rest, are_valid) = (Mutex::new(rest), AtomicBool::new(true));
        let run = |from: End| {
            let is_valid = self.all(|| rest.lock().ok()?.take(from));
            are_valid.fetch_and(is_valid, Ordering::Relaxed);
        };
        with_helpers(stretches.len().saturating_sub(1), || run(End::First), || run(End::Last));
        are_valid.into_inner()
    }

    /// Evaluates all stretches that are given, as long as they are valid.
    fn all<'s>(&self, mut next: impl FnMut() -> Option<(&'s Stretch, Written<'s>)>) -> bool {
        let mut kept = self.pool.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default();
        let mut are_valid = true;
        while are_valid && let Some((stretch, written)) = next() {
            are_valid = self.one(stretch, written, &mut kept);
        }
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(kept);
        }
        are_valid
    }

    fn one(&self, stretch: &Stretch, written: Written<'_>, kept: &mut Kept<T>) -> bool {
        let whole = &stretch.part.whole;
        let memory = kept.of(&whole.schedule);
        if !stretch.part.forward(self.given, memory) {
            return false;
        }
        whole.read_values(memory, [written.sums, &mut []]);
        let Some(seeds) = self.seeds else { return true };
        let is_valid = whole.sweep(seeds, memory);
        if is_valid {
            stretch.write(memory, written.derivatives, written.shared);
        }
        is_valid
    }
}
