//! Fuses sums of many terms, and sums of products, into one operation.

use super::rewrite;
use crate::function::ir::graph::{Graph, Instruction, Place};
use crate::table::ops::Op;

/// Fuses chains of additions. Normally only a left operand is fused, which keeps the order of summation and so the
/// bits; with `anywhere` right operands are fused too. `None` if there are none.
pub(super) fn sums(graph: &Graph, anywhere: bool) -> Option<Graph> {
    let uses = graph.uses();
    let only_used_here = |place: Place, op: Op| {
        graph.instructions.of(place).filter(|it| it.op == op && uses[place as usize] == 1)
    };

    // By place: additions that are fused into another one, and products that are fused into an inner product.
    let mut left_out = vec![false; graph.places()];
    let mut fused: Vec<Option<(Op, Vec<Place>)>> = vec![None; graph.places()];
    for root in graph.instructions.backwards() {
        if left_out[root.result] || (root.op != Op::TWO_TERMS && root.op != Op::TERMS) {
            continue;
        }
        // The terms from the last to the first, and whether another addition was fused into this one.
        let (mut terms, mut takes_in) = (Vec::new(), false);
        let mut pending: Vec<(Place, bool)> = Vec::new();
        let expand = |sum: Instruction<'_>, pending: &mut Vec<(Place, bool)>| {
            pending.extend(sum.operands.iter().enumerate().map(|(side, &operand)| (operand, side == 0)));
        };
        expand(root, &mut pending);
        while let Some((place, is_first)) = pending.pop() {
            match only_used_here(place, Op::TWO_TERMS) {
                Some(sum) if is_first || anywhere => {
                    left_out[sum.result] = true;
                    takes_in = true;
                    expand(sum, &mut pending);
                }
                _ => terms.push(place),
            }
        }
        terms.reverse();
        let products: Option<Vec<Instruction<'_>>> =
            terms.iter().map(|&term| only_used_here(term, Op::PRODUCT)).collect();
        fused[root.result] = match products {
            Some(products) if products.len() > 1 => {
                products.iter().for_each(|product| left_out[product.result] = true);
                let factors = |side: usize| products.iter().map(move |product| product.operands[side]);
                Some((Op::INNER_PRODUCT, factors(0).chain(factors(1)).collect()))
            }
            _ if takes_in && terms.len() == 2 => Some((Op::TWO_TERMS, terms)),
            _ if takes_in => Some((Op::TERMS, terms)),
            _ => None,
        };
    }
    if fused.iter().all(Option::is_none) {
        return None;
    }
    Some(rewrite(graph, |builder, Instruction { op, operands, result }, now| {
        if left_out[result] {
            return None;
        }
        let (op, operands) = fused[result].as_ref().map_or((op, operands), |(op, terms)| (*op, terms));
        Some(builder.instruction(op, operands.iter().map(|&place| now(place))))
    }))
}
