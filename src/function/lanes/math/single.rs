//! The kernels over `f32`. Most are computed in `f64` by short polynomials, with some digits to spare, and rounded
//! once: neither overflow nor cancellation needs care, and nearly every result is correctly rounded. The
//! exponentials that networks use most are computed in `f32`, of which a register holds twice as many.

use super::polynomials as known;
use super::{
    LARGEST_ANGLE, clamped, declined_unless, double, has_logarithm, low_bits, near_one, nearest, polynomial,
    power_of_two, with_sign_of_quadrant,
};

// Exponentials: eˣ = 2ⁿ (1 + p).

/// Beyond this, results in `f32` have overflowed or underflowed, and those in `f64` have not.
const LARGEST_EXPONENT: f64 = 300.0;

/// `(p, 2ⁿ)`.
#[inline(always)]
fn exponential(x: f64) -> (f64, f64) {
    let x = clamped(x, -LARGEST_EXPONENT, LARGEST_EXPONENT);
    let n = nearest(x * known::LOG2_E[0]);
    let r = (-n).mul_add(known::LN_2[0], x);
    ((r * r).mul_add(polynomial(r, known::EXP_SINGLE), r), power_of_two(n))
}

#[inline(always)]
fn exp_double(x: f64) -> f64 {
    let (p, power) = exponential(x);
    power.mul_add(p, power)
}

#[inline(always)]
fn exp_m1_double(x: f64) -> f64 {
    let (p, power) = exponential(x);
    power.mul_add(p, power - 1.0)
}

/// 1.5 · 2²³: adding it rounds to an integer, which is then in the low bits.
const TO_INTEGER: f32 = 12_582_912.0;
/// In two parts, of which the first has few bits: its products with small integers are exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// 2ⁿ for an integer `n` in [−126, 127].
#[inline(always)]
fn small_power_of_two(n: f32) -> f32 {
    f32::from_bits((n + TO_INTEGER).to_bits().wrapping_add(127) << 23)
}

/// `(p, n)`, in `f32` alone, for `|x|` up to 128.
#[inline(always)]
fn short_exponential(x: f32) -> (f32, f32) {
    let n = (x * std::f32::consts::LOG2_E + TO_INTEGER) - TO_INTEGER;
    let r = (-n).mul_add(LN_2[1], (-n).mul_add(LN_2[0], x));
    let mut tail = known::EXP_SINGLE[known::EXP_SINGLE.len() - 1] as f32;
    for &coefficient in known::EXP_SINGLE.iter().rev().skip(1) {
        tail = tail.mul_add(r, coefficient as f32);
    }
    ((r * r).mul_add(tail, r), n)
}

#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let above = if x < -104.0 { -104.0 } else { x };
    let (p, n) = short_exponential(if above > 89.0 { 89.0 } else { above });
    // 2ⁿ alone might overflow or underflow.
    let half = (0.5 * n + TO_INTEGER) - TO_INTEGER;
    (1.0 + p) * small_power_of_two(half) * small_power_of_two(n - half)
}

#[inline(always)]
pub(crate) fn exp2(x: f32) -> f32 {
    exp_double(f64::from(x) * known::LN_2[0]) as f32
}

