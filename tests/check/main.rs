//! Promises of the checker: one a file.

#[allow(dead_code)]
#[path = "../common/tester.rs"]
mod tester;
#[path = "../../benches/workloads/mod.rs"]
mod workloads;

mod edges;
mod message;
mod properties;
mod tested;
mod verdicts;
