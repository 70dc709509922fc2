//! The log-posterior of a mixture of Gaussians, as GradBench defines it: weights α, means μ, and for each
//! component the logarithms q of the diagonal and the strict lower part l, column by column, of a factor of
//! its precision.

use super::{Batch, Workload, data::Seeded};
use std::f64::consts::{LN_2, PI};
use tapegrad::{
    Function, Real, Var, Workspace,
    batch::{BatchWorkspace, Column, Samples},
    lists::{affine, dot, log_sum_exp, sum},
};

/// The positions of the parameters: `alpha[k]`, `mu[k][d]`, `q[k][d]`, `l[k][d (d − 1) / 2]`, one after the other.
#[derive(Clone, Copy)]
pub struct Layout {
    pub d: usize,
    pub k: usize,
}

impl Layout {
    fn lower(self) -> usize {
        self.d * (self.d - 1) / 2
    }

    fn parameters(self) -> usize {
        self.k * (1 + 2 * self.d + self.lower())
    }

    /// α, μ, q and l.
    fn split<T>(self, p: &[T]) -> [&[T]; 4] {
        let (alpha, p) = p.split_at(self.k);
        let (mu, p) = p.split_at(self.k * self.d);
        let (q, l) = p.split_at(self.k * self.d);
        [alpha, mu, q, l]
    }

    /// The contribution of a point to the log-likelihood, as sums of products of parameters and coordinates: Q (x −
    /// μ) = Q x − Q μ, where Q μ is the same for all points.
    fn log_likelihood(self, p: &[Var], x: &[Var]) -> Var {
        let Layout { d, k } = self;
        let [alpha, mu, q, l] = self.split(p);
        let terms: Vec<Var> = (0..k)
            .map(|c| {
                let (mu, q) = (&mu[c * d..][..d], &q[c * d..][..d]);
                let mut rows: Vec<Vec<Var>> = q.iter().map(|_| Vec::new()).collect();
                let mut entries = l[c * self.lower()..].iter();
                for column in 0..d {
                    rows[column].push(q[column].exp());
                    for row in &mut rows[column + 1..] {
                        row.push(*entries.next().expect("an entry"));
                    }
                }
                let scaled: Vec<Var> = rows
                    .iter()
                    .map(|row| {
                        let shift = dot(row, &mu[..row.len()]);
                        affine(row, &x[..row.len()], -shift)
                    })
                    .collect();
                alpha[c] + sum(q) - dot(&scaled, &scaled) * 0.5
            })
            .collect();
        log_sum_exp(&terms)
    }

    fn split_mut<T>(self, p: &mut [T]) -> [&mut [T]; 4] {
        let (alpha, p) = p.split_at_mut(self.k);
        let (mu, p) = p.split_at_mut(self.k * self.d);
        let (q, l) = p.split_at_mut(self.k * self.d);
        [alpha, mu, q, l]
    }
}

/// The prior: a Wishart distribution of the precision matrices.
#[derive(Clone, Copy)]
pub struct Prior {
    pub m: usize,
    pub gamma: f64,
}

pub struct Gmm {
    layout: Layout,
    /// The data, a row of `d` per point.
    points: Vec<f64>,
    prior: Prior,
    parameters: Vec<f64>,
    work: Work,
}

/// The intermediate results that the gradient by hand keeps for its reverse sweep.
#[derive(Default)]
struct Work {
    /// exp q, and the sum of q per component.
    diagonals: Vec<f64>,
    log_determinants: Vec<f64>,
    /// For one point: x − μ and Q (x − μ) per component, and the terms of its sum.
    centred: Vec<f64>,
    scaled: Vec<f64>,
    terms: Vec<f64>,
    by_centred: Vec<f64>,
}

impl Gmm {
    pub fn new(layout: Layout, points: Vec<f64>, prior: Prior, parameters: Vec<f64>) -> Gmm {
        let Layout { d, k } = layout;
        assert_eq!((points.len() % d, parameters.len()), (0, layout.parameters()));
        let work = Work {
            diagonals: vec![0.0; k * d],
            log_determinants: vec![0.0; k],
            centred: vec![0.0; k * d],
            scaled: vec![0.0; k * d],
            terms: vec![0.0; k],
            by_centred: vec![0.0; d],
        };
        Gmm { layout, points, prior, parameters, work }
    }

