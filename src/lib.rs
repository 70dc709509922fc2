#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), forbid(unsafe_code))]

/// The pages of the guide, whose examples are tests; a further page is a line here.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/guide/batches.md")]
    mod batches {}
    #[doc = include_str!("../docs/guide/functions.md")]
    mod functions {}
    #[doc = include_str!("../docs/guide/networks.md")]
    mod networks {}
}

mod approx;
mod base;
pub mod check;
mod differentiate;
mod dual;
mod error;
mod function;
mod gradient;
mod kernel;
mod listing;
mod lists;
mod mask;
pub mod nn;
mod operators;
mod ops;
mod owner;
mod point;
mod preaccumulate;
mod predicate;
mod real;
mod rules;
#[cfg(test)]
mod smoke;
mod tape;
mod var;

pub use differentiate::{
    HessianNumber, derivative, gradient, hessian, hessian_vector_product, jacobian, jvp, value_and_gradient,
    vjp,
};
pub use dual::Dual;
pub use error::{Error, SourceLine};
pub use function::{
    Adaptive, BatchWorkspace, Batched, BatchedAdaptive, Column, Float, Function, FunctionStats, Pass,
    Samples, Workspace,
};
pub use gradient::Gradient;
pub use listing::{Listing, NonFinite, Row, Statistics, What};
pub use lists::{mean, softmax};
pub use mask::{Mask, eq, ge, gt, le, lt};
pub use ops::{Op, Primitive, primitives, reductions};
pub use point::{Outputs, Point};
pub use preaccumulate::{Fused, preaccumulate};
pub use predicate::Predicate;
pub use real::{Number, Real};
pub use rules::{Few, affine, cross_entropy, dot, log_sum_exp, norm, product, sum, variance};
pub use tape::{Guard, Mark, Operand, Tape, Var};
