//! One evaluation in vector registers: equal operations of one graph side by side.

mod adaptive;
mod chain;
mod derivatives;
mod evaluator;
mod forward;
mod linear;
mod memory;
mod order;
mod plan;
mod planned;
mod reverse;
mod runs;
mod seen;
mod statistics;
mod stretches;
mod sums;
mod values;
mod whole;
mod workspace;

pub use super::schedule::Exactness;
pub use adaptive::VectorisedAdaptive;
pub use evaluator::VectorisedEvaluator;
pub(super) use runs::InRuns;
pub use statistics::PlanStatistics;
pub use workspace::VectorisedWorkspace;

use super::Function;
use super::precision::Precision;
use plan::Plan;
use planned::Planned;
use std::marker::PhantomData;
use std::sync::OnceLock;
use stretches::{LIMITS, Limits};

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
/// Functions that are called are copied into the plan; loops and other atomic functions are evaluated one by one, as operations
/// between its runs. Where one of them comes after a guard, [`Vectorised`] evaluates as [`Evaluator`](crate::Evaluator) does, since
/// guards are checked last.
///
/// Neutral operations (`x · 1`, `x + 0`), which [`Function::optimize`] removes, often make parts of a graph equal to others:
/// plan the function as it was recorded. Passes that keep values are applied here.
///
/// # Long sums
/// Where values and adjoints of a sum of very many terms would leave the cache, the sum is evaluated in stretches, forwards and
/// backwards over one part of the terms after the other, in the same memory; with the feature `parallel`, on the calling thread
/// and those of rayon's pool.
///
/// # Bits
/// Values are within the rounding of elementary functions (2 units in the last place) and of long sums and products, which
/// are computed in parts; with [`Exactness::Exact`] they have the bits of the function. Derivatives are sums of the same terms,
/// multiplied and added in another order. The bits depend neither on the instruction set nor on threads.
///
/// # Precision
/// [`Function::vectorised_as`] computes in `f32`: twice as many numbers in a register, and half the memory. Points and
/// results remain `f64`; results are rounded to `f32`, and a number that is too large for it is infinite. Sums are single
/// precision too, added in parts. Where the function itself decides (below), it does in double precision.
///
/// # Derivatives along a direction
/// Jacobian-vector and Hessian-vector products have plans of their own, which are made when they are first needed; a Hessian
/// is made of Hessian-vector products. Other derivatives are those of functions: `f.gradient()?.vectorised()`.
///
/// # Branches and edges
/// Guards, structural zeros, infinities and conventions at kinks are those of the function: where a guard has another
/// outcome or a result is not finite, the function itself is evaluated, and its result counts. (A guard compares the values that
/// were computed here: where two sides differ by a rounding error, its outcome may be another, unless values are exact.)
#[derive(Debug, Clone)]
pub struct Vectorised<T = f64> {
    function: Function,
    exactness: Exactness,
    /// From which on long sums are evaluated in stretches.
    limits: Limits,
    /// `None` where it does not pay.
    plan: Option<Plan>,
    statistics: PlanStatistics,
    /// Plans of derivatives along a direction, once they were needed.
    jvp: OnceLock<Option<Plan>>,
    hvp: OnceLock<Option<Plan>>,
    precision: PhantomData<fn() -> T>,
}

impl Function {
    /// This function planned for evaluation in vector registers; see [`Vectorised`] for when that pays.
    #[must_use]
    pub fn vectorised(&self) -> Vectorised {
        self.vectorised_with(Exactness::Rounded)
    }

    /// As [`vectorised`](Self::vectorised), with a choice of bits.
    #[must_use]
    pub fn vectorised_with(&self, exactness: Exactness) -> Vectorised {
        Vectorised::new(self, exactness, LIMITS)
    }

    /// As [`vectorised`](Self::vectorised), in the precision of `T`: see [`Vectorised`](Vectorised#precision).
    ///
    /// ```
    /// # use tapegrad::{Function, Var};
    /// let f = Function::record(|x: &[Var]| x.iter().map(|&x| x.exp() * x).sum::<Var>(), &vec![1.0; 100][..])?;
    /// let single = f.vectorised_as::<f32>();
    /// let (value, _) = single.evaluator().value_and_gradient(&vec![1.0; 100])?;
    /// assert!((value - 271.828).abs() < 1e-3);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn vectorised_as<T: Precision>(&self) -> Vectorised<T> {
        Vectorised::new(self, Exactness::Rounded, LIMITS)
    }

    /// As [`vectorised_as`](Self::vectorised_as), with stretches of about this number of bytes: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn vectorised_in_stretches<T: Precision>(&self, bytes: usize) -> Vectorised<T> {
        let limits = Limits { stretch: [bytes; 2], linear: bytes, other: bytes };
        Vectorised::new(self, Exactness::Rounded, limits)
    }
}

impl<T: Precision> Vectorised<T> {
    fn new(function: &Function, exactness: Exactness, limits: Limits) -> Self {
        let planned = Planned::new(function, exactness, size_of::<T>(), limits);
        let pays = planned.statistics.is_vectorised;
        Vectorised::of(planned, pays, exactness, limits)
    }

    /// What was planned, with the plan if it is used.
    fn of(planned: Planned, is_used: bool, exactness: Exactness, limits: Limits) -> Self {
        let Planned { function, plan, statistics } = planned;
        let plan = plan.filter(|_| is_used);
        let (jvp, hvp) = (OnceLock::new(), OnceLock::new());
        Vectorised { function, exactness, limits, plan, statistics, jvp, hvp, precision: PhantomData }
    }

    /// What was planned.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// let length = |x: &[Var]| x.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum::<Var>();
    /// let f = Function::record(length, &vec![0.5; 1001][..])?;
    /// let plan = f.vectorised();
    /// println!("{}", plan.plan());
    /// assert!(plan.plan().is_vectorised && plan.plan().copied == 0);
    /// # assert_eq!(plan.plan().operations, 2001);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// ```text
    /// 2001 operations in 3 levels: 3 runs of 999.7 on average, 0 operands copied, 42040 bytes; about 1010 ns, 11996 ns one by one
    /// ```
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
