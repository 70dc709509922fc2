//! Memory of evaluators.

use super::evaluate::Memory;
use super::mode::DIRECTIONS;
use crate::number::dual::Dual;

/// Reusable memory of evaluators: after the first evaluation of a function, further ones do not allocate (operations on
/// matrices do).
///
/// Each [`Evaluator`](super::Evaluator) has a workspace of its own, unless one is lent to it by
/// [`evaluator_in`](super::Function::evaluator_in). Evaluators of any number of functions can use the same workspace, one
/// after the other.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(super) plain: Memory,
    pub(super) dual: Memory<Dual>,
    pub(super) several: Memory<Dual<f64, DIRECTIONS>>,
    pub(super) nonzeros: Vec<f64>,
    /// The rows that are computed again.
    pub(super) again: Vec<bool>,
}

impl Workspace {
    /// An empty workspace; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
