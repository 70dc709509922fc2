//! Promise: a zero that comes out of a batch has the sign of the scalar function's, so that what is divided by it goes to
//! the same infinity.

#![allow(clippy::type_complexity)] // lists of functions

use crate::batch::{Table, bits, record};
use tapegrad::{
    Function, Var, Workspace,
    batch::{BatchWorkspace, BatchedAdaptive, Column, Precision, Samples},
    lists::{affine, dot, sum},
    primitives,
    primitives::reductions,
};

/// Holds the values that are zeros or infinite, and their sum, against those of one sample after the other.
fn same_signs<T: Precision>(function: &Function, table: &Table, what: &str) {
    let batched = function.batched_as::<T>(table.range()).unwrap();
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let mut workspace = BatchWorkspace::<T>::new();
    let (mut values, mut scalar) = (vec![7.0; table.len()], Workspace::new());
    batched.evaluator_in(&mut workspace).values_into(&table.shared, &samples, &mut values).unwrap();
    for (sample, &value) in values.iter().enumerate() {
        let x = table.inputs(sample);
        let expected = function.evaluator_in(&mut scalar).value(&x).unwrap();
        if expected == 0.0 || expected.is_infinite() {
            assert_eq!(value.to_bits(), expected.to_bits(), "{what} at {x:?}: {value} and {expected}");
        }
        // A batch of it alone.
        let chosen = [sample];
        let mut sums = [7.0];
        let one = samples.choose(&chosen).unwrap();
        batched.evaluator_in(&mut workspace).sums_into(&table.shared, &one, &mut sums).unwrap();
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert!(same(sums[0], value), "{what} at {x:?}: {} and {value}", sums[0]);
        let mut gradient = vec![7.0; batched.shared_variables()];
        let total = batched
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&table.shared, &one, &mut gradient)
            .unwrap();
        assert!(same(total, value), "{what} at {x:?}: {total} and {value}");
    }
}

/// All combinations of these numbers, one per column, the first `shared` columns being the shared inputs of one table each.
fn tables(numbers: &[f64], shared: usize, columns: usize) -> Vec<Table> {
    let all = |width: usize| -> Vec<Vec<f64>> {
        let digit = |row: usize, k: usize| numbers[row / numbers.len().pow(k as u32) % numbers.len()];
        let rows = numbers.len().pow(width as u32);
        (0..rows).map(|row| (0..width).map(|k| digit(row, k)).collect()).collect()
    };
    let rows = all(columns);
    let columns: Vec<Vec<f64>> = (0..columns).map(|k| rows.iter().map(|row| row[k]).collect()).collect();
    all(shared)
        .into_iter()
        .map(|shared| Table { shared, columns: columns.clone(), ..Table::default() })
        .collect()
}

const ZEROS: [f64; 4] = [0.0, -0.0, 1.0, -1.0];

/// The derivative of nothing is looked at, so what is an exact −0 here is one by IEEE arithmetic: −1 · 0 = −0, and a sum of
/// nothing but −0 is −0.
#[test]
fn one_product_at_zero() {
    let reciprocal = |x: &[Var]| dot(x, &[Var::from(-1.0)]).recip();
    let function = Function::record(reciprocal, &[1.0][..]).unwrap();
    assert_eq!(function.evaluator().value(&[0.0]), Ok(f64::NEG_INFINITY));
    let columns = [Column::from(&[0.0, -0.0, 2.0])];
    let samples = Samples::new(&columns).unwrap();
    let mut out = [7.0; 3];
    function.batched(0..0).unwrap().evaluator().values_into(&[], &samples, &mut out).unwrap();
    assert_eq!(out, [f64::NEG_INFINITY, f64::INFINITY, -0.5]);
    let single = function.batched_as::<f32>(0..0).unwrap();
    single.evaluator().values_into(&[], &samples, &mut out).unwrap();
    assert_eq!(out, [f64::NEG_INFINITY, f64::INFINITY, -0.5]);
}

