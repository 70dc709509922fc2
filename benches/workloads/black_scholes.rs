//! European call options by the Black-Scholes formula: the value of a portfolio, and its sensitivities to spot,
//! strike, rate, volatility and time of each option.

use super::{Batch, Workload, data::Seeded};
use std::f64::consts::FRAC_1_SQRT_2;
use tapegrad::{
    Function, Real, Var,
    batch::{BatchWorkspace, Column, Samples},
    preaccumulate,
};

pub struct BlackScholes {
    /// Spot, strike, rate, volatility and time, option by option.
    options: Vec<f64>,
}

/// 1/√(2π)
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

impl BlackScholes {
    pub fn new(options: usize) -> BlackScholes {
        let mut seeded = Seeded::new(7);
        let ranges = [80.0..120.0, 80.0..120.0, 0.01..0.05, 0.1..0.5, 0.2..2.0];
        let option = (0..options).flat_map(|_| ranges.clone().map(|range| seeded.uniform(range)));
        BlackScholes { options: option.collect() }
    }
}

plain_and_fused! {
    /// The price of a call option.
    #[inline]
    fn call<R: Real>([spot, strike, rate, volatility, time]: [R; 5]) -> R {
        let spread = volatility * time.sqrt();
        let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
        let d2 = d1 - spread;
        spot * d1.normal_cdf() - strike * (-rate * time).exp() * d2.normal_cdf()
    }

    /// The straightforward form.
    pub fn plain<R: Real>(_: &BlackScholes, _: usize, x: &[R]) -> [R; 1] {
        [x.chunks_exact(5).map(|x| call([x[0], x[1], x[2], x[3], x[4]])).sum()]
    }
}

impl Workload for BlackScholes {
    const NAME: &'static str = "black_scholes";

    fn point(&self, _: usize) -> &[f64] {
        &self.options
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [x.chunks_exact(5).map(|x| preaccumulate([x[0], x[1], x[2], x[3], x[4]], call)).sum()]
    }

    fn batched(&self) -> Option<Box<Batch>> {
        let price = Function::record(call, [100.0, 100.0, 0.02, 0.3, 1.0]).expect("no branches").optimize();
        let batched = price.batched(0..0).expect("no input is shared");
        let (options, mut workspace) = (self.options.clone(), BatchWorkspace::new());
        Some(Box::new(move |gradients| {
            let columns: [Column<'_>; 5] = std::array::from_fn(|k| Column::strided(&options, k, 5));
            let samples = Samples::new(&columns).expect("columns of one length");
            batched
                .evaluator_in(&mut workspace)
                .jacobians_into(&[], &samples, gradients)
                .expect("no branches");
        }))
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let mut value = 0.0;
        for (x, by) in self.options.chunks_exact(5).zip(gradient.chunks_exact_mut(5)) {
            let [spot, strike, rate, volatility, time] = [x[0], x[1], x[2], x[3], x[4]];
            let root = time.sqrt();
            let spread = volatility * root;
            let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / spread;
            let d2 = d1 - spread;
            let [n1, n2] = [d1, d2].map(|d| 0.5 * libm::erfc(-d * FRAC_1_SQRT_2));
            let discount = (-rate * time).exp();
            value += spot * n1 - strike * discount * n2;
            // Known from textbooks: spot · φ(d1) = strike · discount · φ(d2), so the contributions of d1 and d2
            // cancel except for their difference, the spread.
            let by_spread = spot * (-0.5 * d1 * d1).exp() * FRAC_1_SQRT_2PI;
            by[0] = n1;
            by[1] = -discount * n2;
            by[2] = strike * discount * n2 * time;
            by[3] = by_spread * root;
            by[4] = by_spread * volatility / (2.0 * root) + strike * discount * n2 * rate;
        }
        [value]
    }
}
