//! Handwritten digits of 8 × 8 pixels: 64-32-10, tanh, cross entropy. A step is one epoch in the order of the
//! file, in batches of 64, by gradient descent with momentum.

use super::kernels::{
    Columns, combine, correlate, correlate_rows, cross_entropy, rows, rows_mut, shares, tanh, through_tanh,
};
use super::lanes::{Aligned, Number};
use super::recipe::{Recipe, mlp};
use super::{Samples, Training, initial_parameters};
use pulp::{Arch, Simd, WithSimd};
use tapegrad::nn::{self, Activation, Bias, Loss, Sgd, Trainer};

pub const RATE: f64 = 0.1;
pub const MOMENTUM: f64 = 0.9;
pub const BATCH: usize = 64;
pub const WIDTHS: [usize; 3] = [I, H, C];

const SAMPLES: usize = 1797;
/// The lanes of the last batch.
const LAST: usize = 16;
const I: usize = 64;
const H: usize = 32;
const C: usize = 10;
const FIRST: usize = H * (I + 1);
const COUNT: usize = FIRST + C * (H + 1);

/// Pixels scaled to 0 to 1, and the digit, one-hot encoded.
pub fn samples() -> Samples {
    let mut samples = Samples::of_classes(include_str!("../../../examples/data/digits.csv"), C);
    samples.inputs.iter_mut().flatten().for_each(|pixel| *pixel /= 16.0);
    samples
}

pub fn initial() -> Vec<f64> {
    initial_parameters(24, &WIDTHS)
}

pub struct Digits<T> {
    arch: Arch,
    whole: Vec<Batch<T, BATCH>>,
    last: Batch<T, LAST>,
    initial: [T; COUNT],
    parameters: Aligned<[T; COUNT]>,
    gradient: Aligned<[T; COUNT]>,
    velocity: Aligned<[T; COUNT]>,
    for_whole: Work<T, BATCH>,
    for_last: Work<T, LAST>,
}

/// The samples of one update.
struct Batch<T, const N: usize> {
    pixels: Aligned<Columns<T, { I + 1 }, N>>,
    /// The same, sample by sample: the gradient of the first layer is faster with it.
    by_sample: Aligned<[[T; I]; N]>,
    targets: Aligned<Columns<T, C, N>>,
    shares: Aligned<[T; N]>,
}

/// The memory for one batch.
struct Work<T, const N: usize> {
    hidden: Aligned<Columns<T, { H + 1 }, N>>,
    by_hidden: Aligned<Columns<T, H, N>>,
    scores: Aligned<Columns<T, C, N>>,
}

impl<T: Number, const N: usize> Batch<T, N> {
    fn new(inputs: &[Vec<f64>], classes: &[Vec<f64>]) -> Self {
        let shares: [T; N] = shares(inputs.len());
        let (mut pixels, mut by_sample) = ([[T::ZERO; N]; I + 1], [[T::ZERO; I]; N]);
        let mut targets = [[T::ZERO; N]; C];
        pixels[I] = [T::ONE; N];
        for (s, (input, class)) in inputs.iter().zip(classes).enumerate() {
            (0..I).for_each(|k| pixels[k][s] = T::of(input[k]));
            (0..C).for_each(|k| targets[k][s] = T::of(class[k]) * shares[s]);
            by_sample[s] = std::array::from_fn(|k| T::of(input[k]));
        }
        Batch {
            pixels: Aligned(pixels),
            by_sample: Aligned(by_sample),
            targets: Aligned(targets),
            shares: Aligned(shares),
        }
    }
}

impl<T: Number, const N: usize> Work<T, N> {
    fn new() -> Self {
        Work {
            hidden: Aligned([[T::ONE; N]; H + 1]),
            by_hidden: Aligned([[T::ZERO; N]; H]),
            scores: Aligned([[T::ZERO; N]; C]),
        }
    }

