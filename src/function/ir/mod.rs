//! The recorded graph: what a function is made of.

pub(crate) mod graph;
pub(crate) mod instructions;
