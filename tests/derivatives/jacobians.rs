//! A Jacobian, whose rows or columns are computed side by side, has the derivatives of each output alone.

use crate::common::panic_of;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tapegrad::check::{Expression, ExpressionOptions, arbitrary_expression};
use tapegrad::{Tape, Var, gradient, jacobian};

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

#[test]
fn of_a_tape_by_any_variables() {
    let tape = Tape::new();
    let [x, y] = tape.vars([2.0, 3.0]);
    let h = x * y;
    let outputs = [h * h, h + y, Var::from(5.0), x];
    let later = tape.var(1.0);
    // By intermediate results too; by a constant, and by what was recorded later, all are 0.
    let j = tape.jacobian(&outputs, &[x, y, h, later, Var::from(2.0)]);
    let expected =
        [[36.0, 24.0, 12.0, 0.0, 0.0], [3.0, 3.0, 1.0, 0.0, 0.0], [0.0; 5], [1.0, 0.0, 0.0, 0.0, 0.0]];
    assert_eq!(j, expected.as_flattened());
    // Forward: many outputs by one variable, which is an intermediate result.
    let many: Vec<Var> = (0..9).map(|k| h * f64::from(k) + y).collect();
    assert_eq!(tape.jacobian(&many, &[h]), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert!(tape.jacobian(&[], &[x]).is_empty() && tape.jacobian(&[x], &[]).is_empty());
    // What was there before does not stay.
    let mut rows = [f64::NAN; 2];
    tape.jacobian_into(&[Var::from(1.0)], &[x, y], &mut rows);
    assert_eq!(rows, [0.0, 0.0]);
    tape.jacobian_into(&[h], &[x, y], &mut rows);
    assert_eq!(rows, [3.0, 2.0]);
}

#[test]
fn strangers_and_wrong_room_are_refused() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.var(1.0), other.var(1.0));
    for (outputs, inputs) in [([x], [z]), ([z], [x])] {
        let message = panic_of(|| drop(tape.jacobian(&outputs, &inputs))).message;
        assert!(message.starts_with("an output or input (value 1) is not on this tape"), "{message}");
    }
    let message = panic_of(|| tape.jacobian_into(&[x], &[x], &mut [0.0; 2])).message;
    assert!(message.starts_with("1 derivatives and room for 2"), "{message}");
}
