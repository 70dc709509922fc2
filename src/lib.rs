#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod check;
mod differentiate;
mod error;
mod function;
pub mod guide;
pub mod interop;
pub mod nn;
mod number;
#[cfg(test)]
mod sketches;
mod table;
mod tape;
pub mod view;

/// Functions that are evaluated for many samples at once, in vector registers and on several threads; made by
/// [`Function::batched`].
pub mod batch {
    pub use crate::function::{
        BatchEvaluator, BatchWorkspace, Batched, BatchedAdaptive, Column, Precision, Samples,
    };
}

/// Functions of lists, over plain numbers, duals and variables. Each row of the table is one node on a tape, whatever
/// the length of the list; `mean` and `softmax` are composed of several.
pub mod lists {
    pub use crate::table::lists::{
        affine, cross_entropy, dot, log_sum_exp, mean, norm, product, softmax, sum, variance,
    };
}

/// Comparisons whose results are numbers, 1 or 0. A replay computes them again, where an `if` would be recorded as a
/// guard.
pub mod masks {
    pub use crate::number::mask::{Mask, eq, ge, gt, le, lt};
}

/// The table of primitives: operations with their values and partial derivatives.
pub mod primitives {
    pub use crate::table::ops::{Op, Primitive, primitives as all, reductions};
}

pub use differentiate::{
    HessianNumber, derivative, gradient, hessian, hvp, jacobian, jvp, value_and_gradient, vjp,
};
pub use error::Error;
pub use function::{Adaptive, Evaluator, Function, Pass, Workspace};
pub use number::dual::Dual;
pub use number::point::Point;
pub use number::real::Real;
pub use table::number::Number;
pub use tape::gradient::Gradient;
pub use tape::preaccumulate::{BlockOutput, preaccumulate};
pub use tape::{Mark, Tape, Var};