    /// The loss of a batch, and its gradient.
    #[inline(always)]
    fn gradient<S: Simd>(
        &mut self,
        simd: S,
        batch: &Batch<T, N>,
        parameters: &[T; COUNT],
        gradient: &mut [T; COUNT],
    ) -> f64 {
        let first: &[[T; I + 1]; H] = rows(&parameters[..FIRST]);
        let second: &[[T; H + 1]; C] = rows(&parameters[FIRST..]);
        let (hidden, by_hidden, scores) = (&mut self.hidden.0, &mut self.by_hidden.0, &mut self.scores.0);

        let outputs: &mut [_; H] = hidden.first_chunk_mut().expect("the ones come last");
        combine(simd, |o, i| first[o][i], &batch.pixels.0, outputs);
        tanh(outputs);
        combine(simd, |o, i| second[o][i], hidden, scores);
        let loss = cross_entropy(simd, scores, &batch.targets.0, &batch.shares.0);

        correlate(simd, scores, hidden, rows_mut(&mut gradient[FIRST..]));
        combine(simd, |i, o| second[o][i], scores, by_hidden);
        through_tanh(by_hidden, hidden.first_chunk().expect("the ones come last"));
        correlate_rows(
            simd,
            by_hidden,
            &batch.by_sample.0,
            rows_mut::<_, { I + 1 }, _>(&mut gradient[..FIRST]),
        );
        loss
    }
}

impl<T: Number> Training for Digits<T> {
    const NAME: &'static str = "digits";
    const PRECISION: &'static str = T::NAME;
    const STEPS: usize = 5;

    fn recipe() -> Recipe {
        recipe()
    }

    fn new() -> Self {
        let Samples { inputs, targets } = samples();
        let whole = SAMPLES / BATCH * BATCH;
        let batches = inputs[..whole].chunks(BATCH).zip(targets[..whole].chunks(BATCH));
        let initial = std::array::from_fn({
            let initial = initial();
            move |k| T::of(initial[k])
        });
        Digits {
            arch: Arch::new(),
            whole: batches.map(|(inputs, targets)| Batch::new(inputs, targets)).collect(),
            last: Batch::new(&inputs[whole..], &targets[whole..]),
            initial,
            parameters: Aligned(initial),
            gradient: Aligned([T::ZERO; COUNT]),
            velocity: Aligned([T::ZERO; COUNT]),
            for_whole: Work::new(),
            for_last: Work::new(),
        }
    }

    fn parameters(&self) -> Vec<f64> {
        self.parameters.0.map(T::to_f64).to_vec()
    }

    fn reset(&mut self) {
        self.parameters.0 = self.initial;
        self.velocity.0 = [T::ZERO; COUNT];
    }

    /// The mean of the losses of the batches, each before its update.
    fn step(&mut self) -> f64 {
        self.arch.dispatch(self)
    }
}

impl<T: Number> WithSimd for &mut Digits<T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (parameters, gradient) = (&mut self.parameters.0, &mut self.gradient.0);
        let mut loss = 0.0;
        for batch in &self.whole {
            loss += self.for_whole.gradient(simd, batch, parameters, gradient);
            update(parameters, &mut self.velocity.0, gradient);
        }
        loss += self.for_last.gradient(simd, &self.last, parameters, gradient);
        update(parameters, &mut self.velocity.0, gradient);
        loss / (self.whole.len() + 1) as f64
    }
}

/// As in PyTorch: the rate is not part of the velocity.
#[inline(always)]
fn update<T: Number>(parameters: &mut [T; COUNT], velocity: &mut [T; COUNT], gradient: &[T; COUNT]) {
    let (rate, momentum) = (T::of(RATE), T::of(MOMENTUM));
    for k in 0..COUNT {
        velocity[k] = momentum.mul_add(velocity[k], gradient[k]);
        parameters[k] -= rate * velocity[k];
    }
}

/// The task as settings of the library.
pub fn recipe() -> Recipe {
    let mlp = mlp(&WIDTHS, [Activation::Tanh, Activation::Identity], Bias::PerNeuron, &initial());
    Recipe::new(mlp, Loss::CrossEntropy, &samples(), || {
        Trainer::new(Sgd::new(RATE).momentum(MOMENTUM)).batch(nn::Batch::Size(BATCH))
    })
}
