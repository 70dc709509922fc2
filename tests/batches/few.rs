//! Promise: a batch of few samples, whose registers hold operations instead of samples, gives the bits of one of more.

use crate::batch::{Table, bits, compare, record};
use crate::programs::{Program, Random};
use tapegrad::{
    Function, Var,
    batch::{BatchWorkspace, Column, Precision, Samples},
    lists::{affine, dot, log_sum_exp, sum},
    masks::lt,
};

type F = fn(&[Var]) -> Var;

/// Functions of two shared inputs and five columns: steps of every kind, whose results fill packets or do not.
fn functions() -> [(&'static str, F); 7] {
    [
        ("a chain", |x| (x[0] * x[2] - x[3]).sin().exp() * x[1] + x[4].atan2(x[5])),
        ("five side by side", |x| sum(&x[2..].iter().map(|&v| (v * x[0] + x[1]).tanh()).collect::<Vec<_>>())),
        ("sixteen side by side", |x| {
            let all: Vec<Var> = (0..16).map(|k| (x[2 + k % 5] + k as f64 * x[0]).sin()).collect();
            all.iter().zip(&all[1..]).map(|(&a, &b)| a * b).sum()
        }),
        ("operands that overlap", |x| {
            let steps: Vec<Var> = x[2..].windows(3).map(|x| x[0].mul_add(x[1], x[2]) * x[1]).collect();
            steps.iter().copied().sum::<Var>() * x[0]
        }),
        ("lists", |x| {
            log_sum_exp(&x[2..]) * x[0] + log_sum_exp(&[x[2], x[0], x[3]]) + dot(&x[2..4], &x[4..6])
        }),
        ("a function without a kernel", |x| (x[2].abs() + 1.0).ln_gamma() * x[0] + x[3].abs().ln()),
        ("selected", |x| lt(x[2], x[3]).select(x[4] * x[0], x[5].exp()) + x[6].max(x[2]) * x[1]),
    ]
}

/// The bits of values and of derivatives by sample.
struct Results {
    values: Vec<u64>,
    jacobians: Vec<u64>,
}

fn results<T: Precision>(function: &Function, table: &Table, chosen: &[usize]) -> Results {
    let batched = function.batched_as::<T>(table.range()).unwrap();
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap().choose(chosen).unwrap();
    let mut evaluator = batched.evaluator();
    Results {
        values: bits(&evaluator.values(&table.shared, &samples).unwrap()),
        jacobians: bits(&evaluator.jacobians(&table.shared, &samples).unwrap()),
    }
}

/// Samples are repeated until there are sixteen of them, or a multiple.
fn as_of_more_samples<T: Precision>(function: &Function, table: &Table, what: &str) {
    for n in 1..=40 {
        let few: Vec<usize> = (0..n).collect();
        let more: Vec<usize> = (0..n.next_multiple_of(16)).map(|k| k % n).collect();
        let (few, more) = (results::<T>(function, table, &few), results::<T>(function, table, &more));
        assert_eq!(few.values, more.values[..few.values.len()], "{what}: values of {n} samples");
        assert_eq!(
            few.jacobians,
            more.jacobians[..few.jacobians.len()],
            "{what}: derivatives of {n} samples"
        );
    }
}

#[test]
fn every_sample_has_the_bits_that_it_has_among_more() {
    let mut random = Random(31);
    for (what, f) in functions() {
        let table = Table::random(&mut random, 2, 5, 40);
        let function = record(|x| [f(x)], &table);
        as_of_more_samples::<f64>(&function, &table, what);
        as_of_more_samples::<f32>(&function, &table, what);
    }
}

/// A plain number, for sums in the test itself.
trait Plain: Precision {
    /// How many lanes the widest registers have.
    const WIDEST: usize;
    fn fused(self, by: Self, and: Self) -> Self;
}

impl Plain for f64 {
    const WIDEST: usize = 8;
    fn fused(self, by: f64, and: f64) -> f64 {
        self.mul_add(by, and)
    }
}

impl Plain for f32 {
    const WIDEST: usize = 16;
    fn fused(self, by: f32, and: f32) -> f32 {
        self.mul_add(by, and)
    }
}

/// `Σ a · b` over the lanes of the widest registers, one register after the other, and then over their halves.
fn over_lanes<T: Plain>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = vec![T::of(-0.0); T::WIDEST];
    for (k, (&a, &b)) in a.iter().zip(b).enumerate() {
        let lane = &mut lanes[k % T::WIDEST];
        *lane = a.fused(b, *lane);
    }
    while lanes.len() > 1 {
        let upper = lanes.split_off(lanes.len() / 2);
        lanes.iter_mut().zip(upper).for_each(|(lane, upper)| *lane = *lane + upper);
    }
    lanes[0].double()
}

