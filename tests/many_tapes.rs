//! Thousands of live tapes, and thousands of rewinds that each keep something: everything is found, and no operation has to
//! look through all of them.

mod common;

use common::quick_tape;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tapegrad::{Tape, Var};

/// The shortest of a few runs.
fn shortest(mut run: impl FnMut()) -> Duration {
    let mut once = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap()
}

/// So many tapes with a variable each, whose value is the number of the tape.
fn tapes(count: usize) -> (Vec<Tape>, Vec<Var>) {
    (0..count)
        .map(|k| (quick_tape(), k as f64))
        .map(|(tape, k)| (tape.var(k), tape))
        .map(|(x, tape)| (tape, x))
        .unzip()
}

/// A variable, and so many results `k x` that are each kept by a rewind.
fn kept(count: usize) -> (Tape, Vec<Var>) {
    let tape = quick_tape();
    let x = tape.var(2.0);
    let keep = |k: usize| {
        let y = x * k as f64;
        let mark = tape.mark();
        let _ = y * y;
        tape.rewind(mark);
        y
    };
    let results = (0..count).map(keep).collect();
    (tape, results)
}

#[test]
fn every_tape_is_found() {
    let (mut tapes, mut xs) = tapes(20_000);
    // From one end to the other, so that every operation is on another tape.
    for step in [1, 7, 19_999] {
        for k in (0..20_000).map(|k| k * step % 20_000) {
            let x = xs[k];
            let y = x * x;
            assert_eq!((y.backward()[x], tapes[k].len()), (2.0 * k as f64, 2), "tape {k}");
            tapes[k].clear();
            xs[k] = tapes[k].var(k as f64);
        }
    }
    // Some end, others begin in their memory and their windows of numbers.
    let mut gone = Vec::new();
    for k in (0..20_000).step_by(3) {
        gone.push(xs[k]);
        tapes[k] = quick_tape();
        xs[k] = tapes[k].var(k as f64);
    }
    for (k, &x) in xs.iter().enumerate().rev() {
        assert_eq!((x + 1.0).backward()[x], 1.0);
        assert!(tapes[k].owns(x) && !tapes[(k + 1) % 20_000].owns(x));
    }
    for x in gone.into_iter().step_by(1000) {
        assert!(common::panic_of(|| x * x).message.contains("on no tape of this thread"));
    }
    while let Some(tape) = tapes.pop() {
        assert_eq!(tape.len(), 2);
    }
}

#[test]
fn every_kept_node_is_found() {
    let (tape, results) = kept(10_000);
    let x = tape.vars([1.0])[0];
    let mark = tape.mark();
    for (k, &y) in results.iter().enumerate().step_by(97) {
        assert_eq!(y.value(), 2.0 * k as f64);
        let z = y * x;
        let g = z.backward();
        assert_eq!((g[y], g[x]), (1.0, 2.0 * k as f64), "result {k}");
        // In a list as well.
        assert_eq!(tapegrad::lists::dot(&[y, x], &[x, y]).backward()[y], 2.0);
        tape.rewind(mark);
    }
}

#[test]
#[ignore = "compares times, by wide ratios: in the long runs"]
fn an_operation_does_not_look_through_all_tapes() {
    let per_operation = |count: usize| {
        let (tapes, xs) = tapes(count);
        let operations =
            shortest(|| (0..1000).for_each(|k| drop(black_box(-xs[k * 7919 % count]).to_string())));
        drop(tapes);
        operations
    };
    // A hundred times as many; memory is farther away, but a search would take a hundred times as long.
    let (few, many) = (per_operation(200), per_operation(20_000));
    assert!(many < 25 * few, "{few:?} with 200 tapes, {many:?} with 20,000");
}

#[test]
#[ignore = "compares times, by wide ratios: in the long runs"]
fn a_rewind_does_not_look_through_all_kept_nodes() {
    let (few, many) = (shortest(|| drop(kept(2_000))), shortest(|| drop(kept(100_000))));
    // Fifty times as many; looking through all would take 2,500 times as long.
    assert!(many < 500 * few, "{few:?} for 2,000 rewinds, {many:?} for 100,000");
    let per_operation = |count: usize| {
        let (tape, results) = kept(count);
        let operations =
            shortest(|| (0..1000).for_each(|k| drop(black_box(-results[k * 7919 % count]).to_string())));
        drop(tape);
        operations
    };
    let (few, many) = (per_operation(1_000), per_operation(100_000));
    assert!(many < 25 * few, "{few:?} with 1,000 kept nodes, {many:?} with 100,000");
}
