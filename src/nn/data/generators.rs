//! Generated data for experiments. The same seed gives the same samples.

use super::Data;
use crate::nn::random::Random;
use crate::nn::ranges::{not_negative, or_panic};
use std::f64::consts::{PI, TAU};

/// Two classes in the plane, with targets −1 and 1.
fn two_classes(points: Vec<[f64; 2]>, is_second: impl Fn(usize) -> bool) -> Data {
    let targets: Vec<[f64; 1]> = (0..points.len()).map(|k| [if is_second(k) { 1.0 } else { -1.0 }]).collect();
    data(&points, &targets)
}

fn data(inputs: &[impl AsRef<[f64]>], targets: &[impl AsRef<[f64]>]) -> Data {
    Data::new(inputs, targets)
        .expect("generated samples have one shape, and are finite unless the noise is huge")
}

fn noisy([x, y]: [f64; 2], noise: f64, random: &mut Random) -> [f64; 2] {
    [x + noise * random.normal(), y + noise * random.normal()]
}

/// The `k`-th of `n` evenly spaced numbers from 0 to 1, both included.
fn share(k: usize, n: usize) -> f64 {
    k as f64 / (n.max(2) - 1) as f64
}

/// Two interleaved half circles; the targets are −1 and 1. The first half of the samples are on the upper one, with
/// target −1.
///
/// # Panics
/// If the noise is negative or not finite.
#[must_use]
#[track_caller]
pub fn moons(samples: usize, noise: f64, seed: u64) -> Data {
    or_panic(not_negative("moons: noise", noise));
    let mut random = Random::new(seed);
    let outer = samples / 2;
    let point = |k: usize| {
        let point = if k < outer {
            let angle = PI * share(k, outer);
            [angle.cos(), angle.sin()]
        } else {
            let angle = PI * share(k - outer, samples - outer);
            [1.0 - angle.cos(), 0.5 - angle.sin()]
        };
        noisy(point, noise, &mut random)
    };
    two_classes((0..samples).map(point).collect(), |k| k >= outer)
}

/// A circle of radius 1, with target −1, around one of radius ½, with target 1.
///
/// # Panics
/// If the noise is negative or not finite.
#[must_use]
#[track_caller]
pub fn circles(samples: usize, noise: f64, seed: u64) -> Data {
    or_panic(not_negative("circles: noise", noise));
    let mut random = Random::new(seed);
    let outer = samples / 2;
    let point = |k: usize| {
        let (radius, turn) = if k < outer {
            (1.0, k as f64 / outer as f64)
        } else {
            (0.5, (k - outer) as f64 / (samples - outer) as f64)
        };
        noisy([radius * (TAU * turn).cos(), radius * (TAU * turn).sin()], noise, &mut random)
    };
    two_classes((0..samples).map(point).collect(), |k| k >= outer)
}

/// The arms of a spiral, one turn each; each arm is a class.
///
/// # Panics
/// If there are no arms, or the noise is negative or not finite.
#[must_use]
#[track_caller]
pub fn spirals(samples: usize, arms: usize, noise: f64, seed: u64) -> Data {
    or_panic(not_negative("spirals: noise", noise));
    assert!(arms > 0, "a spiral needs an arm");
    let mut random = Random::new(seed);
    let classes: Vec<usize> = (0..samples).map(|k| k % arms).collect();
    let point = |k: usize| {
        let along = share(k / arms, samples.div_ceil(arms));
        let angle = TAU * (along + (k % arms) as f64 / arms as f64);
        noisy([along * angle.cos(), along * angle.sin()], noise, &mut random)
    };
    of_classes(&(0..samples).map(point).collect::<Vec<_>>(), &classes, arms)
}

/// Normally distributed points with this standard deviation around centres drawn from [−5, 5)²; each centre is a
/// class.
///
/// # Panics
/// If there are no classes, or the deviation is negative or not finite.
#[must_use]
#[track_caller]
pub fn blobs(samples: usize, classes: usize, deviation: f64, seed: u64) -> Data {
    or_panic(not_negative("blobs: deviation", deviation));
    assert!(classes > 0, "blobs need a class");
    let mut random = Random::new(seed);
    let centres: Vec<[f64; 2]> =
        (0..classes).map(|_| [random.uniform(-5.0, 5.0), random.uniform(-5.0, 5.0)]).collect();
    let of: Vec<usize> = (0..samples).map(|k| k % classes).collect();
    let points: Vec<_> = of.iter().map(|&class| noisy(centres[class], deviation, &mut random)).collect();
    of_classes(&points, &of, classes)
}

fn of_classes(points: &[[f64; 2]], classes: &[usize], count: usize) -> Data {
    Data::classes(points, classes, count)
        .expect("generated samples have one shape, and are finite unless the noise is huge")
}

/// The four cases of exclusive or; the targets are 0 and 1.
#[must_use]
pub fn xor() -> Data {
    data(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &[[0.0], [1.0], [1.0], [0.0]])
}

/// `sin x + noise` at evenly spaced points from −π to π.
///
/// # Panics
/// If the noise is negative or not finite.
#[must_use]
#[track_caller]
pub fn sine(samples: usize, noise: f64, seed: u64) -> Data {
    or_panic(not_negative("sine: noise", noise));
    let mut random = Random::new(seed);
    let inputs: Vec<[f64; 1]> = (0..samples).map(|k| [PI * (2.0 * share(k, samples) - 1.0)]).collect();
    let targets: Vec<[f64; 1]> = inputs.iter().map(|[x]| [x.sin() + noise * random.normal()]).collect();
    data(&inputs, &targets)
}
