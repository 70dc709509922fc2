//! Promise: a fused function is the function that is written, with one node for each statement.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/programs.rs"]
#[allow(dead_code)] // its generator of numbers is used here
mod programs;

mod blocks;
mod form;
mod messages;
mod nodes;
mod places;
mod random;
mod random_statements;
mod rows;
mod sheet;
mod tester;
