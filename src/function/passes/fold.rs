//! Evaluates operations whose operands are all constants.

use super::{operands, rewrite};
use crate::function::ir::graph::{Graph, Source};

pub(super) fn constants(graph: &Graph) -> Graph {
    let mut values = Vec::new();
    rewrite(graph, |builder, instruction, now| {
        let (op, operands) = (instruction.op, operands(instruction, now));
        values.clear();
        values.extend(operands.iter().filter_map(|operand| match operand {
            Source::Constant(value) => Some(*value),
            _ => None,
        }));
        let folded = if values.len() == operands.len() { op.value(&values) } else { None };
        Some(folded.map_or_else(|| builder.instruction(op, operands), Source::Constant))
    })
}
