//! Elementary functions without branches, calls or tables: a loop over samples that calls one becomes vector
//! instructions.
//!
//! A kernel returns a result within 2 units in the last place, with the special values of the method of the
//! standard library. Or it returns NaN where that is not the value: then it has *declined*, and the caller
//! evaluates the scalar function. Kernels decline rare arguments: angles beyond 10⁹, and logarithms and powers of
//! anything but positive normal numbers.
//!
//! Both sides of every `if` are computed, so that it becomes a blend. Fused multiply-adds give the same bits on all
//! machines; they are slow where the hardware has none.

pub(crate) mod double;
mod kernels;
mod pair;
mod polynomials;
pub(crate) mod single;
#[cfg(test)]
mod tests;

pub use kernels::Kernels;

/// The largest angle whose quadrant is computed; larger ones are declined.
const LARGEST_ANGLE: f64 = 1e9;

/// `c₀ + c₁x + c₂x² + …`
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let mut y = coefficients[N - 1];
    for k in (0..N - 1).rev() {
        y = y.mul_add(x, coefficients[k]);
    }
    y
}

/// 1.5 · 2⁵²: adding it rounds to an integer, which is then in the low bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// The nearest integer, for `|x| < 2⁵¹`.
#[inline(always)]
fn nearest(x: f64) -> f64 {
    (x + TO_INTEGER) - TO_INTEGER
}

/// The low bits of an integer, negative ones in two's complement.
#[inline(always)]
fn low_bits(integer: f64) -> u64 {
    (integer + TO_INTEGER).to_bits()
}

/// 2ⁿ for an integer `n` in [−1022, 1023].
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    f64::from_bits(low_bits(n).wrapping_add(1023) << 52)
}

/// `(m, k)` with `x = 2ᵏ m` and `m` in [√½, √2), for a positive normal number.
#[inline(always)]
fn near_one(x: f64) -> (f64, f64) {
    const SQRT_1_2: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    const ONE: u64 = 1.0f64.to_bits();
    const MANTISSA: u64 = (1 << 52) - 1;
    /// 2⁵², whose low bits take an integer.
    const FROM_INTEGER: f64 = 4_503_599_627_370_496.0;
    // The offset keeps the exponent of a number near √½ at one value.
    let shifted = x.to_bits().wrapping_add(ONE - SQRT_1_2);
    let m = f64::from_bits((shifted & MANTISSA) + SQRT_1_2);
    let biased = f64::from_bits(FROM_INTEGER.to_bits() | (shifted >> 52));
    (m, biased - (FROM_INTEGER + 1023.0))
}

/// `x` moved into an interval; NaN stays.
#[inline(always)]
fn clamped(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `y` where the condition holds, else NaN.
#[inline(always)]
fn declined_unless(condition: bool, y: f64) -> f64 {
    if condition { y } else { f64::NAN }
}

/// Whether a logarithm is computed: for positive normal numbers.
#[inline(always)]
#[expect(clippy::manual_range_contains, reason = "it is lazy: a branch")]
fn has_logarithm(x: f64) -> bool {
    (x >= f64::MIN_POSITIVE) & (x <= f64::MAX)
}

/// `y`, with its sign flipped where the second bit of the quadrant is set.
#[inline(always)]
fn with_sign_of_quadrant(y: f64, quadrant: u64) -> f64 {
    f64::from_bits(y.to_bits() ^ ((quadrant & 2) << 62))
}
