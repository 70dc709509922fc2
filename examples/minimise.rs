//! Minimisers of argmin with exact derivatives: L-BFGS, Newton-CG and a trust region, on Rosenbrock's function in 2 and in
//! 100 dimensions and on a logistic regression. The two methods of second order multiply the Hessian with vectors; no matrix
//! is made.
//!
//! `cargo run --release --example minimise --features argmin`

use argmin::core::{Error, Executor, OptimizationResult, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::NewtonCG;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use tapegrad::interop::argmin::MatrixFree;
use tapegrad::{Function, Real, Var};

fn main() -> Result<(), Error> {
    for start in [vec![-1.2, 1.0], vec![0.5; 100]] {
        let f = Function::record(rosenbrock, &start)?.optimize();
        println!("Rosenbrock's function in {} dimensions: the minimum is at (1, 1, ...)\n", start.len());
        minimise(&f, &start, &vec![1.0; start.len()], 1e-7)?;
    }

    let (flowers, species) = flowers();
    let start = [0.0; 5];
    let f = Function::record(|w: &[Var]| loss(w, &flowers, &species), &start[..])?.optimize();
    // By Newton's method with 50 digits: tests/data/logistic.py
    let fixture = include_str!("../tests/data/logistic.csv");
    let weights: Vec<f64> = fixture.lines().map(|line| line.parse().expect("a number")).collect();
    println!(
        "Logistic regression, versicolor or virginica by four measures: the minimum is at {weights:.4?}\n"
    );
    minimise(&f, &start, &weights, 1e-5)
}

/// The scale of the function for Newton-CG.
const SCALE: f64 = 1e8;

fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

/// The negative log-likelihood of the species, 0 or 1: the probability of 1 is the sigmoid of `w[0] + w[1] x[0] + ...`.
fn loss<R: Real>(w: &[R], flowers: &[[f64; 4]], species: &[f64]) -> R {
    let loss = |(x, &species): (&[f64; 4], &f64)| {
        let logit = w[0] + w[1..].iter().zip(x).map(|(&w, &x)| w * x).sum::<R>();
        logit.softplus() - logit * species
    };
    flowers.iter().zip(species).map(loss).sum()
}

/// The two species of Iris that no plane separates: versicolor is 0, virginica is 1.
fn flowers() -> (Vec<[f64; 4]>, Vec<f64>) {
    let rows = include_str!("data/iris.csv").lines().map(|line| {
        let numbers: Vec<f64> = line.split(',').map(|number| number.parse().expect("a number")).collect();
        <[f64; 5]>::try_from(numbers).expect("five columns")
    });
    rows.filter(|row| row[4] > 0.0).map(|[a, b, c, d, species]| ([a, b, c, d], species - 1.0)).unzip()
}

/// Minimises by three methods, and compares with the known minimum.
fn minimise(f: &Function, start: &[f64], minimum: &[f64], tolerance: f64) -> Result<(), Error> {
    println!("method        iterations  values  gradients  Hessians      value  |gradient|      error");
    let print = |method: &str, run: Run| {
        let Run { iterations, counts: [values, gradients, hessians], x } = run;
        let mut numbers = f.evaluator();
        let (value, gradient) = numbers.value_and_gradient(&x)?;
        let steepness = gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        let error = x.iter().zip(minimum).map(|(x, minimum)| (x - minimum).abs()).fold(0.0, f64::max);
        println!(
            "{method:<12}  {iterations:>10}  {values:>6}  {gradients:>9}  {hessians:>8}  {value:>9.2e}  {steepness:>10.1e}  \
             {error:>9.1e}"
        );
        assert!(steepness < 1e-5 && error < tolerance);
        Ok::<(), Error>(())
    };
    let search = MoreThuenteLineSearch::new;

    let solver = LBFGS::new(search(), 10).with_tolerance_grad(1e-7)?.with_tolerance_cost(1e-15)?;
    let executor = Executor::new(f.clone(), solver);
    print("L-BFGS", run(executor.configure(|state| state.param(start.to_vec()).max_iters(1000)).run()?))?;

    // This solver ends its inner iteration, by conjugate gradients, when the squared residual is below min(½, √|g|) |g|. Where
    // the gradient g is below 1 that is after a single step, down the gradient; so the function is scaled.
    let scaled = Function::record(|x: &[Var]| f.call(x).expect("the same branches")[0] * SCALE, start)?;
    let solver = NewtonCG::new(search()).with_tolerance(SCALE * 1e-16)?;
    let executor = Executor::new(MatrixFree::new(scaled), solver);
    print("Newton-CG", run(executor.configure(|state| state.param(start.to_vec()).max_iters(100)).run()?))?;

    // This one has no criterion of its own for when to stop.
    let solver = TrustRegion::new(Steihaug::new().with_max_iters(start.len() as u64));
    let executor = Executor::new(MatrixFree::new(f.clone()), solver);
    print("trust region", run(executor.configure(|state| state.param(start.to_vec()).max_iters(50)).run()?))?;
    println!();
    Ok(())
}

/// What a solver did and found.
struct Run {
    /// Up to the last improvement.
    iterations: u64,
    /// Of values, gradients and Hessians.
    counts: [u64; 3],
    x: Vec<f64>,
}

fn run<O, S, I: State<Param = Vec<f64>>>(result: OptimizationResult<O, S, I>) -> Run {
    let counts = &result.problem.counts;
    Run {
        iterations: result.state.get_last_best_iter(),
        counts: ["cost", "gradient", "hessian"]
            .map(|kind| counts.get(format!("{kind}_count").as_str()).copied().unwrap_or(0)),
        x: result.state.get_best_param().expect("the best parameters").clone(),
    }
}
