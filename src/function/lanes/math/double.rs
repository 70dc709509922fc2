//! The kernels over `f64`. Where the error would otherwise be too large, they use double-double arithmetic.

use super::pair::Pair;
use super::polynomials as known;
use super::{
    LARGEST_ANGLE, clamped, declined_unless, has_logarithm, low_bits, near_one, nearest, polynomial,
    power_of_two, with_sign_of_quadrant,
};

/// Below this, the second term in the series of an odd function is less than the rounding error.
const NEARLY_LINEAR: f64 = 1.0 / (1u64 << 28) as f64;

/// Above this, 1 is negligible compared with the square.
const LARGE: f64 = (1u64 << 60) as f64;

/// An odd function with slope 1 at 0, from its value `y` at `|x|`.
#[inline(always)]
fn odd(x: f64, y: f64) -> f64 {
    if x.abs() < NEARLY_LINEAR { x } else { y.copysign(x) }
}

// Exponentials: eˣ = 2ⁿ (1 + p).

/// `eʳ − 1` for `|r|` up to half of ln 2.
#[inline(always)]
fn small_exp_m1(r: Pair) -> Pair {
    let tail = (r.high * r.high).mul_add(polynomial(r.high, known::EXP), r.low);
    Pair::ordered_sum(r.high, tail)
}

/// `(p, n)`, where `|p|` is at most 0.42.
#[inline(always)]
fn exponential(x: Pair) -> (Pair, f64) {
    let n = nearest(x.high * known::LOG2_E[0]);
    // The first product and difference are exact.
    let r = Pair { high: (-n).mul_add(known::LN_2[0], x.high), low: (-n).mul_add(known::LN_2[1], x.low) };
    (small_exp_m1(r.normal()), n)
}

/// `(p, n)`, with `p` in plain double precision: half as long, and accurate enough if little is computed from it.
#[inline(always)]
fn short_exponential(x: f64) -> (f64, f64) {
    let n = nearest(x * known::LOG2_E[0]);
    let r = (-n).mul_add(known::LN_2[1], (-n).mul_add(known::LN_2[0], x));
    ((r * r).mul_add(polynomial(r, known::EXP), r), n)
}

/// `2ⁿ y` where 2ⁿ alone might overflow or underflow.
#[inline(always)]
fn scaled(y: f64, n: f64) -> f64 {
    let half = nearest(0.5 * n);
    y * power_of_two(half) * power_of_two(n - half)
}

/// eˣ, for any `x.high`.
#[inline(always)]
fn exp_pair(x: Pair) -> f64 {
    // Beyond these bounds the result has overflowed or underflowed.
    let high = clamped(x.high, -746.0, 710.0);
    let low = if high == x.high { x.low } else { 0.0 };
    let (p, n) = exponential(Pair { high, low });
    scaled(p.added_to(1.0).rounded(), n)
}

#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let (p, n) = short_exponential(clamped(x, -746.0, 710.0));
    scaled(1.0 + p, n)
}

#[inline(always)]
pub(crate) fn exp2(x: f64) -> f64 {
    let x = clamped(x, -1076.0, 1025.0);
    let n = nearest(x);
    let p = small_exp_m1(Pair::from(known::LN_2).times(x - n));
    scaled(p.added_to(1.0).rounded(), n)
}

/// `(eˣ − 1)/4`, which does not overflow before the hyperbolic sine does.
#[inline(always)]
fn quarter_exp_m1(x: f64) -> Pair {
    let (p, n) = exponential(clamped(x, -50.0, 710.5).into());
    let power = power_of_two(n - 2.0);
    p.scaled(power).added_to(power - 0.25)
}

#[inline(always)]
pub(crate) fn exp_m1(x: f64) -> f64 {
    let y = 4.0 * quarter_exp_m1(x).rounded();
    // Here the square in the series is less than the rounding error.
    if x.abs() < f64::EPSILON / 4.0 { x } else { y }
}

