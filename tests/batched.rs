//! Promise: many samples at once give what one after the other gives, within rounding; nothing poisons its neighbours.

#[path = "common/programs.rs"]
mod programs;

use programs::{Program, Random};
use tapegrad::{
    BatchWorkspace, Batched, Column, Error, Float, Function, Number, Real, Samples, Var, Workspace, affine,
    dot, log_sum_exp, norm, primitives, product, reductions, variance,
};

const SHARED: usize = 2;

/// The samples of a test: as many columns as wanted, and a point of the shared inputs.
struct Table {
    shared: Vec<f64>,
    columns: Vec<Vec<f64>>,
}

impl Table {
    fn random(random: &mut Random, shared: usize, columns: usize, samples: usize) -> Table {
        let mut numbers = |n: usize| (0..n).map(|_| random.uniform(-2.0, 2.0)).collect::<Vec<f64>>();
        Table { shared: numbers(shared), columns: (0..columns).map(|_| numbers(samples)).collect() }
    }

    fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// The inputs of one sample.
    fn inputs(&self, sample: usize) -> Vec<f64> {
        let columns = self.columns.iter().map(|column| column[sample]);
        self.shared.iter().copied().chain(columns).collect()
    }
}

/// Whether two numbers agree to a tolerance, relative to a scale.
fn agree(a: f64, b: f64, scale: f64, tolerance: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * scale.max(a.abs()).max(b.abs())
}

