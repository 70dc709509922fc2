//! What was planned, as numbers.

use std::fmt;

/// What was planned; `Display` is a sentence.
///
/// Nothing is planned where the levels show that loops would be too short whichever way, as in a chain of operations. Then the numbers are
/// those of one loop per level, where a list counts as one operation, nothing is copied, and both times are that of [`Evaluator`](crate::Evaluator).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanStatistics {
    /// Whether the function is evaluated in runs; if not, as by [`Evaluator`](crate::Evaluator), and the numbers below tell
    /// why.
    pub is_vectorised: bool,
    /// The operations of the function.
    pub operations: usize,
    /// How many levels of operations follow each other: operations of one level need none of each other.
    pub levels: usize,
    /// How many loops compute the values.
    pub runs: usize,
    /// How many stretches of the terms of long sums are evaluated one after the other, in the same memory; 0 if there is one
    /// plan for all.
    pub stretches: usize,
    /// Operations per loop; a row over a list counts as many as it has terms.
    pub mean_length: f64,
    /// How long the loops are: how many numbers they go through, each length with the number of its loops, the shortest
    /// first.
    pub lengths: Vec<(usize, usize)>,
    /// How many operands are copied for an evaluation, because they do not lie side by side.
    pub copied: usize,
    /// Bytes of values and adjoints, which each evaluator has, and of the plan.
    pub bytes: usize,
    /// An estimate of the time of a value and a gradient, in nanoseconds, on a machine with AVX2.
    pub nanoseconds: f64,
    /// The same for [`Evaluator`](crate::Evaluator), which evaluates one operation at a time.
    pub nanoseconds_of_evaluator: f64,
}

impl fmt::Display for PlanStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PlanStatistics { operations, levels, runs, stretches, mean_length, copied, bytes, .. } = self;
        write!(
            f,
            "{operations} operations in {levels} levels: {runs} runs of {mean_length:.1} on average, {copied} operands \
             copied, {bytes} bytes; about {:.0} ns, {:.0} ns one by one",
            self.nanoseconds, self.nanoseconds_of_evaluator
        )?;
        if *stretches > 0 {
            write!(f, "; in {stretches} stretches")?;
        }
        if self.is_vectorised { Ok(()) } else { f.write_str("; evaluated one by one") }
    }
}
