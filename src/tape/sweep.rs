//! The reverse sweep: partials times adjoints, from the last index to the first. It knows no mathematics; an operation
//! with several results, which has no partials, has a rule of its own.

use super::compounds;
use super::edge::{Edge, FIRST};
use super::rows::{CompoundRow, Rows};
use crate::table::zeros::zero_counts;
use std::cell::Cell;
use std::ops::Range;

/// A node by its index, and the weight with which the sweep starts there.
pub(crate) type Seed = (u32, f64);

/// Fills `adjoints` with the derivatives of the weighted sum of the seeds with respect to every node up to the last
/// seed. The memory of `adjoints` is reused.
pub(crate) fn sweep(rows: Rows<'_>, seeds: &[Seed], adjoints: &mut Vec<f64>) {
    sweep_several(rows, [seeds], adjoints);
}

/// As [`sweep`], for several weighted sums at once: their derivatives side by side, which are returned.
pub(crate) fn sweep_several<'a, const OUTPUTS: usize>(
    rows: Rows<'_>,
    seeds: [&[Seed]; OUTPUTS],
    adjoints: &'a mut Vec<f64>,
) -> &'a [[f64; OUTPUTS]] {
    // Without a seed among the nodes, only the sink.
    let last = seeds.iter().copied().flatten().map(|seed| seed.0 as usize).max().unwrap_or(0).max(FIRST - 1);
    let rows = rows.through(last);
    adjoints.clear();
    adjoints.resize(rows.len() * OUTPUTS, 0.0);
    let (adjoints, _) = adjoints.as_chunks_mut();
    for (k, seeds) in seeds.iter().enumerate() {
        for &(index, weight) in *seeds {
            adjoints[index as usize][k] += weight;
        }
    }
    walk(rows, seeds, adjoints);
    adjoints
}

fn walk<const OUTPUTS: usize>(rows: Rows<'_>, seeds: [&[Seed]; OUTPUTS], adjoints: &mut [[f64; OUTPUTS]]) {
    // The variables that a tape begins with pass nothing on.
    let leaves = rows.rows[FIRST..].iter().take_while(|row| row.is_leaf()).count();
    let mut zeros = Zeros { rows, seeds, reached: [const { None }; OUTPUTS] };
    let adjoints = Cell::from_mut(&mut adjoints[..rows.len()]).as_slice_of_cells();
    let mut end = rows.len();
    for compound in rows.compounds.iter().rev() {
        let last = compound.last as usize;
        walk_rows(&mut zeros, last + 1..end, adjoints);
        zeros.pass_on_compound(compound, adjoints);
        end = last;
    }
    walk_rows(&mut zeros, (FIRST + leaves).min(end)..end, adjoints);
}

/// Passes the adjoints of these nodes on, none of which is the last result of an operation with several results.
///
/// The entries before the first node are a sink: contributions to constants and to what has no part in a result are
/// added there and never read.
fn walk_rows<const OUTPUTS: usize>(
    zeros: &mut Zeros<'_, OUTPUTS>,
    range: Range<usize>,
    adjoints: &[Cell<[f64; OUTPUTS]>],
) {
    let rows = zeros.rows;
    let mut walk = rows.rows[range.clone()].iter().zip(&adjoints[range.clone()]).rev();
    while let Some((mut row, adjoint)) = walk.next() {
        let adjoint = numbers(adjoint);
        if adjoint.contains(&0.0) {
            let index = range.start + walk.len();
            if !(row.is_short() && row.has_finite_slots() || rows.has_finite_partials(index)) {
                zeros.pass_on(index, adjoints);
                continue;
            }
            // Nothing is infinite, so zeros beside other numbers contribute zeros.
            if adjoint.iter().all(|&adjoint| adjoint == 0.0) {
                continue;
            }
        }
        loop {
            let [a, b] = row.edges();
            let second = b.operand as usize;
            // One bounds check shows whether there are operands elsewhere too.
            if let Some(by_a) = adjoints.get(row.first() as usize) {
                contribute(by_a, a.slot, adjoint);
                // Often there is no second operand, and repeated additions to the sink would wait for each other.
                if second >= FIRST {
                    contribute(&adjoints[second], b.slot, adjoint);
                }
                break;
            }
            // Without the bit that says so, the index of a row that is continued is one; that of a list is not.
            let Some(by_a) = adjoints.get(a.operand as usize) else {
                let (slots, operands) = rows.pool.columns(row.list().expect("a list"));
                pass_on(slots, operands, adjoint, adjoints);
                break;
            };
            contribute(by_a, a.slot, adjoint);
            contribute(&adjoints[second], b.slot, adjoint);
            match walk.next() {
                Some((before, _)) => row = before,
                None => break,
            }
        }
    }
}

