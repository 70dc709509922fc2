//! Promise: in lanes too, only structural zeros are zero, and a sample that is infinite, undefined or declined by a kernel
//! has the answer of the scalar function without harm to its neighbours.

#![allow(clippy::type_complexity)] // lists of functions

use crate::batch::{Table, compare, record};
use crate::programs::Random;
use tapegrad::{
    Function, Var,
    batch::{BatchWorkspace, Column, Samples},
    lists::{affine, dot, norm, product, sum},
    masks::{gt, lt},
    primitives,
    primitives::{Op, reductions},
};

/// Where functions are told apart: zeros, ties, edges of domains, numbers that kernels decline, infinities. All of them
/// are numbers in single precision too.
const EDGES: [f64; 24] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.5,
    -2.0,
    2.0,
    3.0,
    -3.0,
    5.0,
    -7.5,
    40.0,
    -40.0,
    700.0,
    -700.0,
    1_048_576.0,
    -1_048_576.0,
    1_099_511_627_776.0,
    9.5367431640625e-7, // 2⁻²⁰
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Numbers whose squares or reciprocals are none, and those that kernels of logarithms decline.
const TINY: [f64; 8] = [1e-310, -1e-310, 5e-324, 2e-308, 1e-200, 1e200, 0.0, 1.0];

/// Of one operand all edges, of two all pairs, of three so many triples.
fn edges(edges: &[f64], arity: usize) -> Table {
    let n = edges.len();
    let rows = if arity == 1 { n } else { n * n };
    let column = |k: usize| {
        let number = move |row: usize| match k {
            0 => edges[row % n],
            1 => edges[row / n],
            _ => edges[(row * 7 + row / n * 5 + k) % n],
        };
        (0..rows).map(number).collect()
    };
    Table::of((0..arity).map(column).collect())
}

/// Without the samples that the scalar function refuses with a panic.
fn accepted(op: Op, table: Table) -> Table {
    let is_in_order = |x: &[f64]| x[1].partial_cmp(&x[2]).is_some_and(|order| order.is_le());
    let samples: Vec<usize> =
        (0..table.len()).filter(|&k| op != Op::Clamp || is_in_order(&table.inputs(k))).collect();
    Table::of(table.columns.iter().map(|column| samples.iter().map(|&k| column[k]).collect()).collect())
}

#[test]
fn every_row_at_its_edges() {
    for row in primitives::all() {
        let arity = row.domain.len();
        let table = accepted(row.op, edges(&EDGES, arity));
        let function = record(|x| [row.op.value(x).unwrap()], &table);
        compare::<f64>(&function, &table, 1e-13, &row.op.to_string());
        let moderate: Vec<f64> = EDGES.iter().copied().filter(|x| !x.is_finite() || x.abs() < 10.0).collect();
        let moderate = accepted(row.op, edges(&moderate, arity));
        compare::<f32>(&function, &moderate, 1e-4, &format!("{} in single precision", row.op));
        let tiny = accepted(row.op, edges(&TINY, arity));
        compare::<f64>(&function, &tiny, 1e-13, &format!("{} of tiny numbers", row.op));
        // In front of it something that is not taken in some samples; behind it something that is infinite there.
        let cut = record(
            |x| [lt(x[0], 1.0).select(row.op.value(x).unwrap(), x[0]), row.op.value(x).unwrap().relu()],
            &table,
        );
        compare::<f64>(&cut, &table, 1e-13, &format!("{} cut off", row.op));
        if row.op != Op::Clamp {
            let of_roots =
                |x: &[Var]| row.op.value(&x.iter().map(|x| x.sqrt()).collect::<Vec<Var>>()).unwrap();
            compare::<f64>(
                &record(|x| [of_roots(x)], &table),
                &table,
                1e-13,
                &format!("{} of roots", row.op),
            );
        }
    }
}

