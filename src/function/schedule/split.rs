//! Long products in parts, which are computed side by side.

use crate::function::ir::graph::{Graph, Source};
use crate::function::passes::{operands, rewrite};
use crate::table::ops::Op;

/// How many parts a long product has.
const PARTS: usize = 32;
/// From this number of factors on, a product is long.
const LONG: usize = 2 * PARTS;

/// The graph with every long product in parts: part `k` has the factors `k`, `k + 32`, `k + 64`, and so on.
pub(super) fn long_products(graph: &Graph) -> Graph {
    rewrite(graph, |builder, instruction, now| {
        let (op, operands) = (instruction.op, operands(instruction, now));
        if op != Op::FACTORS || operands.len() < LONG {
            return Some(builder.instruction(op, operands));
        }
        let (whole, rest) = operands.split_at(operands.len() / PARTS * PARTS);
        let part = |part: usize| whole.iter().copied().skip(part).step_by(PARTS);
        let mut parts: Vec<Source> = (0..PARTS).map(|k| builder.instruction(op, part(k))).collect();
        if !rest.is_empty() {
            parts.push(builder.instruction(op, rest.iter().copied()));
        }
        Some(builder.instruction(op, parts))
    })
}
