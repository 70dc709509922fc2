//! The walk backwards. It knows no mathematics: partials times adjoints, in index order.

use super::node::{Edge, FIRST, Node, UNTAKEN};
use super::pool::Pool;

/// A node by its index, and the weight with which the sweep starts there.
pub(crate) type Seed = (u32, f64);

/// Fills `adjoints` with the derivatives of the weighted sum of the seeds by every node up to the last
/// seed. The memory of `adjoints` is used again.
pub(crate) fn sweep(nodes: &[Node], pool: &Pool, seeds: &[Seed], adjoints: &mut Vec<f64>) {
    let len = seeds.iter().map(|seed| seed.0 as usize + 1).max().unwrap_or(FIRST);
    adjoints.clear();
    adjoints.resize(len, 0.0);
    for &(index, weight) in seeds {
        adjoints[index as usize] += weight;
    }
    walk(&nodes[..len], pool, seeds, adjoints);
}

fn walk(nodes: &[Node], pool: &Pool, seeds: &[Seed], adjoints: &mut [f64]) {
    let mut reach = None;
    let mut rest = adjoints;
    for node in nodes[FIRST..].iter().rev() {
        let Some((&mut adjoint, below)) = rest.split_last_mut() else { return };
        if adjoint == 0.0 {
            // A zero passes nothing on, unless a partial is not finite: 0 · ∞ is NaN, and says so. But only
            // where the node was reached from a seed at all.
            if !has_finite_partials(node, pool)
                && reach.get_or_insert_with(|| reached(nodes, pool, seeds))[below.len()]
            {
                pass_on(node.edges(pool), adjoint, below);
            }
        } else if node.is_pooled() {
            pass_on(pool.edges(node.pool_range()), adjoint, below);
        } else {
            let [a, b] = node.operands;
            if a > UNTAKEN {
                below[a as usize] += node.slots[0] * adjoint;
            }
            if b > UNTAKEN {
                below[b as usize] += node.slots[1] * adjoint;
            }
        }
        rest = below;
    }
}

#[inline(never)]
fn pass_on(edges: impl Iterator<Item = Edge>, adjoint: f64, below: &mut [f64]) {
    for edge in edges {
        if edge.is_linked() {
            below[edge.operand as usize] += edge.slot * adjoint;
        }
    }
}

#[inline(never)]
fn has_finite_partials(node: &Node, pool: &Pool) -> bool {
    if node.is_pooled() {
        // Without an early end, so that several are looked at in one step.
        pool.slots[node.pool_range()].iter().fold(true, |all, slot| all & slot.is_finite())
    } else {
        node.slots[0].is_finite() && node.slots[1].is_finite()
    }
}

/// Which nodes a sweep reaches from its seeds, those of weight zero included.
///
/// Rare: asked for once per sweep, the first time that a partial that is not finite meets a zero.
#[cold]
#[inline(never)]
fn reached(nodes: &[Node], pool: &Pool, seeds: &[Seed]) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    for &(index, _) in seeds {
        reached[index as usize] = true;
    }
    for index in (FIRST..nodes.len()).rev() {
        if reached[index] {
            for edge in nodes[index].edges(pool).filter(|edge| edge.is_linked()) {
                reached[edge.operand as usize] = true;
            }
        }
    }
    reached
}
