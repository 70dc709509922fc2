//! Passes over all parameters, with the vector instructions of the machine: in a step of a small network they count. Each is a
//! type, since a closure is not always inlined into the code for those instructions.

use pulp::{Arch, Scalar, Simd, WithSimd};

/// So few parameters that finding out what the machine has takes longer than the pass.
const FEW: usize = 32;

/// A pass over so many parameters. What it computes does not depend on the instructions.
#[inline]
pub(super) fn pass<P: WithSimd>(parameters: usize, pass: P) -> P::Output {
    if parameters <= FEW { pass.with_simd(Scalar::new()) } else { Arch::new().dispatch(pass) }
}

/// Whether all numbers are finite.
pub(super) fn are_finite(numbers: &[f64]) -> bool {
    pass(numbers.len(), AreFinite(numbers))
}

/// Multiplies all numbers by a factor; gives whether all were finite.
pub(super) fn scale(numbers: &mut [f64], factor: f64) -> bool {
    pass(numbers.len(), Scale { numbers, factor })
}

struct AreFinite<'a>(&'a [f64]);

impl WithSimd for AreFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        // Without an early end, which would leave one number at a time.
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
