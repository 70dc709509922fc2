//! Promise: derivatives are right for any program: three ways agree, and the rules of calculus hold.

use crate::workloads::{Size, Visitor, Workload, visit_all};
use proptest::prelude::*;
use tapegrad::check::{Expression, ExpressionOptions, Verdict, arbitrary_expression, check_gradient};
use tapegrad::{
    Dual, Real, Tape, Var, check_all, gradient, hessian, primitives, primitives::Op, value_and_gradient,
};

const N: usize = 3;

fn programs() -> impl Strategy<Value = Expression> {
    arbitrary_expression(ExpressionOptions { inputs: N, branches: true, ..Default::default() })
}

fn smooth_programs() -> impl Strategy<Value = Expression> {
    let smooth = ExpressionOptions { inputs: N, piecewise: false, selects: false, ..Default::default() };
    arbitrary_expression(smooth)
}

fn points() -> [std::ops::Range<f64>; N] {
    [-2.0..2.0, -2.0..2.0, -2.0..2.0]
}

fn reverse(f: &Expression, x: [f64; N]) -> [f64; N] {
    gradient(|x| f.evaluate(&x), x)
}

/// Equal but for rounding, which is relative to the largest thing that was summed.
fn close(a: f64, b: f64, largest: f64) -> bool {
    a == b
        || (a - b).abs() <= 1e-10 * (a.abs() + b.abs()) + 1e-11 * (largest + 1.0)
        || a.is_nan() && b.is_nan()
}