/// `Σ a · b` over one sample after the other.
fn in_order<T: Plain>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).fold(T::of(0.0), |sum, (&a, &b)| a.fused(b, sum)).double()
}

fn sums_and_gradients<T: Plain>() {
    let mut random = Random(32);
    for n in 1..=40 {
        // The square of a neuron: the adjoint of what is squared is twice its value.
        for operands in [1, 2, 3, 5, 8, 13] {
            let table = Table::random(&mut random, operands + 1, operands, n).rounded::<T>();
            let neuron = |x: &[Var]| affine(&x[..operands], &x[operands + 1..], x[operands]);
            let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
            let samples = Samples::new(&columns).unwrap();
            let batched = |function: Function| function.batched_as::<T>(table.range()).unwrap();
            let values = batched(record(|x| [neuron(x)], &table)).evaluator().values(&table.shared, &samples);
            let twice: Vec<T> = values.unwrap().iter().map(|&y| T::of(2.0 * y)).collect();
            let square = batched(record(|x| [neuron(x).powi(2)], &table));
            let squares = square.evaluator().values(&table.shared, &samples).unwrap();
            let squares: Vec<T> = squares.into_iter().map(T::of).collect();
            let ones = vec![T::of(1.0); n];
            let (total, gradient) = square.evaluator().value_and_gradient(&table.shared, &samples).unwrap();
            assert_eq!(total, over_lanes(&squares, &ones), "the sum of {n} samples");
            assert_eq!([total], square.evaluator().sums(&table.shared, &samples).unwrap()[..]);
            for (slope, x) in gradient.iter().zip(&table.columns) {
                let x: Vec<T> = x.iter().map(|&x| T::of(x)).collect();
                assert_eq!(*slope, over_lanes(&twice, &x), "{operands} operands, {n} samples");
            }
            assert_eq!(gradient[operands], over_lanes(&twice, &ones), "{n} samples");
        }
        // Wide layers, whose sums are in the order of the samples: the adjoint of each neuron is 1.
        let (operands, rows) = (16, 8);
        let table = Table::random(&mut random, operands * rows, operands, n).rounded::<T>();
        let layer = |x: &[Var]| {
            let (w, x) = x.split_at(operands * rows);
            sum(&w.chunks_exact(operands).map(|w| dot(w, x)).collect::<Vec<_>>())
        };
        let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
        let samples = Samples::new(&columns).unwrap();
        let layer = record(|x| [layer(x)], &table).batched_as::<T>(table.range()).unwrap();
        let (_, gradient) = layer.evaluator().value_and_gradient(&table.shared, &samples).unwrap();
        for (k, &slope) in gradient.iter().enumerate() {
            let x: Vec<T> = table.columns[k % operands].iter().map(|&x| T::of(x)).collect();
            assert_eq!(slope, in_order(&x, &vec![T::of(1.0); n]), "a wide layer, {n} samples");
        }
    }
}

#[test]
fn sums_have_the_order_of_more_samples() {
    sums_and_gradients::<f64>();
    sums_and_gradients::<f32>();
}

/// A lane without a sample repeats the last one: an infinity there meets its zero, and all weights are summed sample by
/// sample.
#[test]
fn an_infinity_of_the_last_sample_decides_the_order() {
    let mut random = Random(33);
    for n in 1..=16 {
        let mut table = Table::random(&mut random, 2, 2, n);
        table.columns[1][n - 1] = f64::INFINITY;
        let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
        let samples = Samples::new(&columns).unwrap();
        let f = record(|x| [dot(&x[..2], &x[2..])], &table).batched(0..2).unwrap();
        let (_, gradient) = f.evaluator().value_and_gradient(&table.shared, &samples).unwrap();
        let ones = vec![1.0; n];
        let sum =
            if n < 16 { in_order(&table.columns[0], &ones) } else { over_lanes(&table.columns[0], &ones) };
        assert_eq!(gradient, [sum, f64::INFINITY], "{n} samples");
    }
}

