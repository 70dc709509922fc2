//! One evaluation in vector registers: equal operations of one graph side by side.

mod evaluator;
mod forward;
mod linear;
mod memory;
mod reverse;
mod seen;
mod sums;

pub use super::schedule::Exactness;
pub use evaluator::VectorisedEvaluator;

use super::ir::graph::Instruction;
use super::schedule::Schedule;
use super::{Function, Pass};
use std::fmt;

/// A [`Function`] planned for evaluation in vector registers, one point at a time: operations of the graph that are equal but
/// for their operands are computed side by side, as loops over contiguous numbers ("runs"). [`Function::vectorised`] makes
/// it; a [`VectorisedEvaluator`] computes values and derivatives.
///
/// ```
/// use tapegrad::{Function, lists};
///
/// // The function of Rosenbrock, of 1,000 variables.
/// let f = Function::record(
///     |x: &[tapegrad::Var]| {
///         let terms: Vec<_> =
///             x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).collect();
///         lists::sum(&terms)
///     },
///     &vec![0.5; 1000][..],
/// )?;
/// let plan = f.vectorised();
/// assert!(plan.plan().mean_length > 100.0);
/// let (value, gradient) = plan.evaluator().value_and_gradient(&vec![0.0; 1000])?;
/// assert_eq!((value, gradient[0], gradient[999]), (999.0, -2.0, 0.0));
/// # Ok::<(), tapegrad::Error>(())
/// ```
///
/// # When it pays
/// Planning takes as long as some 100 evaluations, so the function has to be evaluated often. It is made for functions of
/// hundreds of operations and more with few kinds of them: sums over data, grids, layers. A chain of operations, each of
/// which needs the one before, has nothing to put side by side. Where runs have fewer than 3 operations on average, or there
/// are fewer than 100 operations, [`Vectorised`] evaluates as [`Evaluator`](crate::Evaluator) does;
/// [`plan`](Vectorised::plan) tells.
///
/// Neutral operations (`x · 1`, `x + 0`), which [`Function::optimize`] removes, often make parts of a graph equal to others:
/// plan the function as it was recorded. Passes that keep values are applied here.
///
/// # Bits
/// Values are within the rounding of elementary functions (2 units in the last place) and of long sums and products, which
/// are computed in parts; with [`Exactness::Exact`] they have the bits of the function. Derivatives are sums of the same terms in another
/// order. The bits depend neither on the instruction set nor on threads.
///
/// Second derivatives are those of derivatives as functions: `f.hvp()?.vectorised()`.
///
/// Guards, structural zeros, infinities and conventions at kinks are those of the function: where a guard has another
/// outcome or a derivative is not finite, the function itself is evaluated, and its result counts. (A guard compares the values that
/// were computed here: where two sides differ by a rounding error, its outcome may be another, unless values are exact.)
#[derive(Debug, Clone)]
pub struct Vectorised {
    function: Function,
    exactness: Exactness,
    /// `None` where it does not pay.
    schedule: Option<Schedule>,
    statistics: PlanStatistics,
}

/// What was planned; `Display` is a sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanStatistics {
    /// Whether the function is evaluated in runs; if not, as by [`Evaluator`](crate::Evaluator), and the numbers below tell
    /// why.
    pub is_vectorised: bool,
    /// The operations of the function.
    pub operations: usize,
    /// How many levels of operations follow each other.
    pub levels: usize,
    /// How many loops compute the values.
    pub runs: usize,
    /// Operations per loop; a row over a list counts as many as it has terms.
    pub mean_length: f64,
    /// How many operands are copied for an evaluation, because they do not lie side by side.
    pub copied: usize,
    /// Bytes of values, adjoints and plan.
    pub bytes: usize,
    /// An estimate of the time of a value and a gradient, in nanoseconds, on a machine with AVX2.
    pub nanoseconds: f64,
    /// The same for [`Evaluator`](crate::Evaluator).
    pub nanoseconds_of_evaluator: f64,
}

/// Below this number of operations the evaluator is used.
const LEAST_OPERATIONS: usize = 100;
/// Below this number of operations per run the evaluator is used.
const LEAST_LENGTH: f64 = 3.0;
/// Nanoseconds that the evaluator takes for an operation, forwards and backwards.
const PER_OPERATION: f64 = 4.0;

impl Function {
    /// This function planned for evaluation in vector registers; see [`Vectorised`] for when that pays.
    #[must_use]
    pub fn vectorised(&self) -> Vectorised {
        self.vectorised_with(Exactness::Rounded)
    }

    /// As [`vectorised`](Self::vectorised), with a choice of bits.
    #[must_use]
    pub fn vectorised_with(&self, exactness: Exactness) -> Vectorised {
        let function =
            self.with_passes(&[Pass::FoldConstants, Pass::MergeCommon, Pass::FuseSums, Pass::DropDead]);
        let is_variable: Vec<bool> = function.are_variables().collect();
        let schedule = Schedule::new(&function.graph, &is_variable, exactness);
        // A row over a list does as much as an operation of two operands for each of its terms.
        let work = |instruction: Instruction<'_>| instruction.operands.len().saturating_sub(1).max(1);
        let work: usize = function.graph.instructions.iter().map(work).sum();
        let mean_length = work as f64 / schedule.runs().max(1) as f64;
        let nanoseconds_of_evaluator = PER_OPERATION * work as f64;
        let is_vectorised = work >= LEAST_OPERATIONS
            && mean_length >= LEAST_LENGTH
            && schedule.cost() < nanoseconds_of_evaluator;
        let statistics = PlanStatistics {
            is_vectorised,
            operations: function.graph.instructions.len(),
            levels: schedule.levels,
            runs: schedule.runs(),
            mean_length,
            copied: schedule.copied(),
            bytes: (schedule.values + schedule.adjoints) * size_of::<f64>() + schedule.bytes(),
            nanoseconds: schedule.cost(),
            nanoseconds_of_evaluator,
        };
        Vectorised { function, exactness, schedule: is_vectorised.then_some(schedule), statistics }
    }
}

impl Vectorised {
    /// What was planned.
    #[must_use]
    pub fn plan(&self) -> &PlanStatistics {
        &self.statistics
    }

    /// The function that is evaluated.
    #[must_use]
    pub fn function(&self) -> &Function {
        &self.function
    }
}

impl fmt::Display for PlanStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PlanStatistics { operations, levels, runs, mean_length, copied, bytes, .. } = self;
        write!(
            f,
            "{operations} operations in {levels} levels: {runs} runs of {mean_length:.1} on average, {copied} operands \
             copied, {bytes} bytes; about {:.0} ns, {:.0} ns one by one",
            self.nanoseconds, self.nanoseconds_of_evaluator
        )?;
        if self.is_vectorised { Ok(()) } else { f.write_str("; evaluated one by one") }
    }
}
