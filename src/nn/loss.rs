//! Losses, which measure the error of the outputs for one sample, and penalties.

use super::activation::Activation;
use super::data::Data;
use super::error::{Error, expect_length};
use super::ranges::{not_negative, or_panic, positive, share};
use crate::number::mask::{gt, lt};
use crate::table::lists::{cross_entropy, sum};
use crate::table::number::Number;

/// The loss of one sample, over any type of number. There are as many targets as outputs.
///
/// ```
/// use tapegrad::nn::Loss;
///
/// assert_eq!(Loss::HalfSquared.of(&[3.0, 1.0], &[1.0, 1.0]), 2.0);
/// // On logits, and stable: the probability of class 0 is 1, that of class 1 is 0.
/// assert_eq!(Loss::CrossEntropy.of(&[1e4, -1e4], &[1.0, 0.0]), 0.0);
/// assert_eq!(Loss::CrossEntropy.of(&[1e4, -1e4], &[0.0, 1.0]), 2e4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// `½ Σ (t − y)²`
    HalfSquared,
    /// `Σ (t − y)²`
    Squared,
    /// `(1/n) Σ (t − y)²` over the n outputs.
    MeanSquared,
    /// `Σ |t − y|`
    Absolute,
    /// `(1/n) Σ |t − y|`
    MeanAbsolute,
    /// `Σ h(t − y)` where `h(e)` is `½ e²` up to the width `d` and `d (|e| − ½ d)` beyond.
    Huber(f64),
    /// `Σ max(0, 1 − t y)` for targets of −1 and 1.
    Hinge,
    /// Binary cross entropy of logits `y`, `−Σ t ln σ(y) + (1 − t) ln (1 − σ(y))`, for targets in [0, 1]: the
    /// output layer has no sigmoid of its own. An infinite logit of the right sign has loss 0.
    BinaryCrossEntropy,
    /// Cross entropy of logits `y`, `−Σ t ln softmax(y)`; a target of 0 contributes 0, even if the logit is −∞. The
    /// targets are a distribution over the classes; [`Data::classes`](super::Data::classes) and
    /// [`one_hot`](super::one_hot) make one from a class.
    CrossEntropy,
    /// `Σ max(τ e, (τ − 1) e)` where `e` is `t − y`: the output becomes the quantile `τ`, from 0 to 1, of the targets for these
    /// inputs (R. Koenker, G. Bassett, *Regression Quantiles*, 1978). ½ gives the median. Also called pinball loss.
    Quantile(f64),
    /// `Σ ln cosh (t − y)`: half of the square of small errors, and large ones less `ln 2`.
    LogCosh,
    /// `Σ eʸ − t y`, for counts `t`: the negative logarithm of their likelihood, but for a constant, where `y` is the logarithm
    /// of the rate.
    Poisson,
    /// `(1 − p)ᵞ` times the cross entropy `−ln p` of logits, where `p` is the probability of the right class: samples that
    /// are right count less, the more so for large `γ` (T.-Y. Lin and others, *Focal Loss for Dense Object Detection*, 2017).
    Focal(f64),
    /// The same for outputs that each say whether the target is 0 or 1, on logits: as
    /// [`BinaryCrossEntropy`](Loss::BinaryCrossEntropy).
    BinaryFocal(f64),
    /// The Kullback-Leibler divergence of the targets from the probabilities of logits `y`, `Σ t ln t − t ln softmax(y)`; 0 if
    /// they are equal. Its gradient is that of [`CrossEntropy`](Loss::CrossEntropy).
    KullbackLeibler,
    /// [`CrossEntropy`](Loss::CrossEntropy) with targets of which this share, from 0 to 1, is spread over all classes: a target of
    /// 1 becomes `1 − ε + ε/n` and one of 0 becomes `ε/n` (label smoothing).
    SmoothedCrossEntropy(f64),
}

