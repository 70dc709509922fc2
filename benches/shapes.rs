//! Functions of any shape: whether evaluation in runs is ever slower than one operation at a time, and what planning takes.
//!
//! ```text
//! cargo bench --features parallel --bench shapes -- [GRAPHS]
//! ```
//!
//! Random graphs of equal parts; a value and a gradient by the plan and by the function, in turns, the least of the rounds.
//! Those that seem slower are measured again, longer.
//!
//! ```text
//! cargo bench --features parallel --bench shapes -- matrices
//! ```
//!
//! Jacobians and Hessians of different shapes, beside what one writes by hand, in turns.
//!
//! ```text
//! cargo bench --features parallel --bench shapes -- calls
//! ```
//!
//! Functions that are called and repeated, by plans of them and one operation at a time, in turns.

#[path = "workloads/by_call.rs"]
mod by_call;
#[path = "workloads/by_shape.rs"]
mod by_shape;
#[path = "../tests/common/programs.rs"]
#[allow(dead_code)]
mod programs;
#[path = "../tests/common/repeated.rs"]
mod repeated;

use programs::Random;
use repeated::Repeated;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tapegrad::{Function, Var};

/// How many that seem slower are measured again.
const MOST: usize = 30;

/// What was measured of a graph: nanoseconds.
struct Shape {
    seed: u64,
    in_runs: f64,
    one_by_one: f64,
    /// To plan, for each operation.
    planning: f64,
    plan: String,
    is_vectorised: bool,
}

/// The shortest time of a call in some rounds of this length each, for each of two actions.
fn least(rounds: usize, length: Duration, actions: [&mut dyn FnMut(); 2]) -> [f64; 2] {
    let mut least = [f64::INFINITY; 2];
    let [a, b] = actions;
    for _ in 0..rounds {
        for (least, action) in least.iter_mut().zip([&mut *a, &mut *b]) {
            let start = Instant::now();
            let mut calls = 0;
            while start.elapsed() < length {
                action();
                calls += 1;
            }
            *least = least.min(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    least
}

/// `None` if the graph cannot be evaluated where it was recorded, or has no variables.
fn measure(seed: u64, rounds: usize, length: Duration) -> Option<Shape> {
    let mut random = Random(seed);
    let program = Repeated::random(&mut random);
    let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
    let f = Function::record(|x: &[Var]| program.run(x), &x[..]).ok()?;
    let start = Instant::now();
    let plan = f.vectorised();
    let planning = start.elapsed().as_nanos() as f64 / plan.plan().operations.max(1) as f64;
    let (mut runs, mut plain) = (plan.evaluator(), plan.function().evaluator());
    let weights = vec![1.0; f.outputs()];
    let (mut values, mut product) = (vec![0.0; f.outputs()], vec![0.0; f.variables()]);
    let (mut other_values, mut other_product) = (values.clone(), product.clone());
    plain.vjp_into(&x, &weights, &mut values, &mut product).ok()?;
    // What is not finite is decided by the function, after the plan.
    if !values.iter().chain(&product).all(|number| number.is_finite()) {
        return None;
    }
    let [in_runs, one_by_one] = least(
        rounds,
        length,
        [
            &mut || black_box(runs.vjp_into(black_box(&x), &weights, &mut values, &mut product)).unwrap(),
            &mut || {
                black_box(plain.vjp_into(black_box(&x), &weights, &mut other_values, &mut other_product))
                    .unwrap()
            },
        ],
    );
    let is_vectorised = plan.plan().is_vectorised;
    Some(Shape { seed, in_runs, one_by_one, planning, plan: plan.plan().to_string(), is_vectorised })
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted.get(((sorted.len() as f64 - 1.0) * part) as usize).copied().unwrap_or(f64::NAN)
}

fn main() {
    if std::env::args().any(|arg| arg == "matrices") {
        return by_shape::compare(|actions| least(8, Duration::from_millis(30), actions));
    }
    if std::env::args().any(|arg| arg == "calls") {
        return by_call::compare(|actions| least(8, Duration::from_millis(30), actions));
    }
    let graphs = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000);
    let shapes: Vec<Shape> =
        (0..graphs).filter_map(|seed| measure(seed, 4, Duration::from_micros(60))).collect();
    for is_vectorised in [true, false] {
        let of_kind = || shapes.iter().filter(|shape| shape.is_vectorised == is_vectorised);
        let mut ratios: Vec<f64> = of_kind().map(|shape| shape.in_runs / shape.one_by_one).collect();
        let mut planning: Vec<f64> = of_kind().map(|shape| shape.planning).collect();
        ratios.sort_by(f64::total_cmp);
        planning.sort_by(f64::total_cmp);
        println!(
            "{} graphs {}: over the function, median {:.2}, 95 % {:.2}, most {:.2}; planning {:.0} ns an operation",
            ratios.len(),
            if is_vectorised { "in runs" } else { "one by one" },
            quantile(&ratios, 0.5),
            quantile(&ratios, 0.95),
            quantile(&ratios, 1.0),
            quantile(&planning, 0.5),
        );
    }
    println!("slower by more than 5 %, when measured longer (the first {MOST}):");
    for shape in shapes.iter().filter(|shape| shape.in_runs > 1.05 * shape.one_by_one).take(MOST) {
        let again = measure(shape.seed, 12, Duration::from_millis(2)).expect("measured before");
        let ratio = again.in_runs / again.one_by_one;
        if ratio > 1.05 {
            println!("  seed {}: {ratio:.2}, {:.0} ns; {}", shape.seed, again.in_runs, shape.plan);
        }
    }
}