#[test]
fn every_list_at_its_edges() {
    let mut random = Random(31);
    for op in reductions() {
        let [lists, single] = op.lists().unwrap();
        for length in [1, 2, 3, 6] {
            let inputs = lists * length + single;
            // Of many samples of few edges, some have several, and most have neighbours that have none.
            let number = |random: &mut Random| match random.below(8) {
                0 => EDGES[random.below(EDGES.len())],
                _ => random.uniform(-2.0, 2.0),
            };
            let mut numbers = |n: usize| (0..n).map(|_| number(&mut random)).collect::<Vec<f64>>();
            for shared in [0, length.min(inputs - 1)] {
                let columns = (0..inputs - shared).map(|_| numbers(200)).collect();
                let table = Table { shared: numbers(shared), columns, ..Table::default() };
                let plain = record(|x| [op.value(x).unwrap()], &table);
                compare::<f64>(&plain, &table, 1e-12, &format!("{op} of {length}, {shared} shared"));
                let cut = record(|x| [lt(x[shared], 0.5).select(op.value(x).unwrap(), x[shared])], &table);
                compare::<f64>(&cut, &table, 1e-12, &format!("{op} of {length}, {shared} shared, cut off"));
            }
        }
    }
}

/// Two outputs, that is: what `compare` asks, of one sample in four that is special.
fn of_some(special: f64) -> Table {
    let column = (0..40).map(|k| if k % 4 == 1 { special } else { 0.25 * f64::from(k % 7) + 0.5 });
    let other = (0..40).map(|k| 1.5 - 0.1 * f64::from(k));
    Table::of(vec![column.collect(), other.collect()])
}

#[test]
fn what_is_not_taken_is_cut_off() {
    let table = of_some(0.0);
    let functions: [fn(&[Var]) -> [Var; 2]; 4] = [
        |x| [gt(x[0], 0.0).select(x[0].sqrt(), 0.0), gt(x[0], 0.0).select(x[0].ln() * x[1], x[1])],
        |x| [(x[0].sqrt() - 0.5).relu(), (x[0].ln() + 1.0).relu() * x[1]],
        |x| [x[0].sqrt().max(0.25), (x[0].ln() * x[1] * x[1]).max(-x[0])],
        |x| [(x[0].cbrt() * 3.0).clamp(0.5, 9.0), lt(x[0], 0.1).select(x[1], norm(&[x[0].sqrt(), x[0]]))],
    ];
    for (k, f) in functions.into_iter().enumerate() {
        let function = record(f, &table);
        compare::<f64>(&function, &table, 1e-13, &format!("function {k}"));
        compare::<f32>(&function, &table, 1e-5, &format!("function {k} in single precision"));
        // Not only as often as the scalar function: never.
        let (mut workspace, mut jacobians) = (BatchWorkspace::new(), vec![f64::NAN; 4 * table.len()]);
        let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
        let samples = Samples::new(&columns).unwrap();
        function
            .batched(0..0)
            .unwrap()
            .evaluator_in(&mut workspace)
            .jacobians_into(&[], &samples, &mut jacobians)
            .unwrap();
        assert!(jacobians.iter().all(|slope| slope.is_finite()), "function {k}");
    }
}

#[test]
fn what_is_taken_is_not() {
    let table = of_some(0.0);
    let square = record(|x| [x[0].sqrt() * x[0].sqrt()], &table);
    compare::<f64>(&square, &table, 1e-13, "a square of a root");
    compare::<f32>(&square, &table, 1e-5, "a square of a root in single precision");
    let (mut workspace, mut jacobians) = (BatchWorkspace::new(), vec![0.0; 2 * table.len()]);
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    square
        .batched(0..0)
        .unwrap()
        .evaluator_in(&mut workspace)
        .jacobians_into(&[], &samples, &mut jacobians)
        .unwrap();
    for (sample, row) in jacobians.chunks_exact(2).enumerate() {
        assert_eq!(row[0].is_nan(), sample % 4 == 1, "sample {sample}: {row:?}");
    }
    // Zeros that are not structural: they arise from numbers.
    let zero = record(|x| [x[0].sqrt() * 0.0, (x[0] - x[0]) * x[0].ln()], &table);
    compare::<f64>(&zero, &table, 1e-13, "zeros that are numbers");
}

