//! The intermediate representation of a function: the recorded graph.

mod analysis;
pub(crate) mod graph;
pub(crate) mod instructions;
