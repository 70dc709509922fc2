//! A part of a function: an ordinary schedule, and where its inputs and derivatives are.

use crate::function::vectorised::memory::{Kept, Memory};
use crate::function::vectorised::runs::InRuns;
use crate::function::vectorised::whole::Whole;
use std::ops::Range;

/// Consecutive numbers of lists that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub at: usize,
    pub len: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Part {
    pub whole: Whole,
    /// Its inputs: among those of the function and, after them, the results of the head and the sums.
    pub reads: Vec<Span>,
    /// Its derivatives: among the variables and, after them, the results of the head and the sums.
    pub adds: Vec<Span>,
    /// How many derivatives.
    pub variables: usize,
}

/// The memory of a part.
#[derive(Debug, Default)]
pub(super) struct PartMemory<T> {
    pub kept: Kept<T>,
    pub derivatives: Vec<f64>,
}

/// Consecutive numbers as spans.
pub(super) fn spans(numbers: impl Iterator<Item = usize>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for at in numbers {
        match spans.last_mut() {
            Some(last) if last.at + last.len == at => last.len += 1,
            _ => spans.push(Span { at, len: 1 }),
        }
    }
    spans
}

impl Span {
    /// Where the span is in lists of these lengths, which follow each other.
    pub fn within<const N: usize>(self, lengths: [usize; N]) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut start = 0;
        lengths.into_iter().enumerate().filter_map(move |(list, len)| {
            let (from, to) = (self.at.max(start), (self.at + self.len).min(start + len));
            let part = (from < to).then(|| (list, from - start..to - start));
            start += len;
            part
        })
    }
}

impl Part {
    /// Computes all values, from what precedes this part.
    pub fn forward<T: InRuns>(&self, given: [&[f64]; 3], memory: &mut Memory<T>) -> bool {
        let lengths = given.map(<[f64]>::len);
        let inputs = self.reads.iter().flat_map(|span| span.within(lengths));
        self.whole.forward(inputs.map(|(list, range)| &given[list][range]), memory)
    }

    /// Computes all values, and writes those of its outputs.
    pub fn values<T: InRuns>(&self, given: [&[f64]; 3], memory: &mut PartMemory<T>, out: &mut [f64]) -> bool {
        let memory = memory.kept.of(&self.whole.schedule);
        let is_valid = self.forward(given, memory);
        if is_valid {
            self.whole.read_values(memory, [out, &mut []]);
        }
        is_valid
    }

    /// Computes the derivatives, once all values are known.
    pub fn backward<T: InRuns>(&self, weights: &[f64], memory: &mut PartMemory<T>) -> bool {
        let PartMemory { kept, derivatives } = memory;
        derivatives.resize(self.variables, 0.0);
        self.whole.backward(weights, kept.of(&self.whole.schedule), derivatives)
    }

    /// Adds its derivatives to those by the variables, and by results of the head and sums. Returns whether all remain
    /// finite.
    pub fn add_to<T>(&self, memory: &PartMemory<T>, to: [&mut [f64]; 2]) -> bool {
        add_to(self.adds.iter().copied(), &memory.derivatives, to)
    }
}

/// Adds numbers to those of two lists, and returns whether the sums are finite.
pub(super) fn add_to(spans: impl Iterator<Item = Span>, numbers: &[f64], to: [&mut [f64]; 2]) -> bool {
    let lengths = [to[0].len(), to[1].len()];
    let mut rest = numbers;
    let mut are_finite = true;
    for (list, range) in spans.flat_map(|span| span.within(lengths)) {
        let (now, after) = rest.split_at(range.len());
        for (to, number) in to[list][range].iter_mut().zip(now) {
            *to += number;
            are_finite &= to.is_finite();
        }
        rest = after;
    }
    are_finite
}
