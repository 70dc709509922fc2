//! A sample as a list of numbers: what a loss is recorded over, and what its columns are.

use super::Data;
use crate::Number;
use crate::function::Column;
use std::borrow::Cow;

/// The parts of a sample, over any number.
pub(in crate::nn) struct Sample<'s, R: Clone> {
    /// With categories expanded.
    pub inputs: Cow<'s, [R]>,
    /// The targets; if any of the data is missing, followed by a 1 for each that is given, or a 0.
    pub targets: &'s [R],
    pub weight: Option<R>,
}

impl Data {
    /// The lists that make up a sample, each with its width: inputs, targets, which targets are given, weight.
    fn parts(&self) -> [(&[f64], usize); 4] {
        let (targets, given) = match &self.missing {
            Some(missing) => (&missing.filled, &missing.given[..]),
            None => (&self.targets, &[][..]),
        };
        [
            (&self.inputs, self.input_width),
            (targets, self.target_width),
            (given, if self.missing.is_some() { self.target_width } else { 0 }),
            (self.weights.as_deref().unwrap_or(&[]), usize::from(self.weights.is_some())),
        ]
    }

    /// A column for each number of a sample, in the order of the parts.
    pub(in crate::nn) fn columns(&self) -> Vec<Column<'_>> {
        let of = |(list, width)| (0..width).map(move |k| Column::strided(list, k, width));
        self.parts().into_iter().flat_map(of).collect()
    }

    /// Appends all numbers of a sample.
    ///
    /// # Panics
    /// If there is no such sample.
    #[track_caller]
    pub(in crate::nn) fn append_sample<R: From<f64>>(&self, sample: usize, numbers: &mut Vec<R>) {
        let _ = self.input(sample); // panics at the line of the caller
        for (list, width) in self.parts() {
            numbers.extend(list[sample * width..][..width].iter().map(|&number| R::from(number)));
        }
    }

    /// Appends the targets of a sample, and, if any of the data is missing, what says which are given: as in its
    /// [parts](Sample).
    ///
    /// # Panics
    /// If there is no such sample.
    #[track_caller]
    pub(in crate::nn) fn append_targets<R: From<f64>>(&self, sample: usize, numbers: &mut Vec<R>) {
        let _ = self.input(sample); // panics at the line of the caller
        let [_, targets, given, _] = self.parts();
        for (list, width) in [targets, given] {
            numbers.extend(list[sample * width..][..width].iter().map(|&number| R::from(number)));
        }
    }

    /// The parts of a sample whose numbers are these.
    pub(in crate::nn) fn parts_of<'s, R: Number>(&self, numbers: &'s [R]) -> Sample<'s, R> {
        let [.., (_, weight)] = self.parts();
        let (inputs, rest) = numbers.split_at(self.input_width);
        let (targets, weight) = rest.split_at(rest.len() - weight);
        Sample { inputs: self.expanded(inputs), targets, weight: weight.first().copied() }
    }
}
