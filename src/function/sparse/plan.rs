//! Plans of sparse derivatives: made once, evaluated often.

use super::compressed::Compressed;
use super::pattern::Pattern;
use crate::error::Error;
use crate::function::Function;
use crate::function::mode::{DerivativePlan, Mode};
use crate::function::vectorised::{Exactness, PlanStatistics, Vectorised};
use crate::tape::Var;
use std::fmt;

/// The nonzeros become a function of their own up to this number of operations, or this number for each operation of the
/// function; beyond, it would take too much memory.
const MOST: usize = 1 << 22;
const MOST_FOR_EACH: usize = 8;

/// The Jacobian of a function, or the lower triangle of its Hessian, planned for evaluation of its nonzeros alone. Made by
/// [`Function::sparse_jacobian`] and [`Function::sparse_hessian`]; a [`SparseEvaluator`](super::SparseEvaluator) computes
/// the values.
///
/// It is `Send + Sync`: threads can share it, each with an evaluator of its own.
///
/// ```
/// use tapegrad::{Function, Var};
///
/// // A chain of springs: its Hessian has three diagonals, of which the lower triangle has two.
/// let energy = |x: &[Var]| x.windows(2).map(|w| (w[1] - w[0]).powi(4)).sum::<Var>();
/// let f = Function::record(energy, &vec![0.0; 1000][..])?;
/// let sparse = f.sparse_hessian()?;
/// assert_eq!(sparse.pattern().to_string(), "1000 × 1000, 1999 nonzeros");
/// let x: Vec<f64> = (0..1000).map(|k| 0.5 * f64::from(k)).collect();
/// let values = sparse.evaluator().values(&x)?;
/// assert_eq!(values[..3], [3.0, -3.0, 6.0]); // the entries (0, 0), (1, 0) and (1, 1)
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SparseDerivatives {
    pattern: Pattern,
    pub(super) means: Means,
}

/// What computes the nonzeros.
#[derive(Debug, Clone)]
pub(super) enum Means {
    /// A function whose outputs they are.
    Function(Box<Vectorised>),
    /// Reverse sweeps of this function, of whose Jacobian they are.
    Rows(Box<Function>),
    /// Evaluations of this function in the directions of the colours of its Jacobian.
    Colours(Box<(Function, Compressed)>),
    /// The same with reverse sweeps, of the function whose Hessian it is; and its gradient, of which the rows decide what is not
    /// finite.
    Stars(Box<(Function, Compressed, Function)>),
}

/// How [`SparseDerivatives`] are computed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SparsePlan {
    /// By a function whose outputs are the nonzeros, equal operations side by side.
    InRuns(PlanStatistics),
    /// By sweeps or colours.
    OneByOne(DerivativePlan),
}

impl fmt::Display for SparsePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SparsePlan::InRuns(statistics) => statistics.fmt(f),
            SparsePlan::OneByOne(plan) => plan.fmt(f),
        }
    }
}

