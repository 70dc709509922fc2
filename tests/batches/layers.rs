//! Promise: layers that are wide for so few samples, whose operands are turned into rows on the way back, give what one
//! sample after the other gives, however the samples lie in memory.

use crate::batch::{Table, bits, compare, record};
use crate::programs::Random;
use tapegrad::{
    Var, Workspace,
    batch::{BatchWorkspace, Column, Samples},
    lists::{affine, dot, log_sum_exp},
};

/// A layer that is wide for so few samples has its operands turned into rows on the way back.
fn wide(x: &[Var], shared: usize) -> [Var; 1] {
    let (w, x) = x.split_at(shared);
    let (first, second) = w.split_at(20 * 17);
    let hidden: Vec<Var> = first.chunks_exact(17).map(|w| affine(&w[..16], x, w[16]).relu()).collect();
    let outputs: Vec<Var> = second.chunks_exact(16).map(|w| dot(w, &hidden[2..18]).tanh()).collect();
    [log_sum_exp(&outputs)]
}

const WIDE: usize = 20 * 17 + 12 * 16;

#[test]
fn wide_layers() {
    let mut random = Random(23);
    for samples in [1, 17, 64, 121] {
        let mut table = Table::random(&mut random, WIDE, 16, samples);
        let function = record(|x| wide(x, WIDE), &table);
        compare::<f64>(&function, &table, 1e-12, &format!("{samples} samples"));
        compare::<f32>(&function, &table, 1e-3, &format!("{samples} samples in single precision"));
        // Where a unit is dead, an infinite input passes nothing to its weights.
        for (k, column) in table.columns.iter_mut().enumerate() {
            column[(7 * k) % samples] = if k % 2 == 0 { f64::INFINITY } else { f64::NEG_INFINITY };
        }
        table.shared[..17].fill(-1.0);
        compare::<f64>(&function, &table, 1e-12, &format!("{samples} samples, some infinite"));
    }
}

/// What lies in rows is read in rows, and gives the same bits as columns that are apart.
#[test]
fn wide_layers_of_rows_and_columns() {
    let mut random = Random(24);
    let n = 150;
    let table = Table::random(&mut random, WIDE, 16, n);
    let function = record(|x| wide(x, WIDE), &table).batched(table.range()).unwrap();
    let evaluate = |samples: &Samples<'_>| {
        let (mut workspace, mut by_shared) = (BatchWorkspace::new(), vec![0.0; WIDE]);
        let total = function
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&table.shared, samples, &mut by_shared)
            .unwrap();
        bits(&[&by_shared[..], &[total]].concat())
    };
    let rows: Vec<f64> = (0..n).flat_map(|k| [&[0.5][..], &table.inputs(k)[WIDE..]].concat()).collect();
    let strided: [Column<'_>; 16] = std::array::from_fn(|k| Column::strided(&rows, 1 + k, 17));
    let mut swapped = strided;
    swapped.swap(3, 4);
    let columns: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    let mut columns_swapped = columns.clone();
    columns_swapped.swap(3, 4);
    let chosen: Vec<usize> = (0..n).map(|_| random.below(n)).collect();
    for (rows, columns) in [(&strided[..], &columns), (&swapped, &columns_swapped)] {
        let (rows, columns) = (Samples::new(rows).unwrap(), Samples::new(columns).unwrap());
        assert_eq!(evaluate(&rows), evaluate(&columns));
        for count in [1, 40, n] {
            let chosen = &chosen[..count];
            assert_eq!(evaluate(&rows.choose(chosen).unwrap()), evaluate(&columns.choose(chosen).unwrap()));
        }
    }
}

/// Layers that are turned in more blocks than one, or only in the last one.
#[test]
fn wide_layers_of_several_blocks() {
    let mut random = Random(26);
    // So wide that whole blocks are turned; so narrow that only what is left over is.
    for (units, n) in [(48, 600), (20, 500), (20, 2_600)] {
        let shared = units * 17;
        let table = Table::random(&mut random, shared, 16, n);
        let layer = |x: &[Var]| {
            let (w, x) = x.split_at(shared);
            [log_sum_exp(&w.chunks_exact(17).map(|w| affine(&w[..16], x, w[16]).tanh()).collect::<Vec<_>>())]
        };
        let function = record(layer, &table);
        let single = |k: usize| {
            let (mut slopes, mut workspace) = (vec![0.0; shared + 16], Workspace::new());
            let x = table.inputs(k);
            function.evaluator_in(&mut workspace).values(&x).unwrap();
            function.evaluator_in(&mut workspace).jacobian_into(&x, &mut slopes).unwrap();
            slopes
        };
        let mut expected = vec![0.0; shared];
        for k in 0..n {
            expected.iter_mut().zip(single(k)).for_each(|(sum, slope)| *sum += slope);
        }
        let rows: Vec<f64> = (0..n).flat_map(|k| table.inputs(k)[shared..].to_vec()).collect();
        let in_rows: Vec<Column<'_>> = (0..16).map(|k| Column::strided(&rows, k, 16)).collect();
        let apart: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
        let function = function.batched(table.range()).unwrap();
        let mut gradients = [vec![0.0; shared], vec![0.0; shared]];
        for (columns, gradient) in [in_rows, apart].iter().zip(&mut gradients) {
            let samples = Samples::new(columns).unwrap();
            function.evaluator().value_and_gradient_into(&table.shared, &samples, gradient).unwrap();
        }
        assert_eq!(bits(&gradients[0]), bits(&gradients[1]), "{units} units, {n} samples");
        for (found, expected) in gradients[0].iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= 1e-9 * n as f64,
                "{units} units, {n} samples: {found} and {expected}"
            );
        }
    }
}

#[test]
fn a_wide_layer_of_rows_in_another_order() {
    let (n, shared) = (40, 20 * 16);
    let mut random = Random(25);
    let table = Table::random(&mut random, shared, 17, n);
    let rows: Vec<f64> = (0..n).flat_map(|k| table.inputs(k)[shared..].to_vec()).collect();
    let in_rows: Vec<Column<'_>> = (0..17).map(|k| Column::strided(&rows, k, 17)).collect();
    let apart: Vec<Column<'_>> = table.columns.iter().map(Column::from).collect();
    // Begin like the samples' inputs, but go on otherwise.
    let orders: [fn(usize) -> usize; 3] =
        [|k| [0, 2, 1].get(k).copied().unwrap_or(k), |k| k + k / 15, |k| k / 2];
    for order in orders {
        let layer = |x: &[Var]| {
            let (w, x) = x.split_at(shared);
            let x: Vec<Var> = (0..16).map(|k| x[order(k)]).collect();
            [log_sum_exp(&w.chunks_exact(16).map(|w| dot(w, &x).tanh()).collect::<Vec<_>>())]
        };
        let function = record(layer, &table);
        compare::<f64>(&function, &table, 1e-12, "in another order");
        let function = function.batched(table.range()).unwrap();
        let evaluate = |columns: &[Column<'_>]| {
            let mut gradient = vec![0.0; shared];
            let samples = Samples::new(columns).unwrap();
            function.evaluator().value_and_gradient_into(&table.shared, &samples, &mut gradient).unwrap();
            bits(&gradient)
        };
        assert_eq!(evaluate(&in_rows), evaluate(&apart));
    }
}