impl Loss {
    /// The loss of these outputs.
    ///
    /// # Panics
    /// If there are not as many targets as outputs, or the number of the loss is out of its range: the width of [`Loss::Huber`],
    /// a quantile, a share, an exponent.
    #[must_use]
    #[track_caller]
    pub fn of<R: Number>(self, outputs: &[R], targets: &[R]) -> R {
        assert_eq!(outputs.len(), targets.len(), "as many targets as outputs");
        let each = |term: fn(R, R) -> R| -> Vec<R> {
            outputs.iter().zip(targets).map(|(&y, &t)| term(y, t)).collect()
        };
        let squared = |y: R, t: R| (y - t).powi(2);
        let absolute = |y: R, t: R| (y - t).abs();
        let n = outputs.len() as f64;
        or_panic(self.check_number());
        match self {
            Loss::HalfSquared => sum(&each(squared)) * 0.5,
            Loss::Squared => sum(&each(squared)),
            Loss::MeanSquared => sum(&each(squared)) / n,
            Loss::Absolute => sum(&each(absolute)),
            Loss::MeanAbsolute => sum(&each(absolute)) / n,
            Loss::Huber(width) => {
                let term = |e: R| lt(e.abs(), width).select(e * e * 0.5, (e.abs() - 0.5 * width) * width);
                sum(&outputs.iter().zip(targets).map(|(&y, &t)| term(y - t)).collect::<Vec<_>>())
            }
            Loss::Hinge => sum(&each(|y, t| (-(t * y) + 1.0).relu())),
            Loss::BinaryCrossEntropy => sum(&each(|y, t| y.binary_cross_entropy(t))),
            Loss::CrossEntropy => cross_entropy(outputs, targets),
            Loss::Quantile(quantile) => {
                let term = |(&y, &t): (&R, &R)| ((t - y) * quantile).max((t - y) * (quantile - 1.0));
                sum(&outputs.iter().zip(targets).map(term).collect::<Vec<_>>())
            }
            Loss::LogCosh => sum(&each(|y, t| log_cosh(t - y))),
            Loss::Poisson => sum(&each(|y, t| y.exp() - t * y)),
            Loss::Focal(exponent) => focal(cross_entropy(outputs, targets), exponent),
            Loss::BinaryFocal(exponent) => {
                let term = |(&y, &t): (&R, &R)| focal(y.binary_cross_entropy(t), exponent);
                sum(&outputs.iter().zip(targets).map(term).collect::<Vec<_>>())
            }
            Loss::KullbackLeibler => {
                cross_entropy(outputs, targets)
                    + sum(&targets.iter().map(|&t| t.xlogy(t)).collect::<Vec<_>>())
            }
            Loss::SmoothedCrossEntropy(share) => {
                let smoothed: Vec<R> = targets.iter().map(|&t| t * (1.0 - share) + share / n).collect();
                cross_entropy(outputs, &smoothed)
            }
        }
    }

    /// Checks that the loss fits an output layer with this activation: losses of logits apply the sigmoid or the
    /// softmax themselves.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Loss};
    /// assert!(Loss::BinaryCrossEntropy.check_output(Activation::Identity).is_ok());
    /// assert!(Loss::BinaryCrossEntropy.check_output(Activation::Sigmoid).is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] if it does not; the message says what to use instead.
    pub fn check_output(self, activation: Activation) -> Result<(), Error> {
        let own = match self {
            Loss::BinaryCrossEntropy | Loss::BinaryFocal(_) => "sigmoid",
            Loss::CrossEntropy | Loss::Focal(_) | Loss::KullbackLeibler | Loss::SmoothedCrossEntropy(_) => {
                "softmax"
            }
            _ => return Ok(()),
        };
        if !matches!(activation, Activation::Sigmoid | Activation::Softmax) {
            return Ok(());
        }
        Err(Error::Setting(format!(
            "`Loss::{self:?}` works on logits and applies the {own} itself, and the output layer has \
             `Activation::{activation:?}` already: give it `Activation::Identity`; `probabilities` then gives the \
             probabilities"
        )))
    }

