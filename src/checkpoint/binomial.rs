//! The binomial schedule: which states of a known number of steps are kept, so that as few steps as possible are repeated.
//!
//! A. Griewank and A. Walther, "Algorithm 799: revolve" (2000); with `s` states in memory at a time and no step repeated more
//! than `r` times, up to `C(s + r, s)` steps can be reversed.

/// Reverses `steps` steps, of which the state before the first is `start`, with at most `kept` states in memory at a time besides
/// those that are being computed, and at least one: `advance` takes a state by so many steps from this one, and `reverse` is
/// called with each step, from the last to the first, and the state before it.
pub(crate) fn reverse<S, E>(
    start: S,
    steps: usize,
    kept: usize,
    mut advance: impl FnMut(&S, usize, usize) -> Result<S, E>,
    mut reverse: impl FnMut(usize, &S) -> Result<(), E>,
) -> Result<(), E> {
    // What is kept: the step that a state is before, from the first to the last.
    let mut stack = vec![(0, start)];
    let mut end = steps;
    while end > 0 {
        let (from, state) = stack.last().expect("the state before the first step is kept to the end");
        let from = *from;
        if from + 1 == end {
            reverse(from, state)?;
            end = from;
            if from > 0 {
                stack.pop();
            }
            continue;
        }
        let free = kept.max(1) - stack.len().min(kept.max(1));
        if free == 0 {
            // The state before the last step is used once.
            let last = advance(state, from, end - 1 - from)?;
            reverse(end - 1, &last)?;
            end -= 1;
            continue;
        }
        let by = split(end - from, free + 1);
        let next = advance(state, from, by)?;
        stack.push((from + by, next));
    }
    Ok(())
}

/// After how many of these steps, at least two, the next state is kept, if `kept` may be in memory, of which one is the state
/// before them.
fn split(steps: usize, kept: usize) -> usize {
    debug_assert!(steps > 1 && kept > 1);
    // The least number of repetitions.
    let mut repetitions = 1;
    while reach(kept, repetitions) < steps {
        repetitions += 1;
    }
    // What comes after is reversed with one state less and as many repetitions, what comes before with one repetition less;
    // among the choices for which that is possible, the total is the least for these.
    let before_at_least = steps.saturating_sub(reach(kept - 1, repetitions));
    let before = before_at_least.max(if repetitions > 1 { reach(kept, repetitions - 2) } else { 1 });
    before.clamp(1, steps - 1)
}

/// How many steps can be reversed with so many states in memory and repetitions: `C(kept + repetitions, kept)`.
fn reach(kept: usize, repetitions: usize) -> usize {
    let mut count: u128 = 1;
    for k in 1..=repetitions.min(kept) as u128 {
        count = count * (repetitions.max(kept) as u128 + k) / k;
        if count > usize::MAX as u128 {
            return usize::MAX;
        }
    }
    count as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least number of steps that are computed to reverse so many with so many states, by trying all ways, beside the
    /// reversal of each step, which computes it too.
    fn least(steps: usize, kept: usize, known: &mut std::collections::HashMap<(usize, usize), usize>) -> usize {
        if steps <= 1 {
            return 0;
        }
        if kept == 1 {
            return steps * (steps - 1) / 2;
        }
        if let Some(&cost) = known.get(&(steps, kept)) {
            return cost;
        }
        let cost = (1..steps)
            .map(|by| by + least(steps - by, kept - 1, known) + least(by, kept, known))
            .min()
            .unwrap_or(0);
        known.insert((steps, kept), cost);
        cost
    }

    #[test]
    fn no_schedule_computes_fewer_steps() {
        let mut known = Default::default();
        for kept in 1..8 {
            for steps in 0..90 {
                let (mut computed, mut expected, mut most) = (0, steps, 0);
                let advance = |&state: &usize, from: usize, by: usize| {
                    assert_eq!(state, from);
                    computed += by;
                    Ok::<usize, ()>(from + by)
                };
                let back = |step: usize, &state: &usize| {
                    assert_eq!((step + 1, state), (expected, step));
                    expected = step;
                    most += 1;
                    Ok(())
                };
                reverse(0, steps, kept, advance, back).unwrap();
                assert_eq!((expected, most), (0, steps));
                assert_eq!(computed, least(steps, kept, &mut known), "{steps} steps, {kept} states");
            }
        }
    }

    #[test]
    fn no_more_states_are_kept_than_allowed() {
        use std::cell::Cell;
        use std::rc::Rc;
        struct State(Rc<Cell<usize>>);
        impl State {
            fn new(alive: &Rc<Cell<usize>>) -> State {
                alive.set(alive.get() + 1);
                State(alive.clone())
            }
        }
        impl Drop for State {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        for (steps, kept) in [(1, 1), (50, 1), (50, 3), (1000, 5), (1000, 2000)] {
            let (alive, most) = (Rc::new(Cell::new(0)), Cell::new(0));
            let advance = |state: &State, _: usize, _: usize| {
                most.set(most.get().max(alive.get()));
                Ok::<State, ()>(State::new(&state.0))
            };
            reverse(State::new(&alive), steps, kept, advance, |_, _| Ok(())).unwrap();
            assert!(most.get() <= kept, "{} of {kept}", most.get());
        }
    }

    #[test]
    fn the_numbers_of_the_published_table() {
        // Griewank and Walther, table I: 10 states reverse 66 steps with 2 repetitions, 286 with 3.
        assert_eq!([reach(10, 2), reach(10, 3), reach(1, 4), reach(3, 0)], [66, 286, 5, 1]);
        assert_eq!(reach(1000, 1000), usize::MAX);
    }
}
