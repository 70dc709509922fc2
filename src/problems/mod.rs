//! Problems as solvers ask for them: nonlinear programs and least squares, of recorded functions.

mod bounds;
mod first;
mod inputs;
mod kept;
mod least_squares;
mod nonlinear_program;
mod program_evaluator;

pub use bounds::Bounds;
#[cfg(feature = "levenberg-marquardt")]
pub(crate) use inputs::Inputs;
pub use least_squares::{LeastSquares, LeastSquaresEvaluator};
pub use nonlinear_program::NonlinearProgram;
pub use program_evaluator::{Evaluations, ProgramEvaluator};
