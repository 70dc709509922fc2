//! Long products as products of two, level by level.

use crate::function::ir::graph::{Graph, Place, Source};
use crate::function::passes::{Rewritten, operands, rewrite};
use crate::table::ops::Op;
use std::borrow::Cow;

/// From this number of factors on, a product is long.
const LONG: usize = 64;

/// The graph with every long product as a tree, whose levels are computed side by side, and for each of these trees the places of
/// its products; the last is the whole.
pub(super) fn long_products(graph: Cow<'_, Graph>) -> (Cow<'_, Graph>, Vec<Vec<Place>>) {
    let products = graph.instructions.with_op(Op::FACTORS).filter(|it| it.operands.len() >= LONG);
    let long: Vec<usize> = products.map(|product| product.result).collect();
    if long.is_empty() {
        return (graph, Vec::new());
    }
    let mut is_long = vec![false; graph.places()];
    long.into_iter().for_each(|product| is_long[product] = true);
    let mut trees: Vec<Vec<Source>> = Vec::new();
    let rewritten = rewrite(&graph, &is_long, |builder, instruction, now| {
        let mut products = Vec::new();
        let whole = tree(operands(instruction, now).collect(), |a, b| {
            let product = builder.instruction(Op::PRODUCT, [a, b]);
            products.push(product);
            product
        });
        trees.push(products);
        Rewritten::By(whole)
    });
    let graph = rewritten.map_or(graph, Cow::Owned);
    let place = |product: Source| match product {
        Source::Result(number) => (graph.first_result() + number) as Place,
        _ => unreachable!("the result of an instruction"),
    };
    let trees = trees.into_iter().map(|products| products.into_iter().map(place).collect()).collect();
    (graph, trees)
}

fn tree(mut factors: Vec<Source>, mut product: impl FnMut(Source, Source) -> Source) -> Source {
    while factors.len() > 1 {
        // The largest power of two below the length is left, so that all further levels are halves.
        let left = factors.len().next_power_of_two() / 2;
        let (first, second) = factors.split_at(left);
        let mut level: Vec<Source> = first.iter().zip(second).map(|(&a, &b)| product(a, b)).collect();
        level.extend_from_slice(&first[second.len()..]);
        factors = level;
    }
    factors[0]
}
