//! European calls by the formula of Black and Scholes: the value of a portfolio, and its sensitivities by
//! spot, strike, rate, volatility and time of each option.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, preaccumulate};

pub struct BlackScholes {
    /// Spot, strike, rate, volatility and time, option by option.
    options: Vec<f64>,
}

impl BlackScholes {
    pub fn new(options: usize) -> BlackScholes {
        let mut seeded = Seeded::new(7);
        let ranges = [80.0..120.0, 80.0..120.0, 0.01..0.05, 0.1..0.5, 0.2..2.0];
        let option = (0..options).flat_map(|_| ranges.clone().map(|range| seeded.uniform(range)));
        BlackScholes { options: option.collect() }
    }
}

/// The normal distribution function, for now by Page's approximation.
///
/// TODO: the row `normal_cdf` of the table, when it is there; here and in [`normal_pdf`].
#[inline]
fn normal_cdf<R: Real>(x: R) -> R {
    ((x * x * 0.070_56 + 1.5976) * x).sigmoid()
}

/// The derivative of [`normal_cdf`].
#[inline]
fn normal_pdf(x: f64) -> f64 {
    let y = normal_cdf(x);
    y * (1.0 - y) * (3.0 * 0.070_56 * x * x + 1.5976)
}

/// The price of a call.
#[inline]
fn call<R: Real>([spot, strike, rate, volatility, time]: [R; 5]) -> R {
    let spread = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + volatility * volatility * 0.5) * time) / spread;
    let d2 = d1 - spread;
    spot * normal_cdf(d1) - strike * (-rate * time).exp() * normal_cdf(d2)
}

impl Workload for BlackScholes {
    const NAME: &'static str = "black_scholes";

    fn point(&self, _: usize) -> &[f64] {
        &self.options
    }

    fn plain<R: Real>(&self, _: usize, x: &[R]) -> [R; 1] {
        [x.chunks_exact(5).map(|x| call([x[0], x[1], x[2], x[3], x[4]])).sum()]
    }

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [x.chunks_exact(5).map(|x| preaccumulate([x[0], x[1], x[2], x[3], x[4]], call)).sum()]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let mut value = 0.0;
        for (x, by) in self.options.chunks_exact(5).zip(gradient.chunks_exact_mut(5)) {
            let [spot, strike, rate, volatility, time] = [x[0], x[1], x[2], x[3], x[4]];
            let root = time.sqrt();
            let spread = volatility * root;
            let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / spread;
            let d2 = d1 - spread;
            let (n1, n2, discount) = (normal_cdf(d1), normal_cdf(d2), (-rate * time).exp());
            value += spot * n1 - strike * discount * n2;
            let (by_d1, by_d2) = (spot * normal_pdf(d1), -strike * discount * normal_pdf(d2));
            // Through d2 = d1 − spread, and d1 with the spread in its denominator.
            let by_d = by_d1 + by_d2;
            let by_drift = by_d / spread;
            let by_spread = -by_d2 - by_drift * d1;
            let by_discount = -strike * n2;
            by[0] = n1 + by_drift / spot;
            by[1] = -discount * n2 - by_drift / strike;
            by[2] = by_drift * time - by_discount * discount * time;
            by[3] = by_drift * volatility * time + by_spread * root;
            by[4] = by_drift * (rate + 0.5 * volatility * volatility) - by_discount * discount * rate
                + by_spread * volatility / (2.0 * root);
        }
        [value]
    }
}
