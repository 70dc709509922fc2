//! Long sums and products in runs are computed by their parts: within rounding, and where the order of evaluation would decide
//! about an overflow or an underflow, the function decides.

use crate::programs::Random;
use tapegrad::vectorised::Exactness;
use tapegrad::{Function, Real, Var, lists};

/// A term of two numbers: kinds that are taken apart, and kinds that are not.
fn term<R: Real>(kind: usize, weight: f64, a: R, b: R) -> R {
    match kind {
        0 => a.powi(2),
        1 => a * a * weight,
        2 => a.powi(2) * weight + b.powi(2),
        3 => a * b,
        4 => a - b,
        5 => (a - b).powi(2) * weight + (a * b).sin(),
        6 => a.powi(2) * -weight,
        7 => (a.powi(2) + b.powi(2)) * weight,
        _ => a,
    }
}

/// A sum of many terms of a few kinds, with the same or with other weights.
struct Sum(Vec<(usize, f64, usize, usize)>);

impl Sum {
    fn random(random: &mut Random, inputs: usize) -> Sum {
        let kinds: Vec<(usize, f64)> =
            (0..1 + random.below(3)).map(|_| (random.below(9), random.uniform(0.1, 3.0))).collect();
        let has_one_weight = random.below(2) == 0;
        let neighbour = random.below(3);
        let terms = (0..64 + random.below(200)).map(|number| {
            let (kind, weight) = kinds[number % kinds.len()];
            let weight = if has_one_weight { weight } else { random.uniform(0.1, 3.0) };
            let a = if neighbour == 2 { random.below(inputs) } else { number % inputs };
            (kind, weight, a, (number + neighbour) % inputs)
        });
        Sum(terms.collect())
    }

    /// The sum, as a chain of additions or as one operation.
    fn run<R: Real>(&self, x: &[R], is_chain: bool) -> R {
        let terms: Vec<R> =
            self.0.iter().map(|&(kind, weight, a, b)| term(kind, weight, x[a], x[b])).collect();
        if is_chain { terms.into_iter().reduce(|sum, term| sum + term).unwrap() } else { lists::sum(&terms) }
    }

    /// The sum of the sizes of all parts: what rounding is measured by.
    fn size(&self, x: &[f64]) -> f64 {
        let part = |&(kind, weight, a, b): &(usize, f64, usize, usize)| match kind {
            4 => x[a].abs() + x[b].abs(),
            _ => term(kind, weight, x[a], x[b]).abs().max(x[a].abs()),
        };
        self.0.iter().map(part).sum()
    }
}

fn near(a: f64, b: f64, size: f64, what: &str) {
    assert!((a - b).abs() <= 1e-12 * size.max(1.0), "{what}: {a} and {b}, of {size}");
}

#[test]
fn random_sums() {
    let mut vectorised = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let inputs = 1 + random.below(150);
        let sum = Sum::random(&mut random, inputs);
        let is_chain = random.below(2) == 0;
        let x: Vec<f64> = (0..inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let f = Function::record(|x: &[Var]| sum.run(x, is_chain), &x[..]).unwrap();
        let (value, gradient) = f.evaluator().value_and_gradient(&x).unwrap();
        let plan = f.vectorised();
        vectorised += usize::from(plan.plan().is_vectorised);
        let (ours, slopes) = plan.evaluator().value_and_gradient(&x).unwrap();
        near(ours, value, sum.size(&x), &format!("seed {seed}"));
        for (ours, slope) in slopes.into_iter().zip(gradient) {
            near(ours, slope, 1e3, &format!("seed {seed}, a slope"));
        }
        let exact = f.vectorised_with(Exactness::Exact).evaluator().value(&x).unwrap();
        assert_eq!(exact.to_bits(), value.to_bits(), "seed {seed}");
    }
    assert!(vectorised > 200, "{vectorised}");
}

