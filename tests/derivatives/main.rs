//! Promises of derivatives in every mode: one a file.

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code)]
#[macro_use]
#[path = "../common/modes.rs"]
mod modes;

mod directions;
mod edge_table;
mod gradients;
mod jacobians;
mod kinks;
mod large_hessians;
mod list_invariants;
mod numbers;
mod owners;
mod shapes;
mod top_level;
