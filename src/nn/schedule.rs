//! Schedules of the learning rate.

use super::error::Error;
use super::ranges::{at_least_one, not_negative, share};
use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

/// The learning rate of each update, as a factor of the optimiser's own rate. Updates are counted from 0.
///
/// ```
/// use tapegrad::nn::Schedule;
///
/// let schedule = Schedule::Step { every: 10, factor: 0.5 };
/// assert_eq!((schedule.factor(9), schedule.factor(10), schedule.factor(25)), (1.0, 0.5, 0.25));
///
/// // A custom rule: that of micrograd's demo.
/// let schedule = Schedule::custom(|k| 1.0 - 0.9 * k as f64 / 100.0);
/// assert_eq!(schedule.factor(50), 0.55);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `every` updates.
    Step {
        /// The number of updates between two changes.
        every: usize,
        /// The factor of each change.
        factor: f64,
    },
    /// Multiplied by this factor after every update.
    Exponential(f64),
    /// From 1 to `low` along half a period of a cosine, then constant.
    Cosine {
        /// The number of updates until the final factor.
        over: usize,
        /// The final factor.
        low: f64,
    },
    /// Linear from `from` to `to`, then constant.
    Linear {
        /// The initial factor.
        from: f64,
        /// The final factor.
        to: f64,
        /// The number of updates until the final factor.
        over: usize,
    },
    /// Linear up to 1: update `k` has the factor `(k + 1) / steps`. Then another schedule, from its start.
    WarmUp {
        /// The number of updates of the warm-up.
        steps: usize,
        /// The schedule after the warm-up.
        then: Box<Schedule>,
    },
    /// One cycle as in PyTorch's `OneCycleLR`: from 1/25 up to 1 and down to 4·10⁻⁶, along cosines.
    OneCycle {
        /// The total number of updates.
        steps: usize,
        /// The fraction of updates in which the factor rises; 0.3 is usual.
        up: f64,
    },
    /// A custom rule; see [`Schedule::custom`].
    Custom(Arc<dyn Fn(usize) -> f64 + Send + Sync>),
}

impl Schedule {
    /// A schedule whose factor at update `k` is `rule(k)`.
    #[must_use]
    pub fn custom(rule: impl Fn(usize) -> f64 + Send + Sync + 'static) -> Schedule {
        Schedule::Custom(Arc::new(rule))
    }

    /// This schedule after a warm-up of `steps` updates.
    #[must_use]
    pub fn after_warm_up(self, steps: usize) -> Schedule {
        Schedule::WarmUp { steps, then: Box::new(self) }
    }

    /// Checks the settings: factors are finite and not negative, and numbers of updates are not 0. A
    /// [`Trainer`](super::Trainer) does so before training; it checks the factors of a custom rule at each update.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Schedule::Constant | Schedule::Custom(_) => Ok(()),
            Schedule::Step { every, factor } => {
                at_least_one("Schedule::Step::every", *every, "at least one update")?;
                not_negative("Schedule::Step::factor", *factor)
            }
            Schedule::Exponential(factor) => not_negative("Schedule::Exponential", *factor),
            Schedule::Cosine { low, .. } => not_negative("Schedule::Cosine::low", *low),
            Schedule::Linear { from, to, .. } => {
                not_negative("Schedule::Linear::from", *from)?;
                not_negative("Schedule::Linear::to", *to)
            }
            Schedule::WarmUp { then, .. } => then.check(),
            Schedule::OneCycle { steps, up } => {
                at_least_one("Schedule::OneCycle::steps", *steps, "at least one update")?;
                share("Schedule::OneCycle::up", *up)
            }
        }
    }

    /// The factor at an update.
    #[must_use]
    pub fn factor(&self, update: usize) -> f64 {
        let k = update as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Step { every, factor } => factor.powf((update / every.max(&1)) as f64),
            Schedule::Exponential(factor) => factor.powf(k),
            Schedule::Cosine { over, low } => cosine(1.0, *low, part_of_way(k, *over as f64)),
            Schedule::Linear { from, to, over } => from + (to - from) * part_of_way(k, *over as f64),
            Schedule::WarmUp { steps, .. } if update < *steps => (k + 1.0) / *steps as f64,
            Schedule::WarmUp { steps, then } => then.factor(update - steps),
            Schedule::OneCycle { steps, up } => {
                let (top, end) = (up * *steps as f64 - 1.0, *steps as f64 - 1.0);
                if k <= top {
                    cosine(1.0 / 25.0, 1.0, part_of_way(k, top))
                } else {
                    cosine(1.0, 1.0 / 25.0 / 1e4, part_of_way(k - top, end - top))
                }
            }
            Schedule::Custom(rule) => rule(update),
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => write!(f, "Constant"),
            Schedule::Step { every, factor } => write!(f, "Step({factor} every {every})"),
            Schedule::Exponential(factor) => write!(f, "Exponential({factor})"),
            Schedule::Cosine { over, low } => write!(f, "Cosine(to {low} over {over})"),
            Schedule::Linear { from, to, over } => write!(f, "Linear({from} to {to} over {over})"),
            Schedule::WarmUp { steps, then } => write!(f, "WarmUp({steps}, then {then:?})"),
            Schedule::OneCycle { steps, up } => write!(f, "OneCycle({steps}, up {up})"),
            Schedule::Custom(_) => write!(f, "Custom"),
        }
    }
}

/// The fraction `done / of`, at most 1.
fn part_of_way(done: f64, of: f64) -> f64 {
    if done < of { done / of } else { 1.0 }
}

/// Interpolates from `from` to `to` along half a period of a cosine.
fn cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * ((PI * share).cos() + 1.0) / 2.0
}
