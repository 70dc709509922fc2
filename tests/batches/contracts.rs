//! Promise: what a batch is asked wrongly, or cannot answer, it says; what it can answer is right all the same, and what
//! it cannot is left as it was.

use crate::batch::{Table, compare, record};
use crate::programs::Random;
use std::cell::Cell;
use tapegrad::{
    Error, Function, Var,
    batch::{BatchWorkspace, Batched, BatchedAdaptive, Column, Samples},
    view::Predicate,
};

/// `w x + b`, of two shared inputs and two columns; checked where asked.
fn line() -> Function {
    Function::record(|[w, b, x, y]| (w * x + b) * y, [1.0; 4]).unwrap()
}

fn length_of(result: Result<(), Error>) -> (&'static str, usize, usize) {
    match result {
        Err(Error::Length { what, expected, got }) => (what, expected, got),
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrong_lengths() {
    let function = line().batched(0..2).unwrap();
    let (x, y) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
    let columns = [Column::from(&x), Column::from(&y)];
    let samples = Samples::new(&columns).unwrap();
    let one = Samples::new(&columns[..1]).unwrap();
    let (mut workspace, w) = (BatchWorkspace::new(), [1.0, 2.0]);
    let mut out = [7.0; 9];

    let mut values = |w: &[f64], samples: &Samples<'_>, n: usize| {
        length_of(function.evaluator_in(&mut workspace).values_into(w, samples, &mut out[..n]))
    };
    assert_eq!(values(&w, &samples, 2), ("values", 3, 2));
    assert_eq!(values(&w, &samples, 4), ("values", 3, 4));
    assert_eq!(values(&w[..1], &samples, 3), ("shared inputs", 2, 1));
    assert_eq!(values(&w, &one, 3), ("columns", 2, 1));
    let mut jacobians = |n: usize| {
        length_of(function.evaluator_in(&mut workspace).jacobians_into(&w, &samples, &mut out[..n]))
    };
    for wrong in [5, 7] {
        let (what, expected, got) = jacobians(wrong);
        assert!(what.starts_with("derivatives by inputs that differ between samples"), "{what}");
        assert_eq!((expected, got), (6, wrong));
    }
    let mut sums =
        |n: usize| length_of(function.evaluator_in(&mut workspace).sums_into(&w, &samples, &mut out[..n]));
    assert_eq!(sums(0), ("sums", 1, 0));
    assert_eq!(sums(2), ("sums", 1, 2));
    let mut gradient = |n: usize| {
        let result =
            function.evaluator_in(&mut workspace).value_and_gradient_into(&w, &samples, &mut out[..n]);
        length_of(result.map(|_| ()))
    };
    assert_eq!(gradient(1), ("derivatives", 2, 1));
    assert_eq!(gradient(4), ("derivatives", 2, 4));
    assert_eq!(out, [7.0; 9], "nothing was written");
}

#[test]
fn one_output_has_a_gradient() {
    let two = Function::record(|[w, x]| [w * x, x], [1.0; 2]).unwrap().batched(0..1).unwrap();
    let columns = [Column::from(&[1.0, 2.0])];
    let samples = Samples::new(&columns).unwrap();
    let mut gradient = [7.0];
    let result = two.evaluator().value_and_gradient_into(&[1.0], &samples, &mut gradient);
    assert_eq!(length_of(result.map(|_| ())), ("outputs", 1, 2));
    assert_eq!(gradient, [7.0]);
}

#[test]
fn ranges_and_columns_that_do_not_fit() {
    assert_eq!(length_of(line().batched(3..5).map(|_| ())), ("inputs", 4, 5));
    assert!(line().batched_as::<f32>(0..5).is_err());
    assert_eq!(line().batched(4..4).unwrap().columns(), 4);

    let (x, y) = ([1.0, 2.0, 3.0], [4.0, 5.0]);
    let columns = [Column::from(&x), Column::constant(&1.0), Column::from(&y)];
    assert_eq!(length_of(Samples::new(&columns).map(|_| ())), ("samples in each column", 3, 2));
    let samples = Samples::new(&columns[..2]).unwrap();
    assert_eq!(length_of(samples.choose(&[0, 3, 1]).map(|_| ())), ("samples or more", 4, 3));
    assert!(samples.choose(&[usize::MAX]).is_err());
    assert!(Samples::new(&columns[1..2]).unwrap().choose(&[usize::MAX]).is_err(), "there is no such number");
    assert!(Samples::new(&[]).unwrap().choose(&[0]).is_err());
}

#[test]
fn columns_know_their_length() {
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let lengths = [(0, 1), (0, 2), (1, 2), (0, 3), (2, 3), (6, 3), (7, 1), (9, 2)]
        .map(|(start, stride)| Column::strided(&data, start, stride).len());
    assert_eq!(lengths, [7, 4, 3, 3, 2, 1, 0, 0]);
    assert_eq!(Column::strided(&data, 1, 2).get(2), 5.0);
}

#[test]
fn columns_in_reverse() {
    let data = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let column = Column::strided(&data, 0, 3).reversed();
    assert_eq!([0, 1, 2].map(|k| column.get(k)), [6.0, 3.0, 0.0]);
    assert!(panic_of(|| column.get(3)).contains("no sample 3: the column has 3"));
    assert_eq!([0, 1, 2].map(|k| column.reversed().get(k)), [0.0, 3.0, 6.0]);
    assert_eq!(Column::from(&data[..1]).reversed().get(0), 0.0);
    assert_eq!(Column::from(&data[..0]).reversed().len(), 0);
    assert_eq!(Column::constant(&5.0).reversed().get(usize::MAX), 5.0);
}

#[test]
#[should_panic(expected = "use `Column::constant`")]
fn a_stride_of_zero() {
    let _ = Column::strided(&[1.0], 0, 0);
}

#[test]
fn a_guard_on_shared_inputs_is_asked_before_anything_is_written() {
    let function = Function::record(|[w, x]| if w < 1.0 { w * x } else { x }, [0.5, 1.0])
        .unwrap()
        .batched(0..1)
        .unwrap();
    let columns = [Column::from(&[1.0, 2.0])];
    let samples = Samples::new(&columns).unwrap();
    let (mut workspace, mut out) = (BatchWorkspace::new(), [7.0; 2]);
    let errors = [
        function.evaluator_in(&mut workspace).values_into(&[3.0], &samples, &mut out).unwrap_err(),
        function.evaluator_in(&mut workspace).jacobians_into(&[3.0], &samples, &mut out).unwrap_err(),
        function.evaluator_in(&mut workspace).sums_into(&[3.0], &samples, &mut out[..1]).unwrap_err(),
        function
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&[3.0], &samples, &mut out[..1])
            .unwrap_err(),
    ];
    for error in errors {
        let Error::BranchChanged { predicate: Predicate::Less, left: 3.0, right: 1.0, at } = &error else {
            panic!("{error}");
        };
        assert!(at.to_string().contains("batches/contracts.rs"), "{at}");
    }
    assert_eq!(out, [7.0; 2]);
    // And then it works again.
    function.evaluator_in(&mut workspace).values_into(&[0.5], &samples, &mut out).unwrap();
    assert_eq!(out, [0.5, 1.0]);
}