impl Function {
    /// A plan for the nonzeros of the Jacobian. It takes some 10 to 100 times as long as an evaluation.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn sparse_jacobian(&self) -> Result<SparseDerivatives, Error> {
        self.sparse_jacobian_with(Exactness::Exact)
    }

    /// As [`sparse_jacobian`](Self::sparse_jacobian), with a choice of bits: where the nonzeros are a function,
    /// [`Exactness::Rounded`] evaluates elementary functions in vector registers, within 2 units in the last place. For residuals
    /// that consist of them it takes a third of the time.
    ///
    /// ```
    /// use tapegrad::{Function, Var, vectorised::Exactness};
    ///
    /// let f = Function::record(|x: &[Var]| x.iter().map(|&x| x.exp()).collect::<Vec<_>>(), &[0.5; 200][..])?;
    /// let sparse = f.sparse_jacobian_with(Exactness::Rounded)?;
    /// let values = sparse.evaluator().values(&[1.0; 200])?;
    /// assert!(values.iter().all(|slope| (slope - 1f64.exp()).abs() < 1e-15));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn sparse_jacobian_with(&self, exactness: Exactness) -> Result<SparseDerivatives, Error> {
        self.planned_jacobian(Mode::Auto, exactness)
    }

    /// As [`sparse_jacobian`](Self::sparse_jacobian). With [`Mode::Reverse`] or [`Mode::Sparse`], nothing is recorded: the
    /// plan is made in little more time than an evaluation, and evaluation takes some times longer. For few evaluations. (A
    /// matrix of more than 1024 colours is evaluated by rows, and [`Mode::Forward`] is by colours.)
    ///
    /// ```
    /// use tapegrad::{Function, Mode, Var};
    ///
    /// let f = Function::record(|x: &[Var]| x.windows(2).map(|w| w[1] / w[0]).collect::<Vec<_>>(), &[1.0; 100][..])?;
    /// let sparse = f.sparse_jacobian_by(Mode::Sparse)?;
    /// assert_eq!(sparse.plan().to_string(), "sparse, 2 colours");
    /// assert_eq!(sparse.evaluator().values(&[2.0; 100])?, [[-0.5, 0.5]; 99].as_flattened());
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn sparse_jacobian_by(&self, mode: Mode) -> Result<SparseDerivatives, Error> {
        self.planned_jacobian(mode, Exactness::Exact)
    }

    fn planned_jacobian(&self, mode: Mode, exactness: Exactness) -> Result<SparseDerivatives, Error> {
        let pattern = self.jacobian_pattern();
        let colours = || Compressed::of_jacobian(pattern.clone());
        let means = match self.cheapest(mode) {
            Mode::Auto => Means::function(self, &pattern, exactness)?,
            Mode::Reverse => Means::rows(self.clone()),
            Mode::Forward | Mode::Sparse => match colours() {
                Some(compressed) => Means::Colours(Box::new((self.clone(), compressed))),
                None => Means::rows(self.clone()),
            },
        };
        Ok(SparseDerivatives { pattern, means })
    }

    /// The pattern of the Jacobian, and a function whose outputs are those of this one and, after them, the nonzeros; unless that
    /// is too many operations.
    pub(crate) fn values_and_nonzeros(&self) -> Result<Option<(Pattern, Function)>, Error> {
        if self.cheapest(Mode::Auto) != Mode::Auto {
            return Ok(None);
        }
        let pattern = self.jacobian_pattern();
        let both = self.record_again(&[], |inputs, _| {
            let mut memory = self.evaluated(inputs)?;
            let values: Vec<Var> = self.outputs_in(&memory).collect();
            Ok([values, self.nonzeros_in(&pattern, &mut memory)?].concat())
        })?;
        Ok(Some((pattern, both)))
    }

    /// A plan for the nonzeros of the lower triangle of the Hessian, of a function with one output.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn sparse_hessian(&self) -> Result<SparseDerivatives, Error> {
        self.sparse_hessian_with(Exactness::Exact)
    }

    /// As [`sparse_hessian`](Self::sparse_hessian), with a choice of bits, as with
    /// [`sparse_jacobian_with`](Self::sparse_jacobian_with).
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn sparse_hessian_with(&self, exactness: Exactness) -> Result<SparseDerivatives, Error> {
        self.planned_hessian(Mode::Auto, exactness)
    }

    /// As [`sparse_hessian`](Self::sparse_hessian), in a mode, as with [`sparse_jacobian_by`](Self::sparse_jacobian_by): by rows
    /// of the gradient, or by evaluations over dual numbers and a reverse sweep for every four colours.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn sparse_hessian_by(&self, mode: Mode) -> Result<SparseDerivatives, Error> {
        self.planned_hessian(mode, Exactness::Exact)
    }

    fn planned_hessian(&self, mode: Mode, exactness: Exactness) -> Result<SparseDerivatives, Error> {
        let gradient = self.gradient()?;
        let pattern = gradient.jacobian_pattern().lower();
        let colours = || Compressed::of_hessian(pattern.clone());
        let means = match gradient.cheapest(mode) {
            Mode::Auto => Means::function(&gradient, &pattern, exactness)?,
            Mode::Reverse => Means::rows(gradient),
            Mode::Forward | Mode::Sparse => match colours() {
                Some(compressed) => Means::Stars(Box::new((self.clone(), compressed, gradient))),
                None => Means::rows(gradient),
            },
        };
        Ok(SparseDerivatives { pattern, means })
    }

    /// The mode, and where it is left to us and the nonzeros are too many operations for a function of their own, another.
    fn cheapest(&self, mode: Mode) -> Mode {
        let (rows, once) = (self.rows().work, self.work());
        let operations =
            self.cheaper_colours().map_or(rows, |compressed| compressed.colouring.colours * once);
        match mode == Mode::Auto && operations > MOST.max(MOST_FOR_EACH * once) {
            true => self.jacobian_plan(Mode::Auto).mode,
            false => mode,
        }
    }
}

impl Means {
    fn function(function: &Function, pattern: &Pattern, exactness: Exactness) -> Result<Means, Error> {
        Ok(Means::Function(Box::new(function.nonzeros(pattern)?.vectorised_with(exactness))))
    }

    fn rows(function: Function) -> Means {
        function.rows(); // now, and not at the first evaluation
        Means::Rows(Box::new(function))
    }
}

impl SparseDerivatives {
    /// Where the nonzeros are, in the order of their values.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// How they are computed.
    #[must_use]
    pub fn plan(&self) -> SparsePlan {
        match &self.means {
            Means::Function(nonzeros) => SparsePlan::InRuns(nonzeros.plan().clone()),
            Means::Rows(function) => SparsePlan::OneByOne(function.jacobian_plan(Mode::Reverse)),
            Means::Colours(means) => {
                let (function, compressed) = &**means;
                SparsePlan::OneByOne(function.jacobian_in(Mode::Sparse, compressed.colouring.colours))
            }
            Means::Stars(means) => {
                let (function, compressed, _) = &**means;
                SparsePlan::OneByOne(function.hessian_in(Mode::Sparse, compressed.colouring.colours))
            }
        }
    }
}
