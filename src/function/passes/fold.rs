//! Operations of constants.

use super::{instruction, rewrite};
use crate::function::ir::graph::{Graph, Source};

pub(super) fn constants(graph: &Graph) -> Graph {
    let mut values = Vec::new();
    rewrite(graph, |builder, index, now| {
        let (op, operands) = instruction(graph, index, now);
        values.clear();
        values.extend(operands.iter().filter_map(|operand| match operand {
            Source::Constant(value) => Some(*value),
            _ => None,
        }));
        let folded = if values.len() == operands.len() { op.value(&values) } else { None };
        Some(folded.map_or_else(|| builder.instruction(op, operands), Source::Constant))
    })
}
