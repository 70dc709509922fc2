//! Operations on matrices, each one node with as many results as its result has entries.

pub(crate) mod op;
pub(crate) mod rules;
pub(crate) mod values;
