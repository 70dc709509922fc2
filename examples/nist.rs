//! Nonlinear regression on the 27 data sets of NIST's Statistical Reference Datasets, from both starting points of each: how
//! many of the certified digits Levenberg and Marquardt's method reaches with the derivatives of this crate. Nothing is tuned
//! for a data set.
//!
//! `cargo run --release --example nist --features levenberg-marquardt`

use nist::dataset::Dataset;
use nist::fit::{fit, reached, solver};
use tapegrad::Error;

mod nist {
    pub mod dataset;
    pub mod fit;
    pub mod models;
}

/// The digits to reach.
const ENOUGH: f64 = 6.0;

fn main() -> Result<(), Error> {
    println!(
        "Correct digits, of the 11 that are certified: b, the least over all parameters; s, the least over their standard"
    );
    println!("deviations; r, of the sum of the squared residuals.\n");
    println!("data set  difficulty  observations  parameters  start  evaluations   b   s   r");
    for data in Dataset::all() {
        for (k, start) in data.starts.iter().enumerate() {
            let fitted = fit(&data, start, &solver())?;
            let [b, s, r] = reached(&data, &fitted).map(f64::floor);
            println!(
                "{:<9} {:<10}  {:>12}  {:>10}  {:>5}  {:>11}  {b:>2}  {s:>2}  {r:>2}",
                data.name,
                data.level,
                data.y.len(),
                start.len(),
                k + 1,
                fitted.evaluations,
            );
            assert!(fitted.has_converged && b >= ENOUGH, "{}, start {}: {fitted:?}", data.name, k + 1);
            assert!(s.min(r) >= ENOUGH || data.name == "Lanczos1");
        }
    }
    println!();
    small_residuals();
    long_first_step()
}

/// Why there are few digits of the sum of squares of Lanczos1, and of the standard deviations, which are in proportion to its
/// square root.
fn small_residuals() {
    let data = named("Lanczos1");
    let largest = data.y.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
    let rounding = largest * f64::EPSILON / 2.0;
    let residual = (data.sum_of_squares / data.y.len() as f64).sqrt();
    println!(
        "Lanczos1: responses up to {largest:.1} are rounded to f64 with errors of up to {rounding:.0e}, and a residual is about"
    );
    println!(
        "  {residual:.0e}: it has no more than {:.1} correct digits. s and r, of sums over them, have few more.\n",
        (residual / rounding).log10()
    );
}

fn named(name: &str) -> Dataset {
    Dataset::all().into_iter().find(|data| data.name == name).expect("one of the 27")
}

/// What the bound of the first step is for: with a loose one, BoxBOD is not solved from its first starting point.
fn long_first_step() -> Result<(), Error> {
    let data = named("BoxBOD");
    let fitted = fit(&data, &data.starts[0], &solver().with_stepbound(100.0))?;
    let [b1, b2] = fitted.parameters[..] else { panic!("BoxBOD has two parameters") };
    let steepest = data.x[0].iter().map(|x| b1 * x * (-b2 * x).exp()).fold(0.0, f64::max);
    println!(
        "BoxBOD from start 1, with the solver's default bound of the first step, 100 times the starting point, ends at"
    );
    println!(
        "  b = ({b1:.1}, {b2:.1}) with r = {:.0}; the least r is {:.0}.",
        fitted.sum_of_squares, data.sum_of_squares
    );
    println!(
        "  There b1 (1 - exp(-b2 x)) does not depend on b2 any more: its derivative is at most {steepest:.0e}. With a bound of 1"
    );
    println!("  times the starting point, as above, every fit succeeds.");
    assert!(fitted.sum_of_squares > 2.0 * data.sum_of_squares && steepest < 1e-6);
    Ok(())
}