fn largest(g: &[f64]) -> f64 {
    g.iter().fold(0.0, |most: f64, g| most.max(g.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..Default::default() })]

    #[test]
    fn programs_three_ways(f in programs(), x in points()) {
        let reverse = reverse(&f, x);
        let forward = f.evaluate(&Dual::variables(x));
        prop_assert_eq!(forward.primal().to_bits(), f.evaluate(&x).to_bits());
        for k in 0..N {
            prop_assert!(close(reverse[k], forward.tangent(k), largest(&reverse)), "{} {:?} {:?}", f, reverse, forward);
        }
        let report = check_gradient(|x| f.evaluate(&x), x);
        prop_assert!(report.entries.iter().all(|entry| entry.verdict != Verdict::Mismatch), "{f}\n{report}");
    }

    #[test]
    fn second_derivatives_two_ways(f in smooth_programs(), x in points()) {
        let over_reverse = hessian(|x| f.evaluate(&x), x);
        let nested = |x: [f64; N]| f.evaluate(&Dual::variables(Dual::<f64, N>::variables(x)));
        // Where large terms cancel, the next point shows how much of a derivative is rounding.
        let (nested, beside) = (nested(x), nested(x.map(|x| x * (1.0 + 4.0 * f64::EPSILON))));
        let noise = |i: usize, k: usize| (nested.tangent(i).tangent(k) - beside.tangent(i).tangent(k)).abs();
        let noise = (0..N).flat_map(|i| (0..N).map(move |k| (i, k))).map(|(i, k)| noise(i, k)).fold(0.0, f64::max);
        let size = largest(over_reverse.as_flattened()) + 1e11 * noise;
        for (i, row) in over_reverse.iter().enumerate() {
            for (k, &second) in row.iter().enumerate() {
                prop_assert!(close(second, nested.tangent(i).tangent(k), size), "{}", f);
                prop_assert!(close(second, over_reverse[k][i], size), "{}", f);
            }
        }
    }

    #[test]
    fn linearity(f in programs(), g in programs(), x in points(), a in -3.0..3.0, b in -3.0..3.0) {
        let combined = gradient(|x| f.evaluate(&x) * a + g.evaluate(&x) * b, x);
        let (by_f, by_g) = (reverse(&f, x), reverse(&g, x));
        let size = largest(&by_f).max(largest(&by_g));
        for k in 0..N {
            prop_assert!(close(combined[k], by_f[k] * a + by_g[k] * b, size));
        }
    }

    #[test]
    fn product_rule(f in programs(), g in programs(), x in points()) {
        let product = gradient(|x| f.evaluate(&x) * g.evaluate(&x), x);
        let (by_f, by_g) = (reverse(&f, x), reverse(&g, x));
        let (f, g) = (f.evaluate(&x), g.evaluate(&x));
        let size = (largest(&by_f) * g.abs()).max(largest(&by_g) * f.abs());
        for k in 0..N {
            prop_assert!(close(product[k], by_f[k] * g + by_g[k] * f, size));
        }
    }

    #[test]
    fn chain_rule(outer in programs(), inner in programs(), x in points()) {
        // outer(tanh(inner(x)), x₁, x₂)
        let chained = gradient(|x| outer.evaluate(&[inner.evaluate(&x).tanh(), x[1], x[2]]), x);
        let (y, by_inner) = value_and_gradient(|x| inner.evaluate(&x).tanh(), x);
        let by_outer = reverse(&outer, [y, x[1], x[2]]);
        let size = largest(&by_outer) * (1.0 + largest(&by_inner));
        for k in 0..N {
            let direct = if k == 0 { 0.0 } else { by_outer[k] };
            let through = by_outer[0] * by_inner[k];
            prop_assert!(through.is_nan() || close(chained[k], direct + through, size), "{} {}", outer, inner);
        }
    }

    #[test]
    fn permuting_variables_permutes_the_gradient(f in programs(), x in points()) {
        let permuted = gradient(|[c, a, b]| f.evaluate(&[a, b, c]), [x[2], x[0], x[1]]);
        let [a, b, c] = reverse(&f, x);
        prop_assert_eq!(permuted.map(f64::to_bits), [c, a, b].map(f64::to_bits));
    }

    #[test]
    fn scaling_variables_scales_the_gradient(f in programs(), x in points(), exponent in -20..20) {
        // By powers of two, so that not a bit changes.
        let scale = 2f64.powi(exponent);
        let scaled = gradient(|x| f.evaluate(&x.map(|x| x * scale)), x.map(|x| x / scale));
        for (scaled, plain) in scaled.iter().zip(reverse(&f, x)) {
            prop_assert!(*scaled == plain * scale || scaled.is_nan() && plain.is_nan());
        }
    }

    /// What a sweep costs is bounded by what the function costs: one node an operation, no more edges than
    /// operands, and one walk.
    #[test]
    fn nodes_are_bounded_by_operations(f in programs(), x in points()) {
        let tape = Tape::new();
        let vars = tape.vars(x);
        let y = f.evaluate(&vars);
        prop_assert!(tape.len() <= N + f.operations(), "{} nodes of {}", tape.len(), f);
        let second = {
            let tape = Tape::new();
            let duals = Dual::variables(tape.vars(x));
            let _ = f.evaluate(&duals);
            tape.len()
        };
        // Forward over reverse records the partials' own operations too, for three directions.
        prop_assert!(second <= N + 60 * f.operations(), "{} nodes of {}", second, f);
        let _ = y;
    }
}

/// Every row of the table, at points dense over its interval.
#[test]
fn every_row_over_its_interval() {
    for row in primitives::all().filter(|row| row.op != Op::StopGradient) {
        let mut passed = 0;
        for step in 0..40 {
            // Coordinates with periods that have nothing in common.
            let at = |k: usize| (0.5 + f64::from(step) * [0.618_034, 0.754_878, 0.819_173][k]).fract();
            let x: Vec<f64> =
                row.domain.iter().enumerate().map(|(k, on)| on.start + at(k) * (on.end - on.start)).collect();
            let report = check_gradient(|x| row.op.value(x).unwrap(), &x);
            assert!(!report.is_refuted(), "{} at {x:?}\n{report}", row.op);
            passed += usize::from(report.is_pass());
        }
        assert!(passed >= 37, "{}: only {passed} of 40 points are decided", row.op);
    }
}

