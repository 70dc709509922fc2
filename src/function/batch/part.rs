//! Elementwise rows of few samples whose results do not fill packets. The last packet is computed beyond the end, and what is
//! behind the results keeps its place.

use super::plan::{Rows, Slot};
use super::scratch::Block;
use crate::function::lanes::declined::{self, any_is_nan};
use crate::function::lanes::elementwise::{Evaluated, pass_on, values_of};
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Aligned;
use pulp::Simd;
use std::hint::black_box;
use std::ops::Range;

impl<T: Float> Block<'_, T> {
    /// Whether the results of elementwise rows are whole packets: in a block of few samples they may not be.
    #[inline(always)]
    pub fn fill_packets(&self, rows: &Rows) -> bool {
        !self.has_few_lanes() || (rows.rows * self.lanes).is_multiple_of(WIDTH)
    }

    /// Elementwise rows that do not fill packets: what is behind their operands is computed too, but not kept.
    #[inline(always)]
    pub fn rows_in_part<S: Simd>(&self, simd: S, rows: &Rows, values: &mut [T], spare: &mut [T]) {
        let len = rows.rows * self.lanes;
        let operands = rows.operands.map(|slot| &values[self.packets(slot, len)]);
        let y = &mut spare[..len.next_multiple_of(WIDTH)];
        if values_of(simd, rows.op, operands, y) && any_is_nan(&y[..len]) {
            declined::values(rows.op, |k, lane| operands[k][lane], rows.arity, &mut y[..len]);
        }
        write_first(simd, len, y, &mut values[self.packets(rows.to, len)]);
    }

    /// The packets that hold so many numbers from the first of a slot on.
    #[inline(always)]
    fn packets(&self, slot: Slot, len: usize) -> Range<usize> {
        let start = self.range(slot, 1).start;
        start..start + len.next_multiple_of(WIDTH)
    }

    /// Through elementwise rows that do not fill packets: beyond their end, adjoints are computed but not kept.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // the parts of the scratch memory
    pub fn pass_back_in_part<S: Simd>(
        &self,
        simd: S,
        rows: &Rows,
        wanted: [bool; 3],
        is_first: [bool; 3],
        values: &[T],
        from: Slot,
        adjoints: &mut [T],
        spare: &mut [Aligned<T>; 3],
    ) {
        let len = rows.rows * self.lanes;
        let from = Evaluated {
            operands: rows.operands.map(|slot| &values[self.packets(slot, len)]),
            y: &values[self.packets(rows.to, len)],
            adjoint: &adjoints[self.packets(from, len)],
        };
        let mut kept = [T::default(); 3];
        let places = spare.each_mut().map(|spare| &mut spare[..len.next_multiple_of(WIDTH)]);
        for k in (0..3).filter(|&k| wanted[k] && !is_first[k]) {
            kept[k] = T::mask(true);
            write_first(simd, len, &adjoints[self.packets(rows.operands[k], len)], places[k]);
        }
        pass_on(simd, rows.op, &from, wanted, black_box(kept), places);
        for k in (0..3).filter(|&k| wanted[k]) {
            write_first(simd, len, &spare[k], &mut adjoints[self.packets(rows.operands[k], len)]);
        }
    }
}

/// Writes so many numbers; in the last packet, what is behind them keeps its place.
#[inline(always)]
fn write_first<S: Simd, T: Float>(simd: S, len: usize, from: &[T], to: &mut [T]) {
    let packets = from.chunks_exact(WIDTH).zip(to.chunks_exact_mut(WIDTH));
    for (first, (from, to)) in (0..len).step_by(WIDTH).zip(packets) {
        if first + WIDTH <= len {
            to.copy_from_slice(from);
            continue;
        }
        let bound = T::splat(simd, T::NUMBERS[len - first]);
        let numbers = T::NUMBERS;
        let numbers = T::vectors::<S>(&numbers);
        let (from, to) = (T::vectors::<S>(from), T::vectors_mut::<S>(to));
        for k in 0..numbers.len() {
            to[k] = T::where_below(simd, numbers[k], bound, from[k], to[k]);
        }
    }
}
