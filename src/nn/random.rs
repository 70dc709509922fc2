//! Random numbers that are the same in every version.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// A seeded generator of random numbers, for initial parameters, orders and generated data.
///
/// The bits are those of PCG-XSL-RR 128/64, which is specified to the bit. The distributions are defined here, and
/// not by a library that may change. So a seed gives the same numbers in every version and on every machine.
#[derive(Debug, Clone)]
pub struct Random {
    bits: Pcg64,
}

impl Random {
    /// The generator for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random::nth(seed, 0)
    }

    /// The `n`-th of the independent generators for a seed: so the order of epoch `n` can be computed without those
    /// of earlier epochs.
    #[must_use]
    pub fn nth(seed: u64, n: u64) -> Random {
        let state = u128::from(mix(seed)) << 64 | u128::from(mix(!n));
        let stream = u128::from(mix(seed ^ mix(n)));
        Random { bits: Pcg64::new(state, stream) }
    }

    /// Uniform in [0, 1), of the form k/2⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Standard normal, by Marsaglia's polar method. The logarithm comes from a library written in Rust, so that
    /// all machines give the same bits.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * pxfm::f_log(s) / s).sqrt();
            }
        }
    }

    /// Uniform in 0..n.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "there is no number below 0 to draw");
        ((u128::from(self.bits.next_u64()) * n as u128) >> 64) as usize
    }

    /// Shuffles; all orders are equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for k in (1..items.len()).rev() {
            items.swap(k, self.below(k + 1));
        }
    }
}

/// One step of SplitMix64: seeds that differ in one bit give states that differ in about half of the bits.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// From `tests/data/pcg.py`. If this fails, seeds of users have changed their meaning.
    #[test]
    fn seeds_keep_their_meaning() {
        let mut random = Random::new(7);
        let units: Vec<f64> = (0..3).map(|_| random.unit()).collect();
        let mut order: Vec<usize> = (0..8).collect();
        Random::nth(7, 3).shuffle(&mut order);
        let normals = (random.normal(), random.normal());
        assert_eq!(units, UNITS);
        assert_eq!(order, ORDER);
        assert_eq!(normals, NORMALS);
    }

    const UNITS: [f64; 3] = [0.8357761707610813, 0.24321313718388593, 0.47796009127809924];
    const ORDER: [usize; 8] = [4, 3, 6, 5, 2, 0, 7, 1];
    const NORMALS: (f64, f64) = (-0.6188233529783917, -2.3325597826472224);

    #[test]
    fn draws_look_as_they_should() {
        let mut random = Random::new(1);
        let n = 20_000;
        let normals: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(n);
        let variance = normals.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let mut counts = [0i32; 6];
        (0..n).for_each(|_| counts[random.below(6)] += 1);
        assert!(counts.iter().all(|&count| (count - n / 6).abs() < 300), "{counts:?}");
    }
}