#[test]
fn samples_that_are_out_are_named_as_in_the_columns() {
    let function = Function::record(
        |[w, x, y]| {
            let a = if x < 1.0 { x * w } else { x };
            if y > 0.0 { a * y } else { a }
        },
        [2.0, 0.5, 1.0],
    );
    let function = function.unwrap().batched(0..1).unwrap();
    let (x, y) = ([0.5, 2.0, 0.25, 0.125, 3.0], [1.0, 1.0, -1.0, 2.0, -5.0]);
    let columns = [Column::from(&x), Column::from(&y)];
    let samples = Samples::new(&columns).unwrap();
    let (mut workspace, mut values) = (BatchWorkspace::new(), [7.0; 5]);
    let error = function.evaluator_in(&mut workspace).values_into(&[2.0], &samples, &mut values).unwrap_err();
    let Error::BranchesChanged { samples: out, first } = &error else { panic!("{error}") };
    assert_eq!(out, &[1, 2, 4]);
    assert!(matches!(**first, Error::BranchChanged { left: 2.0, right: 1.0, .. }), "{first}");
    assert!(
        error.to_string().starts_with("in 3 of the samples, number 1 being the first: 2 < 1 at "),
        "{error}"
    );
    assert_eq!((values[0], values[3]), (1.0, 0.5));
    assert!([1, 2, 4].iter().all(|&k: &usize| values[k].is_nan()));

    // Of chosen samples, the numbers that were chosen, as often as they were; and of the first what went wrong.
    let chosen = samples.choose(&[3, 2, 0, 2, 4, 0]).unwrap();
    let mut values = [7.0; 6];
    let error = function.evaluator_in(&mut workspace).values_into(&[2.0], &chosen, &mut values).unwrap_err();
    let Error::BranchesChanged { samples: out, first } = &error else { panic!("{error}") };
    assert_eq!(out, &[2, 2, 4]);
    assert!(matches!(**first, Error::BranchChanged { left: -1.0, right: 0.0, .. }), "{first}");
    assert_eq!([values[0], values[2], values[5]], [0.5, 1.0, 1.0]);
}

