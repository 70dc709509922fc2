//! The same tasks as settings of the library.

use super::{Samples, digits, iris, moons, two_two_two};
use tapegrad::nn::{Activation, Adam, Batch, Bias, Data, Loss, Mlp, Penalty, Sgd, Trainer};

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
    /// A trainer for this number of steps.
    pub fn trainer(&self, steps: usize) -> Trainer<'static> {
        (self.trainer)().epochs(steps * self.epochs_per_step)
    }

    pub fn moons() -> Recipe {
        Recipe {
            mlp: mlp(
                &moons::WIDTHS,
                [Activation::Relu, Activation::Identity],
                Bias::PerNeuron,
                &moons::initial(),
            ),
            loss: Loss::Hinge,
            data: data(&moons::samples()),
            epochs_per_step: 1,
            trainer: || Trainer::new(Sgd::new(moons::RATE)).penalty(Penalty::l2(moons::DECAY).with_biases()),
        }
    }

    pub fn iris() -> Recipe {
        Recipe {
            mlp: mlp(
                &iris::WIDTHS,
                [Activation::Tanh, Activation::Identity],
                Bias::PerNeuron,
                &iris::initial(),
            ),
            loss: Loss::CrossEntropy,
            data: data(&iris::samples()),
            epochs_per_step: 1,
            trainer: || {
                let [first, second] = iris::BETAS;
                Trainer::new(Adam { betas: (first, second), eps: iris::EPS, ..Adam::new(iris::RATE) })
            },
        }
    }

    pub fn digits() -> Recipe {
        Recipe {
            mlp: mlp(
                &digits::WIDTHS,
                [Activation::Tanh, Activation::Identity],
                Bias::PerNeuron,
                &digits::initial(),
            ),
            loss: Loss::CrossEntropy,
            data: data(&digits::samples()),
            epochs_per_step: 1,
            trainer: || {
                Trainer::new(Sgd::new(digits::RATE).momentum(digits::MOMENTUM))
                    .batch(Batch::Size(digits::BATCH))
            },
        }
    }

    pub fn two_two_two() -> Recipe {
        let mut mlp = mlp(&[2, 2, 2], [Activation::Sigmoid; 2], Bias::Shared, &two_two_two::initial());
        for bias in ["layers.0.bias", "layers.1.bias"] {
            mlp.freeze(bias).expect("each layer shares a bias");
        }
        Recipe {
            mlp,
            loss: Loss::HalfSquared,
            data: data(&two_two_two::samples()),
            epochs_per_step: two_two_two::UPDATES,
            trainer: || Trainer::new(Sgd::new(two_two_two::RATE)),
        }
    }
}

/// A network of these widths; the last layer has an activation of its own.
fn mlp(widths: &[usize], [hidden, last]: [Activation; 2], bias: Bias, parameters: &[f64]) -> Mlp {
    let mut builder = Mlp::builder(widths[0]).bias(bias);
    for (k, &width) in widths.iter().enumerate().skip(1) {
        builder = builder.layer(width, if k + 1 < widths.len() { hidden } else { last });
    }
    let mut mlp = builder.build().expect("layers that fit");
    mlp.set_parameters(parameters).expect("as many parameters as the layers have");
    mlp
}

fn data(Samples { inputs, targets }: &Samples) -> Data {
    Data::new(inputs, targets).expect("finite rows")
}