    /// Whether targets are classes.
    #[cfg(feature = "view")]
    pub(super) fn is_of_classes(self) -> bool {
        match self {
            Loss::Hinge
            | Loss::BinaryCrossEntropy
            | Loss::CrossEntropy
            | Loss::Focal(_)
            | Loss::BinaryFocal(_)
            | Loss::KullbackLeibler
            | Loss::SmoothedCrossEntropy(_) => true,
            Loss::HalfSquared
            | Loss::Squared
            | Loss::MeanSquared
            | Loss::Absolute
            | Loss::MeanAbsolute
            | Loss::Huber(_)
            | Loss::Quantile(_)
            | Loss::LogCosh
            | Loss::Poisson => false,
        }
    }

    /// The loss of these outputs over the targets that are given: `given` is 1 where they are, else 0. A target that is missing
    /// adds nothing, and divisors stay: the mean of [`Loss::MeanSquared`] is over all outputs. A distribution over classes is
    /// given as a whole, if its first target is.
    ///
    /// ```
    /// use tapegrad::nn::Loss;
    /// assert_eq!(Loss::Squared.of_given(&[1.0, 5.0], &[3.0, 0.0], &[1.0, 0.0]), 4.0);
    /// assert_eq!(Loss::MeanSquared.of_given(&[1.0, 5.0], &[3.0, 0.0], &[1.0, 0.0]), 2.0);
    /// ```
    ///
    /// # Panics
    /// As [`of`](Self::of), and if there are not as many numbers in `given` as targets.
    #[must_use]
    #[track_caller]
    pub fn of_given<R: Number>(self, outputs: &[R], targets: &[R], given: &[R]) -> R {
        assert_eq!(targets.len(), given.len(), "as many targets as numbers that say whether they are given");
        // `select` leaves the term that is not chosen out of the derivative too, even if it is infinite.
        let only = |given: R, loss: R| gt(given, 0.5).select(loss, 0.0);
        let term = |k: usize| only(given[k], self.of(&[outputs[k]], &[targets[k]]));
        let terms = || sum(&(0..targets.len()).map(term).collect::<Vec<R>>());
        match self.shape() {
            Shape::Sum => terms(),
            Shape::Mean => terms() / outputs.len() as f64,
            Shape::Whole => {
                given.first().map_or(R::constant(0.0), |&given| only(given, self.of(outputs, targets)))
            }
        }
    }

    /// The loss of a sample whose targets, if some of the data are missing, are followed by what says whether they are given.
    pub(super) fn of_sample<R: Number>(self, outputs: &[R], targets: &[R]) -> R {
        match targets.len() == outputs.len() {
            true => self.of(outputs, targets),
            false => {
                let (targets, given) = targets.split_at(targets.len() / 2);
                self.of_given(outputs, targets, given)
            }
        }
    }

    fn shape(self) -> Shape {
        match self {
            Loss::HalfSquared
            | Loss::Squared
            | Loss::Absolute
            | Loss::Huber(_)
            | Loss::Hinge
            | Loss::BinaryCrossEntropy
            | Loss::Quantile(_)
            | Loss::LogCosh
            | Loss::Poisson
            | Loss::BinaryFocal(_) => Shape::Sum,
            Loss::MeanSquared | Loss::MeanAbsolute => Shape::Mean,
            Loss::CrossEntropy | Loss::Focal(_) | Loss::KullbackLeibler | Loss::SmoothedCrossEntropy(_) => {
                Shape::Whole
            }
        }
    }

    /// Checks that the loss fits a network with these outputs and these samples.
    pub(super) fn check_all(self, output: Activation, outputs: usize, data: &Data) -> Result<(), Error> {
        self.check_output(output)?;
        (0..data.len()).try_for_each(|sample| self.check_given(sample, data.target(sample)))?;
        let width = if data.is_empty() { outputs } else { data.target_width() };
        expect_length("targets of a sample", outputs, width)
    }

