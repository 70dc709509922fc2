//! The derivative of a function of one number by differences, and its estimated error.
//!
//! The function is sampled on both sides at steps that shrink by a ratio that is no integer, so that no period of the
//! function coincides with all of them. From the same samples three derivatives are extrapolated to step 0 by
//! Neville's scheme: central, from the left and from the right. From each scheme the entry with the smallest error is
//! selected. The error is the disagreement with neighbouring entries, and at least the effect of the noise of the
//! samples.

/// The ratio of successive steps.
const RATIO: f64 = 1.7;

/// Steps in the usual case: over seven orders of magnitude.
const LEVELS: i32 = 30;

/// Steps for a coordinate so small, or so large, that its size is no scale for the steps.
const MOST_LEVELS: i32 = 64;

/// How many powers of the step are extrapolated away.
const ORDER: usize = 8;

/// Slopes below this many times their rounding error count as 0.
const FLAT: f64 = 256.0;

/// How many of the smallest steps show the noise.
const NOISY_LEVELS: usize = 8;

/// The values of a function with several results around a point.
pub(crate) struct Samples {
    center: Vec<f64>,
    /// In order of shrinking steps.
    levels: Vec<Level>,
}

struct Level {
    step: f64,
    left: Vec<f64>,
    right: Vec<f64>,
}

/// A derivative and its estimated error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub value: f64,
    pub error: f64,
    /// The slope of the steeper secant at the smallest step that went into it.
    pub secant: f64,
    /// The part of the error that rounding explains.
    pub rounding: f64,
}

impl Estimate {
    pub fn low(&self) -> f64 {
        self.value - self.error
    }

    pub fn high(&self) -> f64 {
        self.value + self.error
    }
}

/// The derivative of one result, as estimated from the samples.
#[derive(Debug)]
pub(crate) struct Numeric {
    /// Central; from one side where the domain ends on the other. `None`: too few finite samples.
    pub best: Option<Estimate>,
    pub left: Option<Estimate>,
    pub right: Option<Estimate>,
    /// How far the one-sided slopes at the smallest steps are from the one-sided derivatives.
    pub spread: f64,
    /// The range of the slopes at the smallest steps, where the function has more noise than rounding explains.
    pub noise: Option<[f64; 2]>,
    /// The size that rounding errors may give to a derivative of 0.
    pub floor: f64,
    /// Whether all samples are equal.
    pub is_flat: bool,
}

impl Samples {
    /// Evaluates `f` around `at`, from the step `first` down. Steps are realised: the divisor is the difference of
    /// the rounded arguments.
    pub fn take(f: impl FnMut(f64) -> Vec<f64>, at: f64, first: f64) -> Samples {
        let mut last = (first * RATIO.powi(-LEVELS)).min(1e-3);
        if at != 0.0 {
            last = last.min(at.abs() * 1e-4);
        }
        Samples::between(f, at, first, last)
    }

    /// Evaluates `f` around 0, where `f` moves several coordinates with the first steps `firsts`: beginning at the
    /// largest of them, as far as the smallest permits, and shrinking until the smallest is resolved.
    pub fn along(f: impl FnMut(f64) -> Vec<f64>, firsts: impl Iterator<Item = f64>) -> Samples {
        let [smallest, largest] =
            firsts.fold([f64::MAX, 0.0], |[low, high], first| [first.min(low), first.max(high)]);
        // A direction that moves nothing: the samples are all equal.
        let [smallest, largest] = if largest == 0.0 { [0.1; 2] } else { [smallest, largest] };
        let first = largest.min(smallest * RATIO.powi(MOST_LEVELS - LEVELS));
        Samples::between(f, 0.0, first, (smallest * RATIO.powi(-LEVELS)).min(1e-3))
    }

