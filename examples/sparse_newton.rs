//! Newton's method with 100,000 variables, by sparse Hessians: a chain, and an arrow in which one variable meets all others.
//!
//! ```text
//! cargo run --release --example sparse_newton
//! ```
//!
//! The Hessian is planned once. Each step evaluates its nonzeros, and solves for the step by a sparse factorisation L D Lᵀ.

use std::time::Instant;
use tapegrad::{Error, Function, Real, Var, sparse::Pattern};

const N: usize = 100_000;

/// Where each place is drawn to.
fn target(k: usize) -> f64 {
    (0.01 * k as f64).sin()
}

/// Places in a row, each drawn to its target and to its neighbours.
fn chain<R: Real>(x: &[R]) -> R {
    let bonds = x.windows(2).map(|w| (w[1] - w[0]).cosh());
    let pulls = x.iter().enumerate().map(|(k, &x)| (x - target(k)).powi(2) * 0.5);
    bonds.chain(pulls).sum()
}

/// Places that are drawn to their targets and to a common one, the last variable.
fn arrow<R: Real>(x: &[R]) -> R {
    let (&common, others) = x.split_last().expect("variables");
    let bonds = others.iter().map(|&x| (x - common).exp() - (x - common));
    let pulls = others.iter().enumerate().map(|(k, &x)| (x - target(k)).powi(2) * 0.5);
    bonds.chain(pulls).sum()
}

/// `A = L D Lᵀ`, row by row along the elimination tree; see Davis, "Algorithm 849: a concise sparse Cholesky factorization
/// package", ACM TOMS 31 (2005).
struct Factors {
    /// Where each column of `L` begins.
    starts: Vec<usize>,
    rows: Vec<usize>,
    entries: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Factors {
    /// Factorises a symmetric matrix, given the pattern and the values of its lower triangle.
    fn new(lower: &Pattern, values: &[f64]) -> Factors {
        let n = lower.rows();
        const NONE: usize = usize::MAX;
        let (mut parent, mut seen, mut counts) = (vec![NONE; n], vec![NONE; n], vec![0; n]);
        for row in 0..n {
            seen[row] = row;
            for &column in lower.row(row) {
                let mut k = column;
                while seen[k] != row {
                    if parent[k] == NONE {
                        parent[k] = row;
                    }
                    counts[k] += 1;
                    seen[k] = row;
                    k = parent[k];
                }
            }
        }
        let mut starts = vec![0; n + 1];
        (0..n).for_each(|k| starts[k + 1] = starts[k] + counts[k]);
        let (mut rows, mut entries) = (vec![0; starts[n]], vec![0.0; starts[n]]);
        let (mut ends, mut diagonal, mut dense) = (starts.clone(), vec![0.0; n], vec![0.0; n]);
        seen.fill(NONE);
        let (mut path, mut order) = (Vec::new(), Vec::new());
        for row in 0..n {
            seen[row] = row;
            order.clear();
            let offset = lower.offsets()[row];
            for (position, &column) in lower.row(row).iter().enumerate() {
                dense[column] += values[offset + position];
                let mut k = column;
                while seen[k] != row {
                    path.push(k);
                    seen[k] = row;
                    k = parent[k];
                }
                // Later paths come before earlier ones, of which they may be part.
                order.extend(path.drain(..).rev());
            }
            diagonal[row] = std::mem::take(&mut dense[row]);
            for &k in order.iter().rev() {
                let entry = std::mem::take(&mut dense[k]);
                for p in starts[k]..ends[k] {
                    dense[rows[p]] -= entries[p] * entry;
                }
                let scaled = entry / diagonal[k];
                diagonal[row] -= scaled * entry;
                (rows[ends[k]], entries[ends[k]]) = (row, scaled);
                ends[k] += 1;
            }
        }
        Factors { starts, rows, entries, diagonal }
    }

    /// Solves `A x = b` in place.
    fn solve(&self, b: &mut [f64]) {
        for k in 0..b.len() {
            for p in self.starts[k]..self.starts[k + 1] {
                b[self.rows[p]] -= self.entries[p] * b[k];
            }
        }
        b.iter_mut().zip(&self.diagonal).for_each(|(b, d)| *b /= d);
        for k in (0..b.len()).rev() {
            for p in self.starts[k]..self.starts[k + 1] {
                b[k] -= self.entries[p] * b[self.rows[p]];
            }
        }
    }
}

/// Minimises a function by Newton's method, and returns the number of steps and the minimum.
fn minimise(name: &str, f: &Function, most_colours: usize) -> Result<(usize, Vec<f64>), Error> {
    let start = Instant::now();
    let hessian = f.sparse_hessian()?;
    let planning = start.elapsed();
    let pattern = hessian.pattern();
    let colours = pattern.star_colouring().expect("few colours").colours;
    println!("{name}: Hessian {pattern} in the lower triangle, {colours} colours, planned in {planning:.2?}");
    println!("  {}", hessian.plan());
    assert!(colours <= most_colours);

    let first_order = f.vectorised();
    let (mut gradients, mut hessians) = (first_order.evaluator(), hessian.evaluator());
    let mut x = vec![0.0; f.variables()];
    let (mut gradient, mut values) = (x.clone(), vec![0.0; pattern.nonzeros()]);
    for step in 0..20 {
        let value = gradients.value_and_gradient_into(&x, &mut gradient)?;
        let slope = gradient.iter().fold(0f64, |most, g| most.max(g.abs()));
        println!("  step {step}: value {value:.6}, largest slope {slope:.1e}");
        if slope < 1e-10 {
            return Ok((step, x));
        }
        let start = Instant::now();
        hessians.values_into(&x, &mut values)?;
        let evaluated = start.elapsed();
        let factors = Factors::new(pattern, &values);
        factors.solve(&mut gradient);
        println!("    Hessian in {evaluated:.2?}, step in {:.2?}", start.elapsed());
        x.iter_mut().zip(&gradient).for_each(|(x, step)| *x -= step);
    }
    panic!("{name}: no minimum in 20 steps");
}

fn main() -> Result<(), Error> {
    let at = vec![0.0; N];
    let f = Function::record(|x: &[Var]| chain(x), &at[..])?;
    let (steps, x) = minimise("chain", &f, 3)?;
    assert!(steps <= 10);
    // At the minimum the forces on a place cancel; here they are written by hand.
    for k in 1..N - 1 {
        let force = (x[k] - x[k - 1]).sinh() - (x[k + 1] - x[k]).sinh() + (x[k] - target(k));
        assert!(force.abs() < 1e-9, "{k}: {force}");
    }

    let f = Function::record(|x: &[Var]| arrow(x), &at[..])?;
    let (steps, x) = minimise("arrow", &f, 2)?;
    assert!(steps <= 10);
    let common = x[N - 1];
    let pull: f64 = x[..N - 1].iter().map(|x| 1.0 - (x - common).exp()).sum();
    assert!(pull.abs() < 1e-7, "{pull}");
    Ok(())
}
