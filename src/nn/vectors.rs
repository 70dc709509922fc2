//! Loops over all parameters, with the vector instructions of the machine: they matter in an update of a small
//! network. Each is a type, since a closure is not always inlined into the code for those instructions.

use crate::platform::with_best_instructions;
use pulp::{Scalar, Simd, WithSimd};

/// Up to this many parameters, detecting the instruction set would take longer than the loop.
const FEW: usize = 32;

/// Runs a loop over this many parameters. Its result does not depend on the instruction set.
#[inline]
pub(super) fn run<L: WithSimd>(parameters: usize, of: L) -> L::Output {
    if parameters <= FEW { of.with_simd(Scalar::new()) } else { with_best_instructions(of) }
}

/// Whether all numbers are finite.
pub(super) fn are_finite(numbers: &[f64]) -> bool {
    run(numbers.len(), AreFinite(numbers))
}

/// Multiplies all numbers by a factor; returns whether all were finite before.
pub(super) fn scale(numbers: &mut [f64], factor: f64) -> bool {
    run(numbers.len(), Scale { numbers, factor })
}

struct AreFinite<'a>(&'a [f64]);

impl WithSimd for AreFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        // Without an early return, which would prevent vectorisation.
        let mut all = true;
        for number in self.0 {
            all &= number.is_finite();
        }
        all
    }
}

struct Scale<'a> {
    numbers: &'a mut [f64],
    factor: f64,
}

impl WithSimd for Scale<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut all = true;
        for number in self.numbers {
            all &= number.is_finite();
            *number *= self.factor;
        }
        all
    }
}
