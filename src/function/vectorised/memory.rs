//! The memory of an evaluation in runs.

use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::function::lanes::vector::Aligned;
use crate::function::schedule::Schedule;
use std::sync::{Arc, Weak};

/// How many results are computed at once where an operand is the same for all of them.
pub(super) const CHUNK: usize = 256;

/// The number of results that are computed, with those that fill the last group.
pub(super) fn whole(len: usize) -> usize {
    len.div_ceil(WIDTH) * WIDTH
}

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

/// Memory that is used for one schedule after the other.
#[derive(Debug, Default)]
pub(super) struct Kept<T> {
    pub memory: Memory<T>,
    /// Weights of the outputs.
    pub weights: Vec<f64>,
    /// The schedule whose constants are among the values.
    schedule: Weak<Schedule>,
}

impl<T: Float> Kept<T> {
    /// Memory for this schedule, with its constants.
    #[inline]
    pub fn of(&mut self, schedule: &Arc<Schedule>) -> &mut Memory<T> {
        // While it is pointed at, no other schedule has the address.
        if self.schedule.as_ptr() != Arc::as_ptr(schedule) {
            self.memory.make_room(schedule);
            for &(at, value) in &schedule.constants {
                self.memory.values[at as usize] = T::of(value);
            }
            self.schedule = Arc::downgrade(schedule);
        }
        &mut self.memory
    }
}

impl<T: Float> Memory<T> {
    /// The derivatives that are here; they are 0 if they are nowhere.
    pub fn read_derivatives(&self, at: Option<u32>, out: &mut [f64]) {
        match at {
            Some(at) => {
                let numbers = &self.adjoints[at as usize..][..out.len()];
                out.iter_mut().zip(numbers).for_each(|(out, number)| *out = number.double());
            }
            None => out.fill(0.0),
        }
    }

    /// Makes room for a schedule.
    #[cold]
    fn make_room(&mut self, schedule: &Schedule) {
        self.values.set_len(schedule.values + WIDTH);
        self.adjoints.set_len(schedule.adjoints + WIDTH);
        let known = self.positions.len() as u32;
        self.positions.extend(known..(schedule.terms.len() as u32).max(known));
        for part in self.same.iter_mut().chain(&mut self.terms) {
            part.set_len(CHUNK);
        }
    }
}
