//! Promises of views: one a file.

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code)]
#[path = "../common/programs.rs"]
mod programs;
mod xml;

mod cut;
mod escaped;
mod folded;
mod graphviz;
#[cfg(feature = "nalgebra")]
mod matrices;
mod notebooks;
mod numbers;
mod operands;
mod pictures;
mod playground;
mod trees;
mod visitors;
