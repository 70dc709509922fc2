//! The intermediate representation of a function: the recorded graph.

mod analysis;
pub(crate) mod graph;
mod instruction;
pub(crate) mod instructions;
