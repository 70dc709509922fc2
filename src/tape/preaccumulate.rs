//! A block of operations as one node: its partials are computed in forward mode, in registers.

use crate::number::dual::{Dual, FEW};
use crate::number::owner::Owner;
use crate::table::ops::Op;
use crate::tape::{Var, record, values_were_given_out};

/// What a preaccumulated closure may return: one number or an array of them.
pub trait BlockOutput<const N: usize>: sealed::Sealed {
    /// The same shape in variables.
    type Vars;

    #[doc(hidden)]
    #[track_caller]
    fn record(self, inputs: [Var; N], owner: Owner) -> Self::Vars;
}

mod sealed {
    use super::Dual;
    pub trait Sealed {}
    impl<const N: usize> Sealed for Dual<f64, N> {}
    impl<const N: usize, const M: usize> Sealed for [Dual<f64, N>; M] {}
}

impl<const N: usize> BlockOutput<N> for Dual<f64, N> {
    type Vars = Var;

    #[inline(always)]
    #[track_caller]
    fn record(self, inputs: [Var; N], owner: Owner) -> Var {
        owner.accept(self.owner(), || self.primal());
        // So that the compiler removes the owner.
        let result = self.owned_by(Owner::NONE);
        // An input that does not reach the result has no part in it, like an operand that a piecewise row does not
        // select.
        record(Op::Preaccumulated, result.primal(), inputs, move || result.accepted())
    }
}

impl<const N: usize, const M: usize> BlockOutput<N> for [Dual<f64, N>; M] {
    type Vars = [Var; M];

    #[inline]
    #[track_caller]
    fn record(self, inputs: [Var; N], owner: Owner) -> [Var; M] {
        let mut results = [Var::constant_of(0.0); M];
        for (result, output) in results.iter_mut().zip(self) {
            *result = output.record(inputs, owner);
        }
        results
    }
}

/// Evaluates `f` in forward mode and records each result as a single node with its partial derivatives.
///
/// Use it for a hot block with few inputs: the operations inside are not recorded. It is fastest with up to 12 inputs
/// and a closure without loops that calls only inlined functions (`#[inline(always)]` on helpers), so several small blocks are
/// faster than a large one; constants should be captured rather than passed as inputs. With more inputs, or with several
/// results of many inputs, `#[fused(block)]` (feature `macros`) is faster: it goes backwards through the block instead of
/// carrying a tangent for each. The node is *opaque*: a replay
/// or a second derivative through it is an error. A closure that captures something may pass the values on, so on a
/// recording tape they count as read even if nothing needs the node.
///
/// ```
/// use tapegrad::{Tape, preaccumulate};
///
/// let tape = Tape::new();
/// let [x, y] = tape.vars([0.3, 0.4]);
/// let r = preaccumulate([x, y], |[x, y]| (x * x + y * y).sqrt().ln());
/// assert_eq!(tape.len(), 3);
/// assert!((r.backward()[x] - 0.3 / 0.25).abs() < 1e-15);
/// ```
///
/// # Panics
/// If the closure uses or returns a number of another block, or of an enclosing [`derivative`](crate::derivative) or
/// [`jvp`](crate::jvp): pass it as an input. If a result was made by hand: see [`Dual::custom`].
#[must_use]
#[inline]
#[track_caller]
pub fn preaccumulate<const N: usize, O: BlockOutput<N>>(
    inputs: [Var; N],
    f: impl FnOnce([Dual<f64, N>; N]) -> O,
) -> O::Vars {
    // A closure that captures nothing cannot pass the values on.
    if size_of_val(&f) > 0 {
        values_were_given_out(&inputs);
    }
    let owner = Owner::fresh();
    let arguments = std::array::from_fn(|k| match inputs[k] {
        // With many inputs, no direction reaches a constant. With few, constants count as variables too, so that the
        // compiler knows which directions reach which numbers, and computes no others.
        input if N > FEW && input.is_constant() => Dual::constant(input.value),
        input => Dual::variable(input.value, k).owned_by(owner),
    });
    f(arguments).record(inputs, owner)
}
