//! Operations on matrices as single nodes: the gradient of the likelihood of a Gaussian process, over its value.
//!
//! ```text
//! cargo bench --features nalgebra --bench matrices -- [--quick]
//! ```
//!
//! The value is computed over `f64` with nalgebra's own Cholesky factorisation; the gradient by nodes on a tape, by a
//! recorded function with the same operations, and by recording nalgebra's scalar operations. Three parameters, a squared
//! exponential kernel; all in turns, and ratios are medians over the rounds.

#[path = "workloads/mod.rs"]
mod workloads;

use nalgebra::{DMatrix, DVector, RealField};
use std::hint::black_box;
use tapegrad::{Function, Number, Real, Tape, matrix};
use workloads::timing::{Run, in_turns};

const AT: [f64; 3] = [1.3, 0.6, 0.05];

/// The covariances of the points 0, 0.05, 0.1, …: their lower triangle.
fn kernel<R: RealField + Real>([scale, length, noise]: [R; 3], n: usize) -> DMatrix<R> {
    let mut kernel = DMatrix::from_element(n, n, R::from(0.0));
    let rate = R::from(-0.5) / (length * length);
    for column in 0..n {
        for row in column..n {
            let distance = (row - column) as f64 * 0.05;
            kernel[(row, column)] = Number::exp(rate * (distance * distance)) * scale;
        }
        kernel[(column, column)] += noise;
    }
    kernel
}

fn observations<R: RealField + Real>(n: usize) -> DVector<R> {
    DVector::from_fn(n, |k, _| R::from((k as f64 * 0.085).sin() + 0.1 * (k as f64 * 1.15).cos()))
}

fn by_nodes<R: RealField + Real>(parameters: [R; 3], n: usize) -> R {
    let factor = matrix::Cholesky::new(&kernel(parameters, n)).expect("positive definite");
    (factor.ln_det() + factor.inverse_quadratic_form(&observations(n))) * -0.5
}

fn by_scalars<R: RealField + Real>(parameters: [R; 3], n: usize) -> R {
    let factor = kernel(parameters, n).cholesky().expect("positive definite");
    let l = factor.l_dirty();
    let half = l.solve_lower_triangular(&observations(n)).expect("regular");
    let ln_det = (0..n).fold(R::from(0.0), |sum, k| sum + Number::ln(l[(k, k)]));
    -ln_det - half.norm_squared() * 0.5
}

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    println!(
        "{:>5} {:>10} {:>18} {:>18} {:>18}",
        "n", "value", "gradient, nodes", "recorded, nodes", "gradient, scalars"
    );
    for n in [15, 30, 60, 120, 240] {
        let function = Function::record(|x| by_nodes(x, n), AT).expect("no number is read").optimize();
        let mut evaluator = function.evaluator();
        let mut out = [0.0; 3];
        let mut runs: [&mut Run<'_, ()>; 4] = [
            &mut |()| {
                black_box(by_scalars(black_box(AT), n));
            },
            &mut |()| {
                let tape = Tape::new();
                let x = tape.vars(black_box(AT));
                black_box(by_nodes(x, n).backward().wrt(x));
            },
            &mut |()| {
                black_box(evaluator.value_and_gradient_into(&black_box(AT), &mut out))
                    .expect("positive definite");
            },
            &mut |()| {
                let tape = Tape::new();
                let x = tape.vars(black_box(AT));
                black_box(by_scalars(x, n).backward().wrt(x));
            },
        ];
        let times = in_turns(&mut (), &mut runs, is_quick);
        let over = |k: usize| {
            let [least, median, most] = times[k].over(&times[0]);
            format!("{median:.1}  {least:.1}..{most:.1}")
        };
        println!(
            "{n:>5} {:>7.0} µs {:>18} {:>18} {:>18}",
            times[0].median() / 1e3,
            over(1),
            over(2),
            over(3)
        );
    }
}
