#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod check;
mod differentiate;
mod error;
mod function;
pub mod guide;
pub mod nn;
mod number;
#[cfg(test)]
mod sketches;
mod table;
mod tape;

pub use differentiate::{
    HessianNumber, derivative, gradient, hessian, hessian_vector_product, jacobian, jvp, value_and_gradient,
    vjp,
};
pub use error::{Error, SourceLine};
pub use function::{
    Adaptive, BatchWorkspace, Batched, BatchedAdaptive, Column, Function, FunctionStats, Pass, Precision,
    Samples, Workspace,
};
pub use number::dual::Dual;
pub use number::lists::{mean, softmax};
pub use number::mask::{Mask, eq, ge, gt, le, lt};
pub use number::point::Point;
pub use number::predicate::Predicate;
pub use number::real::Real;
pub use table::number::Number;
pub use table::ops::{Op, Primitive, primitives, reductions};
pub use table::rules::{Few, affine, cross_entropy, dot, log_sum_exp, norm, product, sum, variance};
pub use tape::Outputs;
pub use tape::gradient::Gradient;
pub use tape::listing::{Listing, NonFinite, Row, Statistics, What};
pub use tape::preaccumulate::{Fused, preaccumulate};
pub use tape::{Guard, Mark, Operand, Tape, Var};
