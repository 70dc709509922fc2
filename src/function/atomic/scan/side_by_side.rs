//! Repetitions of a step that carries nothing, side by side: several of them are one function, whose plan has equal operations of
//! all of them in one run.

use super::{Repeated, Scan};
use crate::function::Function;
use crate::function::atomic::callee::Callee;
use crate::function::atomic::inline::copy;
use crate::function::ir::graph::{Builder, Place, Source};
use indexmap::IndexSet;
use std::ops::Range;

/// How many repetitions are one function: at least and at most, and with up to about this many operations.
const FEWEST: usize = 16;
const MOST: usize = 64;
const OPERATIONS: usize = 4096;

/// How many repetitions of a step are one function: few are left over. 1 if there are too few, if one needs another, and where an
/// output is a shared input, since one sweep over several repetitions would add their weights in another order.
pub(super) fn width(step: &Function, Scan { steps, carry, shared, .. }: Scan) -> usize {
    let graph = &step.graph;
    let first_shared = graph.input(step.inputs() - shared) as usize;
    let is_shared = |output: Place| (first_shared..graph.first_result()).contains(&(output as usize));
    if carry > 0 || steps < FEWEST || step.output_places().any(is_shared) {
        return 1;
    }
    let most = usize::clamp(OPERATIONS / (1 + graph.instructions.len()), FEWEST, MOST);
    let most = usize::min(most, steps);
    (most / 2..=most).rev().min_by_key(|width| steps % width).unwrap_or(1)
}

impl Repeated {
    /// The steps in parts, in order: each but the last has as many as are one function.
    pub(super) fn in_parts(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
        let (steps, width) = (self.scan.steps, self.width);
        (0..steps.div_ceil(width)).map(move |part| part * width..usize::min((part + 1) * width, steps))
    }

    /// The steps of a part as one function, if that is planned.
    pub(super) fn side_by_side(&self, part: &Range<usize>) -> Option<&Callee> {
        let is_whole = part.len() == self.width && self.width > 1;
        is_whole.then(|| self.side_by_side.get(|| true, || self.joined())).flatten()
    }

    /// As many steps as a part has as one function.
    fn joined(&self) -> Option<Callee> {
        let step = &self.step.function;
        let part = 0..self.width;
        let own = self.per_step() * self.width;
        let mut builder = Builder::new(own + self.scan.shared);
        let mut outputs = Vec::new();
        for number in part.clone() {
            let given = (0..self.per_step()).map(|input| input * part.len() + number);
            let shared = (own..).take(self.scan.shared);
            let inputs: Vec<Source> = given.chain(shared).map(Source::Input).collect();
            outputs.extend(copy(&step.graph, &inputs, &mut builder));
        }
        outputs.into_iter().for_each(|output| builder.output(output));
        let (each, shared) = step.recorded_at().split_at(self.per_step());
        let each = each.iter().flat_map(|&number| std::iter::repeat_n(number, part.len()));
        let at = each.chain(shared.iter().copied()).collect();
        Callee::planned(Function::new(builder.finish(), IndexSet::new(), at), self.scan.shared)
    }

    /// The operands that are the inputs of a part as one function: the first inputs of all its steps, the second ones and so on,
    /// so that operations find their operands side by side; then what is shared.
    pub(super) fn inputs_side_by_side(&self, part: &Range<usize>) -> impl Iterator<Item = usize> + use<> {
        let (each, stride) = (self.inputs_of(part.start), self.per_step());
        let count = part.len();
        let own = each.flat_map(move |first| (0..count).map(move |step| first + step * stride));
        own.chain(self.shared())
    }

    /// The results that are the outputs of a part.
    pub(super) fn outputs_of_part(&self, part: &Range<usize>) -> Range<usize> {
        self.outputs_of(part.start).start..self.outputs_of(part.end).start
    }
}