/// The largest number whose hyperbolic sine, and cosine, is finite.
const LARGEST_SINH: f64 = 710.475_860_073_943_9;

#[inline(always)]
pub(crate) fn sinh(x: f64) -> f64 {
    let a = x.abs();
    let e = quarter_exp_m1(a);
    // (E + E/(E + 1))/2 with E = eᵃ − 1. Where the quotient does not matter, it must not overflow.
    let small = Pair::either(e.high < LARGE, e, LARGE.into());
    let quotient = small.over(Pair::sum(1.0, 4.0 * small.high).and(4.0 * small.low));
    let y = 2.0 * Pair::ordered_sum(e.high, quotient.high).and(e.low + quotient.low).rounded();
    odd(x, if a > LARGEST_SINH { f64::INFINITY } else { y })
}

#[inline(always)]
pub(crate) fn cosh(x: f64) -> f64 {
    let a = x.abs();
    // eᵃ/2 + e⁻ᵃ/2, halved once more so that it does not overflow.
    let (p, n) = exponential(clamped(a, 0.0, 710.5).into());
    let e = p.added_to(1.0).normal().scaled(power_of_two(n - 2.0));
    let inverse = 0.0625 / e.high;
    // The low part of e also enters the inverse.
    let low = (-16.0 * e.low * inverse).mul_add(inverse, e.low);
    let y = 2.0 * Pair::ordered_sum(e.high, inverse).and(low).rounded();
    if a > LARGEST_SINH { f64::INFINITY } else { y }
}

#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    // E/(E + 2) with E = e²ᵃ − 1; at 22 it has rounded to 1.
    let (p, n) = short_exponential(2.0 * clamped(x.abs(), 0.0, 22.0));
    let power = power_of_two(n);
    let e = power.mul_add(p, power - 1.0);
    let below = e + 2.0;
    quotient(e, below, e - (below - 2.0)).copysign(x)
}

#[inline(always)]
pub(crate) fn sigmoid(x: f64) -> f64 {
    // From the exponential that cannot overflow.
    let e = exp(-x.abs());
    let below = 1.0 + e;
    quotient(if x < 0.0 { e } else { 1.0 }, below, e - (below - 1.0))
}

/// `above / (below + low)`, nearly correctly rounded; `low` is the rounding error of `below`.
#[inline(always)]
fn quotient(above: f64, below: f64, low: f64) -> f64 {
    let inverse = 1.0 / below;
    let y = above * inverse;
    let rest = (-y).mul_add(low, (-y).mul_add(below, above));
    rest.mul_add(inverse, y)
}

// Logarithms: ln(2ᵏ (1 + f)).

/// ln(1 + f), for 1 + f in [√½, √2): 2s + ⅔s³ + … with s = f/(2 + f). Since 2s is f − f²/2 + s f²/2, the rounding
/// error of s has little effect.
#[inline(always)]
fn ln_near_one(f: Pair) -> Pair {
    let s = f.high / (2.0 + f.high);
    let z = s * s;
    let half_square = Pair::product(0.5 * f.high, f.high);
    let rest = z.mul_add(z.mul_add(polynomial(z, known::LN), known::TWO_THIRDS[0]), half_square.high);
    // About 1/(1 + f).
    let slope = s.mul_add(s.mul_add(2.0, -2.0), 1.0);
    Pair::ordered_sum(f.high, -half_square.high).and(f.low.mul_add(slope, s.mul_add(rest, -half_square.low)))
}

/// The same to 65 bits, from the series alone.
#[inline(always)]
fn ln_near_one_precisely(f: f64) -> Pair {
    let s = Pair::from(f).over(Pair::ordered_sum(2.0, f));
    let z = s.high * s.high;
    let factor =
        Pair::ordered_sum(known::TWO_THIRDS[0], z * polynomial(z, known::LN)).and(known::TWO_THIRDS[1]);
    let tail = s.times_pair(s.times_pair(s)).times_pair(factor);
    Pair::ordered_sum(2.0 * s.high, tail.high).and(2.0 * s.low + tail.low)
}

