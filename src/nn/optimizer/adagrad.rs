use crate::nn::error::Error;
use crate::nn::ranges::not_negative;

use super::{Optimizer, State, for_each_parameter, remembers};

/// Adagrad: divides each derivative by the square root of the sum of all its squares so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Adagrad {
    /// The learning rate.
    pub rate: f64,
    /// In update `k`, counted from 0, the rate is divided by `1 + k · rate_decay`.
    pub rate_decay: f64,
    /// The initial value of the sums.
    pub initial_sum: f64,
    /// Added to the square root; by default 1e-10.
    pub eps: f64,
    /// Adds this factor times the parameter to its derivative.
    pub weight_decay: f64,
    /// The state that is kept between updates.
    pub state: State,
}

impl Adagrad {
    /// The optimiser with its default settings.
    #[must_use]
    pub fn new(rate: f64) -> Adagrad {
        Adagrad {
            rate,
            rate_decay: 0.0,
            initial_sum: 0.0,
            eps: 1e-10,
            weight_decay: 0.0,
            state: State::new("adagrad", 1),
        }
    }
}

impl Optimizer for Adagrad {
    remembers!();

    fn check(&self) -> Result<(), Error> {
        not_negative("Adagrad::rate", self.rate)?;
        not_negative("Adagrad::rate_decay", self.rate_decay)?;
        not_negative("Adagrad::initial_sum", self.initial_sum)?;
        not_negative("Adagrad::eps", self.eps)?;
        not_negative("Adagrad::weight_decay", self.weight_decay)
    }

    fn settings(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("rate", self.rate),
            ("rate decay", self.rate_decay),
            ("initial sum", self.initial_sum),
            ("eps", self.eps),
            ("weight decay", self.weight_decay),
        ]
    }

    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let rate = rate / (1.0 + self.state.updates as f64 * self.rate_decay);
        let Adagrad { eps, weight_decay, initial_sum, .. } = *self;
        for_each_parameter(&mut self.state, initial_sum, parameters, gradient, |w, slope, [sum]| {
            let slope = slope + weight_decay * *w;
            *sum += slope * slope;
            *w -= rate * slope / (sum.sqrt() + eps);
        });
    }
}
