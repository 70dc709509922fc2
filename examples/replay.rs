//! Record once, evaluate many times: Rosenbrock's function in ten dimensions, minimised by L-BFGS. The code of the
//! function runs a single time; every evaluation replays its recording.

use std::cell::Cell;
use std::collections::VecDeque;
use tapegrad::{Error, Function, Real};

const N: usize = 10;

fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

fn main() -> Result<(), Error> {
    let start: Vec<f64> = (0..N).map(|k| if k % 2 == 0 { -1.2 } else { 1.0 }).collect();
    let recordings = Cell::new(0);
    let recorded = Function::record(
        |x| {
            recordings.set(recordings.get() + 1);
            rosenbrock(x)
        },
        &start[..],
    )?;
    let f = recorded.optimize();
    let counts = [&recorded, &f].map(|f| f.statistics().operations);
    println!(
        "Rosenbrock's function in {N} dimensions: {} operations recorded, {} kept\n",
        counts[0], counts[1]
    );

    println!("{:>9}  {:>11}  {:>14}  {:>14}", "iteration", "evaluations", "value", "|gradient|");
    let Minimum { x, value, iterations, evaluations } = minimise(&f, start)?;

    println!("\nminimum at [{}]", x.iter().map(|x| format!("{x:.6}")).collect::<Vec<_>>().join(", "));
    println!("{iterations} iterations, {evaluations} evaluations, {} recording", recordings.get());
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-9) && value < 1e-18);
    assert!(iterations < 100 && evaluations < 2 * iterations);
    assert_eq!(recordings.get(), 1);
    Ok(())
}

struct Minimum {
    x: Vec<f64>,
    value: f64,
    iterations: usize,
    evaluations: usize,
}

/// L-BFGS with the last eight steps and a backtracking line search.
fn minimise(f: &Function, mut x: Vec<f64>) -> Result<Minimum, Error> {
    let mut f = f.evaluator(); // all evaluations share its memory
    let mut slope = vec![0.0; x.len()];
    let mut value = f.value_and_gradient_into(&x, &mut slope)?;
    let (mut iterations, mut evaluations) = (0, 1);
    let mut steps: VecDeque<Step> = VecDeque::new();
    loop {
        let steepness = dot(&slope, &slope).sqrt();
        if iterations % 10 == 0 || steepness < 1e-9 {
            println!("{iterations:>9}  {evaluations:>11}  {value:>14.6e}  {steepness:>14.6e}");
        }
        if steepness < 1e-9 {
            return Ok(Minimum { x, value, iterations, evaluations });
        }
        let direction = direction(&slope, &steps);
        let descent = dot(&direction, &slope);
        assert!(descent < 0.0, "not a way down");

        let mut length = if steps.is_empty() { 1.0 / steepness } else { 1.0 };
        let mut there = vec![0.0; x.len()];
        let mut slope_there = vec![0.0; x.len()];
        let value_there = loop {
            assert!(length > 1e-12, "no lower point in this direction");
            for ((there, x), d) in there.iter_mut().zip(&x).zip(&direction) {
                *there = x + length * d;
            }
            evaluations += 1;
            let value_there = f.value_and_gradient_into(&there, &mut slope_there)?;
            if value_there <= value + 1e-4 * length * descent {
                break value_there;
            }
            length *= 0.5;
        };

        let step = Step { x: difference(&there, &x), slope: difference(&slope_there, &slope) };
        if dot(&step.x, &step.slope) > 0.0 {
            steps.push_back(step);
        }
        if steps.len() > 8 {
            steps.pop_front();
        }
        (x, slope, value) = (there, slope_there, value_there);
        iterations += 1;
    }
}

/// A step, and the change of the gradient in it.
struct Step {
    x: Vec<f64>,
    slope: Vec<f64>,
}

/// The two-loop recursion: minus the gradient, times an approximation of the inverse Hessian from the last steps.
fn direction(slope: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut d: Vec<f64> = slope.iter().map(|slope| -slope).collect();
    let mut shares = vec![];
    for step in steps.iter().rev() {
        let share = dot(&step.x, &d) / dot(&step.x, &step.slope);
        add(&mut d, -share, &step.slope);
        shares.push(share);
    }
    if let Some(last) = steps.back() {
        let scale = dot(&last.x, &last.slope) / dot(&last.slope, &last.slope);
        d.iter_mut().for_each(|d| *d *= scale);
    }
    for (step, share) in steps.iter().zip(shares.into_iter().rev()) {
        let share = share - dot(&step.slope, &d) / dot(&step.x, &step.slope);
        add(&mut d, share, &step.x);
    }
    d
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}