/// Sums and products whose parts overflow, vanish or lose digits where the function does not, or the other way round.
#[test]
fn where_the_order_decides() {
    let records = [
        |x: &[Var]| lists::product(x),
        |x: &[Var]| lists::sum(&x.iter().map(|x| x.powi(2) * 1e-10).collect::<Vec<Var>>()),
        |x: &[Var]| lists::sum(x),
        // Finite where the sums are not; their memory is used again.
        |x: &[Var]| {
            let [a, b] = [&x[..64], &x[64..]].map(|x| lists::sum(x).tanh() / 3.0 * 5.0 / 7.0 * 11.0);
            a - b * 2.0
        },
    ];
    // Half of the factors large: as they come, next to each other, and half after half.
    let points: [&dyn Fn(usize) -> f64; 9] = [
        &|k| if k % 2 == 0 { 1e200 } else { 1e-200 },
        &|k| if k < 64 { 1e30 } else { 1e-30 },
        &|k| if k < 64 { 1e-3 } else { 1e3 },
        &|k| {
            if k % 64 < 2 {
                1e-160
            } else if k % 64 < 4 {
                1e160
            } else {
                1.0
            }
        },
        &|k| if k == 77 { 0.0 } else { 2.0 },
        &|k| if k % 2 == 0 { 1e154 } else { -1e154 },
        // The product of numbers that are 64 apart vanishes, or loses digits.
        &|k| match k {
            0 | 64 => 1e-200,
            1 | 2 => 1e200,
            _ => 1.0,
        },
        &|k| match k {
            5 | 69 => 3.1e-160,
            1 | 2 => 1e160,
            _ => 1.0,
        },
        // The sum of numbers that are 16 apart overflows.
        &|k| match k % 64 {
            0 | 16 => 1e308,
            1 | 18 => -1e308,
            _ => 0.01,
        },
    ];
    for (number, record) in records.into_iter().enumerate() {
        let f = Function::record(record, &[1.0; 128][..]).unwrap();
        let plan = f.vectorised();
        for (point, x) in points.iter().enumerate() {
            let x: Vec<f64> = (0..128).map(x).collect();
            let (value, gradient) = f.evaluator().value_and_gradient(&x).unwrap();
            let (ours, slopes) = plan.evaluator().value_and_gradient(&x).unwrap();
            let what = format!("function {number} at point {point}");
            if (number, point) == (0, 1) {
                // The function overflows from left to right; the product is 1.
                assert_eq!((value, ours.round(), (slopes[0] * 1e30).round()), (f64::INFINITY, 1.0, 1.0));
                continue;
            }
            let is_near = |a: f64, b: f64| b.is_finite() && (a - b).abs() <= 1e-12 * b.abs();
            let is_same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || is_near(a, b);
            assert!(is_same(ours, value), "{what}: {ours} and {value}");
            assert!(is_same(plan.evaluator().value(&x).unwrap(), value), "{what}");
            for (k, (&ours, &slope)) in slopes.iter().zip(&gradient).enumerate() {
                assert!(is_same(ours, slope), "{what}: slope {k} is {ours} and {slope}");
            }
        }
    }
}

/// Several long products, of which a part of any one vanishes or loses digits in the tree, and never from left to right: in the
/// first product or a later one, in any pair, at any level, alone in its run or among others.
#[test]
fn parts_of_any_of_several_products() {
    const COUNT: usize = 64;
    let f = Function::record(
        |x: &[Var]| {
            let products: Vec<Var> = x.chunks(COUNT).map(lists::product).collect();
            // In place of which each product is used: alone, and as a factor.
            [products[0], products[1] * 3.0, products[2], products[3] + products[4]]
        },
        &[1.0; 5 * COUNT][..],
    )
    .unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let (mut ours, mut evaluator) = (plan.evaluator(), f.evaluator());
    // Pairs of level 0 are 32 apart, those of level 1 are made of four numbers 16 apart, and so on.
    for level in 0..5 {
        let (stride, numbers) = (COUNT >> (level + 1), 2 << level);
        for (product, pair) in (0..5).flat_map(|product| (0..stride).map(move |pair| (product, pair))) {
            // The pair is 1e-320 or 1e-400, by factors of which none is small; the others make up for it.
            for digits in [-320.0, -400.0] {
                let small = 10f64.powf(digits / numbers as f64);
                let mut x = vec![1.0; 5 * COUNT];
                let own = &mut x[product * COUNT..][..COUNT];
                (0..numbers).for_each(|k| own[pair + k * stride] = small);
                let others: Vec<usize> = (0..COUNT).filter(|k| k % stride != pair).collect();
                others.iter().for_each(|&k| own[k] = 10f64.powf(-digits / others.len() as f64));
                let expected: f64 = own.iter().product();
                assert!((expected - 1.0).abs() < 1e-10, "{expected}");
                let what = format!("level {level}, product {product}, pair {pair}, {digits}");
                let values = ours.values(&x).unwrap();
                let theirs = evaluator.values(&x).unwrap();
                for (ours, theirs) in values.iter().zip(&theirs) {
                    assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{what}: {ours} and {theirs}");
                }
            }
        }
    }
}