    pub fn random(d: usize, k: usize, n: usize) -> Gmm {
        let mut seeded = Seeded::new(5);
        let layout = Layout { d, k };
        let mut parameters = seeded.normals(layout.parameters());
        layout.split_mut(&mut parameters)[1].fill_with(|| seeded.uniform(0.0..1.0));
        Gmm::new(layout, seeded.normals(n * d), Prior { m: 0, gamma: 1.0 }, parameters)
    }

    fn count(&self) -> f64 {
        (self.points.len() / self.layout.d) as f64
    }

    /// The part that does not depend on the parameters.
    fn constant(&self) -> f64 {
        let (d, k) = (self.layout.d as f64, self.layout.k as f64);
        let Prior { m, gamma } = self.prior;
        let freedom = d + m as f64 + 1.0;
        let per_component =
            freedom * d * (gamma.ln() - 0.5 * LN_2) - ln_gamma_of_half(self.layout.d, freedom as u32);
        -self.count() * d / 2.0 * (2.0 * PI).ln() + k * per_component
    }
}

/// The multivariate ln Γ of dimension `d` at `n / 2`.
fn ln_gamma_of_half(d: usize, n: u32) -> f64 {
    // Γ(x + 1) = x Γ(x), from Γ(1/2) = √π or Γ(1) = 1.
    let ln_gamma = |twice: u32| {
        let start = if twice % 2 == 1 { 0.5 * PI.ln() } else { 0.0 };
        let first = 2 - twice % 2;
        start + (first..twice).step_by(2).map(|twice| (f64::from(twice) / 2.0).ln()).sum::<f64>()
    };
    let dimension = d as f64;
    dimension * (dimension - 1.0) / 4.0 * PI.ln() + (0..d as u32).map(|j| ln_gamma(n - j)).sum::<f64>()
}

plain_and_fused! {
    /// ln Σ exp, shifted by the largest term.
    fn shifted<R: Real>(terms: &[R]) -> R {
        let largest = terms[1..].iter().fold(terms[0], |largest, &term| largest.max(term));
        largest + terms.iter().map(|&term| (term - largest).exp()).sum::<R>().ln()
    }

    /// The straightforward form.
    pub fn plain<R: Real>(workload: &Gmm, _: usize, x: &[R]) -> [R; 1] {
        let Layout { d, k } = workload.layout;
        let Prior { m, gamma } = workload.prior;
        let [alpha, mu, q, l] = workload.layout.split(x);
        let diagonals: Vec<R> = q.iter().map(|q| q.exp()).collect();
        let log_determinants: Vec<R> = q.chunks_exact(d).map(|q| q.iter().sum()).collect();
        let mut centred = vec![R::default(); d];
        let mut scaled = vec![R::default(); d];
        let mut terms = vec![R::default(); k];
        let mut value = R::constant(workload.constant());
        for x in workload.points.chunks_exact(d) {
            for c in 0..k {
                for r in 0..d {
                    centred[r] = R::constant(x[r]) - mu[c * d + r];
                    scaled[r] = diagonals[c * d + r] * centred[r];
                }
                let mut entries = l[c * workload.layout.lower()..].iter();
                for (column, &x) in centred.iter().enumerate() {
                    for (y, &entry) in scaled[column + 1..].iter_mut().zip(&mut entries) {
                        *y += entry * x;
                    }
                }
                let distance: R = scaled.iter().map(|&y| y * y).sum();
                terms[c] = alpha[c] + log_determinants[c] - distance * 0.5;
            }
            value += shifted(&terms);
        }
        value -= shifted(alpha) * workload.count();
        let squares: R = diagonals.iter().chain(l).map(|&e| e * e).sum();
        value -= squares * (0.5 * gamma * gamma);
        [value + log_determinants.iter().sum::<R>() * m as f64]
    }
}

