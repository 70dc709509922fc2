//! Results that are kept while a solver stays at a point.

use super::inputs::Inputs;
use crate::error::Error;

/// The last results of an evaluation, while they are those of the current inputs.
#[derive(Debug)]
pub(super) struct Kept {
    numbers: Vec<f64>,
    /// The count of changes of the inputs when they were computed.
    computed_at: Option<u64>,
    count: usize,
}

impl Kept {
    /// Nothing is known yet of this many numbers.
    pub fn new(numbers: usize) -> Kept {
        Kept { numbers: vec![0.0; numbers], computed_at: None, count: 0 }
    }

    /// Whether the results are those of these inputs.
    pub fn is_known(&self, inputs: &Inputs) -> bool {
        self.computed_at == Some(inputs.changes())
    }

    /// The results, written by `evaluate` if they are not known.
    pub fn numbers(
        &mut self,
        inputs: &Inputs,
        evaluate: impl FnOnce(&[f64], &mut [f64]) -> Result<(), Error>,
    ) -> Result<&[f64], Error> {
        if !self.is_known(inputs) {
            self.computed_at = None; // in case of an error
            evaluate(inputs.numbers(), &mut self.numbers)?;
            self.computed_at = Some(inputs.changes());
            self.count += 1;
        }
        Ok(&self.numbers)
    }

    /// How often the results were computed.
    pub fn count(&self) -> usize {
        self.count
    }
}
