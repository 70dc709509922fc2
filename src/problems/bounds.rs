//! Bounds of variables and constraints.

use crate::error::Error;
use crate::function::length;

/// A lower and an upper bound for each variable, or each constraint; infinities where there is none. Where both are equal
/// the number is fixed: an equation.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Bounds {
    /// This many times the same bounds.
    pub(super) fn all(count: usize, lower: f64, upper: f64) -> Bounds {
        Bounds { lower: vec![lower; count], upper: vec![upper; count] }
    }

    /// Bounds of this many numbers; `what` names such a number in an error.
    pub(super) fn new(
        what: &'static str,
        count: usize,
        lower: &[f64],
        upper: &[f64],
    ) -> Result<Bounds, Error> {
        length("lower bounds", count, lower.len())?;
        length("upper bounds", count, upper.len())?;
        for (index, (&lower, &upper)) in lower.iter().zip(upper).enumerate() {
            // Not `lower > upper`, which is false for NaN.
            let is_ordered = lower <= upper;
            if !is_ordered {
                return Err(Error::Bounds { what, index, lower, upper });
            }
        }
        Ok(Bounds { lower: lower.to_vec(), upper: upper.to_vec() })
    }

    /// The lower bounds, −∞ where there is none.
    #[must_use]
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// The upper bounds, ∞ where there is none.
    #[must_use]
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }
}
