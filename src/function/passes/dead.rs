//! What nothing needs.

use super::{instruction, rewrite};
use crate::function::ir::graph::Graph;

pub(super) fn code(graph: &Graph) -> Graph {
    let first = graph.first_result();
    let mut needed = vec![false; graph.places()];
    let of_guards = graph.guards.iter().flat_map(|guard| [guard.left, guard.right]);
    for place in graph.outputs.iter().copied().chain(of_guards) {
        needed[place as usize] = true;
    }
    for (index, instruction) in graph.instructions.iter().enumerate().rev() {
        if needed[first + index] {
            for &operand in instruction.operands {
                needed[operand as usize] = true;
            }
        }
    }
    rewrite(graph, |builder, index, now| {
        needed[first + index].then(|| {
            let (op, operands) = instruction(graph, index, now);
            builder.instruction(op, operands)
        })
    })
}
