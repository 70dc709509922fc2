//! A closure with branches in vector registers: one plan for each combination of branches, and the numbers of `Adaptive`.

use crate::programs::{Program, Random};
use tapegrad::vectorised::{Exactness, VectorisedAdaptive};
use tapegrad::{Adaptive, Error, Var, lists};

const N: usize = 200;

/// Squares, lengths or sines of all numbers but the first, which decides.
fn f(x: &[Var]) -> Var {
    let all = x[1..].iter().map(|&y| match x[0] {
        x if x < -1.0 => y * y,
        x if x < 1.0 => (y * y + 1.0).sqrt() * x,
        _ => y.sin() * y,
    });
    lists::sum(&all.collect::<Vec<Var>>())
}

fn point(random: &mut Random, first: f64) -> Vec<f64> {
    std::iter::once(first).chain((1..N).map(|_| random.uniform(-2.0, 2.0))).collect()
}

#[test]
fn every_branch_has_a_plan() {
    let mut random = Random(41);
    let mut runs = VectorisedAdaptive::new(f, 3);
    let mut exact = VectorisedAdaptive::with(f, 3, Exactness::Exact);
    let mut plain = Adaptive::new(f, 3);
    for first in [-2.0, 0.5, 3.0, 0.25, -5.0, 1.5, 0.0] {
        let x = point(&mut random, first);
        let (value, gradient) = runs.value_and_gradient(&x).unwrap();
        let (expected, slopes) = plain.value_and_gradient(&x).unwrap();
        assert!((value - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{value} and {expected}");
        for (a, b) in gradient.iter().zip(&slopes) {
            assert!((a - b).abs() <= 1e-11 * b.abs().max(1.0), "{a} and {b}");
        }
        assert_eq!(runs.value(&x).unwrap(), value);
        assert_eq!(runs.values(&x).unwrap(), [value]);
        let mut into = vec![0.0; N];
        assert_eq!(runs.value_and_gradient_into(&x, &mut into).unwrap(), value);
        assert_eq!(into, gradient);
        assert_eq!(exact.value(&x).unwrap().to_bits(), expected.to_bits());
        let along = runs.evaluate(&x, |f| f.hvp(&x, &slopes)).unwrap();
        let products = plain.evaluate(&x, |f| f.hvp(&x, &slopes)).unwrap();
        assert!(along.iter().zip(&products).all(|(a, b)| (a - b).abs() < 1e-9), "a Hessian-vector product");
    }
    assert_eq!(runs.plans().len(), 3);
    assert!(runs.plans().iter().all(|plan| plan.plan().is_vectorised));
}

#[test]
fn the_plan_that_was_not_used_for_longest_makes_room() {
    let mut random = Random(42);
    let mut runs = VectorisedAdaptive::new(f, 2);
    let operations = |runs: &VectorisedAdaptive<_>| -> Vec<usize> {
        runs.plans().iter().map(|plan| plan.plan().operations).collect()
    };
    runs.value(&point(&mut random, -2.0)).unwrap();
    let squares = operations(&runs)[0];
    runs.value(&point(&mut random, 0.0)).unwrap();
    runs.value(&point(&mut random, -3.0)).unwrap();
    assert_eq!(operations(&runs)[0], squares, "used last");
    runs.value(&point(&mut random, 5.0)).unwrap();
    assert_eq!(operations(&runs)[1], squares);
    assert_eq!(runs.plans().len(), 2);
}

#[test]
fn errors_are_those_of_a_function() {
    let mut runs = VectorisedAdaptive::new(f, 2);
    assert!(runs.evaluate(&[0.0; N], |f| f.value(&[0.0; 3])).is_err());
    let mut both = VectorisedAdaptive::new(|x: &[Var]| [x[0], x[1]], 2);
    assert!(matches!(both.value(&[1.0, 2.0]), Err(Error::Length { .. })));
    assert_eq!(both.values(&[1.0, 2.0]).unwrap(), [1.0, 2.0]);
}

/// Small functions are evaluated one operation at a time.
#[test]
fn random_programs_with_branches() {
    let mut random = Random(43);
    for _ in 0..200 {
        let program = Program::random(&mut random, 4, 12, true);
        let mut runs = VectorisedAdaptive::with(|x: &[Var]| program.run(x), 8, Exactness::Exact);
        let mut plain = Adaptive::new(|x: &[Var]| program.run(x), 8);
        for _ in 0..8 {
            let x: Vec<f64> = (0..4).map(|_| random.uniform(-2.0, 2.0)).collect();
            assert_eq!(runs.value(&x).unwrap().to_bits(), plain.value(&x).unwrap().to_bits());
        }
        assert_eq!(runs.plans().len(), plain.recordings().len());
    }
}
