//! The memory of an evaluation in runs.

use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Aligned;
use crate::function::schedule::Schedule;

/// How many results are computed at once where an operand is the same for all of them.
pub(super) const CHUNK: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Memory<T> {
    pub values: Aligned<T>,
    pub adjoints: Aligned<T>,
    /// Operands that are the same for all results, and an adjoint that is, as many times as a loop reads.
    pub same: [Aligned<T>; 4],
    /// Contributions to operands, before they are added.
    pub terms: [Aligned<T>; 3],
    /// The numbers from 0 on, as many as the schedule has terms: parts of it are lists of operands.
    pub positions: Vec<u32>,
    /// The partials of a row over lists.
    pub partials: Vec<[T; WIDTH]>,
}

impl<T: Float> Memory<T> {
    pub fn new(schedule: &Schedule) -> Self {
        let mut memory = Memory::default();
        memory.values.set_len(schedule.values + WIDTH);
        memory.adjoints.set_len(schedule.adjoints + WIDTH);
        memory.positions = (0..schedule.terms.len() as u32).collect();
        for part in memory.same.iter_mut().chain(&mut memory.terms) {
            part.set_len(CHUNK);
        }
        for &(at, value) in &schedule.constants {
            memory.values[at as usize] = T::of(value);
        }
        memory
    }
}