/// Products with what is shared, with and without an offset, of one and of several terms, alone and in rows.
#[test]
fn sums_of_products() {
    let functions: [(&str, usize, usize, fn(&[Var]) -> Var); 7] = [
        ("one product", 1, 1, |x| dot(&x[..1], &x[1..])),
        ("two products", 2, 2, |x| dot(&x[..2], &x[2..])),
        ("a neuron of one", 2, 1, |x| affine(&x[..1], &x[2..], x[1])),
        ("a neuron of two", 3, 2, |x| affine(&x[..2], &x[3..], x[2])),
        ("nothing but an offset", 1, 1, |x| affine(&[] as &[Var], &[] as &[Var], x[0]) + x[1]),
        ("a layer", 4, 1, |x| {
            let rows: Vec<Var> = (0..4).map(|k| dot(&x[k..=k], &x[4..])).collect();
            sum(&rows)
        }),
        ("of the same lanes", 2, 1, |x| dot(&x[..2], &[x[2], x[2]])),
    ];
    for (what, shared, columns, f) in functions {
        for table in tables(&ZEROS, shared, columns) {
            let function = record(|x| [f(x)], &table);
            for (how, function) in [("", function.clone()), (", optimized", function.optimize())] {
                same_signs::<f64>(&function, &table, &format!("{what}{how}"));
                same_signs::<f32>(&function, &table, &format!("{what}{how} in single precision"));
            }
        }
    }
}

#[test]
fn every_row_and_list() {
    for row in primitives::all().filter(|row| row.op.name() != "clamp") {
        let arity = row.domain.len();
        for shared in 0..arity {
            for table in tables(&ZEROS, shared, arity - shared) {
                let function = record(|x| [row.op.value(x).unwrap()], &table);
                same_signs::<f64>(&function, &table, &format!("{}, {shared} shared", row.op));
                same_signs::<f32>(&function, &table, &format!("{}, {shared} shared, single", row.op));
            }
        }
    }
    for op in reductions() {
        let [lists, single] = op.lists().unwrap();
        for length in [1, 2] {
            let inputs = lists * length + single;
            for shared in 0..inputs.min(3) {
                for table in tables(&[0.0, -0.0, -1.0], shared, inputs - shared) {
                    let function = record(|x| [op.value(x).unwrap()], &table);
                    same_signs::<f64>(&function, &table, &format!("{op} of {length}, {shared} shared"));
                }
            }
        }
    }
}

/// The sum of values that are all −0 is −0; of no values it is 0.
#[test]
fn sums_over_samples() {
    let function = Function::record(|[w, x]| w * x, [1.0; 2]).unwrap();
    let batched = function.batched(0..1).unwrap();
    let f = |x: &[Var]| if x[1] < 1.0 { x[0] * x[1] } else { x[0] };
    let mut adaptive = BatchedAdaptive::new(f, 0..1, 4);
    let mut workspace = BatchWorkspace::new();
    let mut sum_of = |x: &[f64]| {
        let columns = [Column::from(x)];
        let samples = Samples::new(&columns).unwrap();
        let (mut sums, mut gradient) = ([7.0], [7.0]);
        batched.evaluator_in(&mut workspace).sums_into(&[-1.0], &samples, &mut sums).unwrap();
        let total = batched
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&[-1.0], &samples, &mut gradient)
            .unwrap();
        let by_branch = adaptive.value_and_gradient_into(&[-1.0], &samples, &mut gradient).unwrap();
        assert_eq!(bits(&[total, by_branch]), bits(&[sums[0]; 2]), "{total}, {by_branch} and {sums:?}");
        sums[0]
    };
    for n in [1, 2, 15, 17, 700, 3_000] {
        let mut x = vec![0.0; n];
        assert_eq!(sum_of(&x).to_bits(), (-0.0f64).to_bits(), "{n} samples");
        x[n / 2] = -0.0;
        assert_eq!(sum_of(&x).to_bits(), 0.0f64.to_bits(), "{n} samples, one other");
    }
    assert_eq!(sum_of(&[]).to_bits(), 0.0f64.to_bits());
}
