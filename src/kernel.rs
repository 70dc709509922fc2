//! Values that the standard library does not have, over `f64`. The table calls them.

/// `aⁿ` by repeated squaring; the reciprocal of `a⁻ⁿ` where `n < 0`. Unlike `f64::powi` its bits do not
/// depend on where it is inlined, so that a replay equals its recording.
#[inline]
pub(crate) fn powi(a: f64, n: i32) -> f64 {
    let (mut base, mut rest, mut power) = (a, n.unsigned_abs(), 1.0);
    while rest > 0 {
        if rest & 1 == 1 {
            power *= base;
        }
        base *= base;
        rest >>= 1;
    }
    if n < 0 { 1.0 / power } else { power }
}

/// `1 / (1 + e⁻ᵃ)` from the exponential that cannot overflow.
#[inline]
pub(crate) fn sigmoid(a: f64) -> f64 {
    let e = (-a.abs()).exp();
    if a >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}
