//! Removes operations that neither an output nor a guard depends on.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::Graph;

/// The graph without them; `None` if there are none.
pub(super) fn code(graph: &Graph) -> Option<Graph> {
    // Mostly all results are used. Then each is needed: the last is no operand, so it is an output or compared by a guard, and the
    // one before it is that too, or an operand of one that is needed.
    if graph.uses()[graph.first_result()..].iter().all(|&uses| uses > 0) {
        return None;
    }
    let needed = graph.needed_by(graph.asked_for());
    let mut is_dead = vec![false; graph.places()];
    for instruction in graph.instructions.iter() {
        is_dead[instruction.result] = !needed[instruction.results()].contains(&true);
    }
    rewrite(graph, &is_dead, |_, _, _| Rewritten::LeftOut)
}