/// Of many samples, over several leaves: first, last, in the tail, whole blocks.
#[test]
fn all_samples_that_are_out_are_reported() {
    let n = 7_000;
    let mut random = Random(61);
    for which in 0..5 {
        let mut table = Table::random(&mut random, 2, 2, n);
        let is_out = |k: usize| match which {
            0 => k == 0,
            1 => k == n - 1,
            2 => k % 501 == 7,
            3 => (2_048..2_304).contains(&k),
            _ => k > 1,
        };
        (0..n).for_each(|k| table.columns[0][k] = if is_out(k) { 5.0 } else { table.columns[0][k] });
        // The second sample is always in.
        let function = Function::record(
            |x: &[Var]| {
                assert!(x[2] < 3.0);
                (x[0] * x[2]).sin() * x[1] + (x[2] - 5.0).recip() * x[3]
            },
            &table.inputs(1)[..],
        );
        let function = function.unwrap();
        let out = compare::<f64>(&function, &table, 1e-12, &format!("case {which}"));
        assert_eq!(out, (0..n).filter(|&k| is_out(k)).count());
    }
}

/// A comparison with what is shared on either side, and between outputs and inputs.
#[test]
fn guards_of_all_kinds() {
    let mut random = Random(62);
    let table = Table::random(&mut random, 2, 2, 300);
    let functions: [fn(&[Var]) -> Var; 5] = [
        |x| if x[2] < x[0] { x[3] } else { x[3] * x[3] },
        |x| if x[1] * x[0] > x[2] { x[3] * x[0] } else { x[3] },
        |x| if x[2] == x[2] { x[2] * x[0] } else { x[0] },
        |x| if (x[2] * x[3]).sin() >= 0.5 { x[2] } else { x[0] * x[3] },
        |x| if x[2].is_nan() || x[3].is_sign_negative() { x[2] } else { x[0] * x[3] },
    ];
    let out = functions.map(|f| compare::<f64>(&record(|x| [f(x)], &table), &table, 1e-13, "guards"));
    assert_eq!(out[2], 0);
    assert!([0, 1, 3].iter().all(|&k| out[k] > 0 && out[k] < 300), "{out:?}");
}

#[test]
fn a_comparison_too_close_to_tell_is_an_error_and_no_endless_search() {
    // In single precision the two are equal.
    let f = |x: &[Var]| if x[1] > x[0] { x[0] * x[1] } else { x[1] };
    let mut f = BatchedAdaptive::<_, f32>::new_as(f, 0..1, 4);
    let x = [2.0, 1.0 + 1e-9, 0.5];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let mut gradient = [7.0];
    let told = f.value_and_gradient_into(&[1.0], &samples, &mut gradient);
    assert!(matches!(told, Err(Error::BranchesChanged { samples, .. }) if samples == [1, 2]));
    assert_eq!(gradient, [7.0]);
}

