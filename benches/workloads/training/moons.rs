//! Two moons: 2-16-16-1, hidden layers with relu, mean hinge loss and an L2 penalty. A step is one update with all
//! samples at a fixed rate.

use super::super::data::Seeded;
use super::kernels::{Columns, combine, correlate, rows, rows_mut, shares, sum, sum_of_squares};
use super::lanes::{Aligned, Number};
use super::recipe::{Recipe, mlp};
use super::{Samples, Training, initial_parameters};
use pulp::{Arch, Simd, WithSimd};
use tapegrad::nn::{Activation, Bias, Loss, Penalty, Sgd, Trainer};

pub const SAMPLES: usize = 100;
pub const RATE: f64 = 0.1;
/// The factor of the sum of the squares of all parameters.
pub const DECAY: f64 = 1e-4;
pub const WIDTHS: [usize; 4] = [2, H, H, 1];

const H: usize = 16;
/// The bounds between the parameters of the layers.
const FIRST: usize = H * 3;
const SECOND: usize = FIRST + H * (H + 1);
const COUNT: usize = SECOND + H + 1;

/// The points, and a target of ±1 for each.
pub fn samples() -> Samples {
    let (points, classes) = Seeded::new(21).moons(SAMPLES);
    Samples {
        inputs: points.iter().map(|point| point.to_vec()).collect(),
        targets: classes.iter().map(|&class| vec![class]).collect(),
    }
}

pub fn initial() -> Vec<f64> {
    initial_parameters(22, &WIDTHS)
}

pub struct Moons<T, const N: usize> {
    arch: Arch,
    points: Aligned<Columns<T, 3, N>>,
    classes: Aligned<[T; N]>,
    shares: Aligned<[T; N]>,
    initial: [T; COUNT],
    parameters: Aligned<[T; COUNT]>,
    gradient: Aligned<[T; COUNT]>,
    /// The outputs of the hidden layers, and a column of ones.
    one: Aligned<Columns<T, { H + 1 }, N>>,
    two: Aligned<Columns<T, { H + 1 }, N>>,
    /// The derivatives with respect to them.
    by_one: Aligned<Columns<T, H, N>>,
    by_two: Aligned<Columns<T, H, N>>,
    score: Aligned<Columns<T, 1, N>>,
    losses: Aligned<[T; N]>,
}

impl<T: Number, const N: usize> Training for Moons<T, N> {
    const NAME: &'static str = "moons";
    const PRECISION: &'static str = T::NAME;
    const STEPS: usize = 200;

    fn recipe() -> Recipe {
        recipe()
    }

    fn new() -> Self {
        let Samples { inputs, targets } = samples();
        let (mut points, mut classes) = ([[T::ZERO; N], [T::ZERO; N], [T::ONE; N]], [T::ZERO; N]);
        for (s, (input, target)) in inputs.iter().zip(&targets).enumerate() {
            (points[0][s], points[1][s]) = (T::of(input[0]), T::of(input[1]));
            classes[s] = T::of(target[0]);
        }
        let initial = std::array::from_fn({
            let initial = initial();
            move |k| T::of(initial[k])
        });
        let hidden = Aligned([[T::ONE; N]; H + 1]);
        let slopes = Aligned([[T::ZERO; N]; H]);
        Moons {
            arch: Arch::new(),
            points: Aligned(points),
            classes: Aligned(classes),
            shares: Aligned(shares(SAMPLES)),
            initial,
            parameters: Aligned(initial),
            gradient: Aligned([T::ZERO; COUNT]),
            one: hidden,
            two: hidden,
            by_one: slopes,
            by_two: slopes,
            score: Aligned([[T::ZERO; N]]),
            losses: Aligned([T::ZERO; N]),
        }
    }

    fn parameters(&self) -> Vec<f64> {
        self.parameters.0.map(T::to_f64).to_vec()
    }

    fn reset(&mut self) {
        self.parameters.0 = self.initial;
    }

    fn step(&mut self) -> f64 {
        self.arch.dispatch(self)
    }
}

impl<T: Number, const N: usize> WithSimd for &mut Moons<T, N> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let parameters = &self.parameters.0;
        let first: &[[T; 3]; H] = rows(&parameters[..FIRST]);
        let second: &[[T; H + 1]; H] = rows(&parameters[FIRST..SECOND]);
        let third: &[[T; H + 1]; 1] = rows(&parameters[SECOND..]);
        let (one, two) = (&mut self.one.0, &mut self.two.0);
        let (by_one, by_two) = (&mut self.by_one.0, &mut self.by_two.0);
        let (score, losses) = (&mut self.score.0, &mut self.losses.0);

        combine(simd, |o, i| first[o][i], &self.points.0, outputs(one));
        rectify(outputs(one));
        combine(simd, |o, i| second[o][i], one, outputs(two));
        rectify(outputs(two));
        combine(simd, |o, i| third[o][i], two, score);
        for s in 0..N {
            let share = self.shares.0[s];
            let margin = T::ONE - self.classes.0[s] * score[0][s];
            losses[s] = share * margin.at_least(T::ZERO);
            score[0][s] = if margin > T::ZERO { -self.classes.0[s] * share } else { T::ZERO };
        }
        let decay = T::of(DECAY);
        let loss = sum(simd, losses) + decay * sum_of_squares(simd, parameters);

        let gradient = &mut self.gradient.0;
        correlate(simd, score, two, rows_mut(&mut gradient[SECOND..]));
        combine(simd, |i, o| third[o][i], score, by_two);
        keep_where_positive(by_two, outputs(two));
        correlate(simd, by_two, one, rows_mut(&mut gradient[FIRST..SECOND]));
        combine(simd, |i, o| second[o][i], by_two, by_one);
        keep_where_positive(by_one, outputs(one));
        correlate(simd, by_one, &self.points.0, rows_mut(&mut gradient[..FIRST]));

        let (rate, decay) = (T::of(RATE), decay + decay);
        for (w, &slope) in self.parameters.0.iter_mut().zip(&*gradient) {
            *w -= rate * decay.mul_add(*w, slope);
        }
        loss.to_f64()
    }
}

/// The columns of a hidden layer, without the ones.
#[inline(always)]
fn outputs<T, const N: usize>(columns: &mut Columns<T, { H + 1 }, N>) -> &mut Columns<T, H, N> {
    columns.first_chunk_mut().expect("the ones come last")
}

#[inline(always)]
fn rectify<T: Number, const N: usize>(columns: &mut Columns<T, H, N>) {
    for x in columns.as_flattened_mut() {
        *x = x.at_least(T::ZERO);
    }
}

#[inline(always)]
fn keep_where_positive<T: Number, const N: usize>(slopes: &mut Columns<T, H, N>, outputs: &Columns<T, H, N>) {
    for (slope, &output) in slopes.as_flattened_mut().iter_mut().zip(outputs.as_flattened()) {
        *slope = if output > T::ZERO { *slope } else { T::ZERO };
    }
}

/// The task as settings of the library.
pub fn recipe() -> Recipe {
    let mlp = mlp(&WIDTHS, [Activation::Relu, Activation::Identity], Bias::PerNeuron, &initial());
    Recipe::new(mlp, Loss::Hinge, &samples(), || {
        Trainer::new(Sgd::new(RATE)).penalty(Penalty::l2(DECAY).with_biases())
    })
}
