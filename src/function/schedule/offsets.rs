//! Numbers that are added to inner products, as their offsets.

use crate::function::ir::graph::{Graph, Instruction};
use crate::function::passes::{Rewritten, operands, rewrite};
use crate::table::ops::Op;
use std::borrow::Cow;
use std::cell::LazyCell;

/// The graph with `Σ a·b + c` as one operation, where the inner product is used nowhere else. All bits stay.
pub(super) fn of_inner_products(graph: &Graph) -> Cow<'_, Graph> {
    if graph.instructions.with_op(Op::INNER_PRODUCT).next().is_none() {
        return Cow::Borrowed(graph);
    }
    let uses = LazyCell::new(|| graph.uses());
    let product = |sum: Instruction<'_>, side: usize| {
        let place = sum.operands[side];
        let product = graph.instructions.of(place).filter(|it| it.op == Op::INNER_PRODUCT)?;
        (uses[place as usize] == 1).then_some((product, sum.operands[1 - side]))
    };
    let with_offset = |sum: Instruction<'_>| match sum.op == Op::TWO_TERMS {
        true => product(sum, 0).or_else(|| product(sum, 1)),
        false => None,
    };
    // The products and the sums, by place.
    let mut is_changed = vec![false; graph.places()];
    for sum in graph.instructions.with_op(Op::TWO_TERMS) {
        if let Some((product, _)) = with_offset(sum) {
            is_changed[product.result] = true;
            is_changed[sum.result] = true;
        }
    }
    let rewritten = rewrite(graph, &is_changed, |builder, instruction, now| match with_offset(instruction) {
        Some((product, offset)) => {
            let operands = operands(product, now).chain([now(offset)]);
            Rewritten::By(builder.instruction(Op::WITH_OFFSET, operands))
        }
        None => Rewritten::LeftOut,
    });
    rewritten.map_or(Cow::Borrowed(graph), Cow::Owned)
}
