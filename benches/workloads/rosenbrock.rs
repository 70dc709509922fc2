//! Rosenbrock's valley: `Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)²`.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, preaccumulate};

/// `N`: the number of variables in the published measurements.
pub struct Rosenbrock<const N: usize = 1_000> {
    x: Vec<f64>,
}

impl<const N: usize> Rosenbrock<N> {
    pub fn new(n: usize) -> Self {
        Rosenbrock { x: Seeded::new(2).uniforms(n, -2.0..2.0) }
    }
}

plain_and_fused! {
    /// The term of two neighbours.
    #[inline(always)]
    fn term<R: Real>(x: R, next: R) -> R {
        (next - x * x).powi(2) * 100.0 + (x - 1.0).powi(2)
    }

    /// The straightforward form.
    pub fn plain<R: Real, const N: usize>(_: &Rosenbrock<N>, _: usize, x: &[R]) -> [R; 1] {
        [x.windows(2).map(|w| term(w[0], w[1])).sum()]
    }
}

impl<const N: usize> Workload for Rosenbrock<N> {
    const NAME: &'static str = match N {
        100_000.. => "rosenbrock_100k",
        10_000.. => "rosenbrock_10k",
        _ => "rosenbrock",
    };

    fn point(&self, _: usize) -> &[f64] {
        &self.x
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [x.windows(2).map(|w| preaccumulate([w[0], w[1]], |[x, next]| term(x, next))).sum()]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let (mut value, mut from_left) = (0.0, 0.0);
        for (x, by) in self.x.windows(2).zip(&mut *gradient) {
            let (valley, bowl) = (x[1] - x[0] * x[0], x[0] - 1.0);
            let by_valley = 200.0 * valley;
            value += 0.5 * by_valley * valley + bowl * bowl;
            *by = from_left - 2.0 * (by_valley * x[0] - bowl);
            from_left = by_valley;
        }
        gradient[self.x.len() - 1] = from_left;
        [value]
    }
}
