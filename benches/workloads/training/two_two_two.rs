//! Two inputs, two hidden, two outputs, one sample: sigmoid, half the squared error, biases fixed. A step is
//! 10,000 updates, each from the old weights.

use super::lanes::Number;
use super::recipe::{Recipe, mlp};
use super::{Samples, Training};
use pulp::{Arch, Simd, WithSimd};
use tapegrad::nn::{Activation, Bias, Loss, Sgd, Trainer};

pub const RATE: f64 = 0.5;
pub const UPDATES: usize = 10_000;
pub const INPUTS: [f64; 2] = [0.05, 0.10];
pub const TARGETS: [f64; 2] = [0.01, 0.99];
/// By layer and neuron.
pub const WEIGHTS: Layers = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]];
/// By layer, shared by its neurons.
pub const BIASES: [f64; 2] = [0.35, 0.60];

type Layers = [[[f64; 2]; 2]; 2];

pub fn samples() -> Samples {
    Samples { inputs: vec![INPUTS.to_vec()], targets: vec![TARGETS.to_vec()] }
}

/// The weights of a layer's neurons, then its bias.
pub fn initial() -> Vec<f64> {
    flat(&WEIGHTS)
}

fn flat(weights: &Layers) -> Vec<f64> {
    let of_layer = |(layer, bias): (&[[f64; 2]; 2], f64)| [layer.as_flattened(), &[bias]].concat();
    weights.iter().zip(BIASES).flat_map(of_layer).collect()
}

pub struct TwoTwoTwo {
    arch: Arch,
    weights: Layers,
}

impl Training for TwoTwoTwo {
    const NAME: &'static str = "two_two_two";
    const PRECISION: &'static str = "f64";
    const STEPS: usize = 1;

    fn recipe() -> Recipe {
        recipe()
    }

    fn new() -> Self {
        TwoTwoTwo { arch: Arch::new(), weights: WEIGHTS }
    }

    fn parameters(&self) -> Vec<f64> {
        flat(&self.weights)
    }

    fn reset(&mut self) {
        self.weights = WEIGHTS;
    }

    /// The error before the last update.
    fn step(&mut self) -> f64 {
        self.arch.dispatch(self)
    }
}

impl WithSimd for &mut TwoTwoTwo {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let [mut first, mut second] = self.weights;
        let mut error = [0.0; 2];
        for _ in 0..UPDATES {
            let hidden = layer(&first, BIASES[0], INPUTS);
            let output = layer(&second, BIASES[1], hidden);
            error = [output[0] - TARGETS[0], output[1] - TARGETS[1]];
            let by_output: [f64; 2] = std::array::from_fn(|k| error[k] * output[k] * (1.0 - output[k]));
            let by_hidden: [f64; 2] = std::array::from_fn(|j| {
                let slope = by_output[0] * second[0][j] + by_output[1] * second[1][j];
                slope * hidden[j] * (1.0 - hidden[j])
            });
            update(&mut second, by_output, hidden);
            update(&mut first, by_hidden, INPUTS);
        }
        self.weights = [first, second];
        0.5 * (error[0] * error[0] + error[1] * error[1])
    }
}

#[inline(always)]
fn layer(weights: &[[f64; 2]; 2], bias: f64, x: [f64; 2]) -> [f64; 2] {
    weights.map(|w| {
        let net = w[1].mul_add(x[1], w[0].mul_add(x[0], bias));
        1.0 / (1.0 + Number::exp(-net))
    })
}

#[inline(always)]
fn update(weights: &mut [[f64; 2]; 2], slopes: [f64; 2], x: [f64; 2]) {
    for (row, slope) in weights.iter_mut().zip(slopes) {
        for (w, x) in row.iter_mut().zip(x) {
            *w -= RATE * slope * x;
        }
    }
}

/// The task as settings of the library.
pub fn recipe() -> Recipe {
    let mut mlp = mlp(&[2, 2, 2], [Activation::Sigmoid; 2], Bias::Shared, &initial());
    for bias in ["layers.0.bias", "layers.1.bias"] {
        mlp.freeze(bias).expect("each layer shares a bias");
    }
    let mut recipe = Recipe::new(mlp, Loss::HalfSquared, &samples(), || Trainer::new(Sgd::new(RATE)));
    recipe.epochs_per_step = UPDATES;
    recipe
}
