//! The walk backwards. It knows no mathematics: partials times adjoints, in index order.

use super::edge::{CONSTANT, FIRST, UNTAKEN};
use super::node::Node;
use super::pool::Pool;
use crate::table::zeros::zero_counts;
use std::cell::Cell;
use std::ops::Range;

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
    // The variables that a tape begins with pass nothing on.
    let leaves = nodes[FIRST..].iter().take_while(|node| node.operands == [CONSTANT; 2]).count();
    let mut zeros = Zeros { nodes, pool, seeds, reached: None };
    let adjoints = Cell::from_mut(&mut adjoints[..nodes.len()]).as_slice_of_cells();
    for (index, (node, adjoint)) in nodes.iter().zip(adjoints).enumerate().skip(FIRST + leaves).rev() {
        let adjoint = adjoint.get();
        if adjoint == 0.0 {
            zeros.pass_on(index, adjoints);
            continue;
        }
        // The places before the first node are a sink: what is no operand is added there, and never read. So one
        // comparison finds out whether the operands are in the pool.
        let [a, b] = node.operands;
        let Some(by_a) = adjoints.get(a as usize) else {
            let (slots, operands) = pool.columns(node.pool_range());
            pass_on(slots, operands, adjoint, adjoints);
            continue;
        };
        by_a.set(by_a.get() + node.slots[0] * adjoint);
        // Often there is no second operand, and additions to one place would wait for each other.
        if b > UNTAKEN {
            let by_b = &adjoints[b as usize];
            by_b.set(by_b.get() + node.slots[1] * adjoint);
        }
    }
}

/// What to do with adjoints that are zero.
struct Zeros<'a> {
    nodes: &'a [Node],
    pool: &'a Pool,
    seeds: &'a [Seed],
    /// By index, once it is asked for.
    reached: Option<Vec<bool>>,
}

impl Zeros<'_> {
    /// A zero passes nothing on, unless it counts.
    #[inline(never)]
    fn pass_on(&mut self, index: usize, adjoints: &[Cell<f64>]) {
        let node = &self.nodes[index];
        if zero_counts(has_finite_partials(node, self.pool), || self.is_reached(index)) {
            let (slots, operands) = if node.is_pooled() {
                self.pool.columns(node.pool_range())
            } else {
                (&node.slots[..], &node.operands[..])
            };
            pass_on(slots, operands, 0.0, adjoints);
        }
    }

    /// Whether a node is reached from a seed; those of weight zero are seeds too.
    #[cold]
    #[inline(never)]
    fn is_reached(&mut self, index: usize) -> bool {
        self.reached.get_or_insert_with(|| reached(self.nodes, self.pool, self.seeds))[index]
    }
}

#[inline(never)]
fn pass_on(slots: &[f64], operands: &[u32], adjoint: f64, adjoints: &[Cell<f64>]) {
    for (slot, &operand) in slots.iter().zip(operands) {
        let by_operand = &adjoints[operand as usize];
        by_operand.set(by_operand.get() + slot * adjoint);
    }
}

fn has_finite_partials(node: &Node, pool: &Pool) -> bool {
    if node.is_pooled() {
        // Without an early end, so that several are looked at in one step.
        pool.slots[node.pool_range()].iter().fold(true, |all, slot| all & slot.is_finite())
    } else {
        node.slots[0].is_finite() && node.slots[1].is_finite()
    }
}

/// Which nodes a sweep reaches from its seeds. Rare: asked for once per sweep, the first time that a partial that is not
/// finite meets a zero.
fn reached(nodes: &[Node], pool: &Pool, seeds: &[Seed]) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    for &(index, _) in seeds {
        reached[index as usize] = true;
    }
    let linked =
        |node: &Node| node.edges(pool).filter(|edge| edge.is_linked()).map(|edge| edge.operand as usize);
    let nodes = (FIRST..nodes.len()).rev().map(|index| (index..index + 1, linked(&nodes[index])));
    mark_needed(&mut reached, nodes);
    reached
}

/// Marks what anything that is marked leads to. The steps come from the last to the first, each as its results and its operands,
/// which stand before them.
pub(crate) fn mark_needed<I: Iterator<Item = usize>>(
    marked: &mut [bool],
    steps: impl Iterator<Item = (Range<usize>, I)>,
) {
    for (results, operands) in steps {
        if marked[results].contains(&true) {
            operands.for_each(|operand| marked[operand] = true);
        }
    }
}
