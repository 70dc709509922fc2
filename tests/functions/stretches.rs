//! Long sums in stretches: values, derivatives and errors are those of the function, wherever the borders are.

use crate::programs::Random;
use tapegrad::vectorised::{Precision, Vectorised};
use tapegrad::{Error, Function, Real, Var, lists};

/// A plan with stretches of this number of bytes.
fn plan(f: &Function, bytes: usize) -> Vectorised {
    f.vectorised_in_stretches(bytes)
}

fn near(a: f64, b: f64, largest: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * largest
}

/// The value, the gradient and a Hessian-vector product are those of the function, or its error.
fn check_plan(f: &Function, plan: &Vectorised, x: &[f64], what: &str) {
    let (mut ours, mut plain) = (plan.evaluator(), f.evaluator());
    let (value, expected) = (ours.value(x), plain.value(x));
    let (Ok(value), Ok(expected)) = (&value, &expected) else {
        let told = |result: &Result<f64, Error>| result.as_ref().map_err(ToString::to_string).copied();
        assert_eq!(told(&value), told(&expected), "{what}");
        return;
    };
    assert!(near(*value, *expected, expected.abs().max(1.0)), "{what}: {value} and {expected}");
    let mut slopes = vec![7.0; f.variables()];
    let again = ours.value_and_gradient_into(x, &mut slopes).unwrap();
    assert!(again.to_bits() == value.to_bits(), "{what}: {again} and {value}");
    check_numbers(&slopes, &plain.gradient(x).unwrap(), what);
    let v: Vec<f64> = (0..f.variables()).map(|k| (k as f64).sin()).collect();
    check_numbers(&ours.hvp(x, &v).unwrap(), &plain.hvp(x, &v).unwrap(), &format!("{what}, hvp"));
    let (jvp, expected) = (ours.jvp(x, &v).unwrap(), plain.jvp(x, &v).unwrap());
    check_numbers(&jvp.1, &expected.1, &format!("{what}, jvp"));
}

fn check_numbers(ours: &[f64], expected: &[f64], what: &str) {
    let largest = expected.iter().filter(|e| e.is_finite()).fold(1.0, |most: f64, e| most.max(e.abs()));
    for (k, (&a, &b)) in ours.iter().zip(expected).enumerate() {
        assert!(near(a, b, 10.0 * largest), "{what}: number {k} is {a}, not {b}");
    }
}

/// Checks a function that has to be evaluated in stretches, at a few sizes of these.
fn check(f: &Function, x: &[f64], what: &str) {
    for bytes in [4 << 10, 1500 * 8] {
        let plan = plan(f, bytes);
        assert!(bytes > 4 << 10 || plan.plan().stretches > 1, "{what}: {}", plan.plan());
        check_plan(f, &plan, x, &format!("{what}, {bytes} bytes"));
    }
}

fn points(n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    (0..n).map(|_| random.uniform(0.1, 2.0)).collect()
}

fn record(n: usize, f: impl FnOnce(&[Var]) -> Var) -> Function {
    Function::record::<&[f64], Var>(f, &points(n, 1)).unwrap()
}

fn valley<R: Real>(w: &[R]) -> R {
    (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)
}

/// Sizes around the borders of stretches, as a chain of additions and as one sum.
#[test]
fn chains_of_many_sizes() {
    for n in (130..190).step_by(if cfg!(debug_assertions) { 9 } else { 1 }).chain([256, 257, 2049]) {
        let f = record(n, |x| x.windows(2).map(valley).sum());
        let g = record(n, |x| lists::sum(&x.windows(2).map(valley).collect::<Vec<_>>()));
        let plan = plan(&f, 4 << 10);
        assert!(plan.plan().stretches > 1, "{n}: {}", plan.plan());
        for f in [f, g] {
            check_plan(&f, &f.vectorised_in_stretches(4 << 10), &points(n, 2), &format!("{n} variables"));
        }
    }
}

