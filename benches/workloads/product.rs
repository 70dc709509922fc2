//! Speelpenning's product: `Π x_i`.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, lists::product};

pub struct Product {
    x: Vec<f64>,
}

impl Product {
    pub fn new(n: usize) -> Product {
        Product { x: Seeded::new(3).uniforms(n, 0.9..1.1) }
    }
}

plain_and_fused! {
    /// The straightforward form.
    pub fn plain<R: Real>(_: &Product, _: usize, x: &[R]) -> [R; 1] {
        [x.iter().product()]
    }
}

impl Workload for Product {
    const NAME: &'static str = "product";

    fn point(&self, _: usize) -> &[f64] {
        &self.x
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [product(x)]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let mut before = 1.0;
        for (x, by) in self.x.iter().zip(&mut *gradient) {
            *by = before;
            before *= x;
        }
        let mut after = 1.0;
        for (x, by) in self.x.iter().zip(gradient).rev() {
            *by *= after;
            after *= x;
        }
        [before]
    }
}
