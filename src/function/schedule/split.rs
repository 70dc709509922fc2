//! Long sums and products in parts, which are computed side by side.

use crate::function::ir::graph::{Graph, Source};
use crate::function::passes::{operands, rewrite};
use crate::table::ops::Op;
use rustc_hash::FxHashMap;

/// How many parts a long reduction has.
const PARTS: usize = 32;
/// From this number of terms on, a reduction is long.
const LONG: usize = 2 * PARTS;
/// Up to this number of equal reductions, each is split; more are computed side by side as they are.
const FEW: usize = 7;

/// The graph with every long reduction in parts: part `k` has the terms `k`, `k + 32`, `k + 64`, and so on.
pub(super) fn long_sums(graph: &Graph) -> Graph {
    let mut equal: FxHashMap<(Op, usize), usize> = FxHashMap::default();
    for instruction in graph.instructions.iter() {
        *equal.entry((instruction.op, instruction.operands.len())).or_default() += 1;
    }
    let is_split = |op: Op, operands: usize| {
        let terms = operands / op.lists().map_or(1, |[lists, _]| lists);
        op.joins_by().filter(|_| terms >= LONG && equal[&(op, operands)] <= FEW)
    };
    rewrite(graph, |builder, instruction, now| {
        let (op, operands) = (instruction.op, operands(instruction, now));
        let Some(joined_by) = is_split(op, operands.len()) else { return Some(builder.instruction(op, operands)) };
        let lists = op.lists().map_or(1, |[lists, _]| lists);
        let terms = operands.len() / lists;
        let rows = terms / PARTS;
        let list = |list: usize, term: usize| operands[list * terms + term];
        let mut parts: Vec<Source> = (0..PARTS)
            .map(|part| {
                let of_list = |which: usize| (0..rows).map(move |row| list(which, row * PARTS + part));
                builder.instruction(op, (0..lists).flat_map(of_list).collect::<Vec<_>>())
            })
            .collect();
        if rows * PARTS < terms {
            let of_list = |which: usize| (rows * PARTS..terms).map(move |term| list(which, term));
            parts.push(builder.instruction(op, (0..lists).flat_map(of_list).collect::<Vec<_>>()));
        }
        Some(builder.instruction(joined_by, parts))
    })
}