/// Stretches that are equal share one schedule, so that a plan is small.
#[test]
fn equal_stretches_share_their_plan() {
    let f = record(30_000, |x| x.windows(2).map(valley).sum());
    let plan = f.vectorised();
    assert!(plan.plan().stretches > 3, "{}", plan.plan());
    assert!(plan.plan().bytes < 1 << 20, "{}", plan.plan());
    assert!(plan.plan().to_string().contains(&format!("in {} stretches", plan.plan().stretches)));
    let whole = f.vectorised_in_stretches::<f64>(usize::MAX);
    assert_eq!(whole.plan().stretches, 0);
    let x = points(30_000, 3);
    check_numbers(&plan.evaluator().gradient(&x).unwrap(), &whole.evaluator().gradient(&x).unwrap(), "whole");
}

/// A likelihood: data are constants, and what all terms share is a head.
fn likelihood(tail: fn(Var, Var) -> Var) -> Function {
    let data = points(1200, 9);
    record(4, move |p| {
        let (scale, shift) = (p[0].exp(), p[1] * p[2]);
        let terms: Vec<Var> = data.chunks(2).map(|d| ((d[0] - shift) / scale * d[1]).sin().exp()).collect();
        tail(lists::sum(&terms), p[3] * scale)
    })
}

#[test]
fn heads_and_tails() {
    let tails: [fn(Var, Var) -> Var; 11] = [
        |sum, _| sum,
        |sum, _| sum * -0.5 + 3.0,
        |sum, shared| -sum * shared,
        |sum, shared| sum / shared - shared,
        |sum, _| sum.ln(),
        |sum, shared| (sum * sum + shared).sqrt(),
        |sum, shared| if sum > 0.0 { sum * shared } else { -sum },
        |sum, shared| sum.max(shared),
        |sum, _| sum * sum,
        |sum, shared| shared / sum + sum / 7.0,
        |sum, shared| sum.powi(2) * shared,
    ];
    for (k, tail) in tails.into_iter().enumerate() {
        check(&likelihood(tail), &[0.3, 0.7, -0.4, 1.1], &format!("tail {k}"));
    }
}

/// Sums of products; several sums; sums of other sums; a few terms beside a long sum.
#[test]
fn sums_of_several_kinds() {
    let n = 700;
    let squares = |x: &[Var]| x.iter().map(|&x| x.sin().powi(2)).collect::<Vec<Var>>();
    let sines = |x: &[Var]| x.iter().map(|&x| x.sin()).collect::<Vec<Var>>();
    let functions: [(&str, Function); 9] = [
        ("products", record(n, |x| lists::dot(&sines(&x[..350]), &squares(&x[350..])))),
        ("a chain of products", record(n, |x| x.windows(2).map(|w| w[0].sin() * w[1].exp()).sum())),
        (
            "a variance",
            record(n, |x| {
                let (sum, squares) = (lists::sum(&sines(x)), lists::sum(&squares(x)));
                squares / 700.0 - (sum / 700.0).powi(2)
            }),
        ),
        ("two lengths", record(n, |x| lists::sum(&squares(x)) + lists::sum(&sines(&x[..200])) * 2.0)),
        (
            "rows",
            record(n, |x| {
                let rows: Vec<Var> = x.chunks(7).map(|row| lists::sum(&sines(row)) * row[0]).collect();
                lists::sum(&rows)
            }),
        ),
        (
            "a sum as a term",
            record(n, |x| {
                let mut terms = vec![lists::sum(&squares(x))];
                terms.extend_from_slice(&sines(&x[..70]));
                lists::sum(&terms)
            }),
        ),
        ("a prior", record(n, |x| lists::sum(&squares(x)) + x[3] * x[690] + x[5].exp() - 1.0)),
        (
            "deviations",
            record(n, |x| {
                let mean = lists::sum(x) / 700.0;
                x.iter().map(|&x| ((x - mean).sin() * x).exp()).sum()
            }),
        ),
        (
            "columns",
            record(n, |x| (0..350).map(|k| (x[k] * x[k + 350]).sin() + (x[k] - x[k + 350]).exp()).sum()),
        ),
    ];
    for (name, f) in functions {
        check(&f, &points(n, 4), name);
    }
}

