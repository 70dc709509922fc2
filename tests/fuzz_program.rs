//! Promise: whatever a program does with tapes and variables, its gradients are right and its misuse is refused.
//!
//! The same interpreter runs under libFuzzer: see `tests/fuzz`.

#[path = "fuzz/program.rs"]
mod program;

use program::{Outcome, run};

/// Runs programs of random bytes.
fn run_random(programs: u64) -> Outcome {
    let mut total = Outcome::default();
    for seed in 0..programs {
        // SplitMix64
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)).to_le_bytes()
        };
        let data: Vec<u8> = (0..1 + seed % 40).flat_map(|_| bytes()).collect();
        let outcome = run(&data);
        total.steps += outcome.steps;
        total.panics += outcome.panics;
        total.compared += outcome.compared;
    }
    total
}

#[test]
fn random_programs_keep_the_promises() {
    let Outcome { steps, panics, compared } = run_random(3_000);
    assert!(
        steps > 30_000 && panics > 3_000 && compared > 10_000,
        "{steps} steps, {panics} panics, {compared}"
    );
}

#[test]
#[ignore = "a long run, in release"]
fn a_million_random_programs_keep_the_promises() {
    let Outcome { steps, panics, compared } = run_random(1_000_000);
    println!("{steps} steps, {panics} misuses refused, {compared} derivatives compared");
}