/// All parts of a product are in the middle of the range, and yet adjoints of some vanish in the tree: the derivatives by their
/// factors are neither 0 nor rounded otherwise than those of the function.
#[test]
fn adjoints_of_parts_of_products() {
    // By number modulo 4; the products of their 16 or 32 factors are 1e288, 1e-192 and 1e-192, and the whole is 1e-96.
    let factors = [1e18, 1e-6, 1e-12, 1e-6];
    let x: Vec<f64> = (0..128).map(|k| factors[k % 4]).collect();
    let record = |x: &[Var]| [lists::product(&x[..64]), lists::product(&x[64..]) * x[64].sin()];
    let f = Function::record(record, &[1.0; 128][..]).unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let jacobian = plan.evaluator().jacobian(&x).unwrap();
    for (k, &slope) in jacobian[..64].iter().enumerate() {
        let expected = 1e-96 / x[k];
        assert!((slope - expected).abs() <= 1e-10 * expected, "slope {k} is {slope} and not {expected}");
    }
    for (ours, theirs) in jacobian.iter().zip(f.evaluator().jacobian(&x).unwrap()) {
        assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{ours} and {theirs}");
    }
    // A weight that is small enough by itself, and one of 0, which asks for nothing.
    let y: Vec<f64> = (0..128).map(|k| [1e3, 1e-3][k % 2]).collect();
    for weights in [[1e-250, 0.0], [0.0, 1e-250], [0.0, 0.0], [1.0, 1.0]] {
        let (_, ours) = plan.evaluator().vjp(&y, &weights).unwrap();
        let (_, theirs) = f.evaluator().vjp(&y, &weights).unwrap();
        for (k, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{weights:?}, {k}: {ours} and {theirs}");
        }
    }
}

/// Terms whose parts may cancel stay whole: where all of them are 0, so is their sum.
#[test]
fn terms_whose_parts_cancel() {
    cancel(|a, b| a.powi(2) + b.powi(2) * -4.0, |a| a * 0.5);
    cancel(|a, b| a.powi(2) + b, |a| -a * a);
}

/// A sum of terms that are 0 where the second number is this function of the first one.
fn cancel(term: fn(Var, Var) -> Var, second: fn(f64) -> f64) {
    let count = 100;
    // The second halves lie in another order, so that their sum would be rounded otherwise than that of the first ones.
    let other = |k: usize| count + k * 37 % count;
    let terms = |x: &[Var]| (0..count).map(|k| term(x[k], x[other(k)])).collect::<Vec<Var>>();
    let f = Function::record(|x: &[Var]| lists::sum(&terms(x)), &vec![1.0; 2 * count][..]).unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let mut random = Random(5);
    for _ in 0..20 {
        let mut x = vec![0.0; 2 * count];
        for k in 0..count {
            x[k] = random.uniform(-2.0, 2.0);
            x[other(k)] = second(x[k]);
        }
        assert_eq!((plan.evaluator().value(&x).unwrap(), f.evaluator().value(&x).unwrap()), (0.0, 0.0));
    }
}
