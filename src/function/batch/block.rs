//! One block of samples: evaluates the steps of a plan, and sweeps through them in reverse. Everything here is
//! inlined into code for the vector instructions of the machine, except for rare cases.

use super::fallback;
use super::few::{self, with_lanes};
use super::matmul::{Product, Start, add_correlations, add_correlations_of_rows, add_totals};
use super::plan::{Rows, Slot, Step, Sums};
use super::scratch::{Block, Scratch, ZeroLaw};
use super::sweep::{Reverse, ReverseStep, Sweep};
use super::transpose::{Layout, to_rows};
use crate::function::lanes::declined::{self, any_is_nan};
use crate::function::lanes::elementwise::{Evaluated, list_partials_of, list_value_of, pass_on, values_of};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::{Packet, WIDTH};
use crate::function::lanes::vector::{Aligned, compiled_apart};
use crate::table::ops::Op;

use crate::table::atomic::Refusal;
use pulp::Simd;
use std::convert::identity;
use std::hint::black_box;
use std::marker::PhantomData;
use std::ops::Range;

impl<'p, T: Float> Block<'p, T> {
    /// Fills the lanes of shared numbers.
    #[inline(always)]
    pub fn copy_shared(&self, values: &mut [T]) {
        for &(position, slot) in &self.plan.copies {
            values[self.range(slot, 1)].fill(self.shared[position]);
        }
    }

    /// Evaluates every step. `spare` is memory for results that do not fill packets; `refusals` gets the lanes in which an
    /// atomic function has no value, and why.
    #[inline(always)]
    pub fn forward<S: Simd>(
        &self,
        simd: S,
        values: &mut [T],
        spare: &mut [T],
        refusals: &mut Vec<(usize, Refusal)>,
    ) {
        for step in &self.plan.steps {
            let first = step.results().start * self.lanes;
            match step {
                Step::Rows(rows) if self.fill_packets(rows) => {
                    self.rows(simd, rows, values.split_at_mut(first))
                }
                Step::Rows(rows) => self.rows_in_part(simd, rows, values, spare),
                Step::List { op, operands, to } => self.list(simd, *op, operands, *to, values),
                Step::Several(step) => {
                    let (before, after) = values.split_at_mut(first);
                    step.forward(self, before, after, refusals);
                }
                Step::Sums(sums) => {
                    let (before, after) = values.split_at_mut(first);
                    compiled_apart(
                        simd,
                        #[inline(always)]
                        || self.add_up(simd, sums, before, after),
                    );
                }
            }
        }
    }

    /// Elementwise rows: `before` are the values of the slots before the results, `after` those from the results on.
    #[inline(always)]
    fn rows<S: Simd>(&self, simd: S, rows: &Rows, (before, after): (&mut [T], &mut [T])) {
        let y = &mut after[..rows.rows * self.lanes];
        let of = |k: usize| &before[self.range(rows.operands[k], rows.rows)];
        let operands = [of(0), of(1), of(2)];
        if values_of(simd, rows.op, operands, y) {
            declined::values(rows.op, |k, lane| operands[k][lane], rows.arity, y);
        }
    }

    /// A row over lists. A packet of few lanes is read beyond them.
    #[inline(always)]
    fn list<S: Simd>(&self, simd: S, op: Op, operands: &[Slot], to: Slot, values: &mut [T]) {
        for from in (0..self.lanes).step_by(WIDTH) {
            let read = |slot| self.packet_of::<S>(values, slot, from);
            let y = list_value_of(simd, op, operands, read).0;
            let to = &mut values[self.range(to, 1)][from..];
            match self.has_few_lanes() {
                true => to.copy_from_slice(&y[..self.lanes]),
                false => to[..WIDTH].copy_from_slice(&y),
            }
        }
        let (before, after) = values.split_at_mut(self.range(to, 1).start);
        let y = &mut after[..self.lanes];
        if any_is_nan(y) {
            declined::values(op, |k, lane| self.of(before, operands[k])[lane], operands.len(), y);
        }
    }