/// `k ln 2 + y`
#[inline(always)]
fn with_exponent(k: f64, y: Pair) -> Pair {
    let exponent = Pair::from(known::LN_2).times(k);
    y.added_to(exponent.high).and(exponent.low)
}

/// ln(1 + z), if 1 + z is a positive normal number; else NaN.
#[inline(always)]
fn ln_1p_pair(z: Pair) -> Pair {
    let u = Pair::sum(1.0, z.high).and(z.low);
    let (m, k) = near_one(u.high);
    // Beyond 2¹⁰⁰ the low part does not matter.
    let low = u.low * power_of_two(-clamped(k, -1000.0, 100.0));
    let f = Pair::either(k == 0.0, z, Pair { high: m - 1.0, low });
    let y = with_exponent(k, ln_near_one(f));
    Pair { high: declined_unless(has_logarithm(u.high), y.high), low: y.low }
}

#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let (m, k) = near_one(x);
    declined_unless(has_logarithm(x), with_exponent(k, ln_near_one((m - 1.0).into())).rounded())
}

#[inline(always)]
pub(crate) fn ln_1p(x: f64) -> f64 {
    ln_1p_pair(x.into()).rounded().copysign(x)
}

#[inline(always)]
pub(crate) fn log2(x: f64) -> f64 {
    let (m, k) = near_one(x);
    let y = ln_near_one((m - 1.0).into()).normal().times_pair(known::LOG2_E.into());
    declined_unless(has_logarithm(x), y.added_to(k).rounded())
}

#[inline(always)]
pub(crate) fn log10(x: f64) -> f64 {
    let (m, k) = near_one(x);
    let y = ln_near_one((m - 1.0).into()).normal().times_pair(known::LOG10_E.into());
    let exponent = Pair::from(known::LOG10_2).times(k);
    declined_unless(has_logarithm(x), y.added_to(exponent.high).and(exponent.low).rounded())
}

#[inline(always)]
pub(crate) fn asinh(x: f64) -> f64 {
    // ln(1 + a + (√(1 + a²) − 1)), and ln(2a) where the square might overflow.
    let a = x.abs();
    let square = Pair::product(a, a);
    let root = Pair::sum(1.0, square.high).and(square.low).normal().sqrt();
    let z = Pair::ordered_sum(root.high, -1.0).and(root.low).normal();
    let z = Pair::sum(a, z.high).and(z.low);
    odd(x, ln_1p_pair(Pair::either(a > LARGE, Pair::from(2.0 * a), z)).rounded())
}

#[inline(always)]
pub(crate) fn acosh(x: f64) -> f64 {
    // ln(1 + (x − 1) + √(x² − 1)), and ln(2x).
    let square = Pair::product(x, x);
    let root = Pair::ordered_sum(square.high, -1.0).and(square.low).normal().sqrt();
    let above_1 = Pair::ordered_sum(x, -1.0);
    let z = Pair::sum(above_1.high, root.high).and(above_1.low + root.low);
    let y = ln_1p_pair(Pair::either(x > LARGE, Pair::from(2.0 * x), z)).rounded();
    declined_unless(x >= 1.0, y)
}

#[inline(always)]
pub(crate) fn atanh(x: f64) -> f64 {
    // ½ ln(1 + 2a/(1 − a))
    let a = x.abs();
    let z = Pair::from(2.0 * a).over(Pair::ordered_sum(1.0, -a)).normal();
    odd(x, 0.5 * ln_1p_pair(z).rounded())
}

#[inline(always)]
pub(crate) fn powf(a: f64, b: f64) -> f64 {
    let (m, k) = near_one(a);
    let logarithm = with_exponent(k, ln_near_one_precisely(m - 1.0)).normal();
    declined_unless(has_logarithm(a), exp_pair(logarithm.times(b)))
}

// Angles.

