//! A hundred thousand Runge-Kutta steps: how the end depends on the start and on a parameter, in four megabytes.
//!
//! `cargo run --release --example long_loop`

use std::time::Instant;
use tapegrad::{Atomic, Function, Real, Scan, Tape, Var, checkpointed};

const STEPS: usize = 100_000;
const START: [f64; 2] = [2.0, 0.0];
const MU: f64 = 1.5;

/// One step of the Van der Pol oscillator `x″ = μ (1 − x²) x′ − x`.
fn step<R: Real>(y: [R; 2], mu: R) -> [R; 2] {
    let h = 1e-4;
    let slope = |[x, v]: [R; 2]| [v, mu * (R::constant(1.0) - x * x) * v - x];
    let moved = |by: [R; 2], h: f64| [y[0] + by[0] * h, y[1] + by[1] * h];
    let a = slope(y);
    let b = slope(moved(a, h / 2.0));
    let c = slope(moved(b, h / 2.0));
    let d = slope(moved(c, h));
    [0, 1].map(|k| y[k] + (a[k] + (b[k] + c[k]) * 2.0 + d[k]) * (h / 6.0))
}

fn main() -> Result<(), tapegrad::Error> {
    // Recorded once, repeated as one instruction.
    let recording = Instant::now();
    let once = Function::record(|[x, v, mu]| step([x, v], mu), [START[0], START[1], MU])?;
    let operations = once.statistics().operations;
    let scan = Scan { steps: STEPS, carry: 2, shared: 1, ..Scan::default() };
    let oscillator = Atomic::scan(once, scan)?;
    let at = [START[0], START[1], MU];
    let end = Function::record(|x: &[Var]| oscillator.call(x).unwrap()[0], &at[..])?;
    let recording = recording.elapsed();

    let mut evaluator = end.evaluator();
    let (value, gradient) = evaluator.value_and_gradient(&at)?;
    let evaluating = Instant::now();
    assert_eq!(evaluator.value_and_gradient(&at)?, (value, gradient.clone()));
    let evaluating = evaluating.elapsed();
    println!("x after {STEPS} steps of {operations} operations: {value:.9}");
    println!("its derivatives by x, x' and mu at the start:   {gradient:.6?}");
    let graph = end.statistics().operations;
    println!("{graph} operation in the graph; recorded in {recording:.1?}, evaluated in {evaluating:.1?}");

    // The same by hand: states kept, and a tape for each step.
    let by_hand = Instant::now();
    let mut states = vec![START];
    for k in 0..STEPS {
        states.push(step(states[k], MU));
    }
    let (tape, mut adjoint, mut by_mu) = (Tape::for_gradients(), [1.0, 0.0], 0.0);
    for &state in states[..STEPS].iter().rev() {
        tape.clear();
        let (y, mu) = (tape.vars(state), tape.var(MU));
        let next = step(y, mu);
        let slopes = tape.backward(&[(next[0], adjoint[0]), (next[1], adjoint[1])]);
        (adjoint, by_mu) = (slopes.wrt(y), by_mu + slopes[mu]);
    }
    let by_hand = by_hand.elapsed();
    println!("by hand, with a tape for each step: {by_hand:.1?}");
    for (ours, theirs) in gradient.iter().zip([adjoint[0], adjoint[1], by_mu]) {
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{ours} and {theirs}");
    }

    // Without a recording, over a closure, in a fiftieth of the memory.
    let over_closures = Instant::now();
    let closure = |_: usize, y: &[Var], mu: &[Var]| step([y[0], y[1]], mu[0]).to_vec();
    let run = checkpointed(closure, &START, &[MU], STEPS, 80_000);
    let (by_start, by_mu) = run.vjp(&[1.0, 0.0]);
    println!("over a closure, in 80 kB: {:.1?}", over_closures.elapsed());
    assert_eq!((run.state()[0], [by_start, by_mu].concat()), (value, gradient));

    // And the Hessian, by a loop that carries derivatives.
    let hessian = end.hessian()?;
    println!("second derivatives: {:.5?}", hessian.evaluator().values(&at)?);
    Ok(())
}
