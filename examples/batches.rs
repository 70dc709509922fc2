//! Batches: the sensitivities of 100,000 options, and a curve fitted to 100,000 points. The functions are recorded
//! once; batches evaluate them in the vector registers of the machine, and with the feature `parallel` on all of
//! its cores.
//!
//! `cargo run --release --example batches --features parallel`

use std::time::{Duration, Instant};
use tapegrad::{
    Error, Function, Number, Real,
    batch::{Column, Samples},
};

const SAMPLES: usize = 100_000;

fn main() -> Result<(), Error> {
    options()?;
    curve()
}

/// The price of a call option by the Black-Scholes formula.
fn call<R: Real>([spot, strike, rate, volatility, time]: [R; 5]) -> R {
    let spread = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
    spot * d1.normal_cdf() - strike * (-rate * time).exp() * (d1 - spread).normal_cdf()
}

/// No input is shared: every option has its own spot, strike, rate, volatility and time, and five sensitivities.
fn options() -> Result<(), Error> {
    let price = Function::record(call, [100.0, 100.0, 0.02, 0.3, 1.0])?.optimize();
    let ranges = [(80.0, 120.0), (80.0, 120.0), (0.01, 0.05), (0.1, 0.5), (0.2, 2.0)];
    let mut random = Random(7);
    let rows: Vec<[f64; 5]> =
        (0..SAMPLES).map(|_| ranges.map(|(low, high)| random.uniform(low, high))).collect();
    // The options in memory, row by row.
    let rows = rows.as_flattened();
    let columns: [Column<'_>; 5] = std::array::from_fn(|k| Column::strided(rows, k, 5));
    let samples = Samples::new(&columns)?;

    let mut one_by_one = vec![0.0; 5 * SAMPLES];
    let mut scalar = price.evaluator();
    let replay = fastest(2, || {
        for (option, slopes) in rows.chunks_exact(5).zip(one_by_one.chunks_exact_mut(5)) {
            scalar.value_and_gradient_into(option, slopes)?;
        }
        Ok(())
    })?;

    let mut slopes = vec![0.0; 5 * SAMPLES];
    let mut rates = Rates::new(replay);
    let batched = price.batched([])?;
    let mut batched = batched.evaluator();
    rates.measure("batch", || batched.jacobians_into(&[], &samples, &mut slopes))?;
    let difference = largest_difference(&slopes, &one_by_one);

    println!("Sensitivities of {SAMPLES} options\n");
    println!(
        "{:>8} {:>8}  {:>9} {:>9} {:>9} {:>9} {:>9}",
        "spot", "strike", "delta", "kappa", "rho", "vega", "theta"
    );
    for (option, slopes) in rows.chunks_exact(5).zip(slopes.chunks_exact(5)).take(4) {
        print!("{:>8.2} {:>8.2} ", option[0], option[1]);
        slopes.iter().for_each(|slope| print!(" {slope:>9.4}"));
        println!();
    }
    println!();
    rates.print();
    println!("largest relative difference: {difference:.0e}\n");
    assert!(difference < 1e-9);
    Ok(())
}

/// The squared error of a curve that rises from `low` to `high` around `middle`.
fn error<R: Real>([low, high, steepness, middle, x, y]: [R; 6]) -> R {
    let curve = low + (high - low) * (steepness * (x - middle)).sigmoid();
    (curve - y).powi(2)
}

/// Four parameters are shared. Fitting needs the sum of the errors and its gradient with respect to them.
fn curve() -> Result<(), Error> {
    let truth = [1.0, 3.0, 2.0, 0.5];
    let mut random = Random(11);
    let x: Vec<f64> = (0..SAMPLES).map(|_| random.uniform(-4.0, 4.0)).collect();
    let noise = |random: &mut Random| (0..12).map(|_| random.uniform(-0.05, 0.05)).sum::<f64>();
    let on_curve = |x: f64| truth[0] + (truth[1] - truth[0]) * (truth[2] * (x - truth[3])).sigmoid();
    let y: Vec<f64> = x.iter().map(|&x| on_curve(x) + noise(&mut random)).collect();
    let columns = [Column::from(&x), Column::from(&y)];
    let samples = Samples::new(&columns)?;

    let recorded = Function::record(error, [0.0, 1.0, 1.0, 0.0, 0.5, 0.5])?;
    let error = recorded.batched(0..4)?;
    let mut error = error.evaluator();
    println!("A curve through {SAMPLES} points, by gradient descent\n");
    println!(
        "{:>4}  {:>10}  {:>8} {:>8} {:>9} {:>8}",
        "step", "mean error", "low", "high", "steepness", "middle"
    );
    let (mut p, mut slope) = ([0.0, 1.0, 1.0, 0.0], [0.0; 4]);
    for step in 0..=400 {
        let total = error.value_and_gradient_into(&p, &samples, &mut slope)?;
        if step % 80 == 0 {
            let mean = total / SAMPLES as f64;
            println!("{step:>4}  {mean:>10.6}  {:>8.4} {:>8.4} {:>9.4} {:>8.4}", p[0], p[1], p[2], p[3]);
        }
        p.iter_mut().zip(slope).for_each(|(p, slope)| *p -= slope / SAMPLES as f64);
    }
    assert!(p.iter().zip(truth).all(|(p, truth)| (p - truth).abs() < 0.02), "{p:?}");

    // The same sum, sample by sample, and as a batch in single precision.
    let mut one_by_one = [0.0; 4];
    let (mut scalar, mut by_all) = (recorded.evaluator(), [0.0; 6]);
    let replay = fastest(2, || {
        one_by_one = [0.0; 4];
        for (&x, &y) in x.iter().zip(&y) {
            scalar.value_and_gradient_into(&[p[0], p[1], p[2], p[3], x, y], &mut by_all)?;
            one_by_one.iter_mut().zip(by_all).for_each(|(sum, slope)| *sum += slope);
        }
        Ok(())
    })?;
    let mut rates = Rates::new(replay);
    rates.measure("batch", || error.value_and_gradient_into(&p, &samples, &mut slope).map(|_| ()))?;
    let single = recorded.batched_as::<f32>(0..4)?;
    let (mut single, mut slope_of_single) = (single.evaluator(), [0.0; 4]);
    rates.measure("batch of f32", || {
        single.value_and_gradient_into(&p, &samples, &mut slope_of_single).map(|_| ())
    })?;
    // Near the minimum the terms cancel, so the absolute difference is compared.
    let difference = slope.iter().zip(one_by_one).fold(0.0, |d: f64, (a, b)| d.max((a - b).abs()));
    println!();
    rates.print();
    println!("largest difference per sample: {:.0e}", difference / SAMPLES as f64);
    assert!(difference / (SAMPLES as f64) < 1e-12);
    Ok(())
}

/// The speed of each method.
struct Rates(Vec<(String, Duration)>);

impl Rates {
    fn new(replay: Duration) -> Rates {
        Rates(vec![("scalar replay".into(), replay)])
    }

    /// Measures on one thread, and with the feature `parallel` on all threads.
    fn measure(
        &mut self,
        what: &str,
        mut run: impl FnMut() -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let alone = alone(|| fastest(5, &mut run))?;
        self.0.push((what.into(), alone));
        if cfg!(feature = "parallel") {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let together = fastest(5, &mut run)?;
            self.0.push((format!("{what}, {threads} threads"), together));
        }
        Ok(())
    }

    fn print(&self) {
        for (what, time) in &self.0 {
            println!(
                "{what:<24} {:>8.2} million samples per second",
                SAMPLES as f64 / time.as_secs_f64() / 1e6
            );
        }
    }
}

/// Runs `f` in a pool of one thread.
#[cfg(feature = "parallel")]
fn alone<A: Send>(f: impl FnOnce() -> A + Send) -> A {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread").install(f)
}

/// Runs `f` on the only thread.
#[cfg(not(feature = "parallel"))]
fn alone<A>(f: impl FnOnce() -> A) -> A {
    f()
}

/// The shortest of several runs.
fn fastest(runs: usize, mut f: impl FnMut() -> Result<(), Error>) -> Result<Duration, Error> {
    let mut shortest = Duration::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        f()?;
        shortest = shortest.min(start.elapsed());
    }
    Ok(shortest)
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let relative = |(a, b): (&f64, &f64)| (a - b).abs() / (1.0 + a.abs().max(b.abs()));
    a.iter().zip(b).map(relative).fold(0.0, f64::max)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (high - low) * ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