#[inline(always)]
pub(crate) fn exp_m1(x: f32) -> f32 {
    (exp_m1_double(x.into()) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn sinh(x: f32) -> f32 {
    let e = exp_m1_double(x.abs().into());
    ((0.5 * (e + e / (e + 1.0))) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn cosh(x: f32) -> f32 {
    let e = exp_double(x.abs().into());
    (0.5 * (e + 1.0 / e)) as f32
}

#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    // At 10 it has rounded to 1.
    let a = if x.abs() > 10.0 { 10.0 } else { x.abs() };
    let (p, n) = short_exponential(2.0 * a);
    let power = small_power_of_two(n);
    let e = power.mul_add(p, power - 1.0);
    let below = e + 2.0;
    quotient(e, below, e - (below - 2.0)).copysign(x)
}

#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let below = 1.0 + e;
    quotient(if x < 0.0 { e } else { 1.0 }, below, e - (below - 1.0))
}

/// `above / (below + low)`, nearly correctly rounded; `low` is the rounding error of `below`.
#[inline(always)]
fn quotient(above: f32, below: f32, low: f32) -> f32 {
    let inverse = 1.0 / below;
    let y = above * inverse;
    let rest = (-y).mul_add(low, (-y).mul_add(below, above));
    rest.mul_add(inverse, y)
}

// Logarithms: ln(2ᵏ (1 + f)).

#[inline(always)]
fn ln_near_one(f: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    (s * z).mul_add(z.mul_add(polynomial(z, known::LN_SINGLE), known::TWO_THIRDS[0]), 2.0 * s)
}

#[inline(always)]
fn ln_double(x: f64) -> f64 {
    let (m, k) = near_one(x);
    declined_unless(has_logarithm(x), k.mul_add(known::LN_2[0], ln_near_one(m - 1.0)))
}

/// ln(1 + z)
#[inline(always)]
fn ln_1p_double(z: f64) -> f64 {
    let (m, k) = near_one(1.0 + z);
    let f = if k == 0.0 { z } else { m - 1.0 };
    declined_unless(has_logarithm(1.0 + z), k.mul_add(known::LN_2[0], ln_near_one(f)))
}

#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    ln_double(x.into()) as f32
}

#[inline(always)]
pub(crate) fn ln_1p(x: f32) -> f32 {
    (ln_1p_double(x.into()) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn log2(x: f32) -> f32 {
    let (m, k) = near_one(x.into());
    declined_unless(has_logarithm(x.into()), ln_near_one(m - 1.0).mul_add(known::LOG2_E[0], k)) as f32
}

#[inline(always)]
pub(crate) fn log10(x: f32) -> f32 {
    (ln_double(x.into()) * known::LOG10_E[0]) as f32
}

#[inline(always)]
pub(crate) fn asinh(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let square = a * a;
    (ln_1p_double(a + square / (1.0 + (1.0 + square).sqrt())) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn acosh(x: f32) -> f32 {
    let above_1 = f64::from(x) - 1.0;
    declined_unless(x >= 1.0, ln_1p_double(above_1 + (above_1 * (above_1 + 2.0)).sqrt())) as f32
}

#[inline(always)]
pub(crate) fn atanh(x: f32) -> f32 {
    let a = f64::from(x.abs());
    ((0.5 * ln_1p_double(2.0 * a / (1.0 - a))) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn powf(a: f32, b: f32) -> f32 {
    exp_double(f64::from(b) * ln_double(a.into())) as f32
}

// Angles.

/// The sine and the cosine of an angle reduced by multiples of π/2, and the number of multiples.
#[inline(always)]
fn sine_and_cosine(x: f64) -> (f64, f64, u64) {
    let n = nearest(x * std::f64::consts::FRAC_2_PI);
    let r = (-n).mul_add(known::PI_2[1], (-n).mul_add(known::PI_2[0], x));
    let z = r * r;
    let sine = (z * r).mul_add(polynomial(z, known::SIN_SINGLE), r);
    let cosine = z.mul_add(z.mul_add(polynomial(z, known::COS_SINGLE), -0.5), 1.0);
    (sine, cosine, low_bits(n))
}

#[inline(always)]
pub(crate) fn sin(x: f32) -> f32 {
    let (sine, cosine, quadrant) = sine_and_cosine(x.into());
    let y = with_sign_of_quadrant(if quadrant & 1 == 0 { sine } else { cosine }, quadrant);
    let y = declined_unless(f64::from(x.abs()) <= LARGEST_ANGLE, y) as f32;
    if x == 0.0 { x } else { y }
}

#[inline(always)]
pub(crate) fn cos(x: f32) -> f32 {
    let (sine, cosine, quadrant) = sine_and_cosine(x.into());
    let y = with_sign_of_quadrant(if quadrant & 1 == 0 { cosine } else { sine }, quadrant.wrapping_add(1));
    declined_unless(f64::from(x.abs()) <= LARGEST_ANGLE, y) as f32
}

#[inline(always)]
pub(crate) fn tan(x: f32) -> f32 {
    let (sine, cosine, quadrant) = sine_and_cosine(x.into());
    let is_even = quadrant & 1 == 0;
    let y = (if is_even { sine } else { -cosine }) / (if is_even { cosine } else { sine });
    let y = declined_unless(f64::from(x.abs()) <= LARGEST_ANGLE, y) as f32;
    if x == 0.0 { x } else { y }
}

/// `arcsin a` for `a ≤ ½`; else `arcsin s` with `arcsin a = π/2 − 2 arcsin s`.
#[inline(always)]
fn half_asin(a: f64) -> f64 {
    let rest = 0.5 * (1.0 - a);
    let s = if a > 0.5 { rest.sqrt() } else { a };
    let square = if a > 0.5 { rest } else { a * a };
    (s * square).mul_add(polynomial(square, known::ASIN_SINGLE), s)
}

#[inline(always)]
pub(crate) fn asin(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let y = half_asin(a);
    ((if a > 0.5 { y.mul_add(-2.0, known::PI_2[0]) } else { y }) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn acos(x: f32) -> f32 {
    let a = f64::from(x.abs());
    // π/2 ∓ arcsin a, or 2 arcsin s, or π − 2 arcsin s.
    let factor = if a > 0.5 { 2.0 } else { -1.0 };
    let base = if x < 0.0 { 2.0 * known::PI_2[0] } else { 0.0 };
    let base = if a > 0.5 { base } else { known::PI_2[0] };
    half_asin(a).mul_add(if x < 0.0 { -factor } else { factor }, base) as f32
}

/// The angle of the point `(b, a)` in the first quadrant, from its difference to 0, π/4 or π/2.
#[inline(always)]
fn angle(a: f64, b: f64) -> f64 {
    let (is_low, is_high) = (a <= double::TAN_PI_8 * b, b < double::TAN_PI_8 * a);
    let sine = if is_high { -b } else { a - b };
    let cosine = if is_high { a } else { a + b };
    let t = (if is_low { a } else { sine }) / (if is_low { b } else { cosine });
    let z = t * t;
    let base = if is_high { known::PI_2[0] } else { 0.5 * known::PI_2[0] };
    let base = if is_low { 0.0 } else { base };
    base + (t * z).mul_add(polynomial(z, known::ATAN_SINGLE), t)
}

#[inline(always)]
pub(crate) fn atan(x: f32) -> f32 {
    (angle(x.abs().into(), 1.0) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    let right = angle(y.abs().into(), x.abs().into());
    let angle = if x < 0.0 { 2.0 * known::PI_2[0] - right } else { right };
    (angle as f32).copysign(y)
}

// Roots.

#[inline(always)]
pub(crate) fn hypot(a: f32, b: f32) -> f32 {
    let (a, b) = (f64::from(a), f64::from(b));
    a.mul_add(a, b * b).sqrt() as f32
}

#[inline(always)]
pub(crate) fn cbrt(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let (m, inverse, n) = double::inverse_cbrt(a);
    let y = declined_unless(has_logarithm(a), m * inverse * inverse * power_of_two(n));
    if x == 0.0 { x } else { (y as f32).copysign(x) }
}

// The error function: erfc x = e^(−x²) f(x) / (1 + 1.125x) for x ≥ 0, where f varies little.

#[inline(always)]
fn erfc_of_positive(x: f64) -> f64 {
    let x = clamped(x, 0.0, double::END_OF_ERFC);
    let t = (x - 3.5) / (x + 3.5);
    exp_double(-x * x) * polynomial(t, known::ERFC_SINGLE) / x.mul_add(1.125, 1.0)
}

#[inline(always)]
fn erfc_double(x: f64) -> f64 {
    let y = erfc_of_positive(x.abs());
    if x < 0.0 { 2.0 - y } else { y }
}

#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let a = f64::from(x.abs());
    let z = a * a;
    let small = a * z.mul_add(polynomial(z, known::ERF_SINGLE), known::TWO_BY_SQRT_PI[0]);
    ((if a < 0.75 { small } else { 1.0 - erfc_of_positive(a) }) as f32).copysign(x)
}

#[inline(always)]
pub(crate) fn erfc(x: f32) -> f32 {
    erfc_double(x.into()) as f32
}

/// Φ(x) = erfc(−x/√2)/2.
#[inline(always)]
pub(crate) fn normal_cdf(x: f32) -> f32 {
    (0.5 * erfc_double(-f64::from(x) * known::SQRT_1_2[0])) as f32
}
