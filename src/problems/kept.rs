//! Results that are kept while a solver stays at a point.

use crate::error::Error;

/// The last results of an evaluation, while they are those of the current point.
#[derive(Debug)]
pub(super) struct Kept {
    numbers: Vec<f64>,
    is_known: bool,
    count: usize,
}

impl Kept {
    /// Nothing is known yet of this many numbers.
    pub fn new(numbers: usize) -> Kept {
        Kept { numbers: vec![0.0; numbers], is_known: false, count: 0 }
    }

    /// The results, written by `evaluate` if they are not known.
    pub fn numbers(
        &mut self,
        evaluate: impl FnOnce(&mut [f64]) -> Result<(), Error>,
    ) -> Result<&[f64], Error> {
        if !self.is_known {
            evaluate(&mut self.numbers)?;
            self.is_known = true;
            self.count += 1;
        }
        Ok(&self.numbers)
    }

    /// Forgets the results.
    pub fn forget(&mut self) {
        self.is_known = false;
    }

    /// How often the results were computed.
    pub fn count(&self) -> usize {
        self.count
    }
}