    /// The numbers of a slot from this lane on.
    #[inline(always)]
    fn packet_of<S: Simd>(&self, all: &[T], slot: Slot, from: usize) -> Packet<T, S> {
        let start = self.range(slot, 1).start + from;
        Packet(all[start..][..WIDTH].try_into().expect("as many lanes"), PhantomData)
    }

    #[inline(always)]
    fn add_up<S: Simd>(&self, simd: S, sums: &Sums, before: &[T], after: &mut [T]) {
        let columns = sums.lanes.len();
        let offsets = &self.shared[sums.offsets.clone()];
        if self.fill_no_register::<S>() {
            let (weights, size) = (&self.shared[sums.weights.clone()], [sums.rows, columns]);
            let x = |k: usize| self.of(before, sums.lanes[k]);
            with_lanes!(self.lanes, |LANES| few::add_products::<T, LANES>(weights, offsets, size, x, after));
            return;
        }
        let start = if offsets.is_empty() { Start::All(T::NOTHING) } else { Start::Offsets(offsets) };
        Product { matrix: &self.shared[sums.weights.clone()], columns, is_transposed: false }.over_lanes(
            simd,
            self.lanes,
            [sums.rows, columns],
            start,
            |k| self.of(before, sums.lanes[k]),
            after,
            |row| row * self.lanes,
            true,
        );
    }

    /// The reverse sweep from an output, in all lanes that are not left out.
    #[inline(always)]
    pub fn backward<S: Simd>(&self, simd: S, sweep: &Sweep, scratch: &mut Scratch<T>) {
        let Scratch { values, adjoints, terms, transposed, partials, sums, is_out, .. } = scratch;
        for &slot in &sweep.zeros {
            adjoints[self.range(slot, 1)].fill(T::default());
        }
        for (adjoint, &is_out) in adjoints[self.range(sweep.output, 1)].iter_mut().zip(&*is_out) {
            *adjoint = if is_out { T::default() } else { T::of(1.0) };
        }
        let lost = |step| fallback::Lost { block: self, values, is_out, output: sweep.output, step };
        for ReverseStep { step, from, way } in &sweep.moves {
            if let (Reverse::Rows { wanted, is_first }, Step::Rows(rows)) = (way, &self.plan.steps[*step])
                && !self.fill_packets(rows)
            {
                self.pass_back_in_part(simd, rows, *wanted, *is_first, values, *from, adjoints, terms);
                continue;
            }
            let (before, after) = adjoints.split_at_mut(*from as usize * self.lanes);
            match (way, &self.plan.steps[*step]) {
                (Reverse::Rows { wanted, is_first }, Step::Rows(rows)) => {
                    self.pass_back(simd, rows, *wanted, *is_first, values, after, before, terms, lost(*step));
                }
                (Reverse::List { is_wanted }, Step::List { op, operands, to }) => {
                    for from in (0..self.lanes).step_by(WIDTH) {
                        let read = |slot| self.packet_of::<S>(values, slot, from);
                        let (y, adjoint) = (read(*to), self.packet_of::<S>(after, 0, from));
                        // The closure only stores the partials: it is small enough to be inlined into the rule.
                        partials.clear();
                        list_partials_of(simd, *op, operands, read, y, |partial| partials.push(partial.0));
                        let terms = partials.iter_mut().zip(operands).zip(is_wanted).enumerate();
                        for (k, ((terms, &slot), _)) in terms.filter(|(_, (_, is_wanted))| **is_wanted) {
                            for lane in 0..WIDTH {
                                terms[lane] = terms[lane] * adjoint.0[lane];
                            }
                            let to = &mut before[self.range(slot, 1)][from..];
                            if self.has_few_lanes() {
                                accumulate(&terms[..self.lanes], to);
                                continue;
                            }
                            if self.care != ZeroLaw::None && any_is_nan(terms) {
                                lost(*step).correct_list(*op, operands, k, &y.0, &adjoint.0, terms, from);
                            }
                            accumulate(terms, &mut to[..WIDTH]);
                        }
                    }
                }
                (Reverse::Several { is_wanted }, Step::Several(several)) => {
                    several.backward(&lost(*step), after, is_wanted, before);
                }
                (Reverse::Sums { passes_on, is_first }, Step::Sums(rows)) => {
                    let is_learned = sweep.by_shared && rows.is_learned;
                    if self.care == ZeroLaw::Everywhere {
                        if *is_first {
                            rows.lanes
                                .iter()
                                .for_each(|&slot| before[self.range(slot, 1)].fill(T::default()));
                        }
                        lost(*step).correct_sums(rows, after, before, *passes_on, is_learned, sums);
                        continue;
                    }
                    if *passes_on {
                        compiled_apart(
                            simd,
                            #[inline(always)]
                            || {
                                self.pass_to_lanes(simd, rows, *is_first, after, before);
                            },
                        );
                    }
                    if is_learned {
                        compiled_apart(
                            simd,
                            #[inline(always)]
                            || {
                                self.pass_to_weights(simd, rows, values, after, transposed, sums);
                            },
                        );
                    }
                }
                _ => unreachable!("moves are made for their steps"),
            }
        }
        for &(position, slot) in &sweep.copies {
            self.add_totals(simd, |_| self.of(adjoints, slot), &mut sums[position..=position]);
        }
    }

