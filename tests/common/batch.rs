//! Many samples at once, held against one after the other.

#![allow(dead_code)] // whoever includes this uses a part of it

use crate::programs::Random;
use std::ops::Range;
use tapegrad::{
    Error, Function, Var, Workspace,
    batch::{BatchWorkspace, Column, Precision, Samples},
};

/// The samples of a test: as many columns as wanted, and a point of the shared inputs, which stand behind the first so
/// many columns.
#[derive(Clone, Default)]
pub struct Table {
    pub before: usize,
    pub shared: Vec<f64>,
    pub columns: Vec<Vec<f64>>,
    /// Inputs that no derivatives are taken by.
    pub parameters: Range<usize>,
}

impl Table {
    pub fn random(random: &mut Random, shared: usize, columns: usize, samples: usize) -> Table {
        let mut numbers = |n: usize| (0..n).map(|_| random.uniform(-2.0, 2.0)).collect::<Vec<f64>>();
        Table {
            shared: numbers(shared),
            columns: (0..columns).map(|_| numbers(samples)).collect(),
            ..Table::default()
        }
    }

    /// The samples of these numbers, of a function that shares no input.
    pub fn of(columns: Vec<Vec<f64>>) -> Table {
        Table { columns, ..Table::default() }
    }

    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    pub fn range(&self) -> Range<usize> {
        self.before..self.before + self.shared.len()
    }

    /// The inputs of one sample.
    pub fn inputs(&self, sample: usize) -> Vec<f64> {
        let of_sample =
            |columns: &[Vec<f64>]| columns.iter().map(|column| column[sample]).collect::<Vec<f64>>();
        let (before, behind) = self.columns.split_at(self.before);
        [&of_sample(before)[..], &self.shared, &of_sample(behind)].concat()
    }

    /// In the precision that it is evaluated in.
    pub fn rounded<T: Precision>(&self) -> Table {
        let round = |numbers: &Vec<f64>| numbers.iter().map(|&x| T::of(x).double()).collect::<Vec<f64>>();
        Table {
            shared: round(&self.shared),
            columns: self.columns.iter().map(round).collect(),
            ..self.clone()
        }
    }
}

/// Whether two numbers agree to a tolerance, relative to a scale: infinities and NaN only with their like.
pub fn agree(a: f64, b: f64, scale: f64, tolerance: f64) -> bool {
    let is_near = || (a - b).abs() <= tolerance * scale.max(a.abs()).max(b.abs());
    a == b || (a.is_nan() && b.is_nan()) || (a.is_finite() && b.is_finite() && is_near())
}

/// The largest of the finite numbers, or 1.
fn scale_of(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(1.0, f64::max)
}

/// By how much rounding may move a result, of values and behind them Jacobian: some 60 times what one place more or less in
/// an input does. Only ill-conditioned functions need more than a tolerance.
fn wobble(function: &Function, x: &[f64], entry: usize) -> f64 {
    let evaluate = |x: &[f64]| {
        let (mut scalar, mut jacobian) =
            (Workspace::new(), vec![0.0; function.outputs() * function.variables()]);
        let values = function.evaluator_in(&mut scalar).values(x).ok()?;
        function.evaluator_in(&mut scalar).jacobian_into(x, &mut jacobian).ok()?;
        Some([values, jacobian].concat()[entry])
    };
    let Some(here) = evaluate(x) else { return 0.0 };
    let moved = |k: usize, places: f64| {
        let mut x = x.to_vec();
        x[k] *= 1.0 + places * f64::EPSILON;
        evaluate(&x).map(|there| ((there - here) / places).abs())
    };
    // Also by some places more: one may be lost on the way.
    let steps = (0..x.len()).flat_map(|k| [1.0, -1.0, 16.0, -16.0].map(|places| moved(k, places)));
    let most = steps.flatten().fold(0.0, f64::max);
    if most.is_finite() { 64.0 * most } else { 0.0 }
}

