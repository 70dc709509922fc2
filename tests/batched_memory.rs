//! Promise: once a workspace has grown, batches allocate nothing, and what they need does not grow with the number of
//! samples.

#[path = "common/batch.rs"]
mod batch;
#[allow(dead_code)]
#[path = "common/programs.rs"]
mod programs;

use allocation_counter::{AllocationInfo, measure};
use batch::{Table, record};
use programs::Random;
use tapegrad::{
    Function, Var,
    batch::{BatchWorkspace, Column, Precision, Samples},
    lists::{affine, log_sum_exp},
    primitives,
    primitives::reductions,
};

/// On one thread, whose allocations are counted.
fn alone<A: Send>(f: impl FnOnce() -> A + Send) -> A {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(f)
}

/// What everything that a batch computes allocates, the first time and the second.
fn allocations<T: Precision>(
    function: &Function,
    table: &Table,
    samples: Option<&[usize]>,
) -> [AllocationInfo; 2] {
    let batched = function.batched_as::<T>(table.range()).unwrap();
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let mut all = Samples::new(&columns).unwrap();
    if let Some(samples) = samples {
        all = all.choose(samples).unwrap();
    }
    let (mut sums, mut values) = ([0.0], vec![0.0; all.len()]);
    let mut gradient = vec![0.0; batched.shared_variables()];
    let mut jacobians = vec![0.0; all.len() * batched.sample_variables()];
    alone(|| {
        let mut workspace = BatchWorkspace::<T>::new();
        let mut run = || {
            measure(|| {
                batched
                    .evaluator_in(&mut workspace)
                    .value_and_gradient_into(&table.shared, &all, &mut gradient)
                    .unwrap();
                batched.evaluator_in(&mut workspace).values_into(&table.shared, &all, &mut values).unwrap();
                batched.evaluator_in(&mut workspace).sums_into(&table.shared, &all, &mut sums).unwrap();
                batched
                    .evaluator_in(&mut workspace)
                    .jacobians_into(&table.shared, &all, &mut jacobians)
                    .unwrap();
            })
        };
        [run(), run()]
    })
}

fn assert_steady<T: Precision>(function: &Function, table: &Table, what: &str) {
    let [first, second] = allocations::<T>(function, table, None);
    assert!(first.count_total > 0, "{what}: nothing was counted");
    assert_eq!(second.count_total, 0, "{what} allocates");
}

#[test]
fn every_row_of_the_table() {
    let mut random = Random(41);
    for row in primitives::all() {
        let mut within = |k: usize| random.uniform(row.domain[k].start, row.domain[k].end);
        let columns: Vec<Vec<f64>> =
            (0..row.domain.len()).map(|k| (0..50).map(|_| within(k)).collect()).collect();
        let table = Table::of(columns);
        let function = record(|x| [row.op.value(x).unwrap()], &table);
        assert_steady::<f64>(&function, &table, row.op.name());
        assert_steady::<f32>(&function, &table, row.op.name());
    }
}

#[test]
fn lists_of_any_length() {
    let mut random = Random(42);
    for op in reductions() {
        for length in [1, 3, 17, 500] {
            let [lists, single] = op.lists().unwrap();
            let inputs = lists * length + single;
            for shared in [0, inputs / 2] {
                let table = Table::random(&mut random, shared, inputs - shared, 20);
                let function = record(|x| [op.value(x).unwrap()], &table);
                assert_steady::<f64>(&function, &table, &format!("{op} of {length}, {shared} shared"));
            }
        }
    }
}

/// Layers behind layers, with a check.
fn network(x: &[Var]) -> Var {
    let (w, x) = x.split_at(8 * 4 + 4 * 9);
    let (first, second) = w.split_at(8 * 4);
    assert!(x[0] > -9.0);
    let hidden: Vec<Var> = first.chunks_exact(4).map(|w| affine(&w[..3], x, w[3]).tanh()).collect();
    let out: Vec<Var> = second.chunks_exact(9).map(|w| affine(&w[..8], &hidden, w[8]).relu()).collect();
    log_sum_exp(&out)
}

#[test]
fn memory_does_not_grow_with_the_number_of_samples() {
    let mut random = Random(43);
    let mut most = |samples: usize| {
        let table = Table::random(&mut random, 68, 3, samples);
        let [first, second] = allocations::<f64>(&record(|x| [network(x)], &table), &table, None);
        assert_eq!(second.count_total, 0, "{samples} samples allocate");
        first.bytes_max
    };
    let [few, many] = [3_000, 30_000].map(&mut most);
    // Two sums more, of the tree of leaves.
    assert!(many < few + few / 10 + 8_192, "{few} bytes, then {many}");
}

#[test]
fn mini_batches_copy_nothing() {
    let mut random = Random(44);
    let table = Table::random(&mut random, 68, 3, 5_000);
    let chosen: Vec<usize> = (0..4_000).map(|_| random.below(5_000)).collect();
    let [_, second] = allocations::<f64>(&record(|x| [network(x)], &table), &table, Some(&chosen));
    assert_eq!(second.count_total, 0);
}
