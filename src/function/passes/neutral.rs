//! Removes operations that return their operand unchanged.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::{Graph, Source};
use crate::table::ops::Op;
use smallvec::SmallVec;

/// The graph without them; `None` if there are no instructions.
pub(super) fn operands(graph: &Graph) -> Option<Graph> {
    // For each new result: the operation and its operand, if it has one operand.
    let mut applied: Vec<Option<(Op, Source)>> = Vec::new();
    rewrite(graph, &vec![true; graph.places()], |builder, instruction, now| {
        let op = instruction.op;
        let operands: SmallVec<[Source; 4]> = super::operands(instruction, now).collect();
        let is_neutral = |side: usize| match operands[side] {
            Source::Constant(value) => op.has_neutral(side, value),
            _ => false,
        };
        let unchanged = match operands[..] {
            [a] if op.is_identity() => Some(a),
            [Source::Result(k)] => match applied[k] {
                Some((before, argument)) if before == op && op.undoes_itself() => Some(argument),
                _ => None,
            },
            [a, _] if is_neutral(1) => Some(a),
            [_, b] if is_neutral(0) => Some(b),
            _ => None,
        };
        Rewritten::By(unchanged.unwrap_or_else(|| {
            let results = op.results(operands.len());
            let is_unary = operands.len() == 1 && results == 1;
            applied.push(is_unary.then(|| (op, operands[0])));
            applied.resize(applied.len() + results - 1, None);
            builder.instruction(op, operands)
        }))
    })
}
