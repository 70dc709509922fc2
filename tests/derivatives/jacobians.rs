//! A Jacobian, whose rows or columns are computed side by side, has the derivatives of each output alone.

use crate::common::panic_of;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tapegrad::check::{Expression, ExpressionOptions, arbitrary_expression};
use tapegrad::{Function, Tape, Var, gradient, jacobian, preaccumulate};

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
            let is_close = if to_the_bit || !expected.is_finite() {
                found == expected
            } else {
                (found - expected).abs() <= 1e-8 * expected.abs() + 1e-13 * largest + f64::MIN_POSITIVE
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
    // The same programs each time: where terms cancel or powers overflow, the order of products has an effect of any size.
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config { cases: 400, failure_persistence: None, ..Config::default() }, random)
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

/// Operations that are one node each: blocks, operations of one's own, lists, choices, constants on the way.
#[test]
fn operations_of_every_kind() {
    let outputs = |x: &[Var]| {
        let block = preaccumulate([x[0], x[1]], |[a, b]| (a * b).sin() + a);
        let sum: Var = x.iter().map(|&x| x * x).sum();
        let tie = x[0].max(x[0]) + x[1].max(Var::from(x[1].value()));
        let kept = block.detach() * x[1];
        vec![block, x[0], sum, x[0], tie, kept, block, sum * block, Var::from(2.0), x[1], x[0].abs() * 0.0]
    };
    for padding in [0, 1, 2, 3, 30] {
        let x: Vec<f64> = [0.5, -1.5].into_iter().chain(vec![0.25; padding]).collect();
        expect_as_gradients(&outputs, &x, padding == 30).unwrap();
    }
}

/// A Jacobian within the code of another one has its own tape; its numbers are constants to the outer one.
#[test]
fn jacobians_within_jacobians() {
    let rows = jacobian(
        |[x, y]| {
            let inner = jacobian(|[a]| [a * a, a * a * a], [x.value()]);
            [x * inner[0][0], y * inner[1][0], x * y]
        },
        [2.0, 5.0],
    );
    assert_eq!(rows, [[4.0, 0.0], [0.0, 12.0], [5.0, 2.0]]);
    // What belongs to the outer one is refused, whatever the number of outputs.
    for outputs in [1, 3, 4, 9] {
        let outcome = std::panic::catch_unwind(|| {
            jacobian(
                |[x]| {
                    jacobian(|[a]| vec![a; outputs - 1].into_iter().chain([x]).collect::<Vec<Var>>(), [1.0])
                        .len() as f64
                        * x
                },
                [2.0],
            )
        });
        assert!(outcome.is_err(), "{outputs}");
    }
}

/// A recording that is made of the code would lack what the inner Jacobian depends on.
#[test]
fn a_recording_does_not_take_the_values_of_its_inputs_for_constants() {
    let recorded = Function::record(
        |[x]| {
            let inner = jacobian(|[a]| [a * a, a], [x.value()]);
            x * inner[0][0]
        },
        [2.0],
    );
    assert!(recorded.is_err());
}

#[test]
fn very_many_outputs_of_few_inputs_and_the_reverse() {
    let f = |x: &[Var]| -> Vec<Var> { (0..100_000).map(|k| x[k % 2] * k as f64 + x[1]).collect() };
    let rows: Vec<Vec<f64>> = jacobian(|x: &[Var]| f(x), &[1.0, 2.0][..]);
    for (k, row) in rows.iter().enumerate() {
        let k = k as f64;
        assert_eq!(row[..], if k % 2.0 == 0.0 { [k, 1.0] } else { [0.0, k + 1.0] });
    }
    let x = vec![1.0; 100_000];
    let rows: Vec<Vec<f64>> = jacobian(|x: &[Var]| vec![x[99_999] * 3.0, x.iter().copied().sum()], &x[..]);
    assert!(rows[0][..99_999].iter().all(|&slope| slope == 0.0) && rows[0][99_999] == 3.0);
    assert!(rows[1].iter().all(|&slope| slope == 1.0));
}

/// A product of partials that overflows in the order of rows or in that of columns alone is what the other order gives.
#[test]
fn products_that_overflow_in_one_order() {
    let [inner, outer, zero, ..] = jacobian(
        |[x]| {
            let zero = x * 0.0 * 1e200 * 1e200;
            [x * 1e-200 * 1e200 * 1e200, x * 1e200 * 1e200 * 1e-200, zero, zero, zero]
        },
        [1.0],
    );
    assert!(((inner[0] - 1e200) / 1e200).abs() < 1e-15 && ((outer[0] - 1e200) / 1e200).abs() < 1e-15);
    assert_eq!(zero, [0.0]);
}

#[cfg(feature = "nalgebra")]
mod matrices {
    use super::expect_as_gradients;
    use nalgebra::DMatrix;
    use tapegrad::Var;
    use tapegrad::matrix::{ln_det, product, solve};

    /// Beside operations on matrices there are fewer columns than rows, and rows are computed all the same.
    #[test]
    fn operations_on_matrices() {
        let outputs = |x: &[Var]| {
            let a = DMatrix::from_fn(2, 2, |i, j| x[0] * (i + 1) as f64 + x[1] * (2 * j + i) as f64 + 0.5);
            let b = product(&a, &a);
            let c = solve(&a, &b);
            // Entries of operations of which the last entry comes after them, or is not used.
            let mut all = vec![b[(0, 0)], c[(1, 0)], x[0], b[(1, 1)], c[(0, 1)], b[(0, 0)] * c[(1, 1)]];
            all.extend([ln_det(&product(&a, &a.transpose())), x[1].sqrt() * 0.0, b[(0, 1)], Var::from(1.0)]);
            all
        };
        for first in [0.75, 0.0] {
            for padding in [0, 50] {
                let x: Vec<f64> = [1.25, first].into_iter().chain(vec![1.0; padding]).collect();
                expect_as_gradients(&outputs, &x, true).unwrap();
            }
        }
    }
}