/// The sine and the cosine of an angle reduced by multiples of π/2, and the number of multiples.
#[inline(always)]
fn sine_and_cosine(x: f64) -> (Pair, Pair, u64) {
    let n = nearest(x * std::f64::consts::FRAC_2_PI);
    // Exact: both are multiples of 2⁻⁵² (Cody and Waite 1980).
    let r = (-n).mul_add(known::PI_2[0], x);
    let second = Pair::product(n, known::PI_2[1]);
    let r = Pair::sum(r, -second.high).and((-n).mul_add(known::PI_2[2], -second.low)).normal();
    let z = r.high * r.high;
    let half_square = Pair::product(0.5 * r.high, r.high);
    let cosine = Pair::ordered_sum(1.0, -half_square.high);
    let cosine_tail = z.mul_add(z * polynomial(z, known::COS), (-r.high).mul_add(r.low, -half_square.low));
    let sine_tail = (z * r.high).mul_add(polynomial(z, known::SIN), r.low * cosine.high);
    (Pair { high: r.high, low: sine_tail }.normal(), cosine.and(cosine_tail).normal(), low_bits(n))
}

/// The same, in plain double precision.
#[inline(always)]
fn short_sine_and_cosine(x: f64) -> (f64, f64, u64) {
    let n = nearest(x * std::f64::consts::FRAC_2_PI);
    // The first difference is exact; the others are rounded.
    let r = (-n).mul_add(known::PI_2[1], (-n).mul_add(known::PI_2[0], x));
    let r = (-n).mul_add(known::PI_2[2], r);
    let z = r * r;
    let sine = (z * r).mul_add(polynomial(z, known::SIN), r);
    let cosine = z.mul_add(z.mul_add(polynomial(z, known::COS), -0.5), 1.0);
    (sine, cosine, low_bits(n))
}

#[inline(always)]
pub(crate) fn sin(x: f64) -> f64 {
    let (sine, cosine, quadrant) = short_sine_and_cosine(x);
    let y = with_sign_of_quadrant(if quadrant & 1 == 0 { sine } else { cosine }, quadrant);
    let y = if x.abs() < NEARLY_LINEAR { x } else { y };
    declined_unless(x.abs() <= LARGEST_ANGLE, y)
}

#[inline(always)]
pub(crate) fn cos(x: f64) -> f64 {
    let (sine, cosine, quadrant) = short_sine_and_cosine(x);
    let y = if quadrant & 1 == 0 { cosine } else { sine };
    declined_unless(x.abs() <= LARGEST_ANGLE, with_sign_of_quadrant(y, quadrant.wrapping_add(1)))
}

#[inline(always)]
pub(crate) fn tan(x: f64) -> f64 {
    let (sine, cosine, quadrant) = sine_and_cosine(x);
    let is_even = quadrant & 1 == 0;
    let y = Pair::either(is_even, sine, cosine.negated()).over(Pair::either(is_even, cosine, sine)).rounded();
    let y = if x.abs() < NEARLY_LINEAR { x } else { y };
    declined_unless(x.abs() <= LARGEST_ANGLE, y)
}

/// arcsin s − s, given s and its square.
#[inline(always)]
fn asin_tail(s: f64, square: f64) -> f64 {
    s * square * polynomial(square, known::ASIN)
}

/// `s` with arcsin a = arcsin s, or π/2 − 2 arcsin s where `a > ½`; the arc sine of s.
#[inline(always)]
fn half_asin(a: f64) -> Pair {
    let is_large = a > 0.5;
    let rest = 0.5 * (1.0 - a);
    let s = Pair::either(is_large, Pair::from(rest).sqrt(), a.into());
    let square = if is_large { rest } else { a * a };
    s.and(asin_tail(s.high, square)).normal()
}

#[inline(always)]
pub(crate) fn asin(x: f64) -> f64 {
    let a = x.abs();
    let y = half_asin(a);
    let large = y.scaled(-2.0).added_to(known::PI_2[0]).and(known::PI_2[1]);
    odd(x, Pair::either(a > 0.5, large, y).rounded())
}