/// Terms that are inputs as they are, constants, results of the head, the same term many times, and terms used twice.
#[test]
fn unusual_terms() {
    let n = 500;
    let f = record(n, |x| {
        let shared = x[0].exp();
        let mut terms: Vec<Var> = Vec::new();
        for (k, w) in x.windows(3).enumerate() {
            let term = (w[0] * w[1]).sin().exp();
            terms.extend([term, w[2], shared, Var::from(k as f64), x[1]]);
            terms.extend((k % 3 == 0).then_some(term));
        }
        let first = terms[0];
        terms.extend(std::iter::repeat_n(first, 100));
        lists::sum(&terms)
    });
    check(&f, &points(n, 5), "terms");
    // What two neighbouring stretches need.
    let f = record(n, |x| {
        let slopes: Vec<Var> = x.windows(2).map(|w| (w[1] - w[0]).sin()).collect();
        lists::sum(&slopes.windows(2).map(|w| (w[1] * w[0]).exp()).collect::<Vec<Var>>())
    });
    check(&f, &points(n, 5), "neighbours");
    // Variables that nothing depends on, before, between and after.
    let f = record(n, |x| (20..480).filter(|k| k % 50 > 3).map(|k| x[k].sin().exp() * x[k]).sum());
    check(&f, &points(n, 5), "gaps");
}

#[test]
fn held_inputs() {
    let f = record(600, |x| (0..300).map(|k| ((x[k] * x[0]).sin() * x[k + 300] + x[599]).exp()).sum());
    for held in [0..300, 300..600, 0..1, 100..400, 0..600] {
        let f = f.clone().with_held(held.clone()).unwrap();
        check(&f, &points(600, 6), &format!("{held:?} held"));
    }
}

/// The first guard that differs is the error, in whichever part it is, and nothing is written.
#[test]
fn guards_in_all_parts() {
    let n = 600;
    let f = record(n, |x| {
        let shared = (x[0] * 2.0).exp();
        assert!(shared > 1.0);
        let terms: Vec<Var> = x
            .windows(2)
            .map(|w| {
                let d = (w[1] - w[0]) / shared;
                if d.abs() < 1.0 { d * d } else { d.abs() * 2.0 - 1.0 }
            })
            .collect();
        let sum = lists::sum(&terms);
        if sum < 1000.0 && x[1] < 5.0 && x[2] * x[3] < 9.0 { sum * 0.5 } else { sum.ln() }
    });
    let plan = plan(&f, 4 << 10);
    assert!(plan.plan().stretches > 1, "{}", plan.plan());
    let x = points(n, 7);
    check(&f, &x, "where all hold");
    // In the head, in stretches, in several parts, in the tail.
    let changes: [&[(usize, f64)]; 8] = [
        &[(0, -1.0)],
        &[(450, 1e3)],
        &[(1, 6.0)],
        &[(2, 1e2)],
        &[(450, 1e3), (0, -1.0)],
        &[(30, 1e3), (450, -1e3)],
        &[(599, 1e5), (1, 6.0)],
        &[(300, 40.0), (301, 80.0)],
    ];
    for change in changes {
        let mut x = x.clone();
        change.iter().for_each(|&(k, value)| x[k] = value);
        let expected = f.evaluator().value(&x).unwrap_err();
        let mut gradient = vec![7.0; n];
        let error = plan.evaluator().value_and_gradient_into(&x, &mut gradient).unwrap_err();
        assert!(matches!(error, Error::BranchChanged { .. }));
        assert_eq!(error.to_string(), expected.to_string(), "{change:?}");
        assert!(gradient.iter().all(|&slope| slope == 7.0));
        assert_eq!(plan.evaluator().value(&x).unwrap_err().to_string(), expected.to_string());
    }
}

