//! Formulas of rows, over any number: of lists, and what rows of two operands share with them.

use crate::table::hooks::total;
use crate::table::number::{Number, either};
use smallvec::SmallVec;
use std::f64::consts::PI;

pub(crate) const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// √(π/2)
pub(crate) const SQRT_PI_2: f64 = 1.253_314_137_315_500_3;

/// For each factor the product of the others, where that of all is `y`: by a division where that is as accurate, else
/// by multiplication, so that a zero does no harm.
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
        // A recording would keep both ways, and the derivatives of the quotient lose digits where the factor is small.
        if R::IS_RECORDED || R::IS_DIFFERENTIATED {
            multiplied()
        } else {
            either!(is_divisible, y / factor, multiplied())
        }
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

/// The mean in two parts, the sum over the number of items and what rounding left of it, and the number of items.
#[inline(always)]
pub(crate) fn means<R: Number>(xs: impl ExactSizeIterator<Item = R> + Clone) -> (R, R, f64) {
    let n = xs.len() as f64;
    let mean = total(xs.clone()) / n;
    let rest = total(xs.map(|x| x - mean)) / n;
    // Of an infinite mean nothing is left, that is not NaN already.
    (mean, rest.abs().less(f64::INFINITY).select(rest, 0.0), n)
}

/// The mean squared deviation from the mean, less the square of the mean deviation, which rounding leaves
/// (Chan, Golub and LeVeque 1983).
#[inline(always)]
pub(crate) fn variance<R: Number>(xs: impl ExactSizeIterator<Item = R> + Clone) -> R {
    let n = xs.len() as f64;
    let mean = total(xs.clone()) / n;
    let squares = total(xs.clone().map(|x| (x - mean) * (x - mean)));
    let rest = total(xs.map(|x| x - mean));
    (squares - rest * rest / n) / n
}

/// `a / b`, and 0 where both are 0. There the slope by `a` stays infinite: with 0 the second derivative of the square of a
/// length would be 0 at the origin, and wrong.
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
/// If `a` dominates, the quotient is 1 but for what `b` adds, and so made of `b / a`: else nothing would be left of its derivatives.
#[inline(always)]
pub(crate) fn cosine<R: Number>(a: R, b: R, y: R) -> R {
    if !R::IS_DIFFERENTIATED {
        return ratio(a, y);
    }
    let is_usable = R::constant(0.0).less(y) * y.less(f64::INFINITY);
    either!(is_usable, with_value(beside(a, b), a / y), ratio(a, y))
}

/// The derivatives of one form of a number with the value of another, which differs by roundings: so that a derivative has the same
/// bits whatever it is computed over.
#[inline(always)]
fn with_value<R: Number>(form: R, value: R) -> R {
    form + (value - form).stop_gradient()
}

/// The cosine of the angle between `(a, b)` and the first axis, from the ratio of the smaller to the larger.
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

/// `xᵢ / y` for the length `y` of the list; see [`cosine`]. What is recorded is recorded once, and kept for it; else ratios are
/// computed again, so that no length takes memory.
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

/// What the cosines of a list are made of: its largest number, the cosine of that one, whether the length can be divided by, and
/// for what is recorded the others in proportion.
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

/// The number of largest size, the first of equals.
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

/// A number in proportion to the largest, and whether it is that one, the first of equals: so many were `seen` before.
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

/// Exponentials relative to the largest of them, so that none overflows: the exponent of that one, how much the others
/// amount to, and whether it is a number that can be subtracted.
struct Relative<R> {
    largest: R,
    others: R,
    is_finite: R,
}

/// Calls `visit` with each exponential relative to the largest, and whether it is that one, the first of equals. An infinite
/// largest is replaced by another number.
#[inline(always)]
fn relative<R: Number>(
    xs: impl Iterator<Item = R> + Clone,
    instead_of_infinite: R,
    mut visit: impl FnMut(R, R),
) -> Relative<R> {
    let mut largest = R::constant(f64::NEG_INFINITY);
    for x in xs.clone() {
        // Of two that are equal, one; `max` would share its derivative.
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

/// `ln Σ eˣ`, shifted by the largest exponent, whose own term is the 1 in `ln(1 + …)`: so it stays accurate
/// where one dominates.
#[inline(always)]
pub(crate) fn log_sum_exp<R: Number>(xs: impl Iterator<Item = R> + Clone) -> R {
    let Relative { largest, others, .. } = relative(xs, R::constant(0.0), |_, _| ());
    others.ln_1p() + largest
}

/// Exponentials relative to the largest of them, and which that is. Of a plain number a few are kept, and the others computed
/// again, so that no length takes memory; what is recorded is recorded once.
type Parts<R> = SmallVec<[[R; 2]; FEW_PARTS]>;

const FEW_PARTS: usize = 8;

/// As [`relative`], with the parts. In lanes it is quicker to compute those again, and all has to be inlined; else it is
/// out of line, so that the loop over operations keeps its registers.
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

/// The part of an item, and whether it is that of the largest, the first of equals: kept, or computed again, where so many were
/// `seen` before. In lanes equals are not told apart.
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

/// The shares of the exponentials in their sum, where its logarithm is `y`: from the sum itself, since the logarithm is rounded.
///
/// The share of the largest is 1 less the others, and made of them: else nothing would be left of its derivatives.
#[inline(always)]
pub(crate) fn shares<R: Number>(xs: impl Iterator<Item = R> + Clone, y: R) -> impl Iterator<Item = R> {
    let (Relative { largest, others, is_finite }, parts) = relative_parts(xs.clone(), y);
    // Where the largest is infinite, `y` is too, and the quotients are what they are.
    let total = is_finite.select(others + 1.0, 1.0);
    let mut seen = R::constant(0.0);
    xs.enumerate().map(move |(k, x)| {
        let [part, is_largest] = part_of(&parts, k, x, largest, &mut seen);
        (if R::IS_DIFFERENTIATED { (is_largest * is_finite).select(1.0, part) } else { part }) / total
    })
}

/// `−Σ w ln p` for weights and the shares of exponentials: what the logarithm of the sum is above each exponent. A weight of 0
/// takes nothing, not even from −∞.
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

/// The slopes of [`cross_entropy`]: by an exponent its share of all weights, less its own weight, and so what the other
/// weights give to it, less what it gives to the other exponents; by a weight what the logarithm of the sum is above the exponent.
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
