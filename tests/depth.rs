//! A deep graph is a long vector: nothing recurses, neither in recording, nor in the sweep, nor in a drop.

use std::thread;
use tapegrad::{Tape, Var};

/// Runs `f` with a small stack, which a recursion over the nodes would overflow.
fn with_small_stack(f: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(f).unwrap().join().unwrap();
}

/// −−…x, one node each: the derivative is 1 or −1.
fn chain(x: Var, nodes: usize) -> Var {
    let mut y = x;
    for _ in 0..nodes {
        y = -y;
    }
    y
}

#[test]
fn a_chain_of_ten_million_nodes() {
    with_small_stack(|| {
        let tape = Tape::new();
        tape.keep_lines(false); // for speed in debug builds
        let x = tape.var(2.0);
        let y = chain(x, 10_000_001);
        assert_eq!((y.value(), tape.len()), (-2.0, 10_000_002));
        let g = y.backward();
        drop(tape);
        assert_eq!(g[x], -1.0);
    });
}

#[test]
fn a_deep_graph_that_has_to_be_searched() {
    // A zero adjoint in front of an infinite partial: the sweep works out what it reaches.
    with_small_stack(|| {
        let tape = Tape::new();
        let x = tape.var(0.0);
        let y = chain(x.sqrt(), 100_000) * 0.0;
        assert!(y.backward()[x].is_nan());
        let _unused = chain(x, 100_000).ln();
        assert_eq!(chain(x, 100_001).backward()[x], -1.0);
        assert_eq!(tape.listing().nodes.len(), tape.len());
    });
}

#[test]
fn wide_nodes() {
    with_small_stack(|| {
        let tape = Tape::new();
        let x = tape.vars(&vec![1.0; 100_000]);
        let y: Var = x.iter().sum();
        assert_eq!(tape.len(), 100_001);
        assert!(y.backward().wrt(&x).iter().all(|&g| g == 1.0));
    });
}

/// The most memory this process ever had, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "takes 5 GB; run with `--release -- --ignored`"]
fn a_chain_of_a_hundred_million_nodes() {
    let peak_with = |tape: fn() -> Tape| {
        with_small_stack(move || {
            let tape = tape();
            tape.keep_lines(false);
            let x = tape.var(2.0);
            let y = chain(x, 100_000_000);
            let g = y.backward();
            assert_eq!((y.value(), g[x]), (2.0, 1.0));
        });
        let peak = peak_memory();
        println!("peak: {:.2} GB", peak as f64 / 1e9);
        peak
    };
    // A row and an adjoint; then value and operation too.
    assert!(peak_with(Tape::for_gradients) < 3_500_000_000);
    assert!(peak_with(Tape::new) < 5_000_000_000);
}
