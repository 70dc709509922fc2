//! Removes operations that neither an output nor a guard depends on.

use super::{operands, rewrite};
use crate::function::ir::graph::Graph;

pub(super) fn code(graph: &Graph) -> Graph {
    let needed = graph.needed_by(graph.asked_for());
    rewrite(graph, |builder, instruction, now| {
        needed[instruction.results()]
            .contains(&true)
            .then(|| builder.instruction(instruction.op, operands(instruction, now)))
    })
}
