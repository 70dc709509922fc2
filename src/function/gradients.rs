//! The gradients of all outputs, one after the other: each by a sweep over what the output depends on.

use super::evaluate::{Memory, backward, clear, forget, sweep, sweep_plain};
use super::ir::graph::{Graph, Instruction, Place};
use crate::number::real::Real;
use std::ops::Range;

/// A graph with fewer instructions is swept as a whole.
const FEWEST: usize = 64;
/// After this many outputs that depend on much of the graph, the next ones are expected to do so too: this many of them, before
/// another search.
const TRIES: usize = 4;
const SKIPS: usize = 8;
/// This many instructions between two others are swept with them.
const GAP: u32 = 2;
/// All parts together have at most this number of ranges for each instruction and output; then they become coarse.
const MOST: usize = 4;

/// For each output the part of the graph that it depends on, as ranges of instructions. They may contain some that it does not
/// depend on.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Of one output after the other, from the last instructions to the first.
    ranges: Vec<Range<u32>>,
    /// For each output, where its ranges end.
    ends: Vec<usize>,
    /// How much there is to compute in all sweeps, in operations.
    pub work: usize,
}

impl Rows {
    pub fn new(graph: &Graph) -> Rows {
        let mut rows = Rows { ranges: Vec::new(), ends: Vec::with_capacity(graph.outputs.len()), work: 0 };
        let mut before = Vec::with_capacity(graph.instructions.len() + 1);
        before.push(0);
        for instruction in graph.instructions.iter() {
            before.push(before[before.len() - 1] + instruction.work());
        }
        let most = MOST * (graph.instructions.len() + graph.outputs.len());
        let (mut search, mut failures, mut skips) = (Search::default(), 0, 0_usize);
        for &output in &graph.outputs {
            let start = rows.ranges.len();
            if let Some(index) = graph.instructions.index_of(output) {
                let end = index as u32 + 1;
                if graph.instructions.len() < FEWEST || skips > 0 {
                    skips = skips.saturating_sub(1);
                    rows.ranges.push(0..end);
                } else if search.find(graph, index as u32) {
                    failures = 0;
                    rows.push(&search.order, most);
                } else {
                    failures += 1;
                    skips = if failures >= TRIES { SKIPS } else { 0 };
                    rows.ranges.push(0..end);
                }
            }
            let here = &rows.ranges[start..];
            rows.work += here
                .iter()
                .map(|range| before[range.end as usize] - before[range.start as usize])
                .sum::<usize>();
            rows.ends.push(rows.ranges.len());
        }
        rows
    }

    /// Appends these instructions, from the last to the first, while there are at most this number of ranges in all; then as one
    /// range.
    fn push(&mut self, order: &[u32], most: usize) {
        let start = self.ranges.len();
        for &index in order {
            let is_full = self.ranges.len() >= most;
            match self.ranges[start..].last_mut() {
                Some(range) if range.start <= index + 1 + GAP => range.start = index,
                Some(range) if is_full => range.start = index,
                _ => self.ranges.push(index..index + 1),
            }
        }
    }

    fn of(&self, output: usize) -> &[Range<u32>] {
        let start = if output == 0 { 0 } else { self.ends[output - 1] };
        &self.ranges[start..self.ends[output]]
    }

    /// The instructions of an output, from the last to the first.
    fn instructions<'a>(
        &'a self,
        graph: &'a Graph,
        output: usize,
    ) -> impl Iterator<Item = Instruction<'a>> + Clone {
        let ranges = self.of(output).iter().map(|range| range.start as usize..range.end as usize);
        ranges.flat_map(|range| graph.instructions.range_backwards(range))
    }
}