    fn between(mut f: impl FnMut(f64) -> Vec<f64>, at: f64, first: f64, last: f64) -> Samples {
        let center = f(at);
        let mut levels = Vec::new();
        for level in 0..MOST_LEVELS {
            let planned = first * RATIO.powi(-level);
            // Realised on the side away from 0: numbers are coarser there, so the other side realises the step too.
            let step = (at + planned.copysign(at) - at).abs();
            if planned < last || step == 0.0 {
                break;
            }
            // Next to the largest finite numbers, a step overflows.
            if !step.is_finite() {
                continue;
            }
            levels.push(Level { step, left: f(at - step), right: f(at + step) });
        }
        Samples { center, levels }
    }

    /// How many results the function has; `None` if that differs from point to point.
    pub fn results(&self) -> Option<usize> {
        let results = self.center.len();
        let same = |level: &Level| level.left.len() == results && level.right.len() == results;
        self.levels.iter().all(same).then_some(results)
    }

    /// The value of one result at the point itself.
    pub fn value(&self, result: usize) -> f64 {
        self.center[result]
    }

    /// The derivative of one result.
    pub fn derivative(&self, result: usize) -> Numeric {
        let center = self.center[result];
        let quotients = |quotient: fn(f64, f64, f64, f64) -> (f64, f64)| -> Vec<Quotient> {
            let of = |level: &Level| {
                let (left, right) = (level.left[result], level.right[result]);
                let (slope, size) = quotient(left, center, right, level.step);
                let secant =
                    |side: f64| if side.is_finite() { (side - center).abs() / level.step } else { 0.0 };
                let noise = f64::EPSILON * size / level.step;
                Quotient { step: level.step, slope, noise, secant: secant(left).max(secant(right)) }
            };
            finite_tail(self.levels.iter().map(of).collect())
        };
        let central = quotients(|left, _, right, h| ((right - left) / (2.0 * h), left.abs() + right.abs()));
        let left = quotients(|left, at, _, h| ((at - left) / h, 2.0 * (left.abs() + at.abs())));
        let right = quotients(|_, at, right, h| ((right - at) / h, 2.0 * (right.abs() + at.abs())));
        let (from_left, from_right) = (estimate(&left, 1), estimate(&right, 1));
        let (best, slopes) = match (from_left, from_right) {
            (Some(_), None) => (from_left, &left),
            (None, Some(_)) => (from_right, &right),
            _ => (estimate(&central, 2), &central),
        };
        let spread = |slopes: &[Quotient], side: Option<Estimate>| {
            let derivative = side.map_or(0.0, |side| side.value);
            smallest(slopes).iter().map(|q| (q.slope - derivative).abs()).fold(0.0, f64::max)
        };
        let floor = match best {
            // All values there are equal: the derivative is known up to rounding.
            Some(best) if best.value == 0.0 && best.secant == 0.0 => FLAT * best.rounding,
            _ => slopes.first().map_or(0.0, |q| FLAT * f64::EPSILON * center.abs() / q.step),
        };
        Numeric {
            best,
            left: from_left,
            right: from_right,
            spread: spread(&left, from_left).max(spread(&right, from_right)),
            noise: best.and_then(|best| noise_range(slopes, best.value)),
            floor,
            is_flat: self
                .levels
                .iter()
                .all(|level| level.left[result] == center && level.right[result] == center),
        }
    }
}

/// A difference quotient.
#[derive(Clone, Copy)]
struct Quotient {
    step: f64,
    slope: f64,
    /// The error that rounding of the samples can cause in it.
    noise: f64,
    /// The steeper of the two one-sided slopes.
    secant: f64,
}

/// The quotients after the last one that is not finite: the steps within the domain.
fn finite_tail(quotients: Vec<Quotient>) -> Vec<Quotient> {
    let start = quotients.iter().rposition(|q| !q.slope.is_finite()).map_or(0, |last| last + 1);
    quotients[start..].to_vec()
}

/// The range of the slopes at the smallest steps, if rounding does not explain it.
fn noise_range(quotients: &[Quotient], slope: f64) -> Option<[f64; 2]> {
    let smallest = smallest(quotients);
    let is_noise = smallest.iter().any(|q| (q.slope - slope).abs() > 32.0 * q.noise);
    is_noise.then(|| {
        smallest.iter().fold([f64::MAX, f64::MIN], |[low, high], q| [low.min(q.slope), high.max(q.slope)])
    })
}