    /// As [`check`](Self::check), for targets of which those that are NaN are missing.
    fn check_given(self, sample: usize, targets: &[f64]) -> Result<(), Error> {
        match targets.iter().filter(|target| target.is_nan()).count() {
            0 => self.check(sample, targets),
            missing if missing < targets.len() && self.shape() == Shape::Whole => {
                let problem = format!(
                    "{targets:?} is missing in part: give all of a distribution over classes, or none"
                );
                Err(Error::Target { sample, problem })
            }
            _ if self.shape() == Shape::Whole => Ok(()),
            _ => {
                let given: Vec<f64> = targets.iter().copied().filter(|target| !target.is_nan()).collect();
                self.check(sample, &given)
            }
        }
    }

    /// Checks that the loss can use these targets, which are those of sample `sample`.
    ///
    /// # Errors
    /// [`Error::Target`] if it cannot; [`Error::OutOfRange`] if the number of the loss is out of its range.
    pub fn check(self, sample: usize, targets: &[f64]) -> Result<(), Error> {
        self.check_number()?;
        let problem = match self {
            Loss::Hinge => targets
                .iter()
                .find(|t| t.abs() != 1.0)
                .map(|t| format!("{t}, but hinge loss takes targets of -1 and 1")),
            Loss::BinaryCrossEntropy => targets
                .iter()
                .find(|t| !(0.0..=1.0).contains(*t))
                .map(|t| format!("{t}, but binary cross entropy takes targets from 0 to 1")),
            Loss::BinaryFocal(_) => targets
                .iter()
                .find(|t| ![0.0, 1.0].contains(*t))
                .map(|t| format!("{t}, but binary focal loss takes targets of 0 and 1")),
            Loss::Poisson => targets
                .iter()
                .find(|t| **t < 0.0)
                .map(|t| format!("{t}, but Poisson loss takes counts, which are not negative")),
            Loss::Focal(_) => {
                let ones = targets.iter().filter(|&&t| t == 1.0).count();
                let is_class = ones == 1 && targets.iter().all(|t| [0.0, 1.0].contains(t));
                (!is_class).then(|| {
                    format!(
                        "{targets:?} is not one class, and focal loss takes one for each sample; make targets from \
                         class numbers with `Data::classes` or `one_hot`"
                    )
                })
            }
            Loss::CrossEntropy | Loss::KullbackLeibler | Loss::SmoothedCrossEntropy(_) => {
                let total: f64 = targets.iter().sum();
                let is_distribution = targets.iter().all(|&t| t >= 0.0) && (total - 1.0).abs() < 1e-6;
                (!is_distribution).then(|| {
                    format!(
                        "{targets:?} is not a distribution (its sum is {total}); make one from class numbers with \
                         `Data::classes` or `one_hot`"
                    )
                })
            }
            _ => None,
        };
        problem.map_or(Ok(()), |problem| Err(Error::Target { sample, problem }))
    }

    /// Checks the number of the loss, if it has one.
    fn check_number(self) -> Result<(), Error> {
        match self {
            Loss::Huber(width) => positive("Loss::Huber", width),
            Loss::Quantile(quantile) => share("Loss::Quantile", quantile),
            Loss::Focal(exponent) => not_negative("Loss::Focal", exponent),
            Loss::BinaryFocal(exponent) => not_negative("Loss::BinaryFocal", exponent),
            Loss::SmoothedCrossEntropy(part) => share("Loss::SmoothedCrossEntropy", part),
            _ => Ok(()),
        }
    }
}

/// `ln cosh e`, exact to rounding for small errors, without an overflow for large ones.
fn log_cosh<R: Number>(e: R) -> R {
    let half = (e * 0.5).sinh();
    let small = (half * half * 2.0).ln_1p();
    let large = e.abs() + (e.abs() * -2.0).softplus() - std::f64::consts::LN_2;
    lt(e.abs(), 1.0).select(small, large)
}

/// Focal loss from the cross entropy `−ln p` with one class.
fn focal<R: Number>(cross_entropy: R, exponent: f64) -> R {
    // Powers below 1 have no slope at 0, where `p` is 1 to rounding. The smallest number of either precision has one.
    let rest = -(-cross_entropy).exp_m1() + f64::from(f32::MIN_POSITIVE);
    rest.powf(exponent) * cross_entropy
}

/// How the loss of a sample consists of those of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// It does not: all targets together are one distribution.
    Whole,
}
