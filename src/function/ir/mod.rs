//! The recorded graph: what a function is made of.

mod analysis;
pub(crate) mod graph;
pub(crate) mod instructions;
