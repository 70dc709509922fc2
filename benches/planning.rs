//! What planning for vector registers takes, for each operation that was recorded.
//!
//! ```text
//! cargo bench --features parallel --bench planning -- [--only NAME] [--count REPEATS]
//! ```
//!
//! Processor time, where the system tells it, so that other programs disturb less. With `--count`, plans so many times and measures
//! nothing: for counting instructions.

#[path = "workloads/mod.rs"]
mod workloads;

use std::hint::black_box;
use std::time::Instant;
use tapegrad::{Function, Var};
use workloads::burgers::Burgers;
use workloads::{Size, Visitor, Workload, visit_all};

/// Nanoseconds for which each function is planned again and again.
const BUDGET: f64 = 4e8;

/// A clock: nanoseconds that this thread has run, or else that have passed.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> f64 {
        let running = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let running = running.and_then(|numbers| numbers.split(' ').next()?.parse().ok());
        running.unwrap_or_else(|| self.0.elapsed().as_nanos() as f64)
    }
}

#[derive(Default)]
struct Planning {
    only: Option<String>,
    count: Option<usize>,
}

impl Planning {
    fn measure(&self, name: &str, record: impl FnOnce() -> Function) {
        if self.only.as_deref().is_some_and(|only| only != name) {
            return;
        }
        let function = record();
        if let Some(count) = self.count {
            (0..count).for_each(|_| drop(black_box(function.vectorised())));
            return;
        }
        let (clock, mut repeats) = (Clock(Instant::now()), 0);
        let start = clock.now();
        let plan = function.vectorised();
        while repeats == 0 || clock.now() - start < BUDGET {
            drop(black_box(function.vectorised()));
            repeats += 1;
        }
        let nanoseconds = (clock.now() - start) / f64::from(repeats + 1);
        let operations = function.statistics().operations;
        println!(
            "{name:<20} {operations:>9} operations, {:>9} simplified: {:>5.0} ns each",
            plan.plan().operations,
            nanoseconds / operations as f64
        );
    }
}

impl Visitor for Planning {
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W) {
        let record = || Function::record(|x: &[Var]| workload.plain(0, x), workload.point(0));
        self.measure(W::NAME, || record().expect("workloads can be replayed"));
    }
}

fn main() {
    let mut planning = Planning::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => planning.only = args.next(),
            "--count" => planning.count = args.next().and_then(|count| count.parse().ok()),
            _ => {} // from cargo
        }
    }
    // Nine operations for each cell and step: 10⁴, 10⁵ and 10⁶ in total.
    for steps in [6, 56, 556] {
        let workload = Burgers::new(200, steps);
        let record = || Function::record(|x: &[Var]| workload.plain(0, x), workload.point(0));
        planning.measure(&format!("burgers_200x{steps}"), || record().expect("no branches"));
    }
    visit_all(Size::Full, &mut planning);
}