/// Comparisons of what is used for nothing else, beside the terms; of numbers of different stretches, in the head.
#[test]
fn guards_of_other_numbers() {
    let n = 600;
    let near_terms = record(n, |x| {
        let limit = x[0] * 3.0 + 100.0;
        let term = |w: &[Var]| if w[0] * w[1] < limit { (w[1] * w[0]).sin().exp() } else { w[0] };
        x.windows(2).map(term).sum()
    });
    check(&near_terms, &points(n, 8), "beside the terms");
    let mut x = points(n, 8);
    (x[500], x[501]) = (20.0, 30.0);
    check(&near_terms, &x, "beside the terms, another branch");
    let across = record(n, |x| {
        let terms: Vec<Var> = x.iter().map(|x| x.sin().exp()).collect();
        assert!(terms[0] < terms[n - 1] + 100.0);
        lists::sum(&terms)
    });
    check(&across, &points(n, 8), "across");
    x[0] = 1e3;
    check(&across, &x, "across, another branch");
}

/// Infinities, NaN, kinks and structural zeros.
#[test]
fn edges() {
    let n = 500;
    let smooth = record(n, |x| x.windows(2).map(|w| (w[0] / w[1]).ln() * w[0]).sum());
    let kinked = record(n, |x| x.windows(2).map(|w| (w[0] - w[1]).abs().sqrt() + w[0].max(w[1])).sum());
    let zeros = record(n, |x| lists::sum(&x.iter().map(|&x| x.sqrt().max(1.0) + x).collect::<Vec<Var>>()));
    let large = record(n, |x| lists::sum(&x.iter().map(|&x| (x * x) * x.exp()).collect::<Vec<Var>>()));
    for (name, f) in [("smooth", smooth), ("kinked", kinked), ("zeros", zeros), ("large", large)] {
        for number in [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e200, 1e308, 1e-310]
        {
            for places in [&[17][..], &[250, 251], &[0, 499]] {
                let mut x = points(n, 10);
                places.iter().for_each(|&k| x[k] = number);
                let plan = plan(&f, 4 << 10);
                assert!(plan.plan().stretches > 1);
                let (ours, expected) = (plan.evaluator(), f.evaluator());
                let (mut ours, mut expected) = (ours, expected);
                let (value, slopes) = ours.value_and_gradient(&x).unwrap();
                let (by_function, gradient) = expected.value_and_gradient(&x).unwrap();
                assert!(near(value, by_function, by_function.abs()), "{name}: {value} and {by_function}");
                check_numbers(&slopes, &gradient, &format!("{name} at {number}"));
            }
        }
    }
}

