//! A loop over closures has the gradient of a tape with all of its steps, to the bit, in little memory and few repetitions.

use crate::common::{assert_says, refusal};
use allocation_counter::measure;
use std::cell::Cell;
use tapegrad::{Tape, Var, checkpointed, checkpointed_while};

/// A Runge-Kutta step of the Van der Pol oscillator.
fn van_der_pol(number: usize, y: &[Var], shared: &[Var]) -> Vec<Var> {
    let (mu, h) = (shared[0], 0.01 + 1e-4 * number as f64);
    let slope = |x: Var, v: Var| (v, mu * (1.0 - x * x) * v - x);
    let (x, v) = (y[0], y[1]);
    let a = slope(x, v);
    let b = slope(x + a.0 * (h / 2.0), v + a.1 * (h / 2.0));
    let c = slope(x + b.0 * (h / 2.0), v + b.1 * (h / 2.0));
    let d = slope(x + c.0 * h, v + c.1 * h);
    let mean = |a: Var, b: Var, c: Var, d: Var| (a + b * 2.0 + c * 2.0 + d) * (h / 6.0);
    vec![x + mean(a.0, b.0, c.0, d.0), v + mean(a.1, b.1, c.1, d.1)]
}

fn on_one_tape(steps: usize, weights: [f64; 2]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let tape = Tape::for_gradients();
    let (start, shared) = (tape.vars([2.0, 0.1]), tape.vars([1.5]));
    let end = (0..steps).fold(start.to_vec(), |state, number| van_der_pol(number, &state, &shared));
    let gradient = tape.backward(&[(end[0], weights[0]), (end[1], weights[1])]);
    let adjoints = |vars: &[Var]| vars.iter().map(|&var| gradient.get(var).unwrap_or(0.0)).collect();
    (end.iter().map(|end| end.value()).collect(), adjoints(&start), adjoints(&shared))
}

/// The least `r` with `C(kept + r, kept) ≥ steps`: no step needs to be computed more often.
fn bound(steps: usize, kept: usize) -> usize {
    let reach = |r: usize| (1..=r).fold(1.0, |count, k| count * (kept + k) as f64 / k as f64);
    (0..).find(|&r| reach(r).round() >= steps as f64).unwrap()
}

#[test]
fn the_bits_are_those_of_one_tape() {
    let weights = [1.25, -0.5];
    for steps in [0, 1, 2, 3, 17, 200] {
        let (state, by_state, by_shared) = on_one_tape(steps, weights);
        for kept in [0, 1, 2, 5, 1000] {
            let computed = Cell::new(0);
            let step = |number: usize, state: &[Var], shared: &[Var]| {
                computed.set(computed.get() + 1);
                van_der_pol(number, state, shared)
            };
            let run = checkpointed(step, &[2.0, 0.1], &[1.5], steps, 24 * kept);
            assert_eq!((run.state(), run.steps(), computed.take()), (&state[..], steps, steps));
            assert_eq!(run.vjp(&weights), (by_state.clone(), by_shared.clone()));
            // Each step once for its derivatives, and otherwise as often as the schedule allows.
            assert!(computed.take() <= steps * (1 + bound(steps, kept.max(1))), "{steps} steps, {kept} kept");

            let online = checkpointed_while(|number, _| number < steps, step, &[2.0, 0.1], &[1.5], 24 * kept);
            assert_eq!((online.state(), online.steps()), (&state[..], steps));
            computed.set(0);
            for _ in 0..2 {
                assert_eq!(online.vjp(&weights), (by_state.clone(), by_shared.clone()));
            }
            assert!(computed.take() <= 2 * steps * (1 + bound(steps + 1, kept.max(1))));
        }
    }
}

#[test]
fn memory_stays_within_its_bounds() {
    let steps = 4000;
    for memory in [1_000, 20_000] {
        let run = checkpointed(van_der_pol, &[2.0, 0.1], &[1.5], steps, memory);
        let most = measure(|| drop(run.vjp(&[1.0, 0.0]))).bytes_max;
        // One step's tape and a few lists beside.
        assert!(most < 2 * memory as u64 + 20_000, "{most} bytes for {memory}");
    }
}

#[test]
fn states_and_shared_numbers_of_every_kind() {
    // A state that is returned as it is, one that is a constant, one that is a shared number.
    let step = |_: usize, state: &[Var], shared: &[Var]| vec![state[0], Var::from(3.0), shared[0]];
    let run = checkpointed(step, &[1.0, 2.0, 5.0], &[7.0, 8.0], 4, 100);
    assert_eq!(run.state(), [1.0, 3.0, 7.0]);
    assert_eq!(run.vjp(&[1.0, 10.0, 100.0]), (vec![1.0, 0.0, 0.0], vec![100.0, 0.0]));
    let nothing = checkpointed(|_, _: &[Var], _: &[Var]| Vec::new(), &[], &[], 3, 0);
    assert_eq!(nothing.vjp(&[]), (vec![], vec![]));
    // It ends where a number says so.
    let doubling = |_: usize, state: &[Var], _: &[Var]| vec![state[0] * 2.0];
    let run = checkpointed_while(|_, state| state[0] < 100.0, doubling, &[3.0], &[], 64);
    assert_eq!((run.state(), run.steps(), run.vjp(&[1.0]).0), (&[192.0][..], 6, vec![64.0]));
}

#[test]
fn misuse_is_told() {
    let step = |_: usize, state: &[Var], _: &[Var]| vec![state[0]];
    let message = refusal(|| checkpointed(step, &[1.0, 2.0], &[], 3, 100));
    assert_says(&message, &["step 0", "another length"]);
    let run = checkpointed(|_, state: &[Var], _: &[Var]| state.to_vec(), &[1.0], &[], 3, 100);
    assert_says(&refusal(|| run.vjp(&[1.0, 2.0])), &["one weight for each number of the state"]);
}
