//! Fisher's Iris data, standardised: 4-16-3, tanh, cross entropy. A step is one update of Adam with all samples.

use super::kernels::{
    Columns, combine, correlate, cross_entropy, rows, rows_mut, shares, tanh, through_tanh,
};
use super::lanes::{Aligned, Number};
use super::recipe::{Recipe, mlp};
use super::{Samples, Training, initial_parameters};
use pulp::{Arch, Simd, WithSimd};
use tapegrad::nn::{Activation, Adam, Bias, Loss, Trainer};

pub const RATE: f64 = 0.01;
pub const BETAS: [f64; 2] = [0.9, 0.999];
pub const EPS: f64 = 1e-8;
pub const WIDTHS: [usize; 3] = [I, H, C];

const SAMPLES: usize = 150;
const I: usize = 4;
const H: usize = 16;
const C: usize = 3;
const FIRST: usize = H * (I + 1);
const COUNT: usize = FIRST + C * (H + 1);

/// The standardised measures, and the species, one-hot encoded.
pub fn samples() -> Samples {
    let mut samples = Samples::of_classes(include_str!("../../../examples/data/iris.csv"), C);
    let n = samples.inputs.len() as f64;
    for k in 0..I {
        let mean = samples.inputs.iter().map(|row| row[k]).sum::<f64>() / n;
        let variance = samples.inputs.iter().map(|row| (row[k] - mean).powi(2)).sum::<f64>() / n;
        samples.inputs.iter_mut().for_each(|row| row[k] = (row[k] - mean) / variance.sqrt());
    }
    samples
}

pub fn initial() -> Vec<f64> {
    initial_parameters(23, &WIDTHS)
}

pub struct Iris<T, const N: usize> {
    arch: Arch,
    measures: Aligned<Columns<T, { I + 1 }, N>>,
    targets: Aligned<Columns<T, C, N>>,
    shares: Aligned<[T; N]>,
    initial: [T; COUNT],
    parameters: Aligned<[T; COUNT]>,
    gradient: Aligned<[T; COUNT]>,
    /// Adam's running means of the gradient and of its square, and the correction factors for their start at 0.
    first: Aligned<[T; COUNT]>,
    second: Aligned<[T; COUNT]>,
    remaining: [f64; 2],
    hidden: Aligned<Columns<T, { H + 1 }, N>>,
    by_hidden: Aligned<Columns<T, H, N>>,
    scores: Aligned<Columns<T, C, N>>,
}

impl<T: Number, const N: usize> Training for Iris<T, N> {
    const NAME: &'static str = "iris";
    const PRECISION: &'static str = T::NAME;
    const STEPS: usize = 200;

    fn recipe() -> Recipe {
        recipe()
    }

    fn new() -> Self {
        let Samples { inputs, targets: classes } = samples();
        let shares: [T; N] = shares(SAMPLES);
        let (mut measures, mut targets) = ([[T::ZERO; N]; I + 1], [[T::ZERO; N]; C]);
        measures[I] = [T::ONE; N];
        for (s, (input, class)) in inputs.iter().zip(&classes).enumerate() {
            (0..I).for_each(|k| measures[k][s] = T::of(input[k]));
            (0..C).for_each(|k| targets[k][s] = T::of(class[k]) * shares[s]);
        }
        let initial = std::array::from_fn({
            let initial = initial();
            move |k| T::of(initial[k])
        });
        Iris {
            arch: Arch::new(),
            measures: Aligned(measures),
            targets: Aligned(targets),
            shares: Aligned(shares),
            initial,
            parameters: Aligned(initial),
            gradient: Aligned([T::ZERO; COUNT]),
            first: Aligned([T::ZERO; COUNT]),
            second: Aligned([T::ZERO; COUNT]),
            remaining: [1.0; 2],
            hidden: Aligned([[T::ONE; N]; H + 1]),
            by_hidden: Aligned([[T::ZERO; N]; H]),
            scores: Aligned([[T::ZERO; N]; C]),
        }
    }

    fn parameters(&self) -> Vec<f64> {
        self.parameters.0.map(T::to_f64).to_vec()
    }

    fn reset(&mut self) {
        self.parameters.0 = self.initial;
        self.first.0 = [T::ZERO; COUNT];
        self.second.0 = [T::ZERO; COUNT];
        self.remaining = [1.0; 2];
    }

    fn step(&mut self) -> f64 {
        self.arch.dispatch(self)
    }
}

impl<T: Number, const N: usize> WithSimd for &mut Iris<T, N> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let first: &[[T; I + 1]; H] = rows(&self.parameters.0[..FIRST]);
        let second: &[[T; H + 1]; C] = rows(&self.parameters.0[FIRST..]);
        let (hidden, by_hidden, scores) = (&mut self.hidden.0, &mut self.by_hidden.0, &mut self.scores.0);

        let outputs: &mut [_; H] = hidden.first_chunk_mut().expect("the ones come last");
        combine(simd, |o, i| first[o][i], &self.measures.0, outputs);
        tanh(outputs);
        combine(simd, |o, i| second[o][i], hidden, scores);
        let loss = cross_entropy(simd, scores, &self.targets.0, &self.shares.0);

        let gradient = &mut self.gradient.0;
        correlate(simd, scores, hidden, rows_mut(&mut gradient[FIRST..]));
        combine(simd, |i, o| second[o][i], scores, by_hidden);
        through_tanh(by_hidden, hidden.first_chunk().expect("the ones come last"));
        correlate(simd, by_hidden, &self.measures.0, rows_mut(&mut gradient[..FIRST]));

        self.update();
        loss
    }
}

impl<T: Number, const N: usize> Iris<T, N> {
    /// As in PyTorch: the correction of the second mean is inside the square root, `EPS` is outside.
    #[inline(always)]
    fn update(&mut self) {
        for (remaining, beta) in self.remaining.iter_mut().zip(BETAS) {
            *remaining *= beta;
        }
        let rate = T::of(RATE / (1.0 - self.remaining[0]));
        let per_root = T::of(1.0 / (1.0 - self.remaining[1]).sqrt());
        let [new_first, new_second] = BETAS.map(|beta| T::of(1.0 - beta));
        let (kept_second, eps) = (T::of(BETAS[1]), T::of(EPS));
        for k in 0..COUNT {
            let slope = self.gradient.0[k];
            let first = new_first.mul_add(slope - self.first.0[k], self.first.0[k]);
            let second = kept_second * self.second.0[k] + new_second * slope * slope;
            self.first.0[k] = first;
            self.second.0[k] = second;
            self.parameters.0[k] -= rate * first / second.sqrt().mul_add(per_root, eps);
        }
    }
}

/// The task as settings of the library.
pub fn recipe() -> Recipe {
    let mlp = mlp(&WIDTHS, [Activation::Tanh, Activation::Identity], Bias::PerNeuron, &initial());
    Recipe::new(mlp, Loss::CrossEntropy, &samples(), || {
        let [first, second] = BETAS;
        Trainer::new(Adam { betas: (first, second), eps: EPS, ..Adam::new(RATE) })
    })
}
