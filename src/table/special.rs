//! The functions of `f64` that the standard library lacks, or that have to differ from it in some bits. Special
//! functions come from `libm` where its error is at most a unit in the last place, else from `pxfm`, which is as
//! accurate and slower.

/// `aⁿ` by repeated squaring; the reciprocal of `a⁻ⁿ` where `n < 0`. Unlike `f64::powi` its bits do not
/// depend on where it is inlined, so that a replay equals its recording.
#[inline]
pub(crate) fn powi(a: f64, n: i32) -> f64 {
    let power = power(a, n.unsigned_abs());
    if n >= 0 {
        power
    } else if power.is_infinite() {
        reciprocal_power(a, n.unsigned_abs())
    } else {
        1.0 / power
    }
}

/// `a⁻ⁿ` where `aⁿ` overflows, by two divisions, which lose less to underflow.
#[cold]
#[inline(never)]
fn reciprocal_power(a: f64, n: u32) -> f64 {
    1.0 / power(a, n / 2) / power(a, n - n / 2)
}

#[inline]
fn power(a: f64, n: u32) -> f64 {
    let (mut base, mut rest, mut power) = (a, n, 1.0);
    while rest > 0 {
        if rest & 1 == 1 {
            power *= base;
        }
        base *= base;
        rest >>= 1;
    }
    power
}

/// `1 / (1 + e⁻ᵃ)` from the exponential that cannot overflow.
#[inline]
pub(crate) fn sigmoid(a: f64) -> f64 {
    let e = (-a.abs()).exp();
    if a >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// The inverse hyperbolic tangent, computed from the absolute value: that of the standard library loses digits near
/// −1.
#[inline]
pub(crate) fn atanh(a: f64) -> f64 {
    let size = a.abs();
    (0.5 * (2.0 * size / (1.0 - size)).ln_1p()).copysign(a)
}

/// `a.clamp(b, c)`, but NaN between bounds in the wrong order.
#[inline]
pub(crate) fn clamp(a: f64, b: f64, c: f64) -> f64 {
    if b <= c { a.clamp(b, c) } else { f64::NAN }
}

pub(crate) fn erf(a: f64) -> f64 {
    libm::erf(a)
}

pub(crate) fn erfc(a: f64) -> f64 {
    libm::erfc(a)
}

pub(crate) fn erfcx(a: f64) -> f64 {
    pxfm::f_erfcx(a)
}

/// Φ(a) = erfc(−a/√2) / 2, corrected for the rounding error of the argument, which in the tail would cause a relative
/// error of a²/2 roundings.
pub(crate) fn normal_cdf(a: f64) -> f64 {
    const SQRT_1_2: f64 = std::f64::consts::FRAC_1_SQRT_2;
    /// The part of √½ that an `f64` does not hold.
    const SQRT_1_2_LOW: f64 = -4.833_646_656_726_458e-17;
    let z = -a * SQRT_1_2;
    if a < -1.0 && a > -40.0 {
        let lost = (-a).mul_add(SQRT_1_2, -z) - a * SQRT_1_2_LOW;
        0.5 * (erfc(z) - std::f64::consts::FRAC_2_SQRT_PI * (-z * z).exp() * lost)
    } else {
        0.5 * erfc(z)
    }
}

/// ln Φ(a), from the scaled function in the lower tail and from 1 − Φ in the upper tail.
pub(crate) fn ln_normal_cdf(a: f64) -> f64 {
    const SQRT_1_2: f64 = std::f64::consts::FRAC_1_SQRT_2;
    if a > 0.0 {
        (-normal_cdf(-a)).ln_1p()
    } else if a > -1.0 {
        normal_cdf(a).ln()
    } else {
        (0.5 * erfcx(-a * SQRT_1_2)).ln() - 0.5 * a * a
    }
}

pub(crate) fn ln_gamma(a: f64) -> f64 {
    pxfm::f_lgamma(a)
}

pub(crate) fn digamma(a: f64) -> f64 {
    // The pole at 0: −∞ from the right, +∞ from the left.
    if a == 0.0 { -1.0 / a } else { pxfm::f_digamma(a) }
}

/// The `n`-th derivative of digamma, ψ⁽ⁿ⁾(a) = (−1)ⁿ⁺¹ n! Σ 1/(a + k)ⁿ⁺¹ (Abramowitz and Stegun 6.4.10), the
/// tail of the sum by its asymptotic series (6.4.11).
///
/// All terms are scaled by the smallest |a + k|, so that no factor overflows where the product does not. The sum ends
/// where terms no longer count, which is soon for large `n`, so the time is bounded.
pub(crate) fn polygamma(a: f64, n: i32) -> f64 {
    /// B₂ₖ
    const BERNOULLI: [f64; 8] = [
        1.0 / 6.0,
        -1.0 / 30.0,
        1.0 / 42.0,
        -1.0 / 30.0,
        5.0 / 66.0,
        -691.0 / 2730.0,
        7.0 / 6.0,
        -3617.0 / 510.0,
    ];
    const SHIFT: f64 = 20.0;
    if n == 1 && a > 0.0 {
        return pxfm::f_trigamma(a);
    }
    // Far below 0 the sum would be long; no digit would be left.
    if n < 1 || a.is_nan() || a < -1e5 || (a <= 0.0 && a == a.trunc()) {
        return f64::NAN;
    }
    let order = f64::from(n);
    let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
    if a.is_infinite() {
        return sign * 0.0;
    }
    let unit = if a > 0.0 { a } else { (a - a.round()).abs() };
    // At this distance a term is less than a rounding of the first one.
    let reach = unit * 10f64.powf(17.0 / order);
    let first = (-a - reach).max(0.0).floor();
    let asymptotic = (SHIFT + order - a).max(0.0).ceil();
    let end = (reach - a).max(0.0).ceil() + 1.0;
    let mut sum = 0.0;
    // From the smallest term to the largest.
    if asymptotic <= end {
        let z = a + asymptotic;
        // (n + 2k − 1)! / ((2k)! n!) z^(−2k)
        let mut factor = (order + 1.0) / 2.0 / (z * z);
        for (k, bernoulli) in BERNOULLI.iter().enumerate() {
            sum += bernoulli * factor;
            let two_k = 2.0 * (k + 1) as f64;
            factor *= (order + two_k) * (order + two_k + 1.0) / ((two_k + 1.0) * (two_k + 2.0)) / (z * z);
        }
        sum = (sum + 0.5 / z + 1.0 / order) * powi(unit / z, n);
    }
    for k in (first as u64..asymptotic.min(end) as u64).rev() {
        let z = a + k as f64;
        sum += powi(unit / z, n) / z;
    }
    sign * factorial_in_units(n, unit, sum)
}

/// `n! / unitⁿ · factor`.
fn factorial_in_units(n: i32, unit: f64, factor: f64) -> f64 {
    if n <= 170 {
        return (1..=n).fold(factor, |product, k| product * (f64::from(k) / unit));
    }
    // Stirling's series, with its power in two halves.
    let n = f64::from(n);
    let half = (n / unit / std::f64::consts::E).powf(n / 2.0);
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n * n * n);
    half * (factor * (2.0 * std::f64::consts::PI * n).sqrt() * series.exp()) * half
}

