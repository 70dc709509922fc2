//! Burgers' equation `u_t + u u_x = ν u_xx` between fixed ends, explicit central differences; the output is
//! the energy `Σ u²/2` at the end, the inputs are the cells at the start.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, preaccumulate};

/// `Δt / 2Δx`.
const ADVECTION: f64 = 0.05;
/// `ν Δt / Δx²`.
const DIFFUSION: f64 = 0.2;

pub struct Burgers {
    start: Vec<f64>,
    steps: usize,
    /// The cells at every time, with the two fixed ends, which are zero.
    history: Vec<f64>,
    /// The adjoints of the cells at two times.
    adjoints: [Vec<f64>; 2],
}

impl Burgers {
    pub fn new(cells: usize, steps: usize) -> Burgers {
        let width = cells + 2;
        Burgers {
            start: Seeded::new(4).uniforms(cells, 0.0..1.0),
            steps,
            history: vec![0.0; width * (steps + 1)],
            adjoints: [vec![0.0; width], vec![0.0; width]],
        }
    }
}

plain_and_fused! {
    /// A cell after one step, from itself and its neighbours.
    #[inline]
    fn step<R: Real>([left, u, right]: [R; 3]) -> R {
        u - u * (right - left) * ADVECTION + (left - u * 2.0 + right) * DIFFUSION
    }

    /// The energy at the end; `step` computes one time step.
    fn energy<R: Real>(start: &[R], steps: usize, step: impl Fn([R; 3]) -> R) -> R {
        let ends = R::constant(0.0);
        let mut cells: Vec<R> = [&[ends], start, &[ends]].concat();
        let mut next = cells.clone();
        for _ in 0..steps {
            for (next, w) in next[1..].iter_mut().zip(cells.windows(3)) {
                *next = step([w[0], w[1], w[2]]);
            }
            std::mem::swap(&mut cells, &mut next);
        }
        cells.iter().map(|&u| u * u * 0.5).sum()
    }

    /// The straightforward form.
    pub fn plain<R: Real>(workload: &Burgers, _: usize, x: &[R]) -> [R; 1] {
        [energy(x, workload.steps, step)]
    }
}

impl Workload for Burgers {
    const NAME: &'static str = "burgers";

    fn point(&self, _: usize) -> &[f64] {
        &self.start
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [energy(x, self.steps, |cells| preaccumulate(cells, step))]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let n = self.start.len();
        let width = n + 2;
        self.history[1..=n].copy_from_slice(&self.start);
        for time in 0..self.steps {
            let (now, next) = self.history[time * width..][..2 * width].split_at_mut(width);
            for (next, w) in next[1..].iter_mut().zip(now.windows(3)) {
                *next = step([w[0], w[1], w[2]]);
            }
        }
        let [by_next, by_now] = &mut self.adjoints;
        let end = &self.history[self.steps * width..];
        by_next.copy_from_slice(end);
        let value = end.iter().map(|u| 0.5 * u * u).sum();
        for now in self.history[..self.steps * width].chunks_exact(width).rev() {
            // The contributions of a cell to itself and its neighbours, gathered at the receiving cell.
            for ((by_now, by), u) in by_now[1..].iter_mut().zip(by_next.windows(3)).zip(now.windows(3)) {
                *by_now = by[0] * (DIFFUSION - ADVECTION * u[0])
                    + by[1] * (1.0 - 2.0 * DIFFUSION - ADVECTION * (u[2] - u[0]))
                    + by[2] * (DIFFUSION + ADVECTION * u[2]);
            }
            std::mem::swap(by_next, by_now);
        }
        gradient.copy_from_slice(&by_next[1..=n]);
        [value]
    }
}