fn smallest(quotients: &[Quotient]) -> &[Quotient] {
    &quotients[quotients.len().saturating_sub(NOISY_LEVELS)..]
}

/// The quotients extrapolated to step 0, given that their error is a series in powers of step^`power`.
fn estimate(quotients: &[Quotient], power: i32) -> Option<Estimate> {
    let rows = extrapolate(quotients, power);
    let first = sharpest(&rows, 0.0)?;
    sharpest(&rows, noise(&rows, first.value))
}

/// One entry of Neville's scheme.
#[derive(Clone, Copy, Default)]
struct Cell {
    value: f64,
    /// Its error due to rounding.
    rounding: f64,
    /// Its error due to a noise of 1 in every sample.
    gain: f64,
}

/// One step: the quotient, and what is extrapolated from it and the steps before it.
struct Row {
    secant: f64,
    cells: [Cell; ORDER + 1],
    len: usize,
}

/// Neville's scheme.
fn extrapolate(quotients: &[Quotient], power: i32) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(quotients.len());
    for (k, quotient) in quotients.iter().enumerate() {
        let mut cells = [Cell::default(); ORDER + 1];
        cells[0] = Cell { value: quotient.slope, rounding: quotient.noise, gain: 1.0 / quotient.step };
        let len = 1 + ORDER.min(k);
        for j in 1..len {
            let (from, above) = (cells[j - 1], rows[k - 1].cells[j - 1]);
            let weight = (quotients[k - j].step / quotient.step).powi(power) - 1.0;
            cells[j] = Cell {
                value: from.value + (from.value - above.value) / weight,
                rounding: from.rounding + (from.rounding + above.rounding) / weight,
                gain: from.gain + (from.gain + above.gain) / weight,
            };
        }
        rows.push(Row { secant: quotient.secant, cells, len });
    }
    rows
}

/// The noise of the function, whatever its cause: at the smallest steps little else separates the entries from the
/// derivative. Noise shows in every column, curvature only in the first ones, so the column with the smallest result
/// is used.
fn noise(rows: &[Row], derivative: f64) -> f64 {
    let smallest = &rows[rows.len().saturating_sub(NOISY_LEVELS)..];
    let in_column = |j: usize| {
        let cells = smallest.iter().filter(|row| j < row.len).map(|row| row.cells[j]);
        cells.map(|cell| (cell.value - derivative).abs() / cell.gain).fold(0.0, f64::max)
    };
    (0..=ORDER / 2).map(in_column).fold(f64::INFINITY, f64::min)
}

/// The entry with the smallest error, where every sample has at least this noise. The error is relative to the slopes
/// at the entry's own step: where the function has coarse and fine structure, the one that is resolved better counts.
fn sharpest(rows: &[Row], noise: f64) -> Option<Estimate> {
    let mut best: Option<(f64, Estimate)> = None;
    for k in 3..rows.len() {
        let Row { secant, cells, .. } = rows[k];
        // Compared with the three entries above it, and with the one it was extrapolated from.
        for j in 0..rows[k - 3].len {
            let Cell { value, rounding, gain } = cells[j];
            let near = [
                rows[k - 1].cells[j],
                rows[k - 2].cells[j],
                rows[k - 3].cells[j],
                cells[j.saturating_sub(1)],
            ];
            let least = rounding.max(noise * gain);
            // Where slopes overflow, their differences are NaN.
            let off = |near: &Cell| Some((near.value - value).abs()).filter(|off| !off.is_nan());
            let error = near.iter().map(|near| off(near).unwrap_or(f64::INFINITY)).fold(least, f64::max);
            let score = error / value.abs().max(secant).max(FLAT * rounding).max(f64::MIN_POSITIVE);
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, Estimate { value, error, secant, rounding }));
            }
        }
    }
    best.map(|(_, estimate)| estimate)
}
