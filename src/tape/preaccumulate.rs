//! A block of operations as one node: its partials are taken forward, in registers.

use crate::number::dual::{Dual, FEW};
use crate::number::owner::Owner;
use crate::table::ops::Op;
use crate::tape::{Var, record, values_were_given_out};

/// What a preaccumulated closure may return: one number or an array of them.
pub trait BlockOutput<const N: usize>: sealed::Sealed {
    /// The same in variables.
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
        // So the compiler keeps nothing of the owner.
        let result = self.owned_by(Owner::NONE);
        // What does not reach the result has no part in it, as an operand that a piecewise row did not take.
        record(Op::Preaccumulated, result.primal(), inputs, || result.accepted())
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
/// Worth it for a hot block with few inputs: the operations inside cost no tape. It is quickest with up to 8 inputs,
/// where everything that the closure calls is inlined (`#[inline(always)]` on helpers), so several small blocks beat a
/// large one; numbers that are constants anyway are better captured than passed. The node is *opaque*: a replay and a
/// second derivative cannot see through it, and say so. A closure that captures something may carry the values out, so on
/// a recording tape they count as read even if nothing needs the node.
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
/// If a number of another block, or of a [`derivative`](crate::derivative) or [`jvp`](crate::jvp) around this one, is
/// used or returned: it belongs among the inputs. If a result was made by hand: see [`Dual::custom`].
#[must_use]
#[inline]
#[track_caller]
pub fn preaccumulate<const N: usize, O: BlockOutput<N>>(
    inputs: [Var; N],
    f: impl FnOnce([Dual<f64, N>; N]) -> O,
) -> O::Vars {
    // What captures nothing has nowhere to carry them.
    if size_of_val(&f) > 0 {
        values_were_given_out(&inputs);
    }
    let owner = Owner::fresh();
    let arguments = std::array::from_fn(|k| match inputs[k] {
        // Of many, no direction reaches a constant; of few, the compiler is to know which reach what, and forms no others.
        input if N > FEW && input.is_constant() => Dual::constant(input.value),
        input => Dual::variable(input.value, k).owned_by(owner),
    });
    f(arguments).record(inputs, owner)
}
