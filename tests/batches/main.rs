//! Promises of batches: one a file.

#[path = "../common/batch.rs"]
mod batch;
#[allow(dead_code)]
#[path = "../common/programs.rs"]
mod programs;

mod against_scalar;
mod bits;
mod contracts;
mod few;
mod layers;
mod sets;
mod signs;
mod zeros;
