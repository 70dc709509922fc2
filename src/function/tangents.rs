//! Derivatives in a direction, forwards over the variables of a recording tape.

use super::evaluate::{Reach, cut_also, unless_cut, visit_edges};
use super::ir::graph::{Graph, Place};
use crate::table::number::Number;
use crate::tape::Var;

/// The tangents of all places from those of some, where the places have these values.
///
/// Where a direction is 0 it does not enter, and which operand a row takes is not settled. Both are part of the
/// recording, as in the sweep: a mask follows the tangent, and what it cuts off never meets an infinity.
#[track_caller]
pub(super) fn forward_tangents(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, Var)>,
    values: &[Var],
) -> Vec<Var> {
    let mut tangents = vec![Var::from(0.0); graph.places()];
    let mut reach = vec![Reach::NOWHERE; graph.places()];
    for (place, direction) in seeds {
        tangents[place as usize] = direction;
        reach[place as usize].join(Some(direction.equal(0.0)));
    }
    let first = graph.first_result();
    for (index, instruction) in graph.instructions.iter().enumerate() {
        let place = first + index;
        let (before, after) = tangents.split_at_mut(place);
        let (reach_before, reach_after) = reach.split_at_mut(place);
        visit_edges(graph, instruction, values, place, |operand, partial, untaken| {
            let Reach { is_reached, mut cut } = reach_before[operand as usize];
            if !is_reached || untaken.is_some_and(|mask| mask.is_settled()) {
                return;
            }
            let mut term = partial.weigh(before[operand as usize]);
            // A tangent that is cut off is 0, and stays so under a finite factor.
            if !(partial.is_constant() && partial.value.is_finite()) {
                cut = cut_also(cut, untaken);
                term = unless_cut(cut, term);
            }
            after[0] = after[0].accumulate(term);
            reach_after[0].join(cut);
        });
    }
    tangents
}
