//! Targets of which some are missing, as numbers.

/// What a loss gets instead of missing targets.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    /// The targets, with 0 for missing ones: NaN would be computed with, sample by sample, before a mask discards it.
    pub filled: Vec<f64>,
    /// For each target, 1 if it is given, else 0.
    pub given: Vec<f64>,
}

impl Filled {
    /// Of targets that are NaN where they are missing.
    pub fn of(targets: &[f64]) -> Filled {
        let filled = targets.iter().map(|&target| if target.is_nan() { 0.0 } else { target }).collect();
        Filled { filled, given: targets.iter().map(|target| f64::from(!target.is_nan())).collect() }
    }
}
