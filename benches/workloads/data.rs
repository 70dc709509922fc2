//! Data from seeds: the same numbers on every machine.

use std::f64::consts::TAU;
use std::ops::Range;

/// The generator SplitMix64.
pub struct Seeded(u64);

impl Seeded {
    /// The stream of random numbers for this seed.
    pub fn new(seed: u64) -> Seeded {
        Seeded(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number drawn uniformly from `range`.
    pub fn uniform(&mut self, range: Range<f64>) -> f64 {
        let unit = (self.bits() >> 11) as f64 / (1u64 << 53) as f64;
        range.start + (range.end - range.start) * unit
    }

    /// A number of the standard normal distribution (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform(0.0..1.0)).ln()).sqrt();
        radius * (TAU * self.uniform(0.0..1.0)).cos()
    }

    /// `count` numbers drawn uniformly from `range`.
    pub fn uniforms(&mut self, count: usize, range: Range<f64>) -> Vec<f64> {
        (0..count).map(|_| self.uniform(range.clone())).collect()
    }

    /// `count` numbers of the standard normal distribution.
    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// `count` points on two interleaved half circles with some noise, and the class of each, ±1.
    pub fn moons(&mut self, count: usize) -> (Vec<[f64; 2]>, Vec<f64>) {
        (0..count)
            .map(|k| {
                let (sin, cos) = (TAU / 2.0 * self.uniform(0.0..1.0)).sin_cos();
                let is_upper = k % 2 == 0;
                let [x, y] = if is_upper { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
                let noisy = [x + 0.1 * self.normal(), y + 0.1 * self.normal()];
                (noisy, if is_upper { -1.0 } else { 1.0 })
            })
            .unzip()
    }
}