/// `check_all!` over the workloads that speed is measured on, the outputs of a part weighted and summed: by at
/// most `most` of their variables, evenly spread.
struct CheckAll {
    most: usize,
    visited: usize,
}

impl Visitor for CheckAll {
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W) {
        fn weighted<W: Workload<M>, R: Real, const M: usize>(workload: &W, chosen: &[usize], x: &[R]) -> R {
            let mut all: Vec<R> = workload.point(0).iter().map(|&x| R::constant(x)).collect();
            for (&k, &x) in chosen.iter().zip(x) {
                all[k] = x;
            }
            workload.plain(0, &all).iter().enumerate().map(|(k, &y)| y * (1.0 + 0.3 * k as f64)).sum()
        }
        let point = workload.point(0);
        let chosen: Vec<usize> = (0..point.len()).step_by(point.len().div_ceil(self.most)).collect();
        let at: Vec<f64> = chosen.iter().map(|&k| point[k]).collect();
        let report = check_all!(|x| weighted(&workload, &chosen, x), &at);
        assert!(report.is_pass(), "{}\n{report}", W::NAME);
        self.visited += 1;
    }
}

#[test]
fn all_ways_agree_on_every_workload() {
    let mut visitor = CheckAll { most: 3, visited: 0 };
    visit_all(Size::Small, &mut visitor);
    assert_eq!(visitor.visited, 9);
}

#[test]
#[ignore = "a long run, in release"]
fn all_ways_agree_on_every_variable_of_every_workload() {
    let mut visitor = CheckAll { most: usize::MAX, visited: 0 };
    visit_all(Size::Small, &mut visitor);
    assert_eq!(visitor.visited, 9);
}

// A random program as Rust code, and the same program drawn again.
#[rustfmt::skip]
#[allow(clippy::all)] // a machine wrote it
mod printed {
    use tapegrad::{Real, lists::*, masks::*};
    include!("../data/expression.rs");
}
use printed::expression;

#[test]
fn programs_print_as_rust_code() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let options = ExpressionOptions { inputs: N, steps: 40, branches: true, ..Default::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner =
        TestRunner::new_with_rng(Config { failure_persistence: None, ..Default::default() }, rng);
    let programs = arbitrary_expression(options);
    // The one that has most of what can be printed.
    let features = |program: &Expression| {
        let text = program.to_string();
        let has = |part: &&str| text.contains(*part);
        [").powi(", "if ", "lt(", "dot(", "affine(", ".add(", ".neg(", "constant("]
            .into_iter()
            .filter(has)
            .count()
    };
    let draws = std::iter::repeat_with(|| programs.new_tree(&mut runner).unwrap().current());
    let program = draws.take(300).max_by_key(features).unwrap();
    let text = format!("{program}\n");
    assert_eq!(
        text,
        include_str!("../data/expression.rs"),
        "store the left side as tests/data/expression.rs"
    );
    for x in [[0.1, -0.7, 1.3], [-1.5, 0.25, 0.5]] {
        assert_eq!(expression(&x).to_bits(), program.evaluate(&x).to_bits());
        assert_eq!(gradient(|x| expression(&x), x), reverse(&program, x));
    }
}

/// Failing programs shrink to few steps.
#[test]
fn programs_shrink() {
    use proptest::test_runner::{Config, TestError, TestRunner};
    // It ends at the first product; of 256 programs, one run in 300 had none.
    let mut runner = TestRunner::new(Config { failure_persistence: None, cases: 4096, ..Default::default() });
    let outcome = runner.run(&programs(), |f| {
        prop_assert!(f.ops().all(|op| op.name() != "mul"), "has a product");
        Ok(())
    });
    let Err(TestError::Fail(_, smallest)) = outcome else { panic!("no product in 4096 programs") };
    assert!(smallest.ops().count() == 1, "{smallest}");
    let _: Var = smallest.evaluate(&[1.0, 2.0, 3.0].map(Var::from));
}
