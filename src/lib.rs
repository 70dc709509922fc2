#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
// On docs.rs, which has a nightly compiler, items say which feature they need.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod check;
mod checkpoint;
mod differentiate;
mod error;
pub mod forward;
mod function;
pub mod guide;
pub mod interop;
pub mod nn;
mod number;
mod platform;
#[cfg(feature = "view")]
pub mod plot;
mod problems;
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

/// Jacobians and Hessians of which only the nonzeros are computed; made by [`Function::sparse_jacobian`] and
/// [`Function::sparse_hessian`].
pub mod sparse {
    pub use crate::function::{
        Colouring, Columns, Pattern, SparseDerivatives, SparseEvaluator, SparsePlan, SparseWorkspace,
    };
}

/// What solvers of other crates ask for: nonlinear programs under the names of Ipopt's TNLP, and least squares. There are no
/// solvers here; [the guide](crate::guide::solvers) names some.
pub mod solvers {
    pub use crate::problems::{
        Bounds, Evaluations, LeastSquares, LeastSquaresEvaluator, NonlinearProgram, ProgramEvaluator,
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
    pub use crate::table::atomic::AtomicOp;
    pub use crate::table::matrix::op::MatrixOp;
    pub use crate::table::ops::{Op, Primitive, primitives as all, reductions};
}

/// What the code that [`fused`] writes calls.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod statement {
    pub use crate::number::statement::lift::{
        Foreign, LiftForeign, LiftMutable, LiftMutableReceiver, LiftNumber, LiftReceiver, LiftReference,
        NoStatement, NoSum, Operand, attempt, bind, held, never, sum_of,
    };
    pub use tapegrad_macros::expand;
}

pub use checkpoint::loops::{Checkpointed, checkpointed, checkpointed_while};
pub use differentiate::{
    HessianNumber, derivative, gradient, hessian, hvp, jacobian, jvp, value_and_gradient, vjp,
};
pub use error::Error;
#[doc(hidden)]
pub use function::with_plans_after;
pub use function::{Adaptive, DerivativePlan, Evaluator, Function, Mode, Pass, Scan, Workspace};
pub use number::dual::Dual;
pub use number::point::Point;
pub use number::real::Real;
pub use table::atomic::Atomic;
pub use table::number::Number;
pub use tape::gradient::Gradient;
pub use tape::preaccumulate::{BlockOutput, preaccumulate};
pub use tape::{Mark, Tape, Var};
/// As [`fused`](macro@fused), for an expression, such as a closure; a function and an attribute cannot have one name.
///
/// ```
/// use tapegrad::{Tape, Var, fuse};
///
/// let tape = Tape::new();
/// let x = tape.vars([0.5, 2.0]);
/// let product = fuse!(x[0] * x[1] + x[0].sin());
/// let logistic = fuse!(|x: Var, rate: f64| x * (1.0 - x) * rate);
/// let y = logistic(product, 3.5);
/// assert_eq!(tape.len(), 4);
/// # let _ = y;
/// ```
#[cfg(feature = "macros")]
pub use tapegrad_macros::fuse;
/// Records each arithmetic expression of a function as one node, with partials from a reverse sweep of its own.
///
/// The function computes the same: values have the same bits over every number, and so have the tangents of
/// [`Dual`]. [Recordings](Tape::recording) keep the operations that are written, so functions, derivatives of any order
/// and batches are what they are without the attribute. See [the guide](crate::guide::fused).
///
/// ```
/// use tapegrad::{Real, Tape, fused};
///
/// #[fused]
/// fn step<R: Real>(left: R, u: R, right: R) -> R {
///     u - u * (right - left) * 0.05 + (left - u * 2.0 + right) * 0.2
/// }
///
/// let tape = Tape::new();
/// let [left, u, right] = tape.vars([1.0, 2.0, 4.0]);
/// let y = step(left, u, right);
/// assert_eq!(tape.len(), 4); // the variables, and one node in place of nine
/// assert_eq!(y.value(), step(1.0, 2.0, 4.0));
/// assert!((y.backward()[right] - (0.2 - 0.05 * 2.0)).abs() < 1e-15);
/// ```
///
/// It stands before a function, a method, or an `impl`.
///
/// # What becomes one node
/// - Operators, `-x`, methods of [`Number`], parentheses and literals, two operations or more; operands are whatever stands
///   between them: names, fields, `w[0]`, `*x`, calls. Plain numbers among the operands take no part in the derivative and
///   no memory.
/// - `y += e`, as `y = y + e`; so with `-=`, `*=`, `/=`, `%=`.
/// - `items.map(|item| e).sum()`, with the operands of all terms. (If the closure has `move`, each term is a node.) With it
///   what is added, if that is a name, a field, `w[0]` or `*x`, and `e` no block: `items.map(|item| e).sum::<R>() + bias`.
/// - With `#[fused(block)]` also the `let`s at the end of a block, if only one such expression uses the value.
///
/// Whatever else stands in the function is left as it is: types decide, so integers, plain numbers and types of your own
/// are computed as ever. Functions that are called have attributes of their own.
///
/// # What it costs
/// - The partials within an expression are multiplied before the adjoint comes. So gradients differ in the last bits, and a
///   product that overflows within an expression gives an infinite partial (and NaN, for an adjoint of 0) where the
///   operations one by one stay finite.
/// - What vanishes has no [`Var`], so `g[h]` and a [listing](Tape::listing) end at the expression, of which
///   the listing shows the source.
/// - Operands are evaluated first, from left to right. A recording may have its operations in another order; and a method
///   of your own that has the name of one of [`Number`] is called after them, which matters if it changes something.
///
/// # What it does not take
/// The compiler refuses these at the expression, and a `let` within it helps:
/// - a sum with terms of iterators that are not [`Iterator`]s;
/// - an expression over two types that are both [`Real`];
/// - a number on the left of a variable by a bound such as `f64: Mul<R>`: write `R::constant(2.0) * x`;
/// - an operand that borrows what another one uses, as in `list.iter_mut().next().unwrap().sin() * list[0]`;
/// - a method of a field of a `packed` structure.
#[cfg(feature = "macros")]
pub use tapegrad_macros::fused;