/// Calls `read` with each wanted output, by its position, and the adjoints of all places, given the values.
#[track_caller]
pub(super) fn each<R: Real>(
    graph: &Graph,
    rows: &Rows,
    memory: &mut Memory<R>,
    is_wanted: impl Fn(usize) -> bool,
    mut read: impl FnMut(usize, &[R]),
) {
    clear(graph, memory);
    for (k, &output) in graph.outputs.iter().enumerate().filter(|&(k, _)| is_wanted(k)) {
        let instructions = rows.instructions(graph, k);
        sweep(graph, instructions.clone(), [(output, R::constant(1.0))], memory);
        read(k, &memory.adjoints);
        let touched = instructions.flat_map(|instruction| {
            instruction.operands.iter().map(|&operand| operand as usize).chain(instruction.results())
        });
        forget(touched.chain([output as usize]), memory);
    }
}

/// As [`each`], for plain numbers, with the same bits; see `backward_plain`.
pub(super) fn each_plain(
    graph: &Graph,
    rows: &Rows,
    memory: &mut Memory,
    is_wanted: impl Fn(usize) -> bool,
    mut read: impl FnMut(usize, &[f64]),
) {
    memory.adjoints.clear();
    memory.adjoints.resize(graph.places(), 0.0);
    let inputs = graph.constants.len()..graph.first_result();
    for (k, &output) in graph.outputs.iter().enumerate().filter(|&(k, _)| is_wanted(k)) {
        memory.adjoints[output as usize] = 1.0;
        for range in rows.of(k) {
            let range = range.start as usize..range.end as usize;
            sweep_plain(
                graph,
                graph.instructions.range_backwards(range),
                &memory.values,
                &mut memory.adjoints,
            );
        }
        // Of few instructions, the inputs that they use, instead of all.
        let used = || {
            let operands = rows.instructions(graph, k).flat_map(|instruction| instruction.operands);
            operands.map(|&place| place as usize).filter(|place| inputs.contains(place))
        };
        let is_short = 4 * rows.of(k).iter().map(|range| range.len()).sum::<usize>() < inputs.len();
        let has_nan = if is_short {
            used().any(|place| memory.adjoints[place].is_nan())
        } else {
            memory.adjoints[inputs.clone()].iter().fold(false, |any, adjoint| any | adjoint.is_nan())
        };
        if has_nan {
            backward(graph, [(output, 1.0)], memory);
            read(k, &memory.adjoints);
            memory.adjoints.fill(0.0);
            continue;
        }
        read(k, &memory.adjoints);
        memory.adjoints[output as usize] = 0.0;
        if is_short {
            used().for_each(|place| memory.adjoints[place] = 0.0);
        } else {
            memory.adjoints[inputs.clone()].fill(0.0);
        }
        for range in rows.of(k) {
            memory.adjoints[graph.instructions.results_of(range.start as usize..range.end as usize)]
                .fill(0.0);
        }
    }
}

/// A search for what an output depends on. Its memory is reused.
#[derive(Default)]
struct Search {
    /// The instructions that were found, from the last to the first.
    order: Vec<u32>,
    /// By instruction: the last search that found it.
    found: Vec<u32>,
    count: u32,
    open: Vec<u32>,
}

impl Search {
    /// Finds the part of the output of this instruction, if it is at most half of the graph.
    fn find(&mut self, graph: &Graph, index: u32) -> bool {
        let Search { order, found, count, open } = self;
        // There are fewer than 2³² outputs, so this never begins again.
        *count += 1;
        found.resize(graph.instructions.len(), 0);
        order.clear();
        open.clear();
        open.push(index);
        found[index as usize] = *count;
        let index_of = |&place: &Place| graph.instructions.index_of(place);
        while let Some(here) = open.pop() {
            order.push(here);
            if 2 * order.len() > graph.instructions.len() {
                return false;
            }
            for operand in graph.instructions.at(here as usize).operands.iter().filter_map(index_of) {
                if std::mem::replace(&mut found[operand], *count) != *count {
                    open.push(operand as u32);
                }
            }
        }
        order.sort_unstable_by(|a, b| b.cmp(a));
        true
    }
}
