//! A long loop: `s ← 0.999 s + 0.1 sin(x_k s + 0.5)`, `y ← y + s`, with `x_k` in turn one of ten inputs.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, preaccumulate};

pub struct Recurrence {
    x: Vec<f64>,
    /// The state before each step, and the cosine that its derivative needs.
    steps: Vec<[f64; 2]>,
}

impl Recurrence {
    pub fn new(steps: usize) -> Recurrence {
        Recurrence { x: Seeded::new(1).uniforms(10, 0.5..1.5), steps: vec![[0.0; 2]; steps] }
    }

    pub fn steps(&self) -> usize {
        self.steps.len()
    }
}

plain_and_fused! {
    /// The straightforward form.
    pub fn plain<R: Real>(workload: &Recurrence, _: usize, x: &[R]) -> [R; 1] {
        let (mut s, mut y) = (R::constant(1.0), R::constant(0.0));
        for &x in x.iter().cycle().take(workload.steps.len()) {
            s = s * 0.999 + (x * s + 0.5).sin() * 0.1;
            y += s;
        }
        [y]
    }
}

impl Workload for Recurrence {
    const NAME: &'static str = "loop";

    fn point(&self, _: usize) -> &[f64] {
        &self.x
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        let (mut s, mut y) = (Var::from(1.0), Var::from(0.0));
        for &x in x.iter().cycle().take(self.steps.len()) {
            s = preaccumulate([s, x], |[s, x]| s * 0.999 + (x * s + 0.5).sin() * 0.1);
            y += s;
        }
        [y]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let (mut s, mut y) = (1.0, 0.0);
        for (step, x) in self.steps.iter_mut().zip(self.x.iter().cycle()) {
            let (sin, cos) = (x * s + 0.5).sin_cos();
            *step = [s, cos];
            s = 0.999 * s + 0.1 * sin;
            y += s;
        }
        gradient.fill(0.0);
        let mut by_s = 0.0;
        for turn in self.steps.chunks(self.x.len()).rev() {
            for ((&[s, cos], x), by_x) in turn.iter().zip(&self.x).zip(&mut *gradient).rev() {
                by_s += 1.0;
                let by_angle = 0.1 * cos * by_s;
                *by_x += by_angle * s;
                by_s = 0.999 * by_s + by_angle * x;
            }
        }
        [y]
    }
}
