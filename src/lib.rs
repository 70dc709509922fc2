#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
// On docs.rs, which has a nightly compiler, items say which feature they need.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod check;
mod differentiate;
mod error;
mod function;
pub mod guide;
pub mod interop;
pub mod nn;
mod number;
mod platform;
#[cfg(feature = "view")]
pub mod plot;
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

/// Functions that are evaluated in vector registers, one point at a time; made by [`Function::vectorised`].
pub mod vectorised {
    pub use crate::function::{
        Exactness, PlanStatistics, Precision, Vectorised, VectorisedAdaptive, VectorisedEvaluator,
        VectorisedWorkspace,
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

/// Operations on nalgebra's matrices (feature `nalgebra`): products, linear systems, determinants, Cholesky factors.
///
/// Each is one node on a tape, with as many results as its result has entries, and one instruction of a
/// [`Function`]: memory is that of the matrices, where the same operation in nalgebra records each multiplication. They
/// are evaluated by nalgebra over plain numbers, and differentiated by the rules of matrix calculus, to any order.
/// Pays from some 5 × 5 on; smaller matrices are quicker in nalgebra's own operations. In a batch, they are evaluated sample
/// by sample.
#[cfg(feature = "nalgebra")]
pub mod matrix {
    pub use crate::interop::matrix::{Cholesky, ln_det, product, quadratic_form, solve, solve_lower};
}

/// The table of primitives: operations with their values and partial derivatives.
pub mod primitives {
    pub use crate::table::matrix::op::MatrixOp;
    pub use crate::table::ops::{Op, Primitive, primitives as all, reductions};
}

/// What the code that [`fused`] writes calls.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod statement {
    pub use crate::number::statement::lift::{
        Foreign, LiftForeign, LiftMutable, LiftNumber, LiftReceiver, LiftReference, NoStatement, NoSum,
        Operand, attempt, bind, sum,
    };
    pub use tapegrad_macros::expand;
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
#[cfg(feature = "macros")]
pub use tapegrad_macros::{fuse, fused};