    /// Through elementwise rows.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // the parts of the scratch memory
    fn pass_back<S: Simd>(
        &self,
        simd: S,
        rows: &Rows,
        wanted: [bool; 3],
        is_first: [bool; 3],
        values: &[T],
        adjoints: &[T],
        before: &mut [T],
        terms: &mut [Aligned<T>; 3],
        lost: fallback::Lost<'_, 'p, T>,
    ) {
        let len = rows.rows * self.lanes;
        let range = |k: usize| self.range(rows.operands[k], rows.rows);
        let from = Evaluated {
            operands: [&values[range(0)], &values[range(1)], &values[range(2)]],
            y: &values[self.range(rows.to, rows.rows)],
            adjoint: &adjoints[..len],
        };
        // Contributions are added directly to their adjoints, unless they are tested first.
        let mut is_straight = wanted;
        let mut kept = [T::default(); 3];
        let mut ranges = [const { 0..0 }; 3];
        for k in 0..3 {
            is_straight[k] &= is_first[k] || self.care == ZeroLaw::None;
            kept[k] = T::mask(is_straight[k] && !is_first[k]);
            if is_straight[k] {
                ranges[k] = range(k);
            }
        }
        let [a, b, c] = apart(before, ranges);
        let [for_a, for_b, for_c] = terms;
        let a = if is_straight[0] { a } else { &mut for_a[..len] };
        let b = if is_straight[1] { b } else { &mut for_b[..len] };
        let c = if is_straight[2] { c } else { &mut for_c[..len] };
        // If the compiler knew how the masks were made, it would repeat the comparison for every number.
        pass_on(simd, rows.op, &from, wanted, black_box(kept), [&mut *a, &mut *b, &mut *c]);
        if self.care == ZeroLaw::None {
            return;
        }
        for (k, place) in [a, b, c].into_iter().enumerate() {
            if wanted[k] && any_is_nan(place) {
                lost.correct_rows(rows, k, from.y, from.adjoint, place);
            }
        }
        for k in (0..rows.arity).filter(|&k| wanted[k] && !is_first[k]) {
            accumulate(&terms[k][..len], &mut before[range(k)]);
        }
    }