/// The `n`-th repeated integral of erfc, scaled: Iₙ(a) = e^(a²) iⁿerfc(a), where I₀ = erfcx and Iₙ′ = −2 (n + 1) Iₙ₊₁.
/// By the recurrence 2n Iₙ = Iₙ₋₂ − 2a Iₙ₋₁ (Abramowitz and Stegun 7.2.5): upwards where that does not cancel,
/// else downwards for the ratios of neighbours (Gautschi 1961).
pub(crate) fn erfcx_integral(a: f64, n: i32) -> f64 {
    /// Above this erfcx is finite.
    const LOWEST: f64 = -26.0;
    /// From this order on, a finite integral underflows to 0.
    const MANY: i32 = 1_000;
    if n < 0 || a.is_nan() {
        return f64::NAN;
    }
    if a < LOWEST {
        return integral_far_below(a, n);
    }
    if n > MANY {
        return 0.0;
    }
    let order = f64::from(n);
    if a < 0.5 && (a < 0.0 || a * a * order < 1.0) {
        let (mut below, mut integral) = (std::f64::consts::FRAC_2_SQRT_PI, erfcx(a));
        for k in 1..=n {
            (below, integral) = (integral, (below - 2.0 * a * integral) / f64::from(2 * k));
        }
        return integral;
    }
    let mut ratio = 0.0;
    let mut product = erfcx(a);
    // A start so high that the truncation error is below a rounding: the ratios converge like
    // e^(−2a (√(2k) − √(2n))).
    let root = (2.0 * order).sqrt() + 20.0 / a;
    let first = 20 + (0.5 * root * root) as i32;
    for k in (1..=first).rev() {
        ratio = 0.5 / (a + f64::from(k + 1) * ratio);
        if k <= n {
            product *= ratio;
        }
    }
    product
}

/// As [`erfcx_integral`], where e^(a²) may overflow although the integrals are small: with a logarithm as scale. NaN
/// if `n` is too large.
fn integral_far_below(a: f64, n: i32) -> f64 {
    const MOST: i32 = 100_000;
    const SMALL: f64 = 1e-200;
    // There erfc is 2 and its slope is 0.
    let (mut below, mut integral, mut logarithm) = (0.0, 2.0, a * a);
    if a.is_infinite() || n > MOST {
        return if n <= MOST { f64::INFINITY } else { f64::NAN };
    }
    for k in 1..=n {
        (below, integral) = (integral, (below - 2.0 * a * integral) / f64::from(2 * k));
        let scale = if integral < SMALL {
            SMALL
        } else if integral > 1.0 / SMALL {
            1.0 / SMALL
        } else {
            continue;
        };
        (below, integral, logarithm) = (below / scale, integral / scale, logarithm + scale.ln());
    }
    // In two halves, neither of which overflows if the result does not.
    let half = (logarithm / 2.0).exp();
    half * integral * half
}
