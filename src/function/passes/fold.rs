//! Evaluates operations whose operands are all constants.

use super::{Rewritten, rewritten};
use crate::function::ir::graph::{Graph, Place, Source};
use rustc_hash::FxHashMap;

/// The graph with their values, without guards that are settled; `None` if there are none of either.
pub(super) fn constants(graph: &Graph) -> Option<Graph> {
    let instructions = &graph.instructions;
    let begin = instructions.iter().position(|it| it.operands.iter().all(|&place| graph.is_constant(place)));
    // The values by their places, and whether a place has one or is a constant.
    let mut folded: FxHashMap<Place, f64> = FxHashMap::default();
    let mut is_known = vec![false; graph.places()];
    is_known[..graph.constants.len()].fill(true);
    let mut values = Vec::new();
    for instruction in instructions.range(begin.unwrap_or(instructions.len())..instructions.len()) {
        if instruction.operands.iter().all(|&place| is_known[place as usize]) {
            values.clear();
            let value = |&place: &Place| graph.constants.get(place as usize).or_else(|| folded.get(&place));
            values.extend(instruction.operands.iter().filter_map(value));
            if let Some(value) = instruction.op.value(&values) {
                is_known[instruction.result] = true;
                folded.insert(instruction.result as Place, value);
            }
        }
    }
    let is_any = !folded.is_empty() || graph.guards.iter().any(|guard| graph.is_settled(guard));
    is_any.then(|| {
        rewritten(graph, &is_known, |_, instruction, _| {
            Rewritten::By(Source::Constant(folded[&(instruction.result as Place)]))
        })
    })
}
