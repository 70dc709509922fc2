use crate::nn::error::Error;
use crate::nn::ranges::{not_negative, share};

use super::{Optimizer, State, for_each_parameter, remembers};

/// Gradient descent, stochastic if batches are drawn at random, optionally with momentum or Nesterov momentum.
#[derive(Debug, Clone, PartialEq)]
pub struct Sgd {
    /// The learning rate.
    pub rate: f64,
    /// The momentum: the factor of the previous update; 0 for no momentum.
    pub momentum: f64,
    /// With momentum, the gradient is multiplied by `1 − dampening`, except in the first update.
    pub dampening: f64,
    /// Whether to use Nesterov momentum.
    pub nesterov: bool,
    /// Adds this factor times the parameter to its derivative.
    pub weight_decay: f64,
    /// The state that is kept between updates.
    pub state: State,
}

impl Sgd {
    /// Plain gradient descent.
    #[must_use]
    pub fn new(rate: f64) -> Sgd {
        Sgd {
            rate,
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            state: State::new("sgd", 1),
        }
    }

    /// With momentum.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Sgd {
        Sgd { momentum, ..self }
    }

    /// With Nesterov momentum.
    #[must_use]
    pub fn nesterov(self, momentum: f64) -> Sgd {
        Sgd { momentum, nesterov: true, ..self }
    }

    /// With weight decay.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Sgd {
        Sgd { weight_decay, ..self }
    }
}

impl Optimizer for Sgd {
    remembers!();

    fn check(&self) -> Result<(), Error> {
        not_negative("Sgd::rate", self.rate)?;
        not_negative("Sgd::momentum", self.momentum)?;
        share("Sgd::dampening", self.dampening)?;
        not_negative("Sgd::weight_decay", self.weight_decay)
    }

    fn settings(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("rate", self.rate),
            ("momentum", self.momentum),
            ("dampening", self.dampening),
            ("nesterov", f64::from(self.nesterov)),
            ("weight decay", self.weight_decay),
        ]
    }

    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        // The first gradient enters the velocity without dampening.
        let damped = if self.state.updates == 0 { 1.0 } else { 1.0 - self.dampening };
        let Sgd { momentum, nesterov, weight_decay, .. } = *self;
        for_each_parameter(&mut self.state, 0.0, parameters, gradient, |w, slope, [v]| {
            let slope = slope + weight_decay * *w;
            *v = momentum * *v + damped * slope;
            *w -= rate * if nesterov { slope + momentum * *v } else { *v };
        });
    }
}
