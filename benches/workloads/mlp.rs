//! Training of a small network on two moons, as in micrograd's demo: 2-16-16-1, relu except at the output, mean
//! hinge loss and L2 regularisation.

use super::{Batch, Workload, data::Seeded};
use tapegrad::{
    Function, Real, Var,
    batch::{BatchWorkspace, Column, Samples},
    lists::{affine, dot},
    preaccumulate,
};

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

/// The three layers; each neuron is a row of its weights and its bias.
fn layers<T>(p: &[T]) -> [&[T]; 3] {
    let (first, p) = p.split_at(HIDDEN * 3);
    let (second, third) = p.split_at(HIDDEN * (HIDDEN + 1));
    [first, second, third]
}

plain_and_fused! {
    /// The sum of a neuron before its activation.
    fn neuron<R: Real>(row: &[R], x: &[R]) -> R {
        let (bias, weights) = row.split_last().expect("a bias");
        weights.iter().zip(x).map(|(&w, &x)| w * x).sum::<R>() + *bias
    }

    /// The straightforward form.
    pub fn plain<R: Real>(workload: &Mlp, _: usize, p: &[R]) -> [R; 1] {
        let [first, second, third] = layers(p);
        let mut loss = R::constant(0.0);
        for (x, &class) in workload.points.iter().zip(&workload.classes) {
            let x = x.map(R::constant);
            let hidden: Vec<R> = first.chunks_exact(3).map(|row| neuron(row, &x).relu()).collect();
            let hidden: Vec<R> =
                second.chunks_exact(HIDDEN + 1).map(|row| neuron(row, &hidden).relu()).collect();
            loss += (neuron(third, &hidden) * -class + 1.0).relu();
        }
        let squares: R = p.iter().map(|&p| p * p).sum();
        [loss / workload.points.len() as f64 + squares * DECAY]
    }
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

    plain_and_fused_methods!(1);

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

    fn batched(&self) -> Option<Box<Batch>> {
        let (parameters, count) = (self.parameters.clone(), self.parameters.len());
        let inputs = [&parameters[..], &[0.5, 0.5, 1.0]].concat();
        let loss = Function::record(
            |inputs: &[Var]| {
                let (p, x) = inputs.split_at(count);
                let [first, second, third] = layers(p);
                let one: Vec<Var> =
                    first.chunks_exact(3).map(|row| fused_neuron(row, &x[..2]).relu()).collect();
                let two: Vec<Var> =
                    second.chunks_exact(HIDDEN + 1).map(|row| fused_neuron(row, &one).relu()).collect();
                (fused_neuron(third, &two) * -x[2] + 1.0).relu()
            },
            &inputs[..],
        );
        let batched = loss.expect("no branches").batched(0..count).expect("so many inputs");
        let points: Vec<f64> = self.points.iter().flatten().copied().collect();
        let (classes, mut workspace) = (self.classes.clone(), BatchWorkspace::new());
        let share = 1.0 / classes.len() as f64;
        Some(Box::new(move |gradient| {
            let columns =
                [Column::strided(&points, 0, 2), Column::strided(&points, 1, 2), Column::from(&classes)];
            let samples = Samples::new(&columns).expect("columns of one length");
            batched
                .evaluator_in(&mut workspace)
                .value_and_gradient_into(&parameters, &samples, gradient)
                .expect("no branches");
            for (slope, p) in gradient.iter_mut().zip(&parameters) {
                *slope = *slope * share + 2.0 * DECAY * p;
            }
        }))
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