#[test]
fn every_sample_goes_to_the_recording_of_its_branch() {
    let f = |x: &[Var]| {
        if x[1] < 0.0 {
            x[0] * x[1]
        } else if x[1] * x[0] > 1.0 {
            x[1].sin() * x[0]
        } else {
            x[0].exp() + x[1]
        }
    };
    let mut all = BatchedAdaptive::new(f, 0..1, 8);
    let x: Vec<f64> = (0..500).map(|k| (f64::from(k) * 0.37).sin() * 3.0).collect();
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let mut gradient = [0.0];
    let (mut values, mut slopes) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let total = all.value_and_gradient_into(&[0.8], &samples, &mut gradient).unwrap();
    all.values_into(&[0.8], &samples, &mut values).unwrap();
    all.jacobians_into(&[0.8], &samples, &mut slopes).unwrap();
    assert_eq!(all.recordings().len(), 3);
    let (mut expected_total, mut expected_slope) = (0.0, 0.0);
    for (k, &x) in x.iter().enumerate() {
        let (value, [by_shared, by_x]) = tapegrad::value_and_gradient(|[w, x]| f(&[w, x]), [0.8, x]);
        assert!((values[k] - value).abs() < 1e-14 && (slopes[k] - by_x).abs() < 1e-14, "sample {k}");
        expected_total += value;
        expected_slope += by_shared;
    }
    assert!((total - expected_total).abs() < 1e-11 && (gradient[0] - expected_slope).abs() < 1e-11);
}

/// What the latest batches met stays; what none of them met for longest makes room.
#[test]
fn the_recording_that_was_not_used_for_longest_makes_room() {
    let recorded = Cell::new(0);
    // A branch for each whole number.
    let f = |x: &[Var]| {
        recorded.set(recorded.get() + 1);
        let branch = (0..9).find(|&k| x[1] < f64::from(k + 1)).unwrap();
        x[0] * x[1] * f64::from(branch)
    };
    let mut f = BatchedAdaptive::new(f, 0..1, 3);
    // The branches that recordings are of, in their order, after a batch that meets some; and how many were made.
    let mut after = |met: &[u32]| {
        let x: Vec<f64> = met.iter().map(|&branch| f64::from(branch) + 0.5).collect();
        let (columns, before) = ([Column::from(&x)], recorded.get());
        let (mut gradient, mut workspace) = ([7.0], BatchWorkspace::new());
        let total =
            f.value_and_gradient_into(&[2.0], &Samples::new(&columns).unwrap(), &mut gradient).unwrap();
        let expected: f64 = x.iter().map(|x| x * x.floor()).sum();
        assert_eq!((total, gradient), (2.0 * expected, [expected]));
        let mut branch_of = |recording: &Batched| {
            let fits = |&branch: &u32| {
                let x = [f64::from(branch) + 0.5];
                let columns = [Column::from(&x)];
                let samples = Samples::new(&columns).unwrap();
                recording.evaluator_in(&mut workspace).values_into(&[2.0], &samples, &mut [7.0]).is_ok()
            };
            (0..9).find(fits).unwrap()
        };
        let branches: Vec<u32> = f.recordings().iter().map(&mut branch_of).collect();
        (branches, recorded.get() - before)
    };
    assert_eq!(after(&[1, 2, 1, 2]), (vec![1, 2], 2));
    assert_eq!(after(&[3]), (vec![3, 1, 2], 1));
    assert_eq!(after(&[2]), (vec![2, 3, 1], 0));
    // Those of one batch keep their order, whichever its first sample is of.
    assert_eq!(after(&[1, 3]), (vec![3, 1, 2], 0));
    assert_eq!(after(&[4]), (vec![4, 3, 1], 1));
    assert_eq!(after(&[1, 2]), (vec![1, 2, 4], 1));
    // More than there is room for.
    assert_eq!(after(&[4, 5, 6, 1, 2]), (vec![1, 2, 6], 2));
    assert_eq!(after(&[]), (vec![1, 2, 6], 0));
}

