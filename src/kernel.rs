//! Values that the standard library does not have. The table calls them: the first part over `f64`, the
//! sums over any number.

use crate::real::Number;
use crate::rules::either;
use smallvec::SmallVec;

pub(crate) const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// √(π/2)
pub(crate) const SQRT_PI_2: f64 = 1.253_314_137_315_500_3;

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

/// `a.clamp(b, c)`, but NaN between bounds in the wrong order.
#[inline]
pub(crate) fn clamp(a: f64, b: f64, c: f64) -> f64 {
    if b <= c { a.clamp(b, c) } else { f64::NAN }
}

// Special functions come from `libm` where it has them to a unit in the last place, else from `pxfm`, which is as
// accurate and slower.

pub(crate) fn erf(a: f64) -> f64 {
    libm::erf(a)
}

pub(crate) fn erfc(a: f64) -> f64 {
    libm::erfc(a)
}

pub(crate) fn erfcx(a: f64) -> f64 {
    pxfm::f_erfcx(a)
}

/// Φ(a) = erfc(−a/√2) / 2, with the rounding error of the argument made good: in the tail it would cost a
/// relative error of a²/2 roundings.
pub(crate) fn normal_cdf(a: f64) -> f64 {
    const SQRT_1_2: f64 = std::f64::consts::FRAC_1_SQRT_2;
    /// √½ beyond the double.
    const SQRT_1_2_LOW: f64 = -4.833_646_656_726_458e-17;
    let z = -a * SQRT_1_2;
    if a < -1.0 && a > -40.0 {
        let lost = (-a).mul_add(SQRT_1_2, -z) - a * SQRT_1_2_LOW;
        0.5 * (erfc(z) - std::f64::consts::FRAC_2_SQRT_PI * (-z * z).exp() * lost)
    } else {
        0.5 * erfc(z)
    }
}

/// ln Φ(a), from the scaled function in the lower tail and from what is missing to 1 in the upper.
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
    // The pole at 0, which goes down from the right.
    if a == 0.0 { -1.0 / a } else { pxfm::f_digamma(a) }
}

/// The `n`-th derivative of digamma, ψ⁽ⁿ⁾(a) = (−1)ⁿ⁺¹ n! Σ 1/(a + k)ⁿ⁺¹ (Abramowitz and Stegun 6.4.10), the
/// tail of the sum by its asymptotic series (6.4.11).
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
    let steps = (SHIFT + order - a).max(0.0).ceil();
    let z = a + steps;
    // Everything divided by n!, from the smallest term to the largest.
    let mut sum = 0.0;
    // (n + 2k − 1)! / ((2k)! n!) z^(−n − 2k)
    let mut factor = (order + 1.0) / 2.0 * powi(z, -n - 2);
    for (k, bernoulli) in BERNOULLI.iter().enumerate() {
        sum += bernoulli * factor;
        let two_k = 2.0 * (k + 1) as f64;
        factor *= (order + two_k) * (order + two_k + 1.0) / ((two_k + 1.0) * (two_k + 2.0)) / (z * z);
    }
    sum += 0.5 * powi(z, -n - 1);
    sum += powi(z, -n) / order;
    for k in (0..steps as u64).rev() {
        sum += 1.0 / powi(a + k as f64, n + 1);
    }
    let factorial: f64 = (1..=n).map(f64::from).product();
    if n % 2 == 1 { factorial * sum } else { -factorial * sum }
}

/// The `n`-th repeated integral of erfc, scaled: Iₙ(a) = e^(a²) iⁿerfc(a), where I₀ = erfcx and Iₙ′ = −2 (n + 1) Iₙ₊₁.
/// By the recurrence 2n Iₙ = Iₙ₋₂ − 2a Iₙ₋₁ (Abramowitz and Stegun 7.2.5): upwards where that does not cancel,
/// else downwards for the ratios of neighbours (Gautschi 1961).
pub(crate) fn erfcx_integral(a: f64, n: i32) -> f64 {
    if n < 0 || a.is_nan() {
        return f64::NAN;
    }
    if a < 0.5 {
        let (mut below, mut integral) = (std::f64::consts::FRAC_2_SQRT_PI, erfcx(a));
        for k in 1..=n {
            (below, integral) = (integral, (below - 2.0 * a * integral) / f64::from(2 * k));
        }
        return integral;
    }
    let mut ratio = 0.0;
    let mut product = erfcx(a);
    // So many that what is left out is below a rounding: the ratios converge like e^(−2a √(2k)).
    let first = n + 20 + (250.0 / (a * a)) as i32;
    for k in (1..=first).rev() {
        ratio = 0.5 / (a + f64::from(k + 1) * ratio);
        if k <= n {
            product *= ratio;
        }
    }
    product
}

/// The sum from left to right; 0 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn total<R: Number>(mut terms: impl Iterator<Item = R>) -> R {
    let Some(mut sum) = terms.next() else { return R::constant(0.0) };
    // As with the partials of rows over lists: a loop here is inlined into vector code; elsewhere one within is quicker.
    if R::IS_IN_LANES {
        for term in terms {
            sum += term;
        }
        sum
    } else {
        terms.fold(sum, |sum, term| sum + term)
    }
}

