//! Formulas of the table's rows, over any number: those of lists, and those that rows of two operands share with
//! them.

use crate::table::hooks::total;
use crate::table::number::{Number, either};
use smallvec::SmallVec;
use std::f64::consts::PI;

pub(crate) const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// √(π/2)
pub(crate) const SQRT_PI_2: f64 = 1.253_314_137_315_500_3;

/// For each factor the product of the others, given the product `y` of all: by a division where that is as accurate,
/// else by multiplication, so that a factor of 0 does no harm.
pub(crate) fn products_of_others<R: Number>(
    factors: impl DoubleEndedIterator<Item = R> + ExactSizeIterator + Clone,
    y: R,
) -> impl Iterator<Item = R> {
    let is_divisible = R::constant(1.0 / R::LARGE).less(y.abs()) * y.abs().less(R::LARGE);
    let mut tails = Tails::new(factors.clone());
    let mut before = R::constant(1.0);
    factors.enumerate().map(move |(index, factor)| {
        let mut multiplied = || {
            let product = before * tails.starting_at(index + 1);
            before *= factor;
            product
        };
        // A recording would keep both formulas, and the derivatives of the quotient lose digits where the factor is
        // small.
        if R::IS_RECORDED || R::IS_DIFFERENTIATED {
            multiplied()
        } else {
            either!(is_divisible, y / factor, multiplied())
        }
    })
}

/// Suffix products: for each place the product of the factors from there on, multiplied from the last factor down.
///
/// They are computed from the last to the first and used from the first to the last. For a short list all are kept;
/// for a long list a few are kept and the others computed again, so that the memory is bounded.
struct Tails<R, I> {
    /// The factors before a place, and the product from there on; the smallest place comes last.
    kept: SmallVec<[(I, R); MOST_TAILS]>,
}

const MOST_TAILS: usize = 128;

