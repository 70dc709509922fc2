use crate::nn::error::Error;
use crate::nn::ranges::{below_one, not_negative};

use super::{Optimizer, State, expect_fitting, for_each_parameter, remembers};

/// Adam: running means of each derivative and of its square, corrected for their start at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    /// The learning rate.
    pub rate: f64,
    /// The decay factors of the two means; by default 0.9 and 0.999.
    pub betas: (f64, f64),
    /// Added to the square root of the second mean; by default 1e-8.
    pub eps: f64,
    /// Whether to use the largest second mean so far (AMSGrad).
    pub amsgrad: bool,
    /// Adds this factor times the parameter to its derivative.
    pub weight_decay: f64,
    /// The state that is kept between updates.
    pub state: State,
}

impl Adam {
    /// The optimiser with its default settings.
    #[must_use]
    pub fn new(rate: f64) -> Adam {
        Adam {
            rate,
            betas: (0.9, 0.999),
            eps: 1e-8,
            amsgrad: false,
            weight_decay: 0.0,
            state: State::new("adam", 3),
        }
    }
}

impl Optimizer for Adam {
    remembers!();

    fn check(&self) -> Result<(), Error> {
        not_negative("Adam::rate", self.rate)?;
        below_one("Adam::betas.0", self.betas.0)?;
        below_one("Adam::betas.1", self.betas.1)?;
        not_negative("Adam::eps", self.eps)?;
        not_negative("Adam::weight_decay", self.weight_decay)
    }

    fn settings(&self) -> Vec<(&'static str, f64)> {
        let (beta1, beta2) = self.betas;
        vec![
            ("rate", self.rate),
            ("beta1", beta1),
            ("beta2", beta2),
            ("eps", self.eps),
            ("amsgrad", f64::from(self.amsgrad)),
            ("weight decay", self.weight_decay),
        ]
    }

    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        let (beta1, beta2) = self.betas;
        let updates = (self.state.updates + 1) as f64;
        let Adam { eps, amsgrad, weight_decay, .. } = *self;
        let rate = rate / (1.0 - beta1.powf(updates));
        let root_of_correction = (1.0 - beta2.powf(updates)).sqrt();
        for_each_parameter(&mut self.state, 0.0, parameters, gradient, |w, slope, [m, v, top]| {
            let slope = slope + weight_decay * *w;
            *m += (1.0 - beta1) * (slope - *m);
            *v = beta2 * *v + (1.0 - beta2) * slope * slope;
            *top = top.max(*v);
            let scale = if amsgrad { *top } else { *v };
            *w -= rate * *m / (scale.sqrt() / root_of_correction + eps);
        });
    }
}

/// AdamW: Adam with decoupled weight decay, which first shrinks parameters by the factor `1 − rate · weight_decay`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// The settings of Adam; its own weight decay is usually 0.
    pub adam: Adam,
    /// The decoupled weight decay; by default 0.01.
    pub weight_decay: f64,
}

impl AdamW {
    /// The optimiser with its default settings.
    #[must_use]
    pub fn new(rate: f64) -> AdamW {
        let adam = Adam { state: State::new("adamw", 3), ..Adam::new(rate) };
        AdamW { adam, weight_decay: 0.01 }
    }
}

impl Optimizer for AdamW {
    fn rate(&self) -> f64 {
        self.adam.rate
    }

    fn check(&self) -> Result<(), Error> {
        self.adam.check()?;
        not_negative("AdamW::weight_decay", self.weight_decay)
    }

    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
        // Before anything changes.
        expect_fitting(self.state(), parameters, gradient);
        let shrink = 1.0 - rate * self.weight_decay;
        parameters.iter_mut().for_each(|w| *w *= shrink);
        self.adam.step_with(rate, parameters, gradient);
    }

    fn settings(&self) -> Vec<(&'static str, f64)> {
        let mut settings = self.adam.settings();
        settings.push(("weight decay apart", self.weight_decay));
        settings
    }

    fn state(&self) -> &State {
        self.adam.state()
    }

    fn state_mut(&mut self) -> &mut State {
        self.adam.state_mut()
    }
}
