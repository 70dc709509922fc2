//! The inputs of a function whose variables a solver moves, while those that are held keep their numbers.

use crate::error::Error;
use crate::function::{Function, length};

/// One number per input, of which some are variables.
#[derive(Debug, Clone)]
pub(crate) struct Inputs {
    numbers: Vec<f64>,
    /// Which of the inputs are variables, and which are held.
    variables: Vec<usize>,
    held: Vec<usize>,
    changes: u64,
}

impl Inputs {
    /// These numbers; `are_variables` tells for each whether it is one.
    pub fn new(numbers: &[f64], are_variables: impl Iterator<Item = bool>) -> Inputs {
        let are_variables: Vec<bool> = are_variables.collect();
        let places =
            |wanted: bool| (0..numbers.len()).filter(|&input| are_variables[input] == wanted).collect();
        Inputs { numbers: numbers.to_vec(), variables: places(true), held: places(false), changes: 0 }
    }

    /// The inputs of a function where it was recorded.
    pub fn of(function: &Function) -> Inputs {
        Inputs::new(function.recorded_at(), function.are_variables())
    }

    /// One number per input, held ones included.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The numbers of the variables.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.variables.iter().map(|&variable| self.numbers[variable])
    }

    /// How many inputs are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// How often any bit of them has changed: what was computed after as many changes is that of these numbers.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Sets the variables.
    pub fn set_variables(&mut self, x: impl ExactSizeIterator<Item = f64>) -> Result<(), Error> {
        length("variables", self.variables.len(), x.len())?;
        self.changes += u64::from(set(&mut self.numbers, &self.variables, x));
        Ok(())
    }

    /// Sets the inputs that are held.
    pub fn set_held(&mut self, held: &[f64]) -> Result<(), Error> {
        length("parameters", self.held.len(), held.len())?;
        self.changes += u64::from(set(&mut self.numbers, &self.held, held.iter().copied()));
        Ok(())
    }
}

/// Sets the numbers at these places, and returns whether that changed any bit.
fn set(numbers: &mut [f64], places: &[usize], to: impl Iterator<Item = f64>) -> bool {
    let mut is_changed = false;
    for (&place, to) in places.iter().zip(to) {
        is_changed |= numbers[place].to_bits() != to.to_bits();
        numbers[place] = to;
    }
    is_changed
}