#[test]
fn infinite_weights_and_lanes() {
    let mut random = Random(32);
    for special in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0] {
        for in_weights in [false, true] {
            let mut table = Table::random(&mut random, 12, 3, 40);
            if in_weights {
                table.shared[5] = special;
            } else {
                [3, 4, 17].into_iter().for_each(|sample| table.columns[1][sample] = special);
            }
            let rows = |x: &[Var]| -> Vec<Var> {
                x[..12].chunks_exact(4).map(|w| affine(&w[..3], &x[12..15], w[3])).collect()
            };
            let what = format!("{special} in weights: {in_weights}");
            // One row alone; rows that lead nowhere in some samples, and rows that never lead anywhere.
            let all: [fn(Vec<Var>, &[Var]) -> Var; 4] = [
                |rows, _| rows[1],
                |rows, _| rows.into_iter().map(|row| row.relu()).sum(),
                |rows, x| lt(x[12], 0.0).select(rows[0], rows[1].max(rows[2])),
                |rows, x| {
                    rows[0] * 0.5 + lt(x[12], 9.0).select(x[13], rows[1].exp()) + rows[2].stop_gradient()
                },
            ];
            for (k, f) in all.into_iter().enumerate() {
                let function = record(|x| [f(rows(x), x)], &table);
                compare::<f64>(&function, &table, 1e-12, &format!("{what}, function {k}"));
                compare::<f32>(&function, &table, 1e-3, &format!("{what}, function {k}, single"));
                // What is infinite only where it is not learned.
                let table = Table { parameters: 0..12, ..table.clone() };
                let function = record(|x| [f(rows(x), x)], &table);
                compare::<f64>(&function, &table, 1e-12, &format!("{what}, function {k}, parameters"));
            }
        }
    }
}

/// What samples share, and no sample takes, is cut off too: its derivative is infinite, and meets no zero.
#[test]
fn what_no_sample_takes_is_cut_off() {
    let mut random = Random(33);
    let functions: [(&str, fn(&[Var]) -> Var); 5] = [
        ("a root as a lane", |x| lt(x[2], 9.0).select(x[2] * x[1], x[0].sqrt())),
        ("a root as a weight", |x| lt(x[2], 9.0).select(x[3], dot(&[x[0].sqrt(), x[1]], &[x[2], x[3]]))),
        ("a root as an offset", |x| lt(x[2], 9.0).select(x[3], affine(&[x[1]], &[x[2]], x[0].sqrt()))),
        ("a root that some take", |x| lt(x[2], 0.5).select(x[1] * x[2], x[0].sqrt() * x[2])),
        ("a root that all take", |x| x[0].sqrt() * x[2] * x[2] + x[1]),
    ];
    for (what, f) in functions {
        for root in [0.0, 2.0] {
            let table = Table { shared: vec![root, 3.0], ..Table::random(&mut random, 0, 2, 2_100) };
            let function = record(|x| [f(x)], &table);
            compare::<f64>(&function, &table, 1e-12, &format!("{what} of {root}"));
            compare::<f32>(&function, &table, 1e-3, &format!("{what} of {root}, in single precision"));
        }
    }
}

#[test]
fn products_and_lengths_with_zeros() {
    let mut table = Table::random(&mut Random(34), 0, 4, 60);
    for sample in 0..60 {
        for column in 0..sample % 4 {
            table.columns[column][sample] = 0.0;
        }
    }
    let function = record(|x| [product(x), norm(x), norm(&x[..3]), sum(x).abs()], &table);
    compare::<f64>(&function, &table, 1e-13, "products and lengths");
}

#[test]
fn powers_of_any_exponent() {
    let table = of_some(-1.75);
    for n in (-3..=40).chain([-40, -16, -15, 255, 1_000, i32::MAX, i32::MIN]) {
        let function = record(|x| [x[0].powi(n), (x[1] * 3.0).powi(n)], &table);
        compare::<f64>(&function, &table, 1e-12, &format!("power {n}"));
    }
    let function = record(|x| [x[0].powf(x[1]), x[0].powf(3.0), x[0].powf(2.5), (-x[0]).powf(-2.0)], &table);
    compare::<f64>(&function, &table, 1e-13, "powers of negative numbers");
}

