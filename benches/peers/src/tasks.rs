//! The functions, written with operations that all engines have.

use crate::workloads::Workload;
use crate::workloads::black_scholes::BlackScholes;
use crate::workloads::mlp::{DECAY, HIDDEN, Mlp};
use crate::workloads::product::Product;
use crate::workloads::recurrence::Recurrence;
use crate::workloads::rosenbrock::Rosenbrock;
use std::ops::{Add, Div, Mul, Sub};

/// A variable of some engine.
pub trait Scalar:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    fn sin(self) -> Self;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn sqrt(self) -> Self;
    /// The engine's own function if it has one, else a branch on the value.
    fn relu(self) -> Self;
}

/// A function and the point to differentiate it at.
pub struct Task {
    pub name: &'static str,
    pub x: Vec<f64>,
    pub function: Function,
}

pub enum Function {
    Loop(Recurrence),
    Rosenbrock(Rosenbrock),
    Product(Product),
    Mlp(Mlp),
    /// With Page's approximation of the normal distribution function: not all engines have the exact one,
    /// or a way to add it.
    BlackScholes,
}

impl Task {
    pub fn all() -> Vec<Task> {
        fn task<W: Workload>(workload: W, function: impl FnOnce(W) -> Function) -> Task {
            Task { name: W::NAME, x: workload.point(0).to_vec(), function: function(workload) }
        }
        vec![
            // Fewer steps than in other benchmarks, since some engines need much memory.
            task(Recurrence::new(100_000), Function::Loop),
            task(Rosenbrock::new(1_000), Function::Rosenbrock),
            task(Product::new(1_000), Function::Product),
            task(Mlp::new(100), Function::Mlp),
            task(BlackScholes::new(1_000), |_| Function::BlackScholes),
        ]
    }

    pub fn evaluate<S: Scalar>(&self, x: &[S]) -> S {
        match &self.function {
            Function::Loop(recurrence) => looped(x, recurrence.steps()),
            Function::Rosenbrock(_) => sum(x.windows(2).map(|w| {
                let (valley, bowl) = (w[1] - w[0] * w[0], w[0] + -1.0);
                valley * valley * 100.0 + bowl * bowl
            })),
            Function::Product(_) => x[1..].iter().fold(x[0], |product, &x| product * x),
            Function::Mlp(mlp) => network(mlp, x),
            Function::BlackScholes => sum(x.chunks_exact(5).map(|x| call([x[0], x[1], x[2], x[3], x[4]]))),
        }
    }
}

fn sum<S: Scalar>(mut terms: impl Iterator<Item = S>) -> S {
    let first = terms.next().expect("a term");
    terms.fold(first, |sum, term| sum + term)
}

fn looped<S: Scalar>(x: &[S], steps: usize) -> S {
    let mut s = (x[0] + 0.5).sin() * 0.1 + 0.999; // from s = 1
    let mut y = s;
    for &x in x.iter().cycle().take(steps).skip(1) {
        s = s * 0.999 + (x * s + 0.5).sin() * 0.1;
        y = y + s;
    }
    y
}

fn network<S: Scalar>(mlp: &Mlp, p: &[S]) -> S {
    let (first, rest) = p.split_at(HIDDEN * 3);
    let (second, third) = rest.split_at(HIDDEN * (HIDDEN + 1));
    let neuron = |row: &[S], x: &[S]| sum(row.iter().zip(x).map(|(&w, &x)| w * x)) + row[x.len()];
    let losses = mlp.points.iter().zip(&mlp.classes).map(|(x, class)| {
        let one = first.chunks_exact(3).map(|row| (row[0] * x[0] + row[1] * x[1] + row[2]).relu());
        let one: Vec<S> = one.collect();
        let two = second.chunks_exact(HIDDEN + 1).map(|row| neuron(row, &one).relu());
        let two: Vec<S> = two.collect();
        (neuron(third, &two) * -class + 1.0).relu()
    });
    sum(losses) * (1.0 / mlp.points.len() as f64) + sum(p.iter().map(|&p| p * p)) * DECAY
}

/// The price of a call option.
pub fn call<S: Scalar>([spot, strike, rate, volatility, time]: [S; 5]) -> S {
    let spread = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
    let d2 = d1 - spread;
    spot * normal_cdf(d1) - strike * (rate * time * -1.0).exp() * normal_cdf(d2)
}

fn normal_cdf<S: Scalar>(x: S) -> S {
    let e = ((x * x * 0.070_56 + 1.5976) * x).exp();
    e / (e + 1.0)
}
