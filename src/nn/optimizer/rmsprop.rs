use crate::nn::error::Error;
use crate::nn::ranges::{not_negative, share};

use super::{Optimizer, State, for_each_parameter, remembers};

/// RMSprop: divides each derivative by the square root of the running mean of its square.
#[derive(Debug, Clone, PartialEq)]
pub struct RmsProp {
    /// The learning rate.
    pub rate: f64,
    /// The decay factor of the mean; by default 0.99.
    pub alpha: f64,
    /// Added to the square root; by default 1e-8.
    pub eps: f64,
    /// The momentum: the factor of the previous update.
    pub momentum: f64,
    /// Whether to divide by the running standard deviation instead.
    pub centered: bool,
    /// Adds this factor times the parameter to its derivative.
    pub weight_decay: f64,
    /// The state that is kept between updates.
    pub state: State,
}

impl RmsProp {
    /// The optimiser with its default settings.
    #[must_use]
    pub fn new(rate: f64) -> RmsProp {
        RmsProp {
            rate,
            alpha: 0.99,
            eps: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
            state: State::new("rmsprop", 3),
        }
    }
}

impl Optimizer for RmsProp {
    remembers!();

    fn check(&self) -> Result<(), Error> {
        not_negative("RmsProp::rate", self.rate)?;
        share("RmsProp::alpha", self.alpha)?;
        not_negative("RmsProp::eps", self.eps)?;
        not_negative("RmsProp::momentum", self.momentum)?;
        not_negative("RmsProp::weight_decay", self.weight_decay)
    }

    fn settings(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("rate", self.rate),
            ("alpha", self.alpha),
            ("eps", self.eps),
            ("momentum", self.momentum),
            ("centered", f64::from(self.centered)),
            ("weight decay", self.weight_decay),
        ]
    }

    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let RmsProp { alpha, eps, momentum, centered, weight_decay, .. } = *self;
        for_each_parameter(&mut self.state, 0.0, parameters, gradient, |w, slope, [square, mean, v]| {
            let slope = slope + weight_decay * *w;
            *square = alpha * *square + (1.0 - alpha) * slope * slope;
            *mean = alpha * *mean + (1.0 - alpha) * slope;
            let variance = if centered { *square - *mean * *mean } else { *square };
            *v = momentum * *v + slope / (variance.sqrt() + eps);
            *w -= rate * *v;
        });
    }
}
