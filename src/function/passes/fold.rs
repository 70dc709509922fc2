//! Evaluates operations whose operands are all constants.

use super::{operands, rewrite};
use crate::function::ir::graph::{Graph, Place, Source};
use smallvec::SmallVec;

/// The graph with their values; `None` if there are none.
pub(super) fn constants(graph: &Graph) -> Option<Graph> {
    let is_constant = |place: &Place| graph.is_constant(*place);
    let first = graph.instructions.iter().position(|it| it.operands.iter().all(is_constant));
    if first.is_none() && !graph.guards.iter().any(|guard| graph.is_settled(guard)) {
        return None;
    }
    let mut values = Vec::new();
    Some(rewrite(graph, first.unwrap_or(0), |builder, instruction, now| {
        let op = instruction.op;
        let operands: SmallVec<[Source; 4]> = operands(instruction, now).collect();
        values.clear();
        values.extend(operands.iter().filter_map(|operand| match operand {
            Source::Constant(value) => Some(*value),
            _ => None,
        }));
        let folded = if values.len() == operands.len() { op.value(&values) } else { None };
        Some(folded.map_or_else(|| builder.instruction(op, operands), Source::Constant))
    }))
}
