//! Sensitivities of the steady state of a stiff reaction, by the implicit function theorem; and why not through the iterations of
//! a solver.
//!
//! `cargo run --release --example implicit --features nalgebra`

use tapegrad::{Atomic, Error, Function, Real, Var, jacobian};

const NAMES: [&str; 4] = ["flow", "slow", "fast", "back"];

/// Robertson's reaction in a stirred tank, `A → B`, `2 B → C + B`, `B + C → A + C`: its rates differ by nine orders of magnitude.
/// The unknowns are the three concentrations; the parameters are factors of the flow and of the three rates. At a steady state, all
/// are 0.
fn rates<R: Real>(y: &[R], factors: &[R]) -> Vec<R> {
    let (a, b, c) = (y[0], y[1], y[2]);
    let [flow, slow, fast, back] = [factors[0] * 1e-3, factors[1] * 0.04, factors[2] * 3e7, factors[3] * 1e4];
    let (forth, dimer, again) = (slow * a, fast * b * b, back * b * c);
    vec![flow * (R::constant(1.0) - a) - forth + again, forth - again - dimer - flow * b, dimer - flow * c]
}

fn main() -> Result<(), Error> {
    let residual =
        Function::record(|x: &[Var]| rates(&x[..3], &x[3..]), &[0.5, 1e-5, 0.5, 1.0, 1.0, 1.0, 1.0][..])?;
    let steady = Atomic::newton(residual, [1.0, 1e-5, 0.1])?;
    let factors = [1.0; 4];
    let y = steady.call(&factors)?;
    println!("steady state  A {:.6}  B {:.3e}  C {:.6}\n", y[0], y[1], y[2]);
    assert!((y.iter().sum::<f64>() - 1.0).abs() < 1e-12);

    // Over variables, the solution is one operation of the tape.
    let sensitivities = jacobian(|factors: &[Var]| steady.call(factors).unwrap(), &factors[..]);
    println!("relative sensitivities, beside differences of solutions:");
    for (j, name) in NAMES.iter().enumerate() {
        let step = 1e-5;
        let moved = |by: f64| {
            let mut factors = factors;
            factors[j] += by;
            steady.call(&factors)
        };
        let (above, below) = (moved(step)?, moved(-step)?);
        print!("  {name}");
        for k in 0..3 {
            let difference = (above[k] - below[k]) / (2.0 * step);
            print!("   {:>10.6} {:>10.6}", sensitivities[k][j] / y[k], difference / y[k]);
            assert!((sensitivities[k][j] - difference).abs() <= 1e-7 * y[k]);
        }
        println!();
    }

    // It is an instruction of a function too, with derivatives of any order.
    let product = Function::record(|factors: &[Var]| steady.call(factors).unwrap()[2], &factors[..])?;
    let curvature = product.evaluator().hessian(&factors)?;
    assert_eq!(product.statistics().operations, 1);
    println!("\nsecond derivatives of C by the flow: {:.6?}", &curvature[..4]);

    // The trap: differentiating the iterations. A loop that stops when the value is good enough stops before the derivative is.
    let sqrt_by = |x: Var, tolerance: f64| {
        let mut y = Var::from(1.0);
        while (y * y - x).abs() > tolerance {
            y -= (y * y - x) * 0.12; // a slow iteration
        }
        y
    };
    let exact = 0.5 / 2.0_f64.sqrt();
    println!("\nd√x/dx at 2, through iterations that stop at a tolerance, and by the equation y² = x:");
    for tolerance in [1e-1, 1e-2, 1e-3] {
        let slope = tapegrad::gradient(|[x]| sqrt_by(x, tolerance), [2.0])[0];
        println!("  {tolerance:e}   {slope:.6}, wrong by {:.1e}", (slope - exact).abs());
        assert!((slope - exact).abs() > 1e-2 * tolerance);
    }
    let equation = Function::record(|[y, x]| [y * y - x], [1.4, 2.0])?;
    let early = |x: &[f64]| {
        let mut y = 1.0;
        while f64::abs(y * y - x[0]) > 1e-4 {
            y -= (y * y - x[0]) * 0.12;
        }
        Ok(vec![y])
    };
    let root = Atomic::implicit(equation, early)?;
    let slope = tapegrad::gradient(|[x]: [Var; 1]| root.call(&[x]).unwrap()[0], [2.0])[0];
    println!("  implicit   {slope:.6}, wrong by {:.1e}", (slope - exact).abs());
    assert!((slope - exact).abs() < 1e-15);
    Ok(())
}