/// Of several reasons, the one that the first of the samples meets first, wherever the others are.
#[test]
fn the_reason_is_that_of_the_first_sample() {
    let function = Function::record(
        |[x, y]| {
            assert!(x < 1.0);
            assert!(y < 2.0);
            x * y
        },
        [0.5, 0.5],
    );
    let function = function.unwrap().batched(0..0).unwrap();
    let n = 7_000;
    // Which numbers are too large, and what is told.
    let cases: [(&[usize], &[usize], f64); 6] = [
        (&[3], &[3], 1.0),
        (&[6_900, 4], &[3], 2.0),
        (&[3, 6_900], &[4, 6_901], 1.0),
        (&[5_000], &[2_100], 2.0),
        (&[2_100], &[5_000, 2_101, 2_100], 1.0),
        (&[6_999], &[6_998], 2.0),
    ];
    for (xs, ys, expected) in cases {
        let (mut x, mut y) = (vec![0.25; n], vec![0.75; n]);
        xs.iter().for_each(|&k| x[k] = 5.0);
        ys.iter().for_each(|&k| y[k] = 6.0);
        let columns = [Column::from(&x), Column::from(&y)];
        let samples = Samples::new(&columns).unwrap();
        let mut sums = [7.0];
        let error = function.evaluator().sums_into(&[], &samples, &mut sums).unwrap_err();
        let Error::BranchesChanged { samples: out, first } = error else { panic!("{error}") };
        let mut all = [xs, ys].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(out, all);
        assert!(matches!(*first, Error::BranchChanged { right, .. } if right == expected), "{first}");
    }
}

/// Error or not, `out` is whole or as it was: here the second group meets a comparison too close to tell, or a closure that
/// cannot be recorded, when the first has its numbers already.
#[test]
fn an_adaptive_batch_writes_all_or_nothing() {
    let too_close = |x: &[Var]| if x[1] > x[0] { x[0] * x[1] } else { x[1] };
    let not_recorded = |x: &[Var]| if x[1] > x[0] { x[0] * x[1] } else { x[1] * x[1].value() };
    let x = [2.0, 3.0, 1.0 + 1e-9, 0.5];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let (mut values, mut slopes, mut gradient) = ([7.0; 4], [7.0; 4], [7.0]);
    let mut f = BatchedAdaptive::<_, f32>::new_as(too_close, 0..1, 4);
    let told = [
        f.values_into(&[1.0], &samples, &mut values),
        f.jacobians_into(&[1.0], &samples, &mut slopes),
        f.value_and_gradient_into(&[1.0], &samples, &mut gradient).map(|_| ()),
    ];
    for told in told {
        assert!(
            matches!(&told, Err(Error::BranchesChanged { samples, .. }) if *samples == [2, 3]),
            "{told:?}"
        );
    }
    assert_eq!((values, slopes, gradient), ([7.0; 4], [7.0; 4], [7.0]));
    let x = [2.0, 3.0, 0.5, 0.25];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let mut f = BatchedAdaptive::<_, f32>::new_as(not_recorded, 0..1, 4);
    let told = [
        f.values_into(&[1.0], &samples, &mut values),
        f.jacobians_into(&[1.0], &samples, &mut slopes),
        f.value_and_gradient_into(&[1.0], &samples, &mut gradient).map(|_| ()),
    ];
    for told in told {
        assert!(matches!(told, Err(Error::ValueRead { .. })), "{told:?}");
    }
    assert_eq!((values, slopes, gradient), ([7.0; 4], [7.0; 4], [7.0]));
    // And where the closure panics.
    let panics = |x: &[Var]| if x[1] > x[0] { x[0] * x[1] } else { panic!("no such branch") };
    let mut f = BatchedAdaptive::<_, f32>::new_as(panics, 0..1, 4);
    let run = std::panic::AssertUnwindSafe(|| f.values_into(&[1.0], &samples, &mut values));
    assert!(std::panic::catch_unwind(run).is_err());
    assert_eq!(values, [7.0; 4]);
}