/// A sum of random terms: programs of a few inputs, side by side or anywhere, and of what is shared.
#[test]
fn random_sums() {
    let count = if cfg!(debug_assertions) { 20 } else { 1_000 };
    let mut in_stretches = 0;
    for seed in 0..count {
        let mut random = Random(seed);
        let n = 80 + random.below(400);
        let kinds: Vec<[usize; 3]> =
            (0..1 + random.below(3)).map(|_| std::array::from_fn(|_| random.below(6))).collect();
        let reach = [1, 2, 5, n][random.below(4)];
        let others: Vec<usize> = (0..n).map(|k| (k + random.below(reach)) % n).collect();
        let (shared, tail, is_chain) = (random.below(n), random.below(4), random.below(2) == 0);
        let f = record(n, |x| {
            let common = (x[shared] * 0.5).exp();
            let step = |kind: usize, a: Var, b: Var| match kind {
                0 => (a * b).sin(),
                1 => a - b * 0.5,
                2 => (a - b).powi(2) * 1.5,
                3 => a.exp() / (b * b + 1.0),
                4 => a * common,
                _ => a,
            };
            let mut all = x.to_vec();
            let terms: Vec<Var> = (0..n)
                .map(|k| {
                    let kind = kinds[k % kinds.len()];
                    let (a, b) = (x[k], all[others[k]]);
                    let term = step(kind[2], step(kind[1], step(kind[0], a, b), b), a);
                    // Other terms need results of this one.
                    if k % 7 == 0 && reach < n {
                        all[k] = (term * 0.1).tanh();
                    }
                    term
                })
                .collect();
            let sum = if is_chain { terms.iter().copied().sum() } else { lists::sum(&terms) };
            match tail {
                0 => sum,
                1 => sum * 0.25 + common,
                2 => (sum * sum + 1.0).ln(),
                _ => sum / common + x[3],
            }
        });
        let plan = plan(&f, 3 << 10);
        in_stretches += usize::from(plan.plan().stretches > 1);
        check_plan(&f, &plan, &points(n, seed + 1), &format!("seed {seed}, {}", plan.plan()));
    }
    assert!(in_stretches > count as usize / 2, "{in_stretches} of {count}");
}

/// In single precision.
#[test]
fn single_precision() {
    let f = record(3000, |x| x.windows(2).map(|w| (w[1] - w[0].sin()).powi(2)).sum());
    let plan = f.vectorised_in_stretches::<f32>(8 << 10);
    assert!(plan.plan().stretches > 1, "{}", plan.plan());
    let x = points(3000, 11);
    let (value, slopes) = plan.evaluator().value_and_gradient(&x).unwrap();
    let (expected, gradient) = f.evaluator().value_and_gradient(&x).unwrap();
    assert!((value - expected).abs() < 1e-5 * expected);
    assert!(slopes.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-4));
}

/// After the first evaluation, further ones allocate nothing where one thread does all.
#[test]
fn evaluations_allocate_nothing() {
    fn of<T: Precision>() {
        let f = record(1000, |x| x.windows(2).map(valley).sum::<Var>().ln());
        let plan = f.vectorised_in_stretches::<T>(8 << 10);
        assert!(plan.plan().stretches > 1);
        let (x, mut gradient) = (points(1000, 12), vec![0.0; 1000]);
        let mut evaluator = plan.evaluator();
        evaluator.value_and_gradient_into(&x, &mut gradient).unwrap();
        let counted = allocation_counter::measure(|| {
            evaluator.value_and_gradient_into(&x, &mut gradient).unwrap();
        });
        assert_eq!(counted.count_total, 0);
    }
    of::<f64>();
    of::<f32>();
}

/// The bits depend neither on the number of threads nor on the run.
#[cfg(feature = "parallel")]
#[test]
fn bits_on_any_number_of_threads() {
    let data = points(80_000, 13);
    let chain = record(40_000, |x| x.windows(2).map(valley).sum());
    let shared = record(6, |p| {
        let scale = (p[0] * p[1]).exp();
        data.chunks(2).map(|d| ((d[0] - p[2]) * p[3] / scale + d[1] * p[4]).sin() * p[5]).sum::<Var>().sin()
    });
    for f in [chain, shared] {
        let plan = f.vectorised_in_stretches::<f64>(64 << 10);
        assert!(plan.plan().stretches > 8, "{}", plan.plan());
        let x = points(f.inputs(), 14);
        let bits = |(value, slopes): (f64, Vec<f64>)| {
            slopes.into_iter().chain([value]).map(f64::to_bits).collect::<Vec<u64>>()
        };
        let expected = bits(plan.evaluator().value_and_gradient(&x).unwrap());
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for _ in 0..5 {
                let ours = pool.install(|| plan.evaluator().value_and_gradient(&x).unwrap());
                assert!(bits(ours) == expected, "{threads} threads");
            }
        }
    }
}
