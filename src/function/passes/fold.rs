//! Evaluates operations whose operands are all constants.

use super::{Rewritten, operands, rewrite};
use crate::function::ir::graph::{Graph, Place, Source};

/// The graph with their values; `None` if there are none.
pub(super) fn constants(graph: &Graph) -> Option<Graph> {
    let is_constant = |place: &Place| graph.is_constant(*place);
    let first = graph.instructions.iter().position(|it| it.operands.iter().all(is_constant));
    if first.is_none() && !graph.guards.iter().any(|guard| graph.is_settled(guard)) {
        return None;
    }
    let mut values = Vec::new();
    Some(rewrite(graph, first.unwrap_or(0), |_, instruction, now| {
        let op = instruction.op;
        values.clear();
        values.extend(operands(instruction, now).map_while(|operand| match operand {
            Source::Constant(value) => Some(value),
            _ => None,
        }));
        let folded = if values.len() == instruction.operands.len() { op.value(&values) } else { None };
        folded.map_or(Rewritten::Same, |value| Rewritten::By(Source::Constant(value)))
    }))
}