/// How many products are kept of a stretch that is too long to keep all.
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

    /// Computes the product from this place on, and keeps products computed on the way.
    fn go_back_to(&mut self, place: usize) {
        let (mut rest, mut product) = self.kept[self.kept.len() - 1].clone();
        let stretch = rest.len() - place;
        // A recording computes each product once.
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

/// The mean in two parts (the sum divided by the number of items, and its rounding error), and the number of items.
#[inline(always)]
pub(crate) fn means<R: Number>(xs: impl ExactSizeIterator<Item = R> + Clone) -> (R, R, f64) {
    let n = xs.len() as f64;
    let mean = total(xs.clone()) / n;
    let rest = total(xs.map(|x| x - mean)) / n;
    // There is no correction where it is not finite: the mean, or a deviation from it, is infinite or NaN anyway.
    (mean, rest.abs().less(f64::INFINITY).select(rest, 0.0), n)
}

/// The mean squared deviation from the mean, minus the square of the mean deviation, which is a rounding error (Chan,
/// Golub and LeVeque 1983).
#[inline(always)]
pub(crate) fn variance<R: Number>(xs: impl ExactSizeIterator<Item = R> + Clone) -> R {
    let n = xs.len() as f64;
    let mean = total(xs.clone()) / n;
    let squares = total(xs.clone().map(|x| (x - mean) * (x - mean)));
    let rest = total(xs.map(|x| x - mean));
    (squares - rest * rest / n) / n
}

/// `a / b`, and 0 where both are 0. There the derivative with respect to `a` stays infinite: if it were 0, the second
/// derivative of a squared length would wrongly be 0 at the origin.
#[inline(always)]
pub(crate) fn ratio<R: Number>(a: R, b: R) -> R {
    if R::IS_DIFFERENTIATED {
        // The cube root is 0 at 0, with an infinite slope.
        return either!(b.equal(0.0) * a.equal(0.0), a.cbrt(), a / b);
    }
    a / either!(b.equal(0.0), a.equal(0.0).select(1.0, b), b)
}

/// `a / y` for the length `y` of `(a, b)`.
///
/// If `a` dominates, the quotient is close to 1 and is computed from `b / a`: otherwise its derivatives would cancel.
#[inline(always)]
pub(crate) fn cosine<R: Number>(a: R, b: R, y: R) -> R {
    if !R::IS_DIFFERENTIATED {
        return ratio(a, y);
    }
    let is_usable = R::constant(0.0).less(y) * y.less(f64::INFINITY);
    either!(is_usable, with_value(beside(a, b), a / y), ratio(a, y))
}

/// The value of one formula with the derivatives of another, `form`, which differs from it by rounding. So a
/// derivative has the same bits over every kind of number.
#[inline(always)]
fn with_value<R: Number>(form: R, value: R) -> R {
    form + (value - form).stop_gradient()
}

/// The cosine of the angle between `(a, b)` and the first axis, from the ratio of the smaller component to the
/// larger.
#[inline(always)]
fn beside<R: Number>(a: R, b: R) -> R {
    let along = |larger: R, smaller: R| {
        let ratio = smaller / larger;
        (larger.signum() / (ratio * ratio + 1.0).sqrt(), ratio)
    };
    either!(b.abs().less_equal(a.abs()), along(a, b).0, {
        let (cosine, ratio) = along(b, a);
        ratio * cosine
    })
}

/// `xᵢ / y` for the length `y` of the list; see [`cosine`]. A recording computes each ratio once and keeps it; over
/// other numbers ratios are computed again, so that the memory is bounded.
#[inline(always)]
pub(crate) fn cosines<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> impl Iterator<Item = R> {
    let none = Largest { largest: y, cosine: y, is_usable: y, ratios: Vec::new() };
    let Largest { largest, cosine, is_usable, ratios } =
        if R::IS_DIFFERENTIATED { largest_cosine(xs.clone(), y) } else { none };
    let mut seen = R::constant(0.0);
    xs.enumerate().map(move |(k, x)| {
        if !R::IS_DIFFERENTIATED {
            return ratio(x, y);
        }
        let (quotient, is_largest) = if R::IS_RECORDED { ratios[k] } else { ratio_to(largest, x, &mut seen) };
        let part = is_largest.select(1.0, quotient);
        either!(is_usable, with_value(part * cosine, x / y), ratio(x, y))
    })
}

/// The ingredients of the cosines of a list: its largest number, the cosine of that number, whether the length is
/// usable as a divisor, and, for a recording, the ratio of each number to the largest.
struct Largest<R> {
    largest: R,
    cosine: R,
    is_usable: R,
    ratios: Vec<(R, R)>,
}

/// Out of line, so that the loop over operations keeps its registers.
#[inline(never)]
fn largest_cosine<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> Largest<R> {
    let largest = largest_of(xs.clone());
    let (mut seen, mut others, mut ratios) = (R::constant(0.0), R::constant(0.0), Vec::new());
    for x in xs {
        let (ratio, is_largest) = ratio_to(largest, x, &mut seen);
        others += is_largest.select(0.0, ratio * ratio);
        if R::IS_RECORDED {
            ratios.push((ratio, is_largest));
        }
    }
    let cosine = largest.signum() / (others + 1.0).sqrt();
    let is_usable = R::constant(0.0).less(y) * y.less(f64::INFINITY);
    Largest { largest, cosine, is_usable, ratios }
}

/// The number of largest absolute value, the first of several.
#[inline(always)]
fn largest_of<R: Number>(xs: impl Iterator<Item = R>) -> R {
    let (mut largest, mut size) = (R::constant(0.0), R::constant(0.0));
    for x in xs {
        let is_larger = size.less(x.abs());
        largest = is_larger.select(x, largest);
        size = is_larger.select(x.abs(), size);
    }
    largest
}

/// The ratio of a number to the largest, and whether it is the largest: of several equal numbers the first, so `seen`
/// counts them.
#[inline(always)]
fn ratio_to<R: Number>(largest: R, x: R, seen: &mut R) -> (R, R) {
    let is_largest = x.equal(largest) * seen.equal(0.0);
    *seen += is_largest;
    (x / largest, is_largest)
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

/// Exponentials divided by the largest of them, so that no exponential overflows: the largest exponent, the sum of
/// the other quotients, and whether the largest exponent is finite, so that it can be subtracted.
struct Relative<R> {
    largest: R,
    others: R,
    is_finite: R,
}

/// Calls `visit` with each exponential divided by the largest, and with whether it is the largest (of several equal
/// ones the first). A largest exponent that is not finite is replaced by `instead_of_infinite`.
#[inline(always)]
fn relative<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    instead_of_infinite: R,
    mut visit: impl FnMut(R, R),
) -> Relative<R> {
    let mut largest = R::constant(f64::NEG_INFINITY);
    for x in xs.clone() {
        // Of two equal exponents one is selected; `max` would share the derivative between them.
        largest = if R::IS_DIFFERENTIATED { largest.less(x).select(x, largest) } else { largest.max(x) };
    }
    let is_finite = largest.abs().less(f64::INFINITY);
    let largest = is_finite.select(largest, instead_of_infinite);
    let (mut others, mut largest_seen) = (R::constant(0.0), R::constant(0.0));
    for x in xs {
        let is_largest = x.equal(largest) * largest_seen.equal(0.0);
        let part = (x - largest).exp();
        others += is_largest.select(0.0, part);
        largest_seen += is_largest;
        visit(part, is_largest);
    }
    Relative { largest, others: others + (largest_seen - 1.0), is_finite }
}

/// `ln Σ eˣ`, shifted by the largest exponent, whose own term is the 1 in `ln(1 + …)`: so the result stays accurate
/// where one term dominates.
#[inline(always)]
pub(crate) fn log_sum_exp<R: Number>(xs: impl Iterator<Item = R> + Clone) -> R {
    let Relative { largest, others, .. } = relative(xs, R::constant(0.0), |_, _| ());
    others.ln_1p() + largest
}

/// Each exponential divided by the largest, and whether it is the largest. Over plain numbers a few are kept and the
/// others computed again, so that the memory is bounded; a recording computes each once.
type Parts<R> = SmallVec<[[R; 2]; FEW_PARTS]>;

const FEW_PARTS: usize = 8;

/// As [`relative`], with the parts. In lanes it is faster to compute the parts again, and everything has to be
/// inlined; otherwise the computation is out of line, so that the loop over operations keeps its registers.
#[inline(always)]
fn relative_parts<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> (Relative<R>, Parts<R>) {
    if R::IS_IN_LANES { (relative(xs, y, |_, _| ()), Parts::new()) } else { kept_parts(xs, y) }
}

#[inline(never)]
fn kept_parts<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> (Relative<R>, Parts<R>) {
    let mut parts = Parts::new();
    let relative = relative(xs, y, |part, is_largest| {
        if R::IS_RECORDED || parts.len() < FEW_PARTS {
            parts.push([part, is_largest]);
        }
    });
    (relative, parts)
}

/// The part of item `k`, and whether it is the largest (of several equal ones the first, so `seen` counts them):
/// kept, or computed again. In lanes equal items are not distinguished.
#[inline(always)]
fn part_of<R: Number>(parts: &Parts<R>, k: usize, x: R, largest: R, seen: &mut R) -> [R; 2] {
    if R::IS_IN_LANES {
        return [(x - largest).exp(), x.equal(largest)];
    }
    let [part, is_largest] = match parts.get(k) {
        Some(&kept) => kept,
        None => [(x - largest).exp(), x.equal(largest) * seen.equal(0.0)],
    };
    if !R::IS_RECORDED {
        *seen += is_largest;
    }
    [part, is_largest]
}

/// The share of each exponential in their sum, whose logarithm is `y`: computed from the sum itself, since the
/// logarithm is rounded.
///
/// The share of the largest is 1 minus the other shares, and is computed from them: otherwise its derivatives would
/// cancel.
#[inline(always)]
pub(crate) fn shares<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> impl Iterator<Item = R> {
    let (Relative { largest, others, is_finite }, parts) = relative_parts(xs.clone(), y);
    // Where the largest exponent is not finite, the parts are exp(x − y), which are the shares.
    let total = is_finite.select(others + 1.0, 1.0);
    let mut seen = R::constant(0.0);
    xs.enumerate().map(move |(k, x)| {
        let [part, is_largest] = part_of(&parts, k, x, largest, &mut seen);
        (if R::IS_DIFFERENTIATED { (is_largest * is_finite).select(1.0, part) } else { part }) / total
    })
}

/// `−Σ w ln p` for weights `w` and the shares `p` of exponentials, where `−ln p` is the logarithm of the sum minus
/// the exponent. A weight of 0 contributes 0, even with an exponent of −∞.
#[inline(always)]
pub(crate) fn cross_entropy<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    weights: impl Iterator<Item = R> + Clone,
) -> R {
    if R::IS_IN_LANES { cross_entropy_inlined(xs, weights) } else { cross_entropy_apart(xs, weights) }
}