impl Workload for Gmm {
    const NAME: &'static str = "gmm";

    fn point(&self, _: usize) -> &[f64] {
        &self.parameters
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        let Layout { d, k } = self.layout;
        let Prior { m, gamma } = self.prior;
        let [alpha, mu, q, l] = self.layout.split(x);
        let diagonals: Vec<Var> = q.iter().map(|q| q.exp()).collect();
        let offsets: Vec<Var> = (0..k).map(|c| alpha[c] + sum(&q[c * d..][..d])).collect();
        // The factors by rows; the product of a row and x − μ is one node.
        let mut rows = vec![vec![]; k * d];
        for c in 0..k {
            let mut entries = l[c * self.layout.lower()..].iter();
            for column in 0..d {
                rows[c * d + column].push(diagonals[c * d + column]);
                for row in column + 1..d {
                    rows[c * d + row].push(*entries.next().expect("an entry"));
                }
            }
        }
        let mut centred = vec![Var::from(0.0); d];
        let mut scaled = centred.clone();
        let mut terms = vec![Var::from(0.0); k];
        let mut value = Var::from(self.constant());
        for x in self.points.chunks_exact(d) {
            for c in 0..k {
                for r in 0..d {
                    centred[r] = x[r] - mu[c * d + r];
                    scaled[r] = dot(&rows[c * d + r], &centred[..=r]);
                }
                terms[c] = offsets[c] - dot(&scaled, &scaled) * 0.5;
            }
            value += log_sum_exp(&terms);
        }
        value -= log_sum_exp(alpha) * self.count();
        value -= (dot(&diagonals, &diagonals) + dot(l, l)) * (0.5 * gamma * gamma);
        [value + sum(q) * m as f64]
    }