#[test]
fn samples_that_are_left_out() {
    let f = |x: &[Var]| if x[1] < 1.0 { (x[0] * x[1]).exp() } else { x[1] / (x[1] - 2.0) };
    let f = Function::record(f, &[1.0, 0.5][..]).unwrap().batched(0..1).unwrap();
    for n in 1..=15 {
        for out in 0..n {
            // Where it is out, the recorded branch overflows.
            let x: Vec<f64> = (0..n).map(|k| if k == out { 1e5 } else { k as f64 * 0.06 }).collect();
            let columns = [Column::from(&x)];
            let samples = Samples::new(&columns).unwrap();
            let mut values = vec![0.0; n];
            let told = f.evaluator().values_into(&[0.7], &samples, &mut values).unwrap_err();
            assert!(
                matches!(&told, tapegrad::Error::BranchesChanged { samples, .. } if *samples == [out]),
                "{told}"
            );
            let left: Vec<usize> = (0..n).filter(|&k| k != out).collect();
            let others = f.evaluator().values(&[0.7], &samples.choose(&left).unwrap()).unwrap();
            values.remove(out);
            assert_eq!(bits(&values), bits(&others));
        }
    }
}

/// Everything against one sample at a time.
#[test]
fn random_programs_of_few_samples() {
    let mut random = Random(34);
    let programs = if cfg!(debug_assertions) { 150 } else { 1_500 };
    for k in 0..programs {
        let program = Program::random(&mut random, 5, 14, k % 3 == 0);
        let shared = random.below(4);
        let table = Table::random(&mut random, shared, 5 - shared, 1 + k % 15);
        let function = record(|x| [program.run(x)], &table);
        compare::<f64>(&function, &table, 1e-6, &format!("program {k} of {} samples", table.len()));
    }
}

/// Layers of any size, with operands that repeat.
#[test]
fn layers_of_few_samples() {
    let mut random = Random(35);
    for n in 1..=15 {
        for (operands, rows) in [(1, 1), (2, 3), (3, 9), (5, 4), (16, 2), (17, 7), (32, 5)] {
            let repeats = random.below(2) == 0;
            let (weights, biases) = (operands * rows, rows);
            let table = Table::random(&mut random, weights + biases, operands, n);
            let function = record(
                |x| {
                    let (w, x) = x.split_at(weights + biases);
                    let mut x = x.to_vec();
                    x[0] = if repeats { x[operands - 1] } else { x[0] };
                    let neuron = |r: usize| affine(&w[r * operands..][..operands], &x, w[weights + r]);
                    let hidden: Vec<Var> = (0..rows).map(|r| neuron(r).tanh()).collect();
                    [dot(&hidden, &w[..rows]) + hidden[0]]
                },
                &table,
            );
            let what = format!("{rows} rows of {operands}, {n} samples");
            compare::<f64>(&function, &table, 1e-11, &what);
            compare::<f32>(&function, &table, 1e-3, &what);
        }
    }
}

/// Blocks of few samples and of many leave nothing behind for each other.
#[test]
fn one_workspace_for_few_and_many() {
    let (mut workspace, mut random) = (BatchWorkspace::new(), Random(36));
    for (what, f) in functions() {
        let table = Table::random(&mut random, 2, 5, 600);
        let function = record(|x| [f(x)], &table).batched(0..2).unwrap();
        let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
        for n in [600, 1, 516, 3, 8, 5] {
            let chosen: Vec<usize> = (0..n).collect();
            let samples = Samples::new(&columns).unwrap().choose(&chosen).unwrap();
            let evaluate = |workspace: &mut BatchWorkspace| {
                let mut gradient = [0.0; 2];
                let mut evaluator = function.evaluator_in(workspace);
                let total =
                    evaluator.value_and_gradient_into(&table.shared, &samples, &mut gradient).unwrap();
                bits(&[&gradient[..], &[total]].concat())
            };
            assert_eq!(evaluate(&mut workspace), evaluate(&mut BatchWorkspace::new()), "{what}, {n} samples");
        }
    }
}