#[inline(never)]
fn pass_on<const OUTPUTS: usize>(
    slots: &[f64],
    operands: &[u32],
    adjoint: [f64; OUTPUTS],
    adjoints: &[Cell<[f64; OUTPUTS]>],
) {
    let contribute_all = |slots: &[f64], operands: &[u32]| {
        for (&slot, &operand) in slots.iter().zip(operands) {
            contribute(&adjoints[operand as usize], slot, adjoint);
        }
    };
    let ((fours, slots), (operands_of_fours, operands)) = (slots.as_chunks::<4>(), operands.as_chunks::<4>());
    for (slots, operands) in fours.iter().zip(operands_of_fours) {
        contribute_all(slots, operands);
    }
    contribute_all(slots, operands);
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
    rows: Rows<'a>,
    seeds: [&'a [Seed]; OUTPUTS],
    /// By output and index, once it is needed.
    reached: [Option<Vec<bool>>; OUTPUTS],
}

impl<const OUTPUTS: usize> Zeros<'_, OUTPUTS> {
    /// Passes adjoints on of which some are zero, by partials of which some are not finite: the zeros only if they count,
    /// see [`zero_counts`].
    #[inline(never)]
    fn pass_on(&mut self, index: usize, adjoints: &[Cell<[f64; OUTPUTS]>]) {
        let adjoint = adjoints[index].get();
        let passes: [bool; OUTPUTS] =
            std::array::from_fn(|k| adjoint[k] != 0.0 || zero_counts(false, || self.is_reached(index, k)));
        for Edge { slot, operand } in self.rows.edges(index) {
            let by_operand = &adjoints[operand as usize];
            let sums = by_operand.get();
            let term = |k: usize| if passes[k] { slot * adjoint[k] } else { 0.0 };
            by_operand.set(std::array::from_fn(|k| sums[k] + term(k)));
        }
    }

    fn pass_on_compound(&mut self, compound: &CompoundRow, adjoints: &[Cell<[f64; OUTPUTS]>]) {
        let rows = self.rows;
        for k in 0..OUTPUTS {
            let first = rows.results(compound).start;
            let is_reached = |result: usize| self.is_reached(first + result, k);
            compounds::pass_on(compound, rows, adjoints, k, is_reached);
        }
    }

    /// Whether this node is reached from a seed of an output; those of weight zero are seeds too.
    #[cold]
    #[inline(never)]
    fn is_reached(&mut self, index: usize, output: usize) -> bool {
        let (rows, seeds) = (self.rows, self.seeds[output]);
        self.reached[output].get_or_insert_with(|| reached(rows, seeds))[index]
    }
}

/// Which nodes a sweep reaches from its seeds, those of weight zero included.
///
/// Rare: computed once per sweep, the first time that a zero meets a partial that is not finite.
#[cold]
#[inline(never)]
fn reached(rows: Rows<'_>, seeds: &[Seed]) -> Vec<bool> {
    let mut reached = vec![false; rows.len()];
    for &(index, _) in seeds {
        reached[index as usize] = true;
    }
    let mut compounds = rows.compounds.iter().rev().peekable();
    for index in (FIRST..rows.len()).rev() {
        let compound = compounds.next_if(|compound| compound.last as usize == index);
        let leads = compound.map(|compound| {
            compound.op.leading_to(compound.operands as usize, &reached[rows.results(compound)])
        });
        let here = reached[index];
        for (k, edge) in rows.edges(index).enumerate() {
            let leads = leads.as_ref().map_or(here, |leads| leads.get(k) == Some(&true));
            if leads && edge.is_linked() {
                reached[edge.operand as usize] = true;
            }
        }
    }
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
