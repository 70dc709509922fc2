//! Plans of sparse derivatives: made once, evaluated often.

use super::pattern::Pattern;
use crate::error::Error;
use crate::function::Function;
use crate::function::vectorised::{Exactness, Vectorised};

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
    pub(super) nonzeros: Vectorised,
}

impl Function {
    /// A plan for the nonzeros of the Jacobian.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn sparse_jacobian(&self) -> Result<SparseDerivatives, Error> {
        SparseDerivatives::new(self, self.jacobian_pattern())
    }

    /// A plan for the nonzeros of the lower triangle of the Hessian, of a function with one output.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn sparse_hessian(&self) -> Result<SparseDerivatives, Error> {
        let gradient = self.gradient()?;
        SparseDerivatives::new(&gradient, gradient.jacobian_pattern().lower())
    }
}

impl SparseDerivatives {
    fn new(function: &Function, pattern: Pattern) -> Result<SparseDerivatives, Error> {
        let nonzeros = function.nonzeros(&pattern)?.vectorised_with(Exactness::Exact);
        Ok(SparseDerivatives { pattern, nonzeros })
    }

    /// Where the nonzeros are, in the order of their values.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}