/// What is known before anything is recorded is looked at before anything is recorded, also of no samples.
#[test]
fn adaptive_batches_look_at_lengths_first() {
    let f = |x: &[Var]| (x[0] * x[3] + x[1] - x[2]).abs();
    let new = || BatchedAdaptive::new(f, 1..3, 4).with_held(2..3);
    let (x, none) = ([1.0, 2.0], [0.0; 0]);
    for (numbers, n) in [(&none[..], 0), (&x[..], 2)] {
        let columns = [Column::from(numbers), Column::from(numbers)];
        let samples = Samples::new(&columns).unwrap();
        let (mut f, mut out) = (new(), [7.0; 9]);
        for shared in [&[][..], &[1.0], &[1.0; 3]] {
            let expected = ("shared inputs", 2, shared.len());
            assert_eq!(length_of(f.values_into(shared, &samples, &mut out[..n])), expected);
            assert_eq!(length_of(f.jacobians_into(shared, &samples, &mut out[..2 * n])), expected);
            let told = f.value_and_gradient_into(shared, &samples, &mut out[..1]);
            assert_eq!(length_of(told.map(|_| ())), expected);
        }
        let w = [1.0, 2.0];
        assert_eq!(length_of(f.values_into(&w, &samples, &mut out[..n + 1])).1, n);
        assert_eq!(length_of(f.jacobians_into(&w, &samples, &mut out[..2 * n + 1])).1, 2 * n);
        for wrong in [0, 2, 9] {
            let told = f.value_and_gradient_into(&w, &samples, &mut out[..wrong]);
            assert_eq!(length_of(told.map(|_| ())), ("derivatives", 1, wrong));
        }
        assert_eq!(out, [7.0; 9]);
        f.values_into(&w, &samples, &mut out[..n]).unwrap();
        f.jacobians_into(&w, &samples, &mut out[..2 * n]).unwrap();
        f.value_and_gradient_into(&w, &samples, &mut out[..1]).unwrap();
        // The shared inputs stand behind one column, and there is none.
        let no_columns = Samples::new(&[]).unwrap();
        let told = f.values_into(&w, &no_columns, &mut []);
        assert_eq!(length_of(told), ("inputs", 2, 3));
    }
}

/// A stride beyond all memory: there is one sample, and no arithmetic that wraps around finds another.
#[test]
fn strides_and_samples_beyond_all_memory() {
    let data = [1.0, 2.0, 3.0];
    for stride in [3, usize::MAX / 2 + 1, usize::MAX] {
        let column = Column::strided(&data, 1, stride);
        assert_eq!((column.len(), column.get(0)), (1, 2.0));
        for beyond in [1, 2, usize::MAX] {
            let message = panic_of(|| column.get(beyond));
            assert!(message.contains(&format!("no sample {beyond}")) && message.contains('1'), "{message}");
        }
        let function = Function::record(|[x]| x * 2.0, [1.0]).unwrap().batched(0..0).unwrap();
        let columns = [column];
        let samples = Samples::new(&columns).unwrap();
        let mut out = [7.0];
        function.evaluator().values_into(&[], &samples, &mut out).unwrap();
        assert_eq!(out, [4.0]);
    }
    // Numbers beyond those of the column are not its own, even if they are there.
    let part = Column::strided(&data, 2, 1);
    assert!(panic_of(|| part.get(1)).contains("no sample 1"));
    assert_eq!(Column::strided(&data, usize::MAX, 1).len(), 0);
    assert_eq!(Column::constant(&5.0).get(usize::MAX), 5.0);
}

/// The message of a panic.
fn panic_of<T: std::fmt::Debug>(f: impl FnOnce() -> T) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
    panic
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| panic.downcast_ref::<&str>().unwrap().to_string())
}

#[test]
fn derivatives_by_what_is_shared_are_found_elsewhere() {
    let function = Function::record(|[w, b]| w * b, [1.0; 2]).unwrap().batched(0..2).unwrap();
    let samples = Samples::new(&[]).unwrap();
    let told = function.evaluator().jacobians_into(&[1.0, 2.0], &samples, &mut [7.0; 14]);
    let message = told.unwrap_err().to_string();
    assert!(message.contains("shared") && message.contains("`value_and_gradient`"), "{message}");
}

