//! Sums of many terms, and sums of products, as one operation.

use super::{instruction, rewrite};
use crate::function::ir::graph::{Graph, Source};
use crate::table::ops::Op;

/// Fuses chains of additions. In order: only what stands to the left is taken in, so that the sum is the same
/// bit for bit; `anywhere`: the right operand too.
pub(super) fn sums(graph: &Graph, anywhere: bool) -> Graph {
    let uses = uses(graph);
    let is_only_used_here = |source: Source, op: Op| match source {
        Source::Result(k) if uses[k] == 1 && graph.instructions.get(k).op == op => Some(k),
        _ => None,
    };
    let operands_of = |k: usize| graph.sources(graph.instructions.get(k));

    // Additions that become part of another, and products that become part of an inner product.
    let mut left_out = vec![false; graph.instructions.len()];
    let mut fused: Vec<Option<(Op, Vec<Source>)>> = vec![None; graph.instructions.len()];
    for root in (0..graph.instructions.len()).rev() {
        let op = graph.instructions.get(root).op;
        if left_out[root] || (op != Op::TWO_TERMS && op != Op::TERMS) {
            continue;
        }
        // The terms from the last to the first, and whether an addition among them has become part of this one.
        let (mut terms, mut takes_in) = (Vec::new(), false);
        let mut pending: Vec<(Source, bool)> = Vec::new();
        let expand = |k: usize, pending: &mut Vec<(Source, bool)>| {
            pending.extend(operands_of(k).enumerate().map(|(side, operand)| (operand, side == 0)));
        };
        expand(root, &mut pending);
        while let Some((source, is_first)) = pending.pop() {
            match is_only_used_here(source, Op::TWO_TERMS) {
                Some(k) if is_first || anywhere => {
                    left_out[k] = true;
                    takes_in = true;
                    expand(k, &mut pending);
                }
                _ => terms.push(source),
            }
        }
        terms.reverse();
        let products: Option<Vec<usize>> =
            terms.iter().map(|&term| is_only_used_here(term, Op::PRODUCT)).collect();
        match products {
            Some(products) if products.len() > 1 => {
                let factors = |side: usize| products.iter().map(move |&k| operands_of(k).nth(side));
                let operands = factors(0).chain(factors(1)).flatten().collect();
                fused[root] = Some((Op::INNER_PRODUCT, operands));
                for k in products {
                    left_out[k] = true;
                }
            }
            _ if takes_in && terms.len() == 2 => fused[root] = Some((Op::TWO_TERMS, terms)),
            _ if takes_in => fused[root] = Some((Op::TERMS, terms)),
            _ => {}
        }
    }
    rewrite(graph, |builder, index, now| {
        if left_out[index] {
            return None;
        }
        Some(match fused[index].take() {
            Some((op, operands)) => builder.instruction(op, operands.into_iter().map(now)),
            None => {
                let (op, operands) = instruction(graph, index, now);
                builder.instruction(op, operands)
            }
        })
    })
}

/// How often each result is used, by instructions, guards and outputs.
fn uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.instructions.len()];
    let of_instructions =
        graph.instructions.iter().flat_map(|instruction| instruction.operands.iter().copied());
    let of_guards = graph.guards.iter().flat_map(|guard| [guard.left, guard.right]);
    for place in of_instructions.chain(of_guards).chain(graph.outputs.iter().copied()) {
        if let Source::Result(k) = graph.source(place) {
            uses[k] += 1;
        }
    }
    uses
}
