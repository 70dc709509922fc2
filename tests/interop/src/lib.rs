//! Foreign crates over tapegrad: what is written against their traits alone has derivatives in every mode; and values in a
//! format of serde that says nothing about itself.
#![cfg(test)]

mod arrays;
#[path = "../../common/mod.rs"]
mod common;
mod float;
mod formats;
mod least_squares;
mod linear_systems;
mod matrices;
mod matrix_nodes;
mod matrix_programs;
mod minimisers;
mod nist;
#[allow(dead_code)]
#[path = "../../common/programs.rs"]
mod programs;
mod scalars;
mod sparse;