#[inline(always)]
pub(crate) fn acos(x: f64) -> f64 {
    let a = x.abs();
    let is_large = a > 0.5;
    let y = half_asin(a);
    // π/2 ∓ arcsin a, or 2 arcsin s, or π − 2 arcsin s.
    let factor = if is_large { 2.0 } else { -1.0 };
    let base = if x < 0.0 { 2.0 } else { 0.0 };
    let base = if is_large { base } else { 1.0 };
    let y = y.scaled(if x < 0.0 { -factor } else { factor });
    y.added_to(base * known::PI_2[0]).and(base * known::PI_2[1]).rounded()
}

/// tan π/8
pub(crate) const TAN_PI_8: f64 = 0.414_213_562_373_095_05;

/// The angle of the point `(b, a)` in the first quadrant, from its difference to 0, π/4 or π/2.
#[inline(always)]
fn angle(a: f64, b: f64) -> Pair {
    let (is_low, is_high) = (a <= TAN_PI_8 * b, b < TAN_PI_8 * a);
    let sine = Pair::either(is_high, (-b).into(), Pair::sum(a, -b));
    let cosine = Pair::either(is_high, a.into(), Pair::sum(a, b));
    let t = Pair::either(is_low, a.into(), sine).over(Pair::either(is_low, b.into(), cosine));
    let z = t.high * t.high;
    let eighths = if is_high { 1.0 } else { 0.5 };
    let eighths = if is_low { 0.0 } else { eighths };
    t.and(z * t.high * polynomial(z, known::ATAN))
        .added_to(eighths * known::PI_2[0])
        .and(eighths * known::PI_2[1])
}

#[inline(always)]
pub(crate) fn atan(x: f64) -> f64 {
    odd(x, angle(clamped(x.abs(), 0.0, 1e300), 1.0).rounded())
}

#[inline(always)]
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (y.abs(), x.abs());
    let (power, _) = power_near_one(if a > b { a } else { b });
    let (a, b) = (a * power, b * power);
    let right = angle(a, b).normal();
    let left = right.negated().added_to(2.0 * known::PI_2[0]).and(2.0 * known::PI_2[1]);
    let angle = Pair::either(x < 0.0, left, right).rounded();
    // A quotient that might underflow.
    let is_tiny = (a < b * 1e-290) & (x >= 0.0) & (y != 0.0);
    declined_unless(!is_tiny, angle.copysign(y))
}

// Roots.

/// A power of two and its reciprocal. It is 1 unless `x` is so large or so small that squares or quotients of
/// numbers of this size might overflow or underflow; then it scales `x` towards 1.
#[inline(always)]
fn power_near_one(x: f64) -> (f64, f64) {
    const HUGE: f64 = f64::from_bits((1023 + 500) << 52);
    const TINY: f64 = f64::from_bits((1023 - 500) << 52);
    const UP: f64 = f64::from_bits((1023 + 600) << 52);
    const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
    let (is_huge, is_tiny) = (x > HUGE, x < TINY);
    let power = if is_huge { DOWN } else { 1.0 };
    let reciprocal = if is_huge { UP } else { 1.0 };
    (if is_tiny { UP } else { power }, if is_tiny { DOWN } else { reciprocal })
}

#[inline(always)]
pub(crate) fn hypot(a: f64, b: f64) -> f64 {
    let (a, b) = (a.abs(), b.abs());
    let (large, small) = (if a > b { a } else { b }, if a > b { b } else { a });
    let (power, reciprocal) = power_near_one(large);
    let (large, small) = (large * power, small * power);
    let (square, other) = (Pair::product(large, large), Pair::product(small, small));
    let sum = Pair::ordered_sum(square.high, other.high).and(square.low + other.low);
    sum.sqrt().rounded() * reciprocal
}

