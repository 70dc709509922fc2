//! The same function as it is written, and with `#[fused]`: nodes, time, gradients.
//!
//! `cargo run --release --example fused --features macros`

use std::time::{Duration, Instant};
use tapegrad::{Gradient, Real, Tape, Var, fused};

const STEPS: usize = 200;

/// The energy that is left of a wave that wears out: Burgers' equation, by central differences.
fn plain<R: Real>(start: &[R]) -> R {
    let mut cells = start.to_vec();
    let mut next = cells.clone();
    for _ in 0..STEPS {
        for k in 1..cells.len() - 1 {
            let (left, u, right) = (cells[k - 1], cells[k], cells[k + 1]);
            next[k] = u - u * (right - left) * 0.05 + (left - u * 2.0 + right) * 0.2;
        }
        std::mem::swap(&mut cells, &mut next);
    }
    cells.iter().map(|&u| u * u * 0.5).sum()
}

/// The same text, with the attribute.
#[fused]
fn by_statements<R: Real>(start: &[R]) -> R {
    let mut cells = start.to_vec();
    let mut next = cells.clone();
    for _ in 0..STEPS {
        for k in 1..cells.len() - 1 {
            let (left, u, right) = (cells[k - 1], cells[k], cells[k + 1]);
            next[k] = u - u * (right - left) * 0.05 + (left - u * 2.0 + right) * 0.2;
        }
        std::mem::swap(&mut cells, &mut next);
    }
    cells.iter().map(|&u| u * u * 0.5).sum()
}

/// Nodes, the shortest time of ten gradients, the value, and the gradient.
fn measure(f: fn(&[Var]) -> Var, start: &[f64]) -> (usize, Duration, f64, Vec<f64>) {
    let (tape, mut adjoints) = (Tape::new(), Gradient::new());
    let mut shortest = Duration::MAX;
    let mut gradient = Vec::new();
    let mut value = 0.0;
    for _ in 0..10 {
        tape.clear();
        let begin = Instant::now();
        let x = tape.vars(start);
        let y = f(&x);
        y.backward_into(&mut adjoints);
        shortest = shortest.min(begin.elapsed());
        (value, gradient) = (y.value(), adjoints.wrt(&x));
    }
    (tape.len(), shortest, value, gradient)
}

fn main() {
    let start: Vec<f64> = (0..200).map(|k| (f64::from(k) * 0.1).sin() + 1.0).collect();
    let (nodes, time, value, gradient) = measure(plain, &start);
    let (fewer, shorter, same, close) = measure(by_statements, &start);
    println!("as it is written: {nodes:>7} nodes, {time:>9.1?}");
    println!("with `#[fused]`:  {fewer:>7} nodes, {shorter:>9.1?}");

    assert_eq!(value, same, "values have the same bits");
    let difference = gradient.iter().zip(&close).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("the gradients differ by at most {difference:.0e}");
    assert!(difference < 1e-12);
}
