//! Loops over closures, differentiated in little memory.

use super::{binomial, online, states_within};
use crate::tape::gradient::Gradient;
use crate::tape::{Tape, Var};
use std::convert::Infallible;
use std::fmt;

/// Runs `steps` steps from a state, to be differentiated within `memory` bytes: states that do not fit are computed again, as
/// rarely as possible (the binomial schedule).
///
/// `step` is given its number, the state before it and the `shared` numbers, all as variables or constants, and returns the state
/// after it. It is called again for the derivatives, and has to compute the same.
///
/// Recorded once as a function, a step runs faster, and its derivatives are functions: see [`Atomic::scan`](crate::Atomic::scan).
///
/// ```
/// use tapegrad::{Var, checkpointed};
///
/// // A hundred thousand Euler steps of a pendulum; how the last angle depends on the first one, and on gravity.
/// let step = |_: usize, state: &[Var], g: &[Var]| {
///     let speed = state[1] - g[0] * state[0].sin() * 1e-4;
///     vec![state[0] + speed * 1e-4, speed]
/// };
/// let swing = checkpointed(step, &[0.5, 0.0], &[9.81], 100_000, 100_000);
/// let (by_state, by_gravity) = swing.vjp(&[1.0, 0.0]);
/// # let (f, h) = (|g: f64| checkpointed(step, &[0.5, 0.0], &[g], 100_000, 1000).state()[0], 1e-4);
/// # assert!((by_gravity[0] - (f(9.81 + h) - f(9.81 - h)) / (2.0 * h)).abs() < 1e-6);
/// # let _ = by_state;
/// ```
///
/// # Panics
/// If `step` returns a state of another length, or variables of another tape.
#[track_caller]
pub fn checkpointed<F: Fn(usize, &[Var], &[Var]) -> Vec<Var>>(
    step: F,
    start: &[f64],
    shared: &[f64],
    steps: usize,
    memory: usize,
) -> Checkpointed<F> {
    let mut run = Checkpointed::new(step, start, shared, memory);
    for number in 0..steps {
        run.advance(number);
    }
    run
}

/// As [`checkpointed`], with as many steps as `goes_on` asks for: it is given the number of steps so far, and the state after
/// them. The states to keep are chosen while nobody knows yet how many steps there will be.
///
/// # Panics
/// As [`checkpointed`].
#[track_caller]
pub fn checkpointed_while<F: Fn(usize, &[Var], &[Var]) -> Vec<Var>>(
    goes_on: impl Fn(usize, &[f64]) -> bool,
    step: F,
    start: &[f64],
    shared: &[f64],
    memory: usize,
) -> Checkpointed<F> {
    let mut run = Checkpointed::new(step, start, shared, memory);
    let mut states = online::Kept::new(start.to_vec(), run.kept());
    while goes_on(run.steps, &run.state) {
        if run.steps > 0 {
            states.offer(run.steps, &run.state);
        }
        run.advance(run.steps);
    }
    run.states = Some(states);
    run
}

/// A loop that was run by [`checkpointed`] or [`checkpointed_while`].
#[derive(Clone)]
pub struct Checkpointed<F> {
    step: F,
    start: Vec<f64>,
    shared: Vec<f64>,
    memory: usize,
    steps: usize,
    /// After all steps.
    state: Vec<f64>,
    /// The states that were kept while the number of steps was unknown.
    states: Option<online::Kept<Vec<f64>>>,
}

impl<F: Fn(usize, &[Var], &[Var]) -> Vec<Var>> Checkpointed<F> {
    fn new(step: F, start: &[f64], shared: &[f64], memory: usize) -> Self {
        let (start, shared) = (start.to_vec(), shared.to_vec());
        Checkpointed { step, state: start.clone(), start, shared, memory, steps: 0, states: None }
    }

    /// How many states may be kept.
    fn kept(&self) -> usize {
        states_within(self.memory, self.start.len())
    }

    /// The state after all steps.
    #[must_use]
    pub fn state(&self) -> &[f64] {
        &self.state
    }

    /// How many steps there were.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Computes the state after this step, the next one.
    #[track_caller]
    fn advance(&mut self, number: usize) {
        self.state = self.after(number, &self.state);
        self.steps += 1;
    }

    #[track_caller]
    fn after(&self, number: usize, state: &[f64]) -> Vec<f64> {
        let constants = |numbers: &[f64]| numbers.iter().map(|&x| Var::from(x)).collect::<Vec<_>>();
        let next = (self.step)(number, &constants(state), &constants(&self.shared));
        self.check(number, &next);
        next.iter().map(|number| number.value).collect()
    }

    #[track_caller]
    fn check(&self, number: usize, next: &[Var]) {
        assert_eq!(
            next.len(),
            self.start.len(),
            "step {number} returned a state of another length: it has to return the state that the next step is given"
        );
    }

    /// The vector-Jacobian product: the derivatives with respect to the first state, and to the shared numbers, of the sum of the
    /// numbers of the last state with these weights. It has the bits of a sweep over a tape with all steps.
    ///
    /// # Panics
    /// If there are not as many weights as the state has numbers; as [`checkpointed`].
    #[must_use]
    #[track_caller]
    pub fn vjp(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        assert_eq!(weights.len(), self.start.len(), "one weight for each number of the state");
        let (mut adjoints, mut sums) = (weights.to_vec(), vec![0.0; self.shared.len()]);
        let (tape, mut gradient) = (Tape::for_gradients(), Gradient::new());
        let mut through = |number: usize, state: &[f64]| {
            tape.clear();
            let (state, shared) = (tape.vars(state), tape.vars(&self.shared[..]));
            let next = (self.step)(number, &state, &shared);
            self.check(number, &next);
            // The sums so far come first, as in one sweep over all steps.
            let seeds = next.into_iter().zip(adjoints.iter().copied());
            let seeds: Vec<(Var, f64)> =
                seeds.chain(shared.iter().copied().zip(sums.iter().copied())).collect();
            tape.backward_into(&seeds, &mut gradient);
            adjoints
                .iter_mut()
                .zip(&state)
                .for_each(|(adjoint, &var)| *adjoint = gradient.get(var).unwrap_or(0.0));
            sums.iter_mut().zip(&shared).for_each(|(sum, &var)| *sum = gradient.get(var).unwrap_or(0.0));
            Ok::<(), Infallible>(())
        };
        let done = match &self.states {
            Some(states) => {
                let advance = |state: &Vec<f64>, number| Ok(self.after(number, state));
                states.clone().reverse(self.steps, advance, |number, state| through(number, state))
            }
            None => {
                let advance = |state: &mut [f64], from: usize, by: usize| {
                    for number in from..from + by {
                        let next = self.after(number, state);
                        state.copy_from_slice(&next);
                    }
                    Ok(())
                };
                binomial::reverse(&self.start, self.steps, self.kept(), advance, through)
            }
        };
        match done {
            Ok(()) => (adjoints, sums),
        }
    }
}

impl<F> fmt::Debug for Checkpointed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpointed { start, shared, memory, steps, state, .. } = self;
        f.debug_struct("Checkpointed")
            .field("start", start)
            .field("shared", shared)
            .field("memory", memory)
            .field("steps", steps)
            .field("state", state)
            .finish_non_exhaustive()
    }
}
