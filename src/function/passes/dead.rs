//! Removes operations that neither an output nor a guard depends on.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::{Graph, Instruction};

/// The graph without them; `None` if there are none.
pub(super) fn code(graph: &Graph) -> Option<Graph> {
    let needed = graph.needed_by(graph.asked_for());
    // Mostly all are: seen soonest here.
    if needed[graph.first_result()..].iter().all(|&is_needed| is_needed) {
        return None;
    }
    let is_needed = |instruction: Instruction<'_>| needed[instruction.results()].contains(&true);
    rewrite(graph, |instruction| !is_needed(instruction), |_, _, _| Rewritten::LeftOut)
}
