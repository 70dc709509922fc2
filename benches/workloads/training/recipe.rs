//! A task as settings of the library.

use super::Samples;
use tapegrad::nn::{Activation, Bias, Data, Loss, Mlp, Trainer};

/// All that a training run of the library needs.
pub struct Recipe {
    /// The network, with the initial parameters.
    pub mlp: Mlp,
    pub loss: Loss,
    pub data: Data,
    /// The number of epochs in one step of the task.
    pub epochs_per_step: usize,
    trainer: fn() -> Trainer<'static>,
}

impl Recipe {
    /// A task of which a step is one epoch.
    pub fn new(mlp: Mlp, loss: Loss, samples: &Samples, trainer: fn() -> Trainer<'static>) -> Recipe {
        let data = Data::new(&samples.inputs, &samples.targets).expect("finite rows");
        Recipe { mlp, loss, data, epochs_per_step: 1, trainer }
    }

    /// A trainer for this number of steps.
    pub fn trainer(&self, steps: usize) -> Trainer<'static> {
        (self.trainer)().epochs(steps * self.epochs_per_step)
    }
}

/// A network of these widths; the last layer has an activation of its own.
pub fn mlp(widths: &[usize], [hidden, last]: [Activation; 2], bias: Bias, parameters: &[f64]) -> Mlp {
    let mut builder = Mlp::builder(widths[0]).bias(bias);
    for (k, &width) in widths.iter().enumerate().skip(1) {
        builder = builder.layer(width, if k + 1 < widths.len() { hidden } else { last });
    }
    let mut mlp = builder.build().expect("layers that fit");
    mlp.set_parameters(parameters).expect("as many parameters as the layers have");
    mlp
}
