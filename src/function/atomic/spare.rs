//! Memory that is lent to evaluations.

use std::sync::{Mutex, PoisonError};

/// Memory of evaluations, one for each thread that evaluates at the same time.
#[derive(Debug)]
pub(super) struct Spare<M>(Mutex<Vec<M>>);

impl<M> Default for Spare<M> {
    fn default() -> Self {
        Spare(Mutex::default())
    }
}

impl<M: Default> Spare<M> {
    /// Lends memory to `f`.
    pub fn with<T>(&self, f: impl FnOnce(&mut M) -> T) -> T {
        let list = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = list().pop().unwrap_or_default();
        let result = f(&mut memory);
        list().push(memory);
        result
    }
}
