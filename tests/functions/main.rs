//! Promises of recorded functions: one a file.

#[allow(dead_code)]
#[path = "../common/accuracy.rs"]
mod accuracy;
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code)]
#[path = "../common/programs.rs"]
mod programs;
#[path = "../common/repeated.rs"]
mod repeated;
#[allow(dead_code)]
#[path = "../common/rounding.rs"]
mod rounding;
#[path = "../../benches/workloads/mod.rs"]
mod workloads;

mod adaptive_runs;
mod atomic;
mod colours;
mod derivatives;
mod errors;
mod evaluator;
#[cfg(feature = "nalgebra")]
mod implicit;
mod least_squares;
mod long_sums;
mod modes;
mod nonlinear_programs;
mod passes;
mod planned_calls;
mod replay;
mod sparse;
mod stored;
mod stretches;
mod together;
mod values_with_derivatives;
mod vectorised;
mod view;
mod zeros;