/// Holds everything a batch computes against one sample after the other: values, sums, Jacobians, and of a function with one
/// output the gradient. Samples in which a check fails have to be the same ones. Gives how many those were.
pub fn compare<T: Precision>(function: &Function, table: &Table, tolerance: f64, what: &str) -> usize {
    let table = &table.rounded::<T>();
    // What is too large or too small for the precision.
    let round = |number: f64| T::of(number).double();
    let batched = function.batched_as::<T>(table.range()).unwrap();
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let all: Vec<usize> = (0..function.inputs()).filter(|k| !table.parameters.contains(k)).collect();
    // Positions in a row of the scalar Jacobian.
    let (of_shared, of_sample): (Vec<usize>, Vec<usize>) =
        (0..all.len()).partition(|&k| table.range().contains(&all[k]));
    let (n, outputs, variables) = (table.len(), function.outputs(), of_sample.len());
    assert_eq!(
        (batched.outputs(), batched.shared(), batched.columns()),
        (outputs, table.shared.len(), columns.len())
    );
    assert_eq!((batched.shared_variables(), batched.sample_variables()), (of_shared.len(), variables));

    let mut workspace = BatchWorkspace::<T>::new();
    let (mut values, mut jacobians) = (vec![0.0; n * outputs], vec![0.0; n * outputs * variables]);
    // The gradient first, that Jacobians find its leavings.
    let (mut sums, mut gradient) = (vec![7.0; outputs], vec![7.0; of_shared.len()]);
    let total = (outputs == 1).then(|| {
        batched.evaluator_in(&mut workspace).value_and_gradient_into(&table.shared, &samples, &mut gradient)
    });
    let told = batched.evaluator_in(&mut workspace).values_into(&table.shared, &samples, &mut values);
    let (mut values_too, mut jacobians_too) = (values.clone(), jacobians.clone());
    values_too.fill(7.0);
    jacobians_too.fill(7.0);
    let told_of_both = batched.evaluator_in(&mut workspace).values_and_jacobians_into(
        &table.shared,
        &samples,
        &mut values_too,
        &mut jacobians_too,
    );
    let told_again = [
        told_of_both,
        batched.evaluator_in(&mut workspace).jacobians_into(&table.shared, &samples, &mut jacobians),
        batched.evaluator_in(&mut workspace).sums_into(&table.shared, &samples, &mut sums),
        total.clone().map_or(told.clone(), |total| total.map(|_| ())),
    ];
    for again in told_again {
        // As text: what was compared may be NaN.
        assert_eq!(format!("{told:?}"), format!("{again:?}"), "{what}");
    }

    // From one evaluation the same, to the bit.
    assert_eq!(bits(&values_too), bits(&values), "{what}: values with Jacobians");
    assert_eq!(bits(&jacobians_too), bits(&jacobians), "{what}: Jacobians with values");

    let mut scalar = Workspace::new();
    let (mut out, mut expected_sums, mut by_shared) =
        (Vec::new(), vec![0.0; outputs], vec![0.0; of_shared.len()]);
    let (mut scales, mut scales_of_sums) = (vec![0.0; of_shared.len()], vec![0.0; outputs]);
    for sample in 0..n {
        let x = table.inputs(sample);
        let mut jacobian = vec![0.0; outputs * all.len()];
        let expected = function.evaluator_in(&mut scalar).values(&x);
        let expected = match expected.and_then(|values| {
            function.evaluator_in(&mut scalar).jacobian_into(&x, &mut jacobian).map(|()| values)
        }) {
            Ok(values) => values,
            Err(Error::BranchChanged { .. }) => {
                out.push(sample);
                assert!(values[sample * outputs..][..outputs].iter().all(|value| value.is_nan()), "{what}");
                let rows = &jacobians[sample * outputs * variables..][..outputs * variables];
                assert!(rows.iter().all(|slope| slope.is_nan()), "{what}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        for output in 0..outputs {
            let (value, row) = (round(expected[output]), &jacobian[output * all.len()..][..all.len()]);
            let place = sample * outputs + output;
            assert!(
                agree(values[place], value, 1.0, tolerance)
                    || (values[place] - value).abs() <= wobble(function, &x, output),
                "{what}: sample {sample} at {x:?}: {} and {value}",
                values[place]
            );
            expected_sums[output] += value;
            scales_of_sums[output] += scale_of(&[value]);
            let scale = scale_of(row);
            for (k, &input) in of_sample.iter().enumerate() {
                let (batched, slope) = (jacobians[place * variables + k], round(row[input]));
                assert!(
                    agree(batched, slope, scale, tolerance)
                        || (batched - slope).abs()
                            <= wobble(function, &x, outputs + output * all.len() + input),
                    "{what}: sample {sample} at {x:?}, output {output} by column {k}: {batched} and {slope}\n{function}"
                );
            }
        }
        for (k, &input) in of_shared.iter().enumerate().take(if outputs == 1 { usize::MAX } else { 0 }) {
            by_shared[k] += jacobian[input];
            scales[k] += scale_of(&jacobian);
        }
    }
    match told {
        Ok(()) => assert!(out.is_empty(), "{what}: {out:?} are out"),
        Err(Error::BranchesChanged { samples, .. }) => assert_eq!(samples, out, "{what}"),
        Err(error) => panic!("{error}"),
    }
    if !out.is_empty() {
        assert!(sums.iter().chain(&gradient).all(|&number| number == 7.0), "{what}: as they were");
        return out.len();
    }
    let wobble_of_sum = |entry: usize| (0..n).map(|k| wobble(function, &table.inputs(k), entry)).sum::<f64>();
    for (output, ((&sum, &expected), &scale)) in
        sums.iter().zip(&expected_sums).zip(&scales_of_sums).enumerate()
    {
        assert!(
            agree(sum, expected, scale, tolerance) || (sum - expected).abs() <= wobble_of_sum(output),
            "{what}: {sum} and {expected}"
        );
    }
    if let Some(total) = total {
        assert_eq!(total.unwrap().to_bits(), sums[0].to_bits(), "{what}");
        for (k, (&slope, &expected)) in gradient.iter().zip(&by_shared).enumerate() {
            assert!(
                agree(slope, expected, scales[k], tolerance)
                    || (slope - expected).abs() <= wobble_of_sum(outputs + of_shared[k]),
                "{what}: by shared input {k}: {slope} and {expected}\n{function}"
            );
        }
    }
    0
}

/// A function of a closure, recorded at a sample of the table.
pub fn record<const N: usize>(f: impl FnOnce(&[Var]) -> [Var; N], table: &Table) -> Function {
    let function = Function::record(|x: &[Var]| f(x), &table.inputs(0)[..]).unwrap();
    function.with_held(table.parameters.clone()).unwrap()
}

/// The bits of numbers.
pub fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|x| x.to_bits()).collect()
}
