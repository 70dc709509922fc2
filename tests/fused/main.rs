//! Promise: a fused function is the function that is written, with one node for each statement.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/programs.rs"]
#[allow(dead_code)] // its generator of numbers is used here
mod programs;

#[allow(clippy::identity_op, clippy::redundant_closure_call)] // odd code on purpose
mod blocks;
mod form;
mod messages;
mod nodes;
mod places;
mod random;
mod random_statements;
mod rows;
#[allow(clippy::identity_op, clippy::useless_vec)]
mod sheet;
mod tester;
