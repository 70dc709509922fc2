//! Timing in turns, so that other load of the machine affects everything that is compared.

use std::time::{Duration, Instant};

/// The rounds of one run: nanoseconds per call.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// The difference to other times, round by round.
    #[allow(dead_code)] // used by some benches only
    pub fn less(&self, other: &Times) -> Times {
        Times(self.0.iter().zip(&other.0).map(|(a, b)| a - b).collect())
    }

    /// The smallest, median and largest ratio to other times of the same rounds.
    pub fn over(&self, other: &Times) -> [f64; 3] {
        let ratios: Vec<f64> = self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        [least, median(ratios), most]
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// An action to time, with a context that all runs share.
pub type Run<'a, C> = dyn FnMut(&mut C) + 'a;

/// Times `runs` in turns, each repeated long enough for the clock, until the given time has passed.
pub fn in_turns<C>(context: &mut C, runs: &mut [&mut Run<'_, C>], is_quick: bool) -> Vec<Times> {
    let (slice, budget, least) = if is_quick {
        (Duration::from_micros(300), Duration::from_millis(500), 5)
    } else {
        (Duration::from_millis(5), Duration::from_secs(4), 11)
    };
    let mut repeat_for_a_slice = |run: &mut &mut Run<'_, C>| {
        // Once for what is recorded or planned beforehand.
        run(context);
        let start = Instant::now();
        let mut repeats = 0;
        while start.elapsed() < slice {
            run(context);
            repeats += 1;
        }
        repeats
    };
    let repeats: Vec<u32> = runs.iter_mut().map(&mut repeat_for_a_slice).collect();
    let mut times: Vec<Times> = runs.iter().map(|_| Times::default()).collect();
    let begin = Instant::now();
    for round in 0.. {
        if round >= least && (begin.elapsed() > budget || round > 500) {
            break;
        }
        for turn in 0..runs.len() {
            let which = (turn + round) % runs.len();
            let start = Instant::now();
            for _ in 0..repeats[which] {
                runs[which](context);
            }
            times[which].0.push(start.elapsed().as_nanos() as f64 / f64::from(repeats[which]));
        }
    }
    times
}
