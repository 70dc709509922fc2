//! Jacobians and Hessians of which only the nonzeros are computed.

mod colouring;
mod compressed;
pub(super) mod dependencies;
mod evaluator;
mod nonzeros;
pub(super) mod numeric;
mod pattern;
mod plan;

pub use colouring::Colouring;
pub(super) use compressed::Compressed;
pub use evaluator::{SparseEvaluator, SparseWorkspace};
pub use pattern::{Columns, Pattern};
pub use plan::{SparseDerivatives, SparsePlan};
