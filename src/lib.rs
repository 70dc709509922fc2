#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), forbid(unsafe_code))]

pub mod check;
mod differentiate;
mod error;
mod function;
pub mod guide;
#[cfg(test)]
mod interop;
pub mod nn;
mod number;
mod table;
mod tape;

pub use differentiate::{
    HessianNumber, derivative, gradient, hessian, hvp, jacobian, jvp, value_and_gradient,
    vjp,
};
pub use error::{Error, SourceLine};
pub use function::{
    Adaptive, BatchEvaluator, BatchWorkspace, Batched, BatchedAdaptive, Column, Evaluator, Function,
    FunctionStats, Pass, Precision, Samples, Workspace,
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
pub use tape::gradient::Gradient;
pub use tape::listing::{Listing, NonFinite, Row, Statistics, What};
pub use tape::preaccumulate::{Fused, preaccumulate};
pub use tape::{Guard, Mark, Operand, Tape, Var};
