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
mod minimisers;
mod nist;
mod scalars;