/// Holds everything a batch computes against one sample after the other. Samples in which a check fails have to be the
/// same ones. Gives how many those were.
fn compare<T: Float>(function: &Function, table: &Table, tolerance: f64, what: &str) -> usize {
    let batched = Batched::<T>::new(function, 0..table.shared.len()).unwrap();
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let (n, outputs, variables) = (table.len(), function.outputs(), table.columns.len());
    let mut workspace = BatchWorkspace::<T>::new();
    let mut values = vec![0.0; n * outputs];
    let mut jacobians = vec![0.0; n * outputs * variables];
    let told = batched.values(&table.shared, &samples, &mut workspace, &mut values);
    let told_again = batched.jacobians(&table.shared, &samples, &mut workspace, &mut jacobians);
    assert_eq!(told, told_again, "{what}");

    let mut scalar = Workspace::new();
    let all = function.variables();
    let (mut out, mut sum, mut by_shared) = (Vec::new(), 0.0, vec![0.0; table.shared.len()]);
    let mut scales = vec![0.0; table.shared.len()];
    for sample in 0..n {
        let x = table.inputs(sample);
        let mut jacobian = vec![0.0; outputs * all];
        let expected = function.values(&x, &mut scalar);
        let expected = match expected
            .and_then(|values| function.jacobian_at(&x, &mut scalar, &mut jacobian).map(|()| values))
        {
            Ok(values) => values,
            Err(Error::BranchChanged { .. }) => {
                out.push(sample);
                assert!(values[sample * outputs..][..outputs].iter().all(|value| value.is_nan()), "{what}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        for output in 0..outputs {
            let (value, row) = (expected[output], &jacobian[output * all..][..all]);
            let place = sample * outputs + output;
            assert!(
                agree(values[place], value, 1.0, tolerance),
                "{what}: sample {sample}: {} and {value}",
                values[place]
            );
            let scale = row.iter().fold(1.0, |scale: f64, slope| scale.max(slope.abs()));
            for (k, &slope) in row[table.shared.len()..].iter().enumerate() {
                let batched = jacobians[place * variables + k];
                assert!(
                    agree(batched, slope, scale, tolerance),
                    "{what}: sample {sample} at {x:?}, output {output} by column {k}: {batched} and {slope}\n{function}"
                );
            }
        }
        sum += expected[0];
        for (k, by_shared) in by_shared.iter_mut().enumerate() {
            *by_shared += jacobian[k];
            scales[k] += jacobian[..all].iter().fold(1.0, |scale: f64, slope| scale.max(slope.abs()));
        }
    }
    match told {
        Ok(()) => assert!(out.is_empty(), "{what}: {out:?} are out"),
        Err(Error::BranchesChanged { samples, .. }) => assert_eq!(samples, out, "{what}"),
        Err(error) => panic!("{error}"),
    }
    if out.is_empty() && outputs == 1 {
        let mut gradient = vec![0.0; table.shared.len()];
        let total =
            batched.value_and_gradient(&table.shared, &samples, &mut workspace, &mut gradient).unwrap();
        assert!(agree(total, sum, n as f64, tolerance), "{what}: {total} and {sum}");
        for (k, (&slope, &expected)) in gradient.iter().zip(&by_shared).enumerate() {
            assert!(
                agree(slope, expected, scales[k], tolerance),
                "{what}: by shared input {k}: {slope} and {expected}\n{function}"
            );
        }
    }
    out.len()
}

#[test]
fn every_row_in_lanes() {
    let mut random = Random(11);
    for row in primitives() {
        let within = |random: &mut Random, k: usize| {
            let domain = &row.domain[k];
            random.uniform(domain.start, domain.end)
        };
        let arity = row.domain.len();
        let at: Vec<f64> = (0..arity).map(|k| within(&mut random, k)).collect();
        let function = Function::record(|x: &[Var]| row.op.value(x).unwrap(), &at[..]).unwrap();
        // Each operand in turn is shared, and none.
        for shared in 0..=arity {
            let function = Function::record(
                |x: &[Var]| {
                    let mut operands = x[1..].to_vec();
                    operands.insert(shared.min(arity - 1), x[0]);
                    row.op.value(&operands).unwrap()
                },
                &[
                    &at[shared.min(arity - 1)..][..1],
                    &at[..shared.min(arity - 1)],
                    &at[(shared + 1).min(arity)..],
                ]
                .concat()[..],
            )
            .unwrap();
            if function.inputs() < 2 {
                continue;
            }
            let order: Vec<usize> = (0..arity).filter(|&k| k != shared.min(arity - 1)).collect();
            let table = Table {
                shared: vec![within(&mut random, shared.min(arity - 1))],
                columns: order.iter().map(|&k| (0..37).map(|_| within(&mut random, k)).collect()).collect(),
            };
            compare::<f64>(&function, &table, 1e-13, &format!("{} with operand {shared} shared", row.op));
        }
        let columns = (0..arity).map(|k| (0..75).map(|_| within(&mut random, k)).collect()).collect();
        let table = Table { shared: vec![], columns };
        compare::<f64>(&function, &table, 1e-13, &row.op.to_string());
        compare::<f32>(&function, &table, 2e-4, &format!("{} in single precision", row.op));
    }
}

#[test]
fn every_list_in_lanes() {
    let mut random = Random(12);
    for op in reductions() {
        let [lists, single] = op.lists().unwrap();
        for length in [1, 2, 3, 4, 7, 16, 33] {
            let inputs = lists * length + single;
            let at: Vec<f64> = (0..inputs).map(|_| random.uniform(0.5, 2.0)).collect();
            let function = Function::record(|x: &[Var]| op.value(x).unwrap(), &at[..]).unwrap();
            for shared in [0, length.min(inputs - 1), inputs / 2] {
                let table = Table::random(&mut random, shared, inputs - shared, 41);
                compare::<f64>(&function, &table, 1e-12, &format!("{op} of {length}, {shared} shared"));
            }
        }
    }
}

#[test]
fn random_programs_and_their_branches() {
    let mut random = Random(13);
    let (mut out, mut all) = (0, 0);
    for k in 0..400 {
        let program = Program::random(&mut random, 5, 14, k % 2 == 1);
        let at: Vec<f64> = (0..5).map(|_| random.uniform(-2.0, 2.0)).collect();
        let function = Function::record(|x: &[Var]| program.run(x), &at[..]).unwrap();
        let table = Table::random(&mut random, SHARED, 3, [1, 15, 16, 17, 100][k % 5]);
        let checked = Function::record(|x: &[Var]| program.run(x), &table.inputs(0)[..]).unwrap();
        let _ = function;
        out += compare::<f64>(&checked, &table, 1e-9, &format!("program {k}"));
        all += table.len();
    }
    assert!(out > 100 && out < all / 2, "{out} of {all} samples took another branch");
}
