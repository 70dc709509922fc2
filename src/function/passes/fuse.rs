//! Fuses sums of many terms, and sums of products, into one operation.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::{Graph, Instruction, Place};
use crate::table::ops::Op;
use std::ops::Range;

/// Fuses chains of additions. Normally only a left operand is fused, which keeps the order of summation and so the
/// bits; with `anywhere` right operands are fused too. `None` if there are none.
pub(super) fn sums(graph: &Graph, anywhere: bool) -> Option<Graph> {
    let uses = graph.uses();
    let only_used_here = |place: Place, op: Op| {
        let is_used_once = uses[place as usize] == 1;
        is_used_once.then(|| graph.instructions.of(place)).flatten().filter(|it| it.op == op)
    };

    // By place: additions that are fused into another one, and products that are fused into an inner product.
    let mut left_out = vec![false; graph.places()];
    // Sums that take these in, the last first, and their new operands.
    let mut fused: Vec<(usize, Op, Range<usize>)> = Vec::new();
    let mut new_operands: Vec<Place> = Vec::new();
    // The terms of a sum from the last to the first.
    let (mut terms, mut pending): (Vec<Place>, Vec<(Place, bool)>) = (Vec::new(), Vec::new());
    let expand = |sum: Instruction<'_>, pending: &mut Vec<(Place, bool)>| {
        pending.extend(sum.operands.iter().enumerate().map(|(side, &operand)| (operand, side == 0)));
    };
    for root in graph.instructions.backwards() {
        if (root.op != Op::TWO_TERMS && root.op != Op::TERMS) || left_out[root.result] {
            continue;
        }
        terms.clear();
        // Whether another addition was fused into this one.
        let mut takes_in = false;
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
        let start = new_operands.len();
        let product = |&term: &Place| only_used_here(term, Op::PRODUCT);
        let op = if terms.len() > 1 && terms.iter().all(|term| product(term).is_some()) {
            terms.iter().for_each(|&term| left_out[term as usize] = true);
            for side in 0..2 {
                let factors = terms.iter().filter_map(product).map(|product| product.operands[side]);
                new_operands.extend(factors);
            }
            Op::INNER_PRODUCT
        } else if takes_in {
            new_operands.extend(&terms);
            if terms.len() == 2 { Op::TWO_TERMS } else { Op::TERMS }
        } else {
            continue;
        };
        fused.push((root.result, op, start..new_operands.len()));
    }
    let &(first_sum, ..) = fused.last()?;
    let is_changed = |it: Instruction<'_>| left_out[it.result] || it.result == first_sum;
    let unchanged = graph.instructions.iter().position(is_changed)?;
    Some(rewrite(graph, unchanged, |_, Instruction { result, .. }, _| {
        if left_out[result] {
            return Rewritten::LeftOut;
        }
        match fused.pop_if(|(sum, ..)| *sum == result) {
            Some((_, op, range)) => Rewritten::As(op, &new_operands[range]),
            None => Rewritten::Same,
        }
    }))
}
