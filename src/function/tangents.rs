//! Forward mode over the variables of a recording tape.

use super::evaluate::refused;
use super::ir::graph::{Graph, Place};
use crate::error::Error;
use crate::table::atomic::Active;
use crate::table::hooks::Hooks;
use crate::table::zeros::Reach;
use crate::tape::Var;

/// The tangents of all places, given those of some of them and the values of all.
///
/// It keeps track of structural zeros (see `table/zeros`); no path starts where a direction is 0.
#[track_caller]
pub(super) fn forward_tangents(
    graph: &Graph,
    seeds: impl IntoIterator<Item = (Place, Var)>,
    values: &[Var],
) -> Result<Vec<Var>, Error> {
    let mut tangents = vec![Var::from(0.0); graph.places()];
    let mut reach = vec![Reach::Never; graph.places()];
    for (place, direction) in seeds {
        tangents[place as usize] = direction;
        reach[place as usize] = Reach::of(Some(direction.equal(0.0)));
    }
    for instruction in graph.instructions.iter() {
        let (before, after) = tangents.split_at_mut(instruction.result);
        let (reach_before, reach_after) = reach.split_at_mut(instruction.result);
        if let Some(function) = graph.instructions.called_by(instruction) {
            let operands: Vec<bool> = instruction
                .operands
                .iter()
                .map(|&operand| !reach_before[operand as usize].is_never())
                .collect();
            if operands.contains(&true) {
                let active = Active { results: function.reached_from(&operands), operands };
                let found =
                    instruction.tangents_of_call(function, values, before, &active).map_err(refused)?;
                let all = Active::choose(&active.operands, instruction.operands)
                    .fold(Reach::Never, |all, operand| all.or(reach_before[operand as usize]));
                let results = (0..active.results.len()).filter(|&k| active.results[k]);
                for (k, tangent) in results.zip(found) {
                    (after[k], reach_after[k]) = (all.masked(tangent), all);
                }
            }
            continue;
        }
        if instruction.is_matrix() {
            let [by_a, by_b] = instruction.reach_of_matrices(reach_before);
            let all = by_a.or(by_b);
            if !all.is_never() {
                let results = instruction.matrix_tangents(values, before, [by_a, by_b]);
                after[..results.len()].copy_from_slice(&results);
                reach_after[..results.len()].fill(all);
            }
            continue;
        }
        let is_wanted = |operand| !graph.is_constant(operand);
        instruction.visit_edges(values, is_wanted, |operand, partial, untaken| {
            let path = reach_before[operand as usize].then(Reach::of(untaken));
            if path.is_never() {
                return;
            }
            // A masked tangent is 0, and a finite factor keeps it 0.
            let masked = if partial.is_surely_finite() { Reach::Always } else { path };
            after[0] = after[0].plus_term(masked.term(partial, before[operand as usize]));
            reach_after[0] = reach_after[0].or(path);
        });
    }
    Ok(tangents)
}
