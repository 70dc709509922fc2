//! Removes operations that neither an output nor a guard depends on.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::Graph;

/// The graph without them; `None` if there are none.
pub(super) fn code(graph: &Graph) -> Option<Graph> {
    let needed = graph.needed_by(graph.asked_for());
    // Mostly all are: seen soonest here.
    if needed[graph.first_result()..].iter().all(|&is_needed| is_needed) {
        return None;
    }
    let mut is_dead = vec![false; graph.places()];
    for instruction in graph.instructions.iter() {
        is_dead[instruction.result] = !needed[instruction.results()].contains(&true);
    }
    rewrite(graph, &is_dead, |_, _, _| Rewritten::LeftOut)
}
