//! Training a small network on two moons, as in micrograd's demo: 2-16-16-1, rectified but for the output,
//! mean hinge loss and L2 regularisation.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, affine, dot, preaccumulate};

pub const HIDDEN: usize = 16;
pub const DECAY: f64 = 1e-4;

pub struct Mlp {
    pub points: Vec<[f64; 2]>,
    /// ±1.
    pub classes: Vec<f64>,
    /// Layer by layer, neuron by neuron: the weights, then the bias.
    parameters: Vec<f64>,
}

impl Mlp {
    pub fn new(samples: usize) -> Mlp {
        let mut seeded = Seeded::new(9);
        let (points, classes) = seeded.moons(samples);
        let count = HIDDEN * 3 + HIDDEN * (HIDDEN + 1) + HIDDEN + 1;
        Mlp { points, classes, parameters: seeded.uniforms(count, -1.0..1.0) }
    }
}

/// The three layers, each neuron a row of its weights and its bias.
fn layers<T>(p: &[T]) -> [&[T]; 3] {
    let (first, p) = p.split_at(HIDDEN * 3);
    let (second, third) = p.split_at(HIDDEN * (HIDDEN + 1));
    [first, second, third]
}

/// The sum of a neuron before its activation.
fn neuron<R: Real>(row: &[R], x: &[R]) -> R {
    let (bias, weights) = row.split_last().expect("a bias");
    weights.iter().zip(x).map(|(&w, &x)| w * x).sum::<R>() + *bias
}

/// As [`neuron`], in one node.
fn fused_neuron(row: &[Var], x: &[Var]) -> Var {
    let (bias, weights) = row.split_last().expect("a bias");
    affine(weights, x, *bias)
}

impl Workload for Mlp {
    const NAME: &'static str = "mlp";

    fn point(&self, _: usize) -> &[f64] {
        &self.parameters
    }

    fn plain<R: Real>(&self, _: usize, p: &[R]) -> [R; 1] {
        let [first, second, third] = layers(p);
        let mut loss = R::constant(0.0);
        for (x, &class) in self.points.iter().zip(&self.classes) {
            let x = x.map(R::constant);
            let hidden: Vec<R> = first.chunks_exact(3).map(|row| neuron(row, &x).relu()).collect();
            let hidden: Vec<R> =
                second.chunks_exact(HIDDEN + 1).map(|row| neuron(row, &hidden).relu()).collect();
            loss += (neuron(third, &hidden) * -class + 1.0).relu();
        }
        let squares: R = p.iter().map(|&p| p * p).sum();
        [loss / self.points.len() as f64 + squares * DECAY]
    }

    fn tuned(&self, _: usize, p: &[Var]) -> [Var; 1] {
        let [first, second, third] = layers(p);
        let mut loss = Var::from(0.0);
        let (mut one, mut two) = ([Var::from(0.0); HIDDEN], [Var::from(0.0); HIDDEN]);
        for (x, &class) in self.points.iter().zip(&self.classes) {
            for (h, row) in one.iter_mut().zip(first.chunks_exact(3)) {
                *h = preaccumulate([row[0], row[1], row[2]], |[a, b, bias]| {
                    (bias + a * x[0] + b * x[1]).relu()
                });
            }
            for (h, row) in two.iter_mut().zip(second.chunks_exact(HIDDEN + 1)) {
                *h = fused_neuron(row, &one).relu();
            }
            let score = fused_neuron(third, &two);
            loss = preaccumulate([loss, score], |[loss, score]| loss + (score * -class + 1.0).relu());
        }
        [loss / self.points.len() as f64 + dot(p, p) * DECAY]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let p = &self.parameters;
        let [first, second, third] = layers(p);
        let mut value = 0.0;
        for (by, p) in gradient.iter_mut().zip(p) {
            value += DECAY * p * p;
            *by = 2.0 * DECAY * p;
        }
        let (by_first, by_rest) = gradient.split_at_mut(first.len());
        let (by_second, by_third) = by_rest.split_at_mut(second.len());
        let (mut one, mut two) = ([0.0; HIDDEN], [0.0; HIDDEN]);
        let share = 1.0 / self.points.len() as f64;
        for (x, class) in self.points.iter().zip(&self.classes) {
            for (h, row) in one.iter_mut().zip(first.chunks_exact(3)) {
                *h = f64::max(row[0] * x[0] + row[1] * x[1] + row[2], 0.0);
            }
            for (h, row) in two.iter_mut().zip(second.chunks_exact(HIDDEN + 1)) {
                *h = f64::max(neuron(row, &one), 0.0);
            }
            let margin = 1.0 - class * neuron(third, &two);
            if margin <= 0.0 {
                continue;
            }
            value += share * margin;
            let by_score = -class * share;
            let mut by_one = [0.0; HIDDEN];
            let rows = second.chunks_exact(HIDDEN + 1).zip(by_second.chunks_exact_mut(HIDDEN + 1));
            for (j, (row, by_row)) in rows.enumerate() {
                by_third[j] += by_score * two[j];
                if two[j] > 0.0 {
                    let by_sum = by_score * third[j];
                    for i in 0..HIDDEN {
                        by_row[i] += by_sum * one[i];
                        by_one[i] += by_sum * row[i];
                    }
                    by_row[HIDDEN] += by_sum;
                }
            }
            by_third[HIDDEN] += by_score;
            for (j, by_row) in by_first.chunks_exact_mut(3).enumerate() {
                if one[j] > 0.0 {
                    by_row[0] += by_one[j] * x[0];
                    by_row[1] += by_one[j] * x[1];
                    by_row[2] += by_one[j];
                }
            }
        }
        [value]
    }
}
