//! Penalties on large parameters.

use super::error::Error;
use super::ranges::not_negative;
use super::vectors::run;
use crate::table::lists::sum;
use crate::table::number::Number;

/// A penalty on large parameters, added to the loss of a batch: `l1 Σ|w| + l2 Σw²`.
///
/// ```
/// use tapegrad::nn::Penalty;
/// assert_eq!(Penalty::l2(0.5).of(&[1.0, -2.0]), 2.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Penalty {
    /// The factor of the absolute values. It drives parameters to exactly 0.
    pub l1: f64,
    /// The factor of the squares. With SGD it is the same as a weight decay of `2 l2`.
    pub l2: f64,
    /// Whether biases are penalised too.
    pub biases: bool,
}

impl Penalty {
    /// A penalty on the absolute values of the weights.
    #[must_use]
    pub fn l1(price: f64) -> Penalty {
        Penalty { l1: price, ..Penalty::default() }
    }

    /// A penalty on the squares of the weights.
    #[must_use]
    pub fn l2(price: f64) -> Penalty {
        Penalty { l2: price, ..Penalty::default() }
    }

    /// Penalises biases too.
    #[must_use]
    pub fn with_biases(self) -> Penalty {
        Penalty { biases: true, ..self }
    }

    /// Checks the factors. A [`Trainer`](super::Trainer) does so before training.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a factor is negative or not finite.
    pub fn check(self) -> Result<(), Error> {
        not_negative("Penalty::l1", self.l1)?;
        not_negative("Penalty::l2", self.l2)
    }

    /// The penalty of these parameters.
    #[must_use]
    pub fn of<R: Number>(self, parameters: &[R]) -> R {
        sum(&parameters.iter().map(|&w| self.of_one(w)).collect::<Vec<R>>())
    }

    /// The penalty of one parameter.
    fn of_one<R: Number>(self, w: R) -> R {
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (true, true) => w.abs() * self.l1 + w * w * self.l2,
            (true, false) => w.abs() * self.l1,
            _ => w * w * self.l2,
        }
    }

    /// Adds the derivatives of the penalty to a gradient and returns the penalty; `pays` is 1 for parameters that
    /// are penalised, else 0. Written with plain numbers and several partial sums: on a tape it took a sixth of a
    /// training step.
    pub(super) fn add_slopes(self, parameters: &[f64], pays: &[f64], gradient: &mut [f64]) -> f64 {
        run(parameters.len(), Slopes { penalty: self, parameters, pays, gradient })
    }
}

/// The loop of [`Penalty::add_slopes`], for the vector instructions of the machine.
struct Slopes<'a> {
    penalty: Penalty,
    parameters: &'a [f64],
    pays: &'a [f64],
    gradient: &'a mut [f64],
}

impl pulp::WithSimd for Slopes<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        const SUMS: usize = 8;
        let Penalty { l1, l2, .. } = self.penalty;
        let price_and_slope = |w: f64, pays: f64| {
            let sign = f64::from(w > 0.0) - f64::from(w < 0.0);
            [pays * (l1 * w.abs() + l2 * (w * w)), pays * (l1 * sign + 2.0 * l2 * w)]
        };
        let (parameters, last) = self.parameters.as_chunks::<SUMS>();
        let (pays, last_pay) = self.pays.as_chunks::<SUMS>();
        let (gradient, last_slopes) = self.gradient.as_chunks_mut::<SUMS>();
        let mut sums = [0.0; SUMS];
        for ((parameters, pays), slopes) in parameters.iter().zip(pays).zip(gradient) {
            for k in 0..SUMS {
                let [price, slope] = price_and_slope(parameters[k], pays[k]);
                sums[k] += price;
                slopes[k] += slope;
            }
        }
        for (((&w, &pays), last_slope), sum) in last.iter().zip(last_pay).zip(last_slopes).zip(&mut sums) {
            let [price, slope] = price_and_slope(w, pays);
            *sum += price;
            *last_slope += slope;
        }
        sums.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Penalty;

    #[test]
    fn the_slopes_of_a_penalty_are_its_derivatives() {
        let w = [1.5, -2.0, 0.0, 0.25, -0.0, 3.0, -1.0, 0.5, 7.0, -4.0];
        for penalty in [Penalty::l1(0.3), Penalty::l2(0.7), Penalty { l1: 0.2, l2: 0.1, biases: true }] {
            let mut slopes = [1.0; 10];
            let price = penalty.add_slopes(&w, &[1.0; 10], &mut slopes);
            let (expected, gradient) = crate::value_and_gradient(|w: [crate::Var; 10]| penalty.of(&w), w);
            assert!((price - expected).abs() < 1e-14 * expected);
            for (slope, expected) in slopes.iter().zip(gradient) {
                assert!((slope - 1.0 - expected).abs() < 1e-14);
            }
            let mut none = [1.0; 10];
            assert_eq!((penalty.add_slopes(&w, &[0.0; 10], &mut none), none), (0.0, [1.0; 10]));
        }
    }
}
