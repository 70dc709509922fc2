//! The gradients of all outputs, one after the other: each by a sweep over what the output depends on, where that is little.

use super::evaluate::{Memory, clear, forget, sweep};
use super::ir::graph::{Graph, Place};
use crate::number::real::Real;

/// A graph with fewer instructions, or fewer outputs, is swept as a whole.
const FEWEST: [usize; 2] = [256, 8];

/// After this many outputs that depend on much of the graph, the next ones are expected to do so too: this many of them, before
/// another search.
const TRIES: usize = 4;
const SKIPS: usize = 8;

/// Calls `read` with each wanted output, by its position, and the adjoints of all places, given the values. `whole` is a sweep
/// over the whole graph.
#[track_caller]
pub(super) fn each<R: Real>(
    graph: &Graph,
    memory: &mut Memory<R>,
    part: &mut Part,
    is_wanted: impl Fn(usize) -> bool,
    whole: impl Fn(Place, &mut Memory<R>),
    mut read: impl FnMut(usize, &[R]),
) {
    let is_large = graph.instructions.len() >= FEWEST[0] && graph.outputs.len() >= FEWEST[1];
    let (mut failures, mut skips, mut is_clear) = (0, 0, false);
    for (k, &output) in graph.outputs.iter().enumerate().filter(|&(k, _)| is_wanted(k)) {
        if is_large && skips == 0 && part.find(graph, output) {
            if !is_clear {
                clear(graph, memory);
                is_clear = true;
            }
            failures = 0;
            let instructions = part.order.iter().map(|&index| graph.instructions.at(index as usize));
            sweep(graph, instructions.clone(), [(output, R::constant(1.0))], memory);
            read(k, &memory.adjoints);
            let touched = instructions.flat_map(|instruction| {
                instruction.operands.iter().map(|&operand| operand as usize).chain(instruction.results())
            });
            forget(touched.chain([output as usize]), memory);
        } else {
            if skips > 0 {
                skips -= 1;
            } else {
                failures += 1;
                skips = if failures >= TRIES { SKIPS } else { 0 };
            }
            is_clear = false;
            whole(output, memory);
            read(k, &memory.adjoints);
        }
    }
}

/// The part of a graph that an output depends on. Its memory is reused.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// The indices of its instructions, from the last to the first.
    order: Vec<u32>,
    /// By instruction: the last search that found it.
    found: Vec<u32>,
    search: u32,
    open: Vec<u32>,
}

impl Part {
    /// Finds the part of this output, if it is at most half of the graph.
    fn find(&mut self, graph: &Graph, output: Place) -> bool {
        let Part { order, found, search, open } = self;
        // The count may begin again; what earlier searches have left is then forgotten.
        *search = search.wrapping_add(1);
        if *search == 0 {
            found.clear();
            *search = 1;
        }
        found.resize(found.len().max(graph.instructions.len()), 0);
        order.clear();
        open.clear();
        let index = |place: Place| graph.instructions.index_of(place).map(|index| index as u32);
        open.extend(index(output));
        open.iter().for_each(|&index| found[index as usize] = *search);
        while let Some(here) = open.pop() {
            order.push(here);
            if 2 * order.len() > graph.instructions.len() {
                return false;
            }
            for operand in
                graph.instructions.at(here as usize).operands.iter().filter_map(|&operand| index(operand))
            {
                if std::mem::replace(&mut found[operand as usize], *search) != *search {
                    open.push(operand);
                }
            }
        }
        order.sort_unstable_by(|a, b| b.cmp(a));
        true
    }
}
