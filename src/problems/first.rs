//! The first derivatives of a program: with the values, where both come from one evaluation.

use crate::error::Error;
use crate::function::{
    Exactness, Function, Pattern, SparseDerivatives, SparseEvaluator, Vectorised, VectorisedEvaluator,
};

/// The nonzeros of the derivatives of all outputs: those of the objective come first.
#[derive(Debug, Clone)]
pub(super) enum FirstDerivatives {
    /// A function whose outputs are the values and, after them, the nonzeros, which stand in this pattern.
    WithValues(Pattern, Box<Vectorised>),
    /// Where there would be too many operations for a function: evaluations of another kind, of the nonzeros alone.
    Alone(SparseDerivatives),
}

impl FirstDerivatives {
    pub fn new(function: &Function) -> Result<FirstDerivatives, Error> {
        match function.values_and_nonzeros()? {
            Some((pattern, both)) => {
                Ok(FirstDerivatives::WithValues(pattern, Box::new(both.vectorised_with(Exactness::Exact))))
            }
            None => function.sparse_jacobian().map(FirstDerivatives::Alone),
        }
    }

    /// Where the nonzeros are.
    pub fn pattern(&self) -> &Pattern {
        match self {
            FirstDerivatives::WithValues(pattern, _) => pattern,
            FirstDerivatives::Alone(sparse) => sparse.pattern(),
        }
    }

    /// How many values precede the nonzeros.
    pub fn values(&self) -> usize {
        match self {
            FirstDerivatives::WithValues(pattern, _) => pattern.rows(),
            FirstDerivatives::Alone(_) => 0,
        }
    }

    pub fn evaluator(&self) -> FirstEvaluator<'_> {
        match self {
            FirstDerivatives::WithValues(_, function) => FirstEvaluator::WithValues(function.evaluator()),
            FirstDerivatives::Alone(sparse) => FirstEvaluator::Alone(sparse.evaluator()),
        }
    }
}

/// Evaluates [`FirstDerivatives`].
#[derive(Debug)]
pub(super) enum FirstEvaluator<'p> {
    WithValues(VectorisedEvaluator<'p>),
    Alone(SparseEvaluator<'p>),
}

impl FirstEvaluator<'_> {
    /// Writes the values, if they come along, and the nonzeros.
    pub fn evaluate(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        match self {
            FirstEvaluator::WithValues(both) => both.values_into(x, out),
            FirstEvaluator::Alone(sparse) => sparse.values_into(x, out),
        }
    }
}
