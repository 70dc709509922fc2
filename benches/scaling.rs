//! Batches of all sizes: the time per sample, and the speedup of a second thread.
//!
//! ```text
//! cargo bench --features parallel --bench scaling -- [--quick]
//! ```
//!
//! A *network* of 337 shared parameters (2-16-16-1, hinge loss: the sum of the losses and its gradient), and
//! *options* (five sensitivities each, written sample by sample). Threads are those of a rayon pool; one and two
//! threads are timed in turns, and the ratio is the median over the rounds.

#[path = "workloads/mod.rs"]
mod workloads;

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::hint::black_box;
use tapegrad::nn::{Activation, Mlp};
use tapegrad::{
    Function, Real, Var,
    batch::{BatchWorkspace, Batched, Column, Samples},
};
use workloads::data::Seeded;
use workloads::timing::{Run, Times, in_turns};

/// The number of samples for which a second thread is measured.
const FOR_THREADS: usize = 100_000;
/// The number of evaluations in a turn: the system takes some milliseconds to move a thread that wakes up to a core
/// of its own.
const IN_A_TURN: usize = 40;

/// A function, and the columns of its samples.
struct Task {
    name: &'static str,
    function: Batched,
    shared: Vec<f64>,
    columns: Vec<Vec<f64>>,
    workspace: BatchWorkspace,
    /// The gradient with respect to the shared inputs, or the gradients of all samples.
    out: Vec<f64>,
}

impl Task {
    fn network(samples: usize) -> Task {
        let mlp = Mlp::builder(2)
            .layer(16, Activation::Relu)
            .layer(16, Activation::Relu)
            .layer(1, Activation::Identity)
            .build()
            .expect("layers that fit");
        let shared = mlp.parameters().to_vec();
        let loss = |all: &[Var]| {
            let (parameters, sample) = all.split_at(shared.len());
            (1.0 - mlp.forward(parameters, &sample[..2])[0] * sample[2]).relu()
        };
        let function = record(loss, &[&shared[..], &[0.1, 0.2, 1.0]].concat(), shared.len());
        let ranges = [-2.0..2.0, -2.0..2.0, -1.0..1.0];
        Task::new("network", function, shared, ranges, samples)
    }

    fn options(samples: usize) -> Task {
        let price = |x: &[Var]| call(x.try_into().expect("five numbers"));
        let function = record(price, &[100.0, 100.0, 0.02, 0.3, 1.0], 0);
        let ranges = [80.0..120.0, 80.0..120.0, 0.01..0.05, 0.1..0.5, 0.2..2.0];
        Task::new("options", function, Vec::new(), ranges, samples)
    }

    fn new<const N: usize>(
        name: &'static str,
        function: Batched,
        shared: Vec<f64>,
        ranges: [std::ops::Range<f64>; N],
        samples: usize,
    ) -> Task {
        let mut seeded = Seeded::new(31);
        let columns = ranges.map(|range| seeded.uniforms(samples, range)).to_vec();
        let out = if shared.is_empty() { N * samples } else { shared.len() };
        Task { name, function, shared, columns, workspace: BatchWorkspace::new(), out: vec![0.0; out] }
    }

    fn run(&mut self) {
        let Task { function, shared, columns, workspace, out, .. } = self;
        let columns: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
        let samples = Samples::new(&columns).expect("columns of one length");
        if shared.is_empty() {
            function.evaluator_in(workspace).jacobians_into(&[], &samples, out).expect("no branches");
        } else {
            black_box(
                function
                    .evaluator_in(workspace)
                    .value_and_gradient_into(shared, &samples, out)
                    .expect("no branches"),
            );
        }
        black_box(&out);
    }
}

fn record(f: impl Fn(&[Var]) -> Var, at: &[f64], shared: usize) -> Batched {
    let function = Function::record(|x: &[Var]| f(x), at).expect("can be replayed");
    let samples = if shared == 0 { 0..0 } else { shared..at.len() };
    let function = function.with_held(samples).expect("so many inputs").optimize();
    function.batched(0..shared).expect("so many inputs")
}

/// The price of a call option by the Black-Scholes formula.
fn call<R: Real>([spot, strike, rate, volatility, time]: [R; 5]) -> R {
    let spread = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
    spot * d1.normal_cdf() - strike * (-rate * time).exp() * (d1 - spread).normal_cdf()
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let (one, two) = (pool(1), pool(2));
    println!("{:<8} {:>10} {:>14}", "task", "samples", "ns per sample");
    for task in [Task::network, Task::options] {
        for power in 3..=7 {
            let samples = 10usize.pow(power);
            let mut task = task(samples);
            let mut run = |task: &mut Task| task.run();
            let times: Vec<Times> =
                one.install(|| in_turns(&mut task, &mut [&mut run as &mut Run<'_, _>], is_quick));
            println!("{:<8} {samples:>10} {:>14.2}", task.name, times[0].median() / samples as f64);
        }
    }
    println!("\n{:<8} {:>10} {:>14}", "task", "samples", "by two threads");
    for task in [Task::network, Task::options] {
        let mut task = task(FOR_THREADS);
        let mut by_one = |task: &mut Task| one.install(|| (0..IN_A_TURN).for_each(|_| task.run()));
        let mut by_two = |task: &mut Task| two.install(|| (0..IN_A_TURN).for_each(|_| task.run()));
        let mut runs = [&mut by_one as &mut Run<'_, _>, &mut by_two];
        let times = in_turns(&mut task, &mut runs, is_quick);
        let [least, ratio, most] = times[0].over(&times[1]);
        println!("{:<8} {FOR_THREADS:>10} {ratio:>14.2}  {least:.2}..{most:.2}", task.name);
    }
}
