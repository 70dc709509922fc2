//! Which states are kept while nobody knows yet how many steps there will be.
//!
//! Q. Wang, P. Moin and G. Iaccarino, "Minimal repetition dynamic checkpointing algorithm for unsteady adjoint calculation"
//! (2009): no step is repeated more often than by the binomial schedule for the number of steps that it comes to.

/// States that are kept, each with the number of steps before it.
#[derive(Clone)]
pub(crate) struct Kept<S> {
    most: usize,
    states: Vec<State<S>>,
}

#[derive(Clone)]
struct State<S> {
    step: usize,
    level: usize,
    state: S,
}

impl<S: Clone> Kept<S> {
    /// The state before the first step, and room for so many others, at least one.
    pub fn new(start: S, others: usize) -> Kept<S> {
        let start = State { step: 0, level: usize::MAX, state: start };
        Kept { most: others.max(1) + 1, states: vec![start] }
    }

    /// Keeps the state before this step, which comes after all that are kept, if it has to be.
    pub fn offer(&mut self, step: usize, state: &S) {
        if self.states.len() < self.most {
            self.states.push(State { step, level: 0, state: state.clone() });
            return;
        }
        // One is dispensable if a later one has a higher level.
        let mut highest = 0;
        let mut dispensable = None;
        for (k, it) in self.states.iter().enumerate().skip(1).rev() {
            if it.level < highest {
                dispensable = Some(k);
                break;
            }
            highest = it.level;
        }
        let level = match dispensable {
            Some(k) => {
                self.states.remove(k);
                0
            }
            None => self.states.pop().expect("two states or more").level + 1,
        };
        self.states.push(State { step, level, state: state.clone() });
    }

    /// Reverses the first `steps` steps, which are those that were computed: `advance` takes the state before a step by one step,
    /// and `reverse` is called with each step, from the last to the first, and the state before it.
    pub fn reverse<E>(
        mut self,
        steps: usize,
        mut advance: impl FnMut(&S, usize) -> Result<S, E>,
        mut reverse: impl FnMut(usize, &S) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut end = steps;
        while end > 0 {
            while self.states.last().is_some_and(|last| last.step >= end) {
                self.states.pop();
            }
            let last = self.states.last().expect("the state before the first step is kept to the end");
            let (mut step, mut state) = (last.step, last.state.clone());
            while step + 1 < end {
                state = advance(&state, step)?;
                step += 1;
                if step + 1 < end {
                    self.offer(step, &state);
                }
            }
            reverse(step, &state)?;
            end = step;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a step is repeated at most by the binomial schedule: the least `r` with `C(s + r, s)` steps or more.
    fn bound(steps: usize, kept: usize) -> usize {
        let reach = |r: usize| (1..=r).fold(1, |count: usize, k| count * (kept + k) / k);
        (0..).find(|&r| reach(r) >= steps).unwrap()
    }

    #[test]
    fn no_step_is_repeated_more_often_than_by_the_binomial_schedule() {
        for kept in 1..9 {
            for steps in (0..60).chain([100, 333, 1000]) {
                let mut computed = vec![0; steps];
                let mut states = Kept::new(0, kept);
                for step in 0..steps {
                    computed[step] += 1;
                    if step + 1 < steps {
                        states.offer(step + 1, &(step + 1));
                    }
                }
                let (mut expected, mut most) = (steps, 0);
                let advance = |&state: &usize, step: usize| {
                    assert_eq!(state, step);
                    computed[step] += 1;
                    Ok::<usize, ()>(step + 1)
                };
                let back = |step: usize, &state: &usize| {
                    assert_eq!((step + 1, state), (expected, step));
                    expected = step;
                    Ok(())
                };
                states.reverse(steps, advance, back).unwrap();
                most = most.max(computed.iter().copied().max().unwrap_or(0));
                assert_eq!(expected, 0);
                assert!(most <= bound(steps + 1, kept), "{steps} steps, {kept} states: {most}");
            }
        }
    }
}