/// The product from left to right; 1 of nothing.
#[inline(always)]
#[track_caller]
pub(crate) fn product<R: Number>(mut factors: impl Iterator<Item = R>) -> R {
    let Some(mut product) = factors.next() else { return R::constant(1.0) };
    for factor in factors {
        product *= factor;
    }
    product
}

/// For each factor the product of the others, where that of all is `y`: by a division where that is as accurate, else
/// by multiplication, so that a zero does no harm.
pub(crate) fn products_of_others<R: Number>(
    factors: impl DoubleEndedIterator<Item = R> + ExactSizeIterator + Clone,
    y: R,
) -> impl Iterator<Item = R> {
    let is_divisible = R::constant(1e-290).less(y.abs()) * y.abs().less(1e290);
    let mut tails = Tails::new(factors.clone());
    let mut before = R::constant(1.0);
    factors.enumerate().map(move |(index, factor)| {
        let mut multiplied = || {
            let product = before * tails.starting_at(index + 1);
            before *= factor;
            product
        };
        // A recording would keep both ways.
        if R::IS_RECORDED { multiplied() } else { either!(is_divisible, y / factor, multiplied()) }
    })
}

/// The products of all factors from some place on, each multiplied from the last factor down to that place.
///
/// They are made from the last to the first and asked for from the first to the last. A short list keeps them
/// all; of a long one a few are kept and those between are made again, so that no length takes memory.
struct Tails<R, I> {
    /// The factors before a place, and the product from there on; the first place last.
    kept: SmallVec<[(I, R); MOST_TAILS]>,
}

const MOST_TAILS: usize = 128;

/// How many are kept of a stretch that is too long to keep all.
const FEW_TAILS: usize = 32;

impl<R: Number, I: DoubleEndedIterator<Item = R> + ExactSizeIterator + Clone> Tails<R, I> {
    fn new(factors: I) -> Self {
        let mut kept = SmallVec::new();
        kept.push((factors, R::constant(1.0)));
        Tails { kept }
    }

    /// The product from this place on; to be called for each place in turn.
    #[inline]
    fn starting_at(&mut self, place: usize) -> R {
        if self.kept[self.kept.len() - 1].0.len() > place {
            self.go_back_to(place);
        }
        self.kept.pop().expect("the product from the place on").1
    }

    /// Makes the product from this place on, keeping what comes on the way.
    fn go_back_to(&mut self, place: usize) {
        let (mut rest, mut product) = self.kept[self.kept.len() - 1].clone();
        let stretch = rest.len() - place;
        // What is recorded is recorded once.
        let keeps_all = R::IS_RECORDED || stretch <= MOST_TAILS.saturating_sub(self.kept.len());
        let stride = if keeps_all { 1 } else { stretch.div_ceil(FEW_TAILS) };
        for left in (0..stretch).rev() {
            product *= rest.next_back().expect("a factor for each place");
            if stride == 1 || left % stride == 0 {
                self.kept.push((rest.clone(), product));
            }
        }
    }
}

/// The mean, and the number of items.
#[inline(always)]
pub(crate) fn mean<R: Number>(xs: impl ExactSizeIterator<Item = R>) -> (R, f64) {
    let n = xs.len() as f64;
    (total(xs) / n, n)
}

/// The mean squared deviation from the mean, less the square of the mean deviation, which rounding leaves
/// (Chan, Golub and LeVeque 1983).
#[inline(always)]
pub(crate) fn variance<R: Number>(xs: impl ExactSizeIterator<Item = R> + Clone) -> R {
    let (mean, n) = mean(xs.clone());
    let squares = total(xs.clone().map(|x| (x - mean) * (x - mean)));
    let rest = total(xs.map(|x| x - mean));
    (squares - rest * rest / n) / n
}

/// The Euclidean length; scaled by the largest component, so that no square overflows.
#[inline(always)]
pub(crate) fn norm<R: Number>(xs: impl Iterator<Item = R> + Clone) -> R {
    let mut largest = R::constant(0.0);
    for x in xs.clone() {
        largest = largest.max(x.abs());
    }
    // Neither zero nor an infinity can be the scale.
    let scale = (R::constant(0.0).less(largest) * largest.less(f64::INFINITY)).select(largest, 1.0);
    total(xs.map(|x| (x / scale) * (x / scale))).sqrt() * scale
}

/// `ln Σ eˣ`, shifted by the largest exponent, whose own term is the 1 in `ln(1 + …)`: so it stays accurate
/// where one dominates.
#[inline(always)]
pub(crate) fn log_sum_exp<R: Number>(xs: impl Iterator<Item = R> + Clone) -> R {
    let mut largest = R::constant(f64::NEG_INFINITY);
    for x in xs.clone() {
        largest = largest.max(x);
    }
    // An infinite shift would turn into NaN.
    let shift = largest.abs().less(f64::INFINITY).select(largest, 0.0);
    let (mut others, mut largest_seen) = (R::constant(0.0), R::constant(0.0));
    for x in xs {
        let is_largest = x.equal(shift) * largest_seen.equal(0.0);
        others += is_largest.select(0.0, (x - shift).exp());
        largest_seen += is_largest;
    }
    (others + (largest_seen - 1.0)).ln_1p() + shift
}