/// `(m, 1/∛m, n)` with `a = 2³ⁿ m`, to 50 bits.
#[inline(always)]
pub(crate) fn inverse_cbrt(a: f64) -> (f64, f64, f64) {
    const CBRT_2: f64 = 1.259_921_049_894_873_2;
    const CBRT_1_2: f64 = 0.793_700_525_984_099_7;
    let (m, k) = near_one(a);
    let n = nearest(k * (1.0 / 3.0));
    let left = (-3.0f64).mul_add(n, k);
    let seed = polynomial(m, known::CBRT);
    let factor = if left < 0.0 { CBRT_2 } else { 1.0 };
    let seed = seed * if left > 0.0 { CBRT_1_2 } else { factor };
    let m = m * power_of_two(left);
    // A step of the third order.
    let h = (-m * seed).mul_add(seed * seed, 1.0);
    (m, (seed * h).mul_add((2.0f64 / 9.0).mul_add(h, 1.0 / 3.0), seed), n)
}

#[inline(always)]
pub(crate) fn cbrt(x: f64) -> f64 {
    let a = x.abs();
    let (m, inverse, n) = inverse_cbrt(a);
    let inverse_square = inverse * inverse;
    // A step of Newton's, whose residue is exact.
    let y = m * inverse_square;
    let square = Pair::product(y, y);
    let residue = (-square.high).mul_add(y, m) - square.low * y;
    let y = (residue * inverse_square).mul_add(1.0 / 3.0, y) * power_of_two(n);
    let y = declined_unless(has_logarithm(a), y.copysign(x));
    if x == 0.0 { x } else { y }
}

// The error function: erfc x = e^(−x²) f(x) / (1 + 1.125x) for x ≥ 0, where f varies little.

/// `(y, n)` with erfc z = 2ⁿ y, for z in [0, 27.5] and its square.
#[inline(always)]
fn complement(z: Pair, square: Pair) -> (Pair, f64) {
    let (p, n) = exponential(square.negated());
    let t = (z.high - 3.5) / (z.high + 3.5);
    let [first, rest @ ..] = known::ERFC;
    let f = Pair::ordered_sum(first, t * polynomial(t, rest)).and(known::ERFC_LOW);
    let divisor = z.times(1.125);
    let divisor = Pair::sum(1.0, divisor.high).and(divisor.low);
    (p.added_to(1.0).times_pair(f.over(divisor)), n)
}

/// Where erfc has underflowed.
pub(crate) const END_OF_ERFC: f64 = 27.4;

#[inline(always)]
fn erfc_of_positive(a: f64) -> (Pair, f64) {
    let a = clamped(a, 0.0, END_OF_ERFC);
    complement(a.into(), Pair::product(a, a))
}

/// `whole − 2ⁿ y`, where `whole` is 1 or 2 and 2ⁿ y is at most 1.
#[inline(always)]
fn less(whole: f64, y: Pair, n: f64) -> f64 {
    // Below this the power is negligible; the bound keeps it from underflowing.
    let power = power_of_two(clamped(n, -1000.0, 0.0));
    y.scaled(-power).added_to(whole).rounded()
}

#[inline(always)]
pub(crate) fn erf(x: f64) -> f64 {
    let a = x.abs();
    let z = a * a;
    let linear = Pair::from(known::TWO_BY_SQRT_PI).times(a);
    let small = linear.and(a * z * polynomial(z, known::ERF)).rounded();
    let (y, n) = erfc_of_positive(a);
    (if a < 0.75 { small } else { less(1.0, y, n) }).copysign(x)
}

#[inline(always)]
pub(crate) fn erfc(x: f64) -> f64 {
    let (y, n) = erfc_of_positive(x.abs());
    if x < 0.0 { less(2.0, y, n) } else { scaled(y.rounded(), n) }
}

/// Φ(x) = erfc(−x/√2)/2.
#[inline(always)]
pub(crate) fn normal_cdf(x: f64) -> f64 {
    let a = clamped(x.abs(), 0.0, 38.7);
    let z = Pair::from(known::SQRT_1_2).times(a);
    let (y, n) = complement(z, Pair::product(0.5 * a, a));
    if x > 0.0 { less(1.0, y, n - 1.0) } else { scaled(y.rounded(), n - 1.0) }
}
