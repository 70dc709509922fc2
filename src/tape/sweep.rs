//! The reverse sweep: partials times adjoints, from the last index to the first. It knows no mathematics; an operation
//! on matrices, which has no partials, has a rule of its own.

use super::edge::{CONSTANT, FIRST, UNTAKEN};
use super::matrices;
use super::node::Node;
use super::pool::Pool;
use crate::table::ops::Op;
use crate::table::zeros::zero_counts;
use std::cell::Cell;
use std::ops::Range;

/// A node by its index, and the weight with which the sweep starts there.
pub(crate) type Seed = (u32, f64);

/// Fills `adjoints` with the derivatives of the weighted sum of the seeds with respect to every node up to the last
/// seed. The memory of `adjoints` is reused.
pub(crate) fn sweep(nodes: &[Node], pool: &Pool, seeds: &[Seed], adjoints: &mut Vec<f64>) {
    let last = seeds.iter().map(|seed| seed.0 as usize).max().unwrap_or(FIRST - 1);
    // The operands of an entry of a matrix are those of the last one.
    let len = last + 1 + nodes[last..].iter().take_while(|node| node.op == Op::Entry).count();
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
        // The entries before the first node are a sink: contributions to markers instead of operands are added there
        // and never read. So one bounds check shows whether the operands are in the pool.
        let [a, b] = node.operands;
        let Some(by_a) = adjoints.get(a as usize) else {
            if let Op::Matrix(op) = node.op {
                matrices::pass_on(op, nodes, pool, index, adjoints, || zeros.is_reached(index));
                continue;
            }
            let (slots, operands) = pool.columns(node.pool_range());
            pass_on(slots, operands, adjoint, adjoints);
            continue;
        };
        by_a.set(by_a.get() + node.slots[0] * adjoint);
        // Often there is no second operand, and repeated additions to the sink would wait for each other.
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
    /// By index, once it is needed.
    reached: Option<Vec<bool>>,
}

impl Zeros<'_> {
    /// Passes a zero adjoint on, if it counts: see [`zero_counts`].
    #[inline(never)]
    fn pass_on(&mut self, index: usize, adjoints: &[Cell<f64>]) {
        let node = &self.nodes[index];
        if let Op::Matrix(op) = node.op {
            return matrices::pass_on(op, self.nodes, self.pool, index, adjoints, || self.is_reached(index));
        }
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
        let reached = self.reached.get_or_insert_with(|| reached(self.nodes, self.pool, self.seeds));
        reached[self.nodes[index].results(index)].contains(&true)
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
        // Without an early exit, so that one instruction tests several slots.
        pool.slots[node.pool_range()].iter().fold(true, |all, slot| all & slot.is_finite())
    } else {
        node.slots[0].is_finite() && node.slots[1].is_finite()
    }
}

/// Which nodes a sweep reaches from its seeds, those of weight zero included.
///
/// Rare: computed once per sweep, the first time that a zero meets a partial that is not finite.
#[cold]
#[inline(never)]
fn reached(nodes: &[Node], pool: &Pool, seeds: &[Seed]) -> Vec<bool> {
    let mut reached = vec![false; nodes.len()];
    for &(index, _) in seeds {
        reached[index as usize] = true;
    }
    let linked =
        |node: &Node| node.edges(pool).filter(|edge| edge.is_linked()).map(|edge| edge.operand as usize);
    let nodes = (FIRST..nodes.len()).rev().map(|index| (nodes[index].results(index), linked(&nodes[index])));
    mark_needed(&mut reached, nodes);
    reached
}

/// Marks everything that a marked result depends on. The steps come from the last to the first, each with its results
/// and its operands, which precede them.
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
