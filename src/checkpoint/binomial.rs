//! The binomial schedule: which states of a known number of steps are kept, so that as few steps as possible are repeated.
//!
//! A. Griewank and A. Walther, "Algorithm 799: revolve" (2000); with `s` states in memory at a time and no step computed more
//! than `r` times, up to `C(s + r, s)` steps can be reversed.

/// Reverses `steps` steps, of which the state before the first is `start`, with at most `kept` states in memory at a time, but
/// at least one, besides the one that is being computed: `advance` takes the state before a step by so many steps, and `reverse`
/// is called with each step, from the last to the first, and the state before it.
pub(crate) fn reverse<E>(
    start: &[f64],
    steps: usize,
    kept: usize,
    mut advance: impl FnMut(&mut [f64], usize, usize) -> Result<(), E>,
    mut reverse: impl FnMut(usize, &[f64]) -> Result<(), E>,
) -> Result<(), E> {
    let (width, kept) = (start.len(), kept.max(1));
    // The steps that kept states are before, from the first to the last, and the states one after the other.
    let (mut before, mut states) = (vec![0], start.to_vec());
    let mut state = start.to_vec();
    let mut end = steps;
    while end > 0 {
        let from = *before.last().expect("the state before the first step is kept to the end");
        let last = states.len() - width;
        if from + 1 == end {
            reverse(from, &states[last..])?;
            end = from;
            if from > 0 {
                before.pop();
                states.truncate(last);
            }
            continue;
        }
        state.copy_from_slice(&states[last..]);
        let free = kept - before.len();
        if free == 0 {
            // What is computed now is used once.
            advance(&mut state, from, end - 1 - from)?;
            reverse(end - 1, &state)?;
            end -= 1;
            continue;
        }
        let by = split(end - from, free + 1);
        advance(&mut state, from, by)?;
        before.push(from + by);
        states.extend_from_slice(&state);
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
    fn least(
        steps: usize,
        kept: usize,
        known: &mut std::collections::HashMap<(usize, usize), usize>,
    ) -> usize {
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
                let advance = |state: &mut [f64], from: usize, by: usize| {
                    assert_eq!(state, [from as f64]);
                    state[0] += by as f64;
                    computed += by;
                    Ok::<(), ()>(())
                };
                let back = |step: usize, state: &[f64]| {
                    assert_eq!((step + 1, state), (expected, &[step as f64][..]));
                    expected = step;
                    most += 1;
                    Ok(())
                };
                reverse(&[0.0], steps, kept, advance, back).unwrap();
                assert_eq!((expected, most), (0, steps));
                assert_eq!(computed, least(steps, kept, &mut known), "{steps} steps, {kept} states");
            }
        }
    }

    #[test]
    fn the_numbers_of_the_published_table() {
        // Griewank and Walther, table I: 10 states reverse 66 steps with 2 repetitions, 286 with 3.
        assert_eq!([reach(10, 2), reach(10, 3), reach(1, 4), reach(3, 0)], [66, 286, 5, 1]);
        assert_eq!(reach(1000, 1000), usize::MAX);
    }
}