/// Out of line, so that the loop over operations keeps its registers.
#[inline(never)]
fn cross_entropy_apart<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    weights: impl Iterator<Item = R> + Clone,
) -> R {
    cross_entropy_inlined(xs, weights)
}

#[inline(always)]
fn cross_entropy_inlined<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    weights: impl Iterator<Item = R> + Clone,
) -> R {
    let Relative { largest, others, .. } = relative(xs.clone(), R::constant(0.0), |_, _| ());
    let below =
        weights.clone().zip(xs).map(|(weight, x)| weight.equal(0.0).select(0.0, weight * (largest - x)));
    let all_weights = total(weights);
    all_weights.equal(0.0).select(0.0, others.ln_1p() * all_weights) + total(below)
}

/// The partials of [`cross_entropy`]. With respect to an exponent: the sum of all weights times its share, minus its
/// own weight; computed as the sum of the other weights times its share, minus its own weight times the shares of the
/// other exponents. With respect to a weight: the logarithm of the sum minus the exponent.
#[inline(always)]
pub(crate) fn cross_entropy_partials<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    weights: impl Iterator<Item = R> + Clone,
    y: R,
) -> impl Iterator<Item = R> {
    let (Relative { largest, others, is_finite }, parts) = relative_parts(xs.clone(), y);
    let sum = is_finite.select(others + 1.0, 1.0);
    let all_weights = total(weights.clone());
    let above = others.ln_1p();
    let mut seen = R::constant(0.0);
    let by_exponents = xs.clone().zip(weights).enumerate().map(move |(k, (x, weight))| {
        let [part, is_largest] = part_of(&parts, k, x, largest, &mut seen);
        let part = if R::IS_DIFFERENTIATED { (is_largest * is_finite).select(1.0, part) } else { part };
        ((all_weights - weight) * part - weight * is_largest.select(others, sum - part)) / sum
    });
    by_exponents.chain(xs.map(move |x| above + (largest - x)))
}

/// The size of a number with the sign of another.
#[inline]
#[track_caller]
pub(crate) fn copysign<R: Number>(x: R, sign: R) -> R {
    x.abs() * sign.signum()
}

/// An angle in degrees, in radians.
#[inline]
#[track_caller]
pub(crate) fn to_radians<R: Number>(angle: R) -> R {
    angle * (PI / 180.0)
}

/// An angle in radians, in degrees.
#[inline]
#[track_caller]
pub(crate) fn to_degrees<R: Number>(angle: R) -> R {
    angle * (180.0 / PI)
}

/// Sine and cosine of an angle in radians.
#[inline]
#[track_caller]
pub(crate) fn sin_cos<R: Number>(angle: R) -> (R, R) {
    (angle.sin(), angle.cos())
}
