//! Removes operations that neither an output nor a guard depends on.

use super::{operands, rewrite};
use crate::function::ir::graph::{Graph, Instruction};

/// The graph without them; `None` if there are none.
pub(super) fn code(graph: &Graph) -> Option<Graph> {
    let needed = graph.needed_by(graph.asked_for());
    let is_needed = |instruction: Instruction<'_>| needed[instruction.results()].contains(&true);
    let first = graph.instructions.iter().position(|instruction| !is_needed(instruction))?;
    Some(rewrite(graph, first, |builder, instruction, now| {
        is_needed(instruction).then(|| builder.instruction(instruction.op, operands(instruction, now)))
    }))
}
