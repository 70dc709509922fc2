//! Jacobians and Hessians of which only the nonzeros are computed.

mod dependencies;
mod evaluator;
mod nonzeros;
mod pattern;
mod plan;

pub use evaluator::SparseEvaluator;
pub use pattern::{Columns, Pattern};
pub use plan::SparseDerivatives;