/// Bounds that are none, in samples that take another branch: the scalar function never gets there.
#[test]
fn clamp_refuses_nothing_in_samples_that_are_out() {
    let (low, high) = (vec![0.0, 2.0, 1.0, f64::NAN, -1.0], vec![1.0, 1.0, 1.0, 5.0, 4.0]);
    let table = Table::of(vec![vec![0.5, 0.5, 3.0, 1.0, 7.0], low, high]);
    let function = record(
        |x| {
            assert!(x[1] <= x[2]);
            [x[0].clamp(x[1], x[2]) * x[0]]
        },
        &table,
    );
    assert_eq!(compare::<f64>(&function, &table, 1e-15, "clamp"), 2);
    assert_eq!(compare::<f32>(&function, &table, 1e-6, "clamp in single precision"), 2);
}

/// Half of the samples take another branch, where the function is not defined or infinite.
#[test]
fn samples_that_are_out_poison_nothing() {
    for special in [0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let table = of_some(special);
        let out = (0..table.len()).filter(|k| k % 4 == 1).count();
        let function = record(
            |x| {
                assert!(x[0] > 0.25 && x[0] < 1e6);
                [x[0].ln() * x[1] + x[0].sqrt().recip(), affine(&x[..2], &x[..2], x[0].ln_gamma())]
            },
            &table,
        );
        assert_eq!(compare::<f64>(&function, &table, 1e-13, &format!("{special} out")), out);
        assert_eq!(compare::<f32>(&function, &table, 1e-4, &format!("{special} out, single")), out);
    }
}

/// The kernels of these decline all or some numbers.
#[test]
fn functions_without_kernels() {
    let column = (0..100).map(|k| 0.3 + 0.17 * f64::from(k)).collect();
    let mut table = Table { shared: vec![0.75], columns: vec![column], ..Table::default() };
    let functions: [fn(&[Var]) -> Var; 6] = [
        |x| (x[1] * x[0]).ln_gamma(),
        |x| (x[1] + x[0]).digamma(),
        |x| (x[1] * x[0]).erfcx() + (x[1] - x[0]).ln_normal_cdf(),
        |x| x[1].digamma().exp() * x[0].ln_gamma(),
        |x| (x[1] * x[0] * 1e12).sin() + (x[1] * 1e300).cos(),
        |x| (x[1] * 1e-310 + x[0] * 1e-320).ln() + (x[1] * 1e-315).log2(),
    ];
    for (k, f) in functions.into_iter().enumerate() {
        table.shared[0] = [0.75, 0.25, 0.5][k % 3];
        compare::<f64>(&record(|x| [f(x)], &table), &table, 1e-10, &format!("function {k}"));
    }
    // A function whose derivative is another one.
    let gradient = Function::record(|[x]| x.ln_gamma(), [1.0]).unwrap().gradient().unwrap();
    compare::<f64>(&gradient, &Table::of(table.columns.clone()), 1e-12, "a gradient");
}

/// 10^300 is a number in double precision, but not in single: what meets it is looked at one by one.
#[test]
fn shared_numbers_that_overflow_in_single_precision() {
    let n = 20;
    let f =
        Function::record(|x| [dot(&[x[0], Var::from(1.0)], &[x[1], x[2]]).relu()], [1.0, 1.0, 1.0]).unwrap();
    let b = f.batched_as::<f32>(0..1).unwrap();
    let x: Vec<f64> = (0..20).map(|k| f64::from(k) - 9.5).collect();
    let o: Vec<f64> = (0..20).map(|k| f64::from(k % 3)).collect();
    let columns = [Column::from(&x), Column::from(&o)];
    let mut j = vec![0.0; 2 * n];
    b.evaluator().jacobians_into(&[1e300], &Samples::new(&columns).unwrap(), &mut j).unwrap();
    for k in 0..n {
        let expected = if x[k] > 0.0 { [f64::INFINITY, 1.0] } else { [0.0, 0.0] };
        assert_eq!(j[2 * k..][..2], expected, "{k}");
    }
}

/// A norm has no partials at 0; where it is not taken, none is missed.
#[test]
fn a_zero_meets_an_infinity_in_a_list() {
    let f = Function::record(|x| [lt(x[0], 1.0).select(norm(&[x[0], x[1]]), x[1])], [0.5, 0.5]).unwrap();
    let table =
        Table::of(vec![vec![0.0, 2.0, 0.5, 0.0, f64::INFINITY], vec![0.0, 1.0, 0.25, 3.0, f64::INFINITY]]);
    compare::<f64>(&f, &table, 1e-12, "norm cut off");
}
