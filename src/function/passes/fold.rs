//! Evaluates operations whose operands are all constants.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::{Graph, Place, Source};
use rustc_hash::FxHashMap;

/// The graph with their values; `None` if there are none.
pub(super) fn constants(graph: &Graph) -> Option<Graph> {
    let mut is_constant = vec![false; graph.places()];
    is_constant[..graph.constants.len()].fill(true);
    let mut folded: FxHashMap<Place, f64> = FxHashMap::default();
    let mut values = Vec::new();
    for instruction in graph.instructions.iter() {
        if instruction.operands.iter().all(|&place| is_constant[place as usize]) {
            values.clear();
            let value = |place: &Place| graph.constants.get(*place as usize).or_else(|| folded.get(place));
            values.extend(instruction.operands.iter().filter_map(value));
            if let Some(value) = instruction.op.value(&values) {
                is_constant[instruction.result] = true;
                folded.insert(instruction.result as Place, value);
            }
        }
    }
    rewrite(
        graph,
        |instruction| is_constant[instruction.result],
        |_, instruction, _| Rewritten::By(Source::Constant(folded[&(instruction.result as Place)])),
    )
}