    /// From sums to their operands in lanes.
    #[inline(always)]
    fn pass_to_lanes<S: Simd>(&self, simd: S, rows: &Sums, is_first: bool, adjoints: &[T], before: &mut [T]) {
        let columns = rows.lanes.len();
        if self.fill_no_register::<S>() {
            let (weights, size) = (&self.shared[rows.weights.clone()], [rows.rows, columns]);
            let (a, at) =
                (|row: usize| self.of(adjoints, row as Slot), |k: usize| self.range(rows.lanes[k], 1).start);
            with_lanes!(self.lanes, |LANES| {
                few::add_products_of_columns::<T, LANES>(
                    weights,
                    size,
                    is_first,
                    a,
                    before,
                    at,
                    !rows.repeats,
                );
            });
            return;
        }
        Product { matrix: &self.shared[rows.weights.clone()], columns, is_transposed: true }.over_lanes(
            simd,
            self.lanes,
            [columns, rows.rows],
            if is_first { Start::All(T::default()) } else { Start::Added },
            |row| self.of(adjoints, row as Slot),
            before,
            |k| rows.lanes[k] as usize * self.lanes,
            !rows.repeats,
        );
    }

    /// From sums to their weights and offsets.
    #[inline(always)]
    fn pass_to_weights<S: Simd>(
        &self,
        simd: S,
        rows: &Sums,
        values: &[T],
        adjoints: &[T],
        transposed: &mut [T],
        sums: &mut [T],
    ) {
        let adjoint = |row: usize| self.of(adjoints, row as Slot);
        let lanes_of = |k: usize| self.of(values, rows.lanes[k]);
        let (by_weights, operands) = (&mut sums[rows.weights.clone()], rows.lanes.len());
        let in_order = rows.are_transposed(self.lanes);
        if in_order || self.has_few_lanes() {
            let transposed = &mut transposed[..self.lanes * operands];
            let loads = rows.loads.clone().map(|loads| &self.plan.loads[loads]);
            if !loads.is_some_and(|loads| self.samples.copy_rows(loads, transposed)) {
                to_rows(operands, lanes_of, transposed, Layout { stride: operands, start: 0 }, identity);
            }
            let size = [rows.rows, operands];
            if in_order {
                add_correlations_of_rows(simd, size, adjoint, transposed, by_weights);
            } else {
                with_lanes!(self.lanes, |LANES| {
                    few::add_correlations::<T, LANES>(size, adjoint, transposed, by_weights);
                });
            }
        } else {
            add_correlations(simd, [rows.rows, operands], adjoint, lanes_of, by_weights);
        }
        self.add_totals(simd, adjoint, &mut sums[rows.offsets.clone()]);
    }

    /// Adds the sum of the lanes `a(r)` of each row to its entry of `sums`.
    #[inline(always)]
    pub fn add_totals<'v, S: Simd>(&self, simd: S, a: impl Fn(usize) -> &'v [T] + Copy, sums: &mut [T]) {
        if self.has_few_lanes() {
            with_lanes!(self.lanes, |LANES| few::add_totals::<T, LANES>(a, sums));
        } else {
            add_totals(simd, a, sums);
        }
    }

    /// Whether the lanes are too few to fill a register of the machine.
    #[inline(always)]
    fn fill_no_register<S: Simd>(&self) -> bool {
        self.lanes * size_of::<T>() < size_of::<T::Vector<S>>()
    }
}

/// Disjoint parts of a slice; the third is empty unless the first two are not.
#[inline(always)]
fn apart<T>(all: &mut [T], [a, b, c]: [Range<usize>; 3]) -> [&mut [T]; 3] {
    if !c.is_empty() {
        return all.get_disjoint_mut([a, b, c]).expect("operands that have no slot in common");
    }
    // Short code, since this runs for each step.
    if a.end <= b.start {
        let (low, high) = all.split_at_mut(b.start);
        [&mut low[a], &mut high[..b.len()], &mut []]
    } else {
        let (low, high) = all.split_at_mut(a.start);
        [&mut high[..a.len()], &mut low[b], &mut []]
    }
}

#[inline(always)]
fn accumulate<T: Float>(terms: &[T], to: &mut [T]) {
    for (to, &term) in to.iter_mut().zip(terms) {
        *to = *to + term;
    }
}
