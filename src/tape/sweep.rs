//! The reverse sweep: partials times adjoints, from the last index to the first. It knows no mathematics; an operation
//! on matrices, which has no partials, has a rule of its own.

use super::edge::{CONSTANT, FIRST, UNTAKEN};
use super::matrices;
use super::node::Node;
use super::pool::Pool;
use crate::table::matrix::op::MatrixOp;
use crate::table::ops::Op;
use crate::table::zeros::zero_counts;
use std::cell::Cell;
use std::ops::Range;

/// A node by its index, and the weight with which the sweep starts there.
pub(crate) type Seed = (u32, f64);

/// Fills `adjoints` with the derivatives of the weighted sum of the seeds with respect to every node up to the last
/// seed. The memory of `adjoints` is reused.
pub(crate) fn sweep(nodes: &[Node], pool: &Pool, seeds: &[Seed], adjoints: &mut Vec<f64>) {
    sweep_several(nodes, pool, [seeds], adjoints);
}

/// As [`sweep`], for several weighted sums at once: their derivatives side by side, which are returned.
pub(crate) fn sweep_several<'a, const OUTPUTS: usize>(
    nodes: &[Node],
    pool: &Pool,
    seeds: [&[Seed]; OUTPUTS],
    adjoints: &'a mut Vec<f64>,
) -> &'a [[f64; OUTPUTS]] {
    // Without a seed among the nodes, only the sink.
    let last = seeds.iter().copied().flatten().map(|seed| seed.0 as usize).max().unwrap_or(0).max(FIRST - 1);
    // The operands of an entry of a matrix are those of the last one.
    let len = last + 1 + nodes[last..].iter().take_while(|node| node.op == Op::Entry).count();
    adjoints.clear();
    adjoints.resize(len * OUTPUTS, 0.0);
    let (adjoints, _) = adjoints.as_chunks_mut();
    for (k, seeds) in seeds.iter().enumerate() {
        for &(index, weight) in *seeds {
            adjoints[index as usize][k] += weight;
        }
    }
    walk(&nodes[..len], pool, seeds, adjoints);
    adjoints
}

fn walk<const OUTPUTS: usize>(
    nodes: &[Node],
    pool: &Pool,
    seeds: [&[Seed]; OUTPUTS],
    adjoints: &mut [[f64; OUTPUTS]],
) {
    // The variables that a tape begins with pass nothing on.
    let leaves = nodes[FIRST..].iter().take_while(|node| node.operands == [CONSTANT; 2]).count();
    let mut zeros = Zeros { nodes, pool, seeds, reached: [const { None }; OUTPUTS] };
    let adjoints = Cell::from_mut(&mut adjoints[..nodes.len()]).as_slice_of_cells();
    for (index, (node, adjoint)) in nodes.iter().zip(adjoints).enumerate().skip(FIRST + leaves).rev() {
        let adjoint = numbers(adjoint);
        if adjoint.contains(&0.0) {
            if node.is_pooled() || !has_finite_partials(node, pool) {
                zeros.pass_on(index, adjoint, adjoints);
                continue;
            }
            // Nothing is infinite, so zeros beside other numbers contribute zeros.
            if adjoint == [0.0; OUTPUTS] {
                continue;
            }
        }
        // The entries before the first node are a sink: contributions to markers instead of operands are added there
        // and never read. So one bounds check shows whether the operands are in the pool.
        let [a, b] = node.operands;
        let Some(by_a) = adjoints.get(a as usize) else {
            if let Op::Matrix(op) = node.op {
                zeros.pass_on_matrix(op, index, adjoints);
                continue;
            }
            let (slots, operands) = pool.columns(node.pool_range());
            pass_on(slots, operands, adjoint, adjoints);
            continue;
        };
        contribute(by_a, node.slots[0], adjoint);
        // Often there is no second operand, and repeated additions to the sink would wait for each other.
        if b > UNTAKEN {
            contribute(&adjoints[b as usize], node.slots[1], adjoint);
        }
    }
}

/// Number by number: a copied array of one number would go through an integer register.
#[inline(always)]
fn numbers<const OUTPUTS: usize>(adjoint: &Cell<[f64; OUTPUTS]>) -> [f64; OUTPUTS] {
    let numbers: &Cell<[f64]> = adjoint;
    let numbers = numbers.as_slice_of_cells();
    std::array::from_fn(|k| numbers[k].get())
}

#[inline(always)]
fn contribute<const OUTPUTS: usize>(by_operand: &Cell<[f64; OUTPUTS]>, slot: f64, adjoint: [f64; OUTPUTS]) {
    let sums: &Cell<[f64]> = by_operand;
    for (sum, adjoint) in sums.as_slice_of_cells().iter().zip(adjoint) {
        sum.set(sum.get() + slot * adjoint);
    }
}

/// What to do with adjoints that are zero.
struct Zeros<'a, const OUTPUTS: usize> {
    nodes: &'a [Node],
    pool: &'a Pool,
    seeds: [&'a [Seed]; OUTPUTS],
    /// By output and index, once it is needed.
    reached: [Option<Vec<bool>>; OUTPUTS],
}

impl<const OUTPUTS: usize> Zeros<'_, OUTPUTS> {
    /// Passes adjoints on of which some are zero: those only if they count, see [`zero_counts`].
    #[inline(never)]
    fn pass_on(&mut self, index: usize, adjoint: [f64; OUTPUTS], adjoints: &[Cell<[f64; OUTPUTS]>]) {
        let node = &self.nodes[index];
        if let Op::Matrix(op) = node.op {
            return self.pass_on_matrix(op, index, adjoints);
        }
        let (slots, operands) = if node.is_pooled() {
            self.pool.columns(node.pool_range())
        } else {
            (&node.slots[..], &node.operands[..])
        };
        let is_finite = has_finite_partials(node, self.pool);
        if is_finite {
            if adjoint != [0.0; OUTPUTS] {
                pass_on(slots, operands, adjoint, adjoints);
            }
            return;
        }
        let passes: [bool; OUTPUTS] = std::array::from_fn(|k| {
            adjoint[k] != 0.0 || zero_counts(is_finite, || self.is_reached(index, k))
        });
        for (&slot, &operand) in slots.iter().zip(operands) {
            let by_operand = &adjoints[operand as usize];
            let sums = by_operand.get();
            let term = |k: usize| if passes[k] { slot * adjoint[k] } else { 0.0 };
            by_operand.set(std::array::from_fn(|k| sums[k] + term(k)));
        }
    }

    fn pass_on_matrix(&mut self, op: MatrixOp, index: usize, adjoints: &[Cell<[f64; OUTPUTS]>]) {
        let (nodes, pool) = (self.nodes, self.pool);
        for k in 0..OUTPUTS {
            matrices::pass_on(op, nodes, pool, index, adjoints, k, || self.is_reached(index, k));
        }
    }

    /// Whether a node is reached from a seed of an output; those of weight zero are seeds too.
    #[cold]
    #[inline(never)]
    fn is_reached(&mut self, index: usize, output: usize) -> bool {
        let seeds = self.seeds[output];
        let reached = self.reached[output].get_or_insert_with(|| reached(self.nodes, self.pool, seeds));
        reached[self.nodes[index].results(index)].contains(&true)
    }
}

#[inline(never)]
fn pass_on<const OUTPUTS: usize>(
    slots: &[f64],
    operands: &[u32],
    adjoint: [f64; OUTPUTS],
    adjoints: &[Cell<[f64; OUTPUTS]>],
) {
    for (&slot, &operand) in slots.iter().zip(operands) {
        contribute(&adjoints[operand as usize], slot, adjoint);
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
