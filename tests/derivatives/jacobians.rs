//! A Jacobian, whose rows or columns are computed side by side, has the derivatives of each output alone.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tapegrad::check::{Expression, ExpressionOptions, arbitrary_expression};
use tapegrad::{Var, gradient, jacobian};

const NASTY: [f64; 12] =
    [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e154];

/// As the derivative of each output alone: to the bit if rows are computed, else up to rounding.
fn expect_as_gradients(
    outputs: &dyn Fn(&[Var]) -> Vec<Var>,
    x: &[f64],
    to_the_bit: bool,
) -> Result<(), String> {
    let rows: Vec<Vec<f64>> = jacobian(|x: &[Var]| outputs(x), x);
    for (k, row) in rows.iter().enumerate() {
        let alone = gradient(|x: &[Var]| outputs(x)[k], x);
        let largest =
            alone.iter().filter(|slope| slope.is_finite()).fold(0.0_f64, |most, slope| most.max(slope.abs()));
        for (&found, &expected) in row.iter().zip(&alone) {
            let is_close = if to_the_bit {
                found == expected
            } else {
                (found - expected).abs() <= 1e-10 * expected.abs() + 1e-13 * largest
            };
            if !(is_close || found == expected || found.is_nan() && expected.is_nan()) {
                return Err(format!("output {k}: {row:?} instead of {alone:?}"));
            }
        }
    }
    Ok(())
}

fn several(terms: &[Expression], x: &[Var], copies: usize) -> Vec<Var> {
    let mut outputs: Vec<Var> = Vec::new();
    for copy in 0..copies {
        let value = |term: &Expression| term.evaluate(&x[..term.inputs()]) * (copy as f64 + 1.0);
        outputs.extend(terms.iter().map(value));
        outputs.extend([Var::from(7.0), x[copy % x.len()]]);
    }
    outputs
}

#[test]
fn random_programs_at_ordinary_and_nasty_points() {
    let options = ExpressionOptions { branches: false, ..ExpressionOptions::default() };
    let terms = prop::collection::vec(arbitrary_expression(options), 1..4);
    let number = prop_oneof![3 => -2.0..2.0, 1 => prop::sample::select(NASTY.to_vec())];
    let points = prop::collection::vec(number, 24);
    TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() })
        .run(&(terms, points, 1..4_usize), |(terms, numbers, copies)| {
            let inputs = terms.iter().map(Expression::inputs).max().unwrap_or(0).max(1);
            let outputs = copies * (terms.len() + 2);
            // As many inputs again, which nothing depends on, have rows computed.
            for width in [inputs, numbers.len().max(inputs)] {
                let x: Vec<f64> = (0..width).map(|k| numbers[k % numbers.len()]).collect();
                let is_by_rows = width.div_ceil(4) >= outputs.div_ceil(4);
                expect_as_gradients(&|x| several(&terms, x, copies), &x, is_by_rows)
                    .map_err(TestCaseError::fail)?;
            }
            Ok(())
        })
        .unwrap();
}

/// Zeros are numbers where there is a path, and nothing where there is none; in each row for itself.
#[test]
fn a_zero_of_one_output_beside_a_number_of_another() {
    let outputs = |x: &[Var]| {
        let (root, free) = (x[0].sqrt(), x[1] * 2.0);
        vec![
            root * root,       // 0 · ∞: NaN by x0
            free,              // no path to x0: 0
            root * free,       // ∞ by x0
            root.max(free),    // takes `free`: 0 by x0
            root * 0.0 + free, // 0 · ∞
            Var::from(1.0),
            x[0],
            root,
        ]
    };
    for padding in [0, 20] {
        let x: Vec<f64> = [0.0, 3.0].into_iter().chain(vec![1.0; padding]).collect();
        expect_as_gradients(&outputs, &x, padding > 0).unwrap();
        let rows: Vec<Vec<f64>> = jacobian(|x: &[Var]| outputs(x), &x[..]);
        let by_x0: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        assert!(by_x0[0].is_nan() && by_x0[4].is_nan());
        assert_eq!(by_x0[1..4], [0.0, f64::INFINITY, 0.0]);
        assert_eq!(by_x0[5..], [0.0, 1.0, f64::INFINITY]);
        assert_eq!(
            rows.iter().map(|row| row[1]).collect::<Vec<_>>(),
            [0.0, 2.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0]
        );
    }
}

#[test]
fn every_number_of_outputs_and_inputs() {
    for outputs in 0..10 {
        for inputs in 0..10 {
            let x: Vec<f64> = (0..inputs).map(|k| k as f64 + 0.5).collect();
            // Output j is the product of input i by (i + 2 j), summed over i.
            let f = |x: &[Var]| -> Vec<Var> {
                (0..outputs)
                    .map(|j| x.iter().enumerate().map(|(i, &x)| x * (i + 2 * j) as f64).sum())
                    .collect()
            };
            let rows: Vec<Vec<f64>> = jacobian(|x: &[Var]| f(x), &x[..]);
            assert_eq!(rows.len(), outputs);
            for (j, row) in rows.iter().enumerate() {
                assert_eq!(*row, (0..inputs).map(|i| (i + 2 * j) as f64).collect::<Vec<_>>());
            }
        }
    }
}