    fn batched(&self) -> Option<Box<Batch>> {
        let (layout, parameters, Prior { m, gamma }) = (self.layout, self.parameters.clone(), self.prior);
        let (d, count) = (layout.d, self.count());
        let one = Function::record(
            |inputs: &[Var]| {
                let (p, x) = inputs.split_at(parameters.len());
                layout.log_likelihood(p, x)
            },
            &[&parameters[..], &self.points[..d]].concat()[..],
        );
        let batched =
            one.expect("no branches").optimize().batched(0..parameters.len()).expect("so many inputs");
        // The part that does not depend on the points.
        let rest = Function::record(
            |p: &[Var]| {
                let [alpha, _, q, l] = layout.split(p);
                let diagonals: Vec<Var> = q.iter().map(|q| q.exp()).collect();
                let squares = dot(&diagonals, &diagonals) + dot(l, l);
                sum(q) * m as f64 - log_sum_exp(alpha) * count - squares * (0.5 * gamma * gamma)
            },
            &parameters[..],
        );
        let rest = rest.expect("no branches").optimize();
        let (points, mut workspace, mut of_rest) =
            (self.points.clone(), BatchWorkspace::new(), Workspace::new());
        let mut by_rest = vec![0.0; parameters.len()];
        Some(Box::new(move |gradient| {
            let columns: Vec<Column<'_>> = (0..d).map(|k| Column::strided(&points, k, d)).collect();
            let samples = Samples::new(&columns).expect("columns of one length");
            batched
                .evaluator_in(&mut workspace)
                .value_and_gradient_into(&parameters, &samples, gradient)
                .expect("no branches");
            rest.evaluator_in(&mut of_rest)
                .value_and_gradient_into(&parameters, &mut by_rest)
                .expect("no branches");
            for (slope, rest) in gradient.iter_mut().zip(&by_rest) {
                *slope += rest;
            }
        }))
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let (constant, count) = (self.constant(), self.count());
        let Gmm { layout, points, prior, parameters, work } = self;
        let (d, lower) = (layout.d, layout.lower());
        let [alpha, mu, q, l] = layout.split(parameters);
        gradient.fill(0.0);
        let [by_alpha, by_mu, by_q, by_l] = layout.split_mut(gradient);
        let Work { diagonals, log_determinants, centred, scaled, terms, by_centred } = work;
        for (diagonal, q) in diagonals.iter_mut().zip(q) {
            *diagonal = q.exp();
        }
        for (sum, q) in log_determinants.iter_mut().zip(q.chunks_exact(d)) {
            *sum = q.iter().sum();
        }

        // The data. Until it is multiplied by exp q, by_q is the derivative with respect to the diagonal exp q.
        let mut value = constant;
        for x in points.chunks_exact(d) {
            for (c, term) in terms.iter_mut().enumerate() {
                let (from, to) = (c * d, c * d + d);
                let (mu, diagonal) = (&mu[from..to], &diagonals[from..to]);
                let (centred, scaled) = (&mut centred[from..to], &mut scaled[from..to]);
                for r in 0..d {
                    centred[r] = x[r] - mu[r];
                    scaled[r] = diagonal[r] * centred[r];
                }
                let mut rest = &l[c * lower..][..lower];
                for column in 0..d {
                    let (entries, below) = rest.split_at(d - column - 1);
                    for (y, entry) in scaled[column + 1..].iter_mut().zip(entries) {
                        *y += entry * centred[column];
                    }
                    rest = below;
                }
                let distance: f64 = scaled.iter().map(|y| y * y).sum();
                *term = alpha[c] + log_determinants[c] - 0.5 * distance;
            }
            value += softmax(terms);
            for (c, &weight) in terms.iter().enumerate() {
                let (from, to) = (c * d, c * d + d);
                let (centred, by_scaled) = (&centred[from..to], &mut scaled[from..to]);
                by_alpha[c] += weight;
                for r in 0..d {
                    by_scaled[r] *= -weight;
                    by_q[from + r] += by_scaled[r] * centred[r];
                    by_centred[r] = by_scaled[r] * diagonals[from + r];
                }
                let mut rest = &l[c * lower..][..lower];
                let mut by_rest = &mut by_l[c * lower..][..lower];
                for column in 0..d {
                    let (entries, below) = rest.split_at(d - column - 1);
                    let (by_entries, by_below) = by_rest.split_at_mut(d - column - 1);
                    let mut sum = 0.0;
                    for ((by_y, entry), by_entry) in
                        by_scaled[column + 1..].iter().zip(entries).zip(by_entries)
                    {
                        *by_entry += by_y * centred[column];
                        sum += by_y * entry;
                    }
                    by_centred[column] += sum;
                    (rest, by_rest) = (below, by_below);
                }
                for (by_mu, by_centred) in by_mu[from..to].iter_mut().zip(&*by_centred) {
                    *by_mu -= by_centred;
                }
            }
        }

        // The normalisation of the weights, and the prior. The weight of a component and its log-determinant have
        // the same derivative.
        let strength = prior.gamma * prior.gamma;
        for (c, by_q) in by_q.chunks_exact_mut(d).enumerate() {
            for (by_q, e) in by_q.iter_mut().zip(&diagonals[c * d..]) {
                *by_q = (*by_q - strength * e) * e + by_alpha[c] + prior.m as f64;
            }
        }
        for (by_l, l) in by_l.iter_mut().zip(l) {
            *by_l -= strength * l;
        }
        terms.copy_from_slice(alpha);
        value -= count * softmax(terms);
        for (by_alpha, weight) in by_alpha.iter_mut().zip(terms) {
            *by_alpha -= count * *weight;
        }
        let squares: f64 = diagonals.iter().chain(l).map(|e| e * e).sum();
        let log_determinant: f64 = log_determinants.iter().sum();
        [value - 0.5 * strength * squares + prior.m as f64 * log_determinant]
    }
}

/// ln Σ exp of the terms; overwrites them with its gradient.
fn softmax(terms: &mut [f64]) -> f64 {
    let largest = terms.iter().fold(f64::NEG_INFINITY, |largest: f64, term| largest.max(*term));
    let mut sum = 0.0;
    for term in &mut *terms {
        *term = (*term - largest).exp();
        sum += *term;
    }
    for term in terms {
        *term /= sum;
    }
    largest + sum.ln()
}
