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

    // By place: additions that are fused into another one, and products that are fused into an inner product; in the end the sums
    // that take these in, too.
    let mut is_changed = vec![false; graph.places()];
    // Sums that take these in, the last first, and their new operands.
    let mut fused: Vec<(usize, Op, Range<usize>)> = Vec::new();
    let mut new_operands: Vec<Place> = Vec::new();
    // The terms of a sum from the last to the first.
    let (mut terms, mut pending): (Vec<Place>, Vec<(Place, bool)>) = (Vec::new(), Vec::new());
    let expand = |sum: Instruction<'_>, pending: &mut Vec<(Place, bool)>| {
        pending.extend(sum.operands.iter().enumerate().map(|(side, &operand)| (operand, side == 0)));
    };
    for root in graph.instructions.backwards() {
        if (root.op != Op::TWO_TERMS && root.op != Op::TERMS) || is_changed[root.result] {
            continue;
        }
        terms.clear();
        // Whether another addition was fused into this one.
        let mut takes_in = false;
        expand(root, &mut pending);
        while let Some((place, is_first)) = pending.pop() {
            match only_used_here(place, Op::TWO_TERMS) {
                Some(sum) if is_first || anywhere => {
                    is_changed[sum.result] = true;
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
            terms.iter().for_each(|&term| is_changed[term as usize] = true);
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
    fused.iter().for_each(|&(sum, ..)| is_changed[sum] = true);
    rewrite(graph, &is_changed, |_, Instruction { result, .. }, _| {
        match fused.pop_if(|(sum, ..)| *sum == result) {
            Some((_, op, range)) => Rewritten::As(op, &new_operands[range]),
            None => Rewritten::LeftOut,
        }
    })
}