/// Without columns, or with constants alone, the samples are as many as is said.
#[test]
fn a_batch_of_shared_inputs_knows_its_size() {
    let function = Function::record(|[w, b]| (w * b).sin() + w, [1.0; 2]).unwrap().batched(0..2).unwrap();
    let both = Function::record(|[w, x]| w * x, [1.0; 2]).unwrap();
    let constants = [Column::constant(&3.0)];
    for n in [0, 1, 2, 17, 3_000] {
        let samples = Samples::with_len(&[], n).unwrap();
        assert_eq!((samples.len(), samples.is_empty()), (n, n == 0));
        let (mut workspace, mut values) = (BatchWorkspace::new(), vec![7.0; n]);
        let (mut sums, mut gradient) = ([7.0], [7.0; 2]);
        let w = [0.5, 2.0];
        let expected = [1f64.sin() + 0.5, 2.0 * 1f64.cos() + 1.0, 0.5 * 1f64.cos()];
        function.evaluator_in(&mut workspace).values_into(&w, &samples, &mut values).unwrap();
        assert!(values.iter().all(|value| (value - expected[0]).abs() < 1e-15));
        function.evaluator_in(&mut workspace).sums_into(&w, &samples, &mut sums).unwrap();
        let total = function
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&w, &samples, &mut gradient)
            .unwrap();
        assert_eq!(total, sums[0]);
        for (sum, expected) in [total, gradient[0], gradient[1]].iter().zip(expected) {
            assert!((sum - expected * n as f64).abs() <= 1e-12 * n as f64, "{n} samples: {sum}");
        }
        function.evaluator_in(&mut workspace).jacobians_into(&w, &samples, &mut []).unwrap();
        let closure = |x: &[Var]| (x[0] * x[1]).sin() + x[0];
        let mut adaptive = BatchedAdaptive::new(closure, 0..2, 2);
        let mut again = [7.0; 2];
        let adaptively = adaptive.value_and_gradient_into(&w, &samples, &mut again).unwrap();
        assert_eq!((adaptively, again), (total, gradient));

        let samples = Samples::with_len(&constants, n).unwrap();
        let mut gradient = [7.0];
        let batched = both.batched(0..1).unwrap();
        let total = batched
            .evaluator_in(&mut workspace)
            .value_and_gradient_into(&[0.5], &samples, &mut gradient)
            .unwrap();
        assert_eq!((total, gradient[0]), (1.5 * n as f64, 3.0 * n as f64));
        assert_eq!(length_of(samples.choose(&[n]).map(|_| ())), ("samples or more", n + 1, n));
        let last = [n.saturating_sub(1); 3];
        assert_eq!(samples.choose(&last).map(|samples| samples.len()).ok(), (n > 0).then_some(3));
    }
    let columns = [Column::from(&[1.0, 2.0]), constants[0]];
    assert_eq!(Samples::with_len(&columns, 2).unwrap().len(), 2);
    assert_eq!(length_of(Samples::with_len(&columns, 3).map(|_| ())), ("samples in each column", 3, 2));
    // More than can be counted: an error, and nothing that wraps around.
    let two = Function::record(|[w]| [w, w], [1.0]).unwrap().batched(0..1).unwrap();
    let samples = Samples::with_len(&[], usize::MAX).unwrap();
    let told = two.evaluator().values_into(&[1.0], &samples, &mut [7.0; 2]);
    assert_eq!(length_of(told), ("values", usize::MAX, 2));
    let samples = Samples::with_len(&[], usize::MAX / 2 + 2).unwrap();
    let told = two.evaluator().values_into(&[1.0], &samples, &mut [7.0; 2]);
    assert_eq!(length_of(told), ("values", usize::MAX, 2));
}

/// A recording that what is shared does not fit adds nothing, and least of all what an earlier call left in memory.
#[test]
fn recordings_that_do_not_fit_leave_no_trace() {
    let f = |x: &[Var]| {
        let slope = if x[0] < 1.0 { x[0] } else { x[0] * x[0] };
        if x[1] < 0.0 { slope * x[1] * 3.0 } else { slope * x[1] }
    };
    let x = [1.0, -2.0, 4.0, 0.5];
    let columns = [Column::from(&x)];
    let samples = Samples::new(&columns).unwrap();
    let mut all = BatchedAdaptive::new(f, 0..1, 8);
    // Σ over the samples is w · (1 − 6 + 4 + 0.5) = −w/2, or −w²/2.
    for (w, total, slope) in [(0.5, -0.25, -0.5), (3.0, -4.5, -3.0), (0.25, -0.125, -0.5), (2.0, -2.0, -2.0)]
    {
        for chosen in [&[0, 1, 2, 3][..], &[3, 2, 1, 0]] {
            let mut gradient = [7.0];
            let batch = samples.choose(chosen).unwrap();
            let value = all.value_and_gradient_into(&[w], &batch, &mut gradient).unwrap();
            assert_eq!((value, gradient), (total, [slope]), "at {w}");
        }
        // One group alone.
        let mut gradient = [7.0];
        let batch = samples.choose(&[0, 2]).unwrap();
        let value = all.value_and_gradient_into(&[w], &batch, &mut gradient).unwrap();
        assert_eq!((value, gradient), (total * -10.0, [slope * -10.0]), "at {w}");
    }
}
