//! Gradient time over the time of the gradient by hand, for every workload and every way to take it.
//!
//! ```text
//! cargo bench --bench ratios -- [--only NAME] [--quick] [--json]
//! ```
//!
//! The two are timed in turns, so that whatever else the machine does meets both; the ratio is the median
//! of those of single rounds. Gradients are compared before anything is timed.

#[path = "workloads/mod.rs"]
mod workloads;

use std::hint::black_box;
use std::process::exit;
use std::time::{Duration, Instant};
use tapegrad::Var;
use workloads::{Reverse, Size, Visitor, Workload, agree, visit_all};

/// Writes the gradients of all parts.
type Run<'a, W> = dyn FnMut(&mut W, &mut [f64]) + 'a;

/// A way to take the gradients of a workload.
struct Mode<W> {
    name: &'static str,
    run: Box<Run<'static, W>>,
    /// What a recording of all parts takes.
    footprint: Box<dyn Fn(&W) -> Footprint>,
}

#[derive(Default)]
struct Footprint {
    nodes: usize,
    bytes: usize,
}

/// All modes; a further one is a line here.
fn modes<W: Workload<M>, const M: usize>() -> Vec<Mode<W>> {
    vec![
        Mode::eager("plain", |workload: &W, part, x| workload.plain(part, x)),
        Mode::eager("tuned", |workload: &W, part, x| workload.tuned(part, x)),
    ]
}

impl<W> Mode<W> {
    /// Records afresh each time, and sweeps.
    fn eager<const M: usize>(name: &'static str, f: fn(&W, usize, &[Var]) -> [Var; M]) -> Self
    where
        W: Workload<M>,
    {
        let mut reverse = Reverse::default();
        Mode {
            name,
            run: Box::new(move |workload, gradients| {
                for (part, gradient) in gradients.chunks_exact_mut(workload.gradient_len()).enumerate() {
                    reverse.gradient(workload.point(part), gradient, |x| f(workload, part, x));
                }
            }),
            footprint: Box::new(move |workload| {
                let mut reverse = Reverse::default();
                let mut gradient = vec![0.0; workload.gradient_len()];
                let mut footprint = Footprint::default();
                for part in 0..workload.parts() {
                    reverse.gradient(workload.point(part), &mut gradient, |x| f(workload, part, x));
                    reverse.tape.release_memory();
                    footprint.nodes += reverse.tape.len();
                    footprint.bytes += reverse.tape.memory();
                }
                footprint
            }),
        }
    }
}

fn by_hand<W: Workload<M>, const M: usize>(workload: &mut W, gradients: &mut [f64]) {
    for (part, gradient) in gradients.chunks_exact_mut(workload.gradient_len()).enumerate() {
        black_box(workload.by_hand(part, gradient));
    }
}

fn primal<W: Workload<M>, const M: usize>(workload: &mut W, _: &mut [f64]) {
    for part in 0..workload.parts() {
        black_box(workload.plain(part, workload.point(part)));
    }
}

/// The rounds of one mode: nanoseconds per gradient of all parts.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// Smallest, median and largest ratio to the times of the same rounds.
    fn over(&self, other: &Times) -> [f64; 3] {
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

/// Times `runs` in turns, each long enough for the clock, until the time is up.
fn time_in_turns<W>(
    workload: &mut W,
    gradients: &mut [f64],
    runs: &mut [&mut Run<'_, W>],
    quick: bool,
) -> Vec<Times> {
    let (slice, budget, least) = if quick {
        (Duration::from_micros(300), Duration::from_millis(300), 5)
    } else {
        (Duration::from_millis(1), Duration::from_secs(4), 11)
    };
    let repeats: Vec<u32> = runs
        .iter_mut()
        .map(|run| {
            let start = Instant::now();
            let mut repeats = 0;
            while start.elapsed() < slice {
                run(black_box(workload), gradients);
                repeats += 1;
            }
            repeats
        })
        .collect();
    let mut times: Vec<Times> = runs.iter().map(|_| Times::default()).collect();
    let begin = Instant::now();
    for round in 0.. {
        if round >= least && (begin.elapsed() > budget || round >= 501) {
            break;
        }
        for turn in 0..runs.len() {
            let which = (turn + round) % runs.len();
            let start = Instant::now();
            for _ in 0..repeats[which] {
                runs[which](black_box(workload), gradients);
            }
            let elapsed = start.elapsed().as_nanos() as f64;
            times[which].0.push(elapsed / f64::from(repeats[which]));
        }
    }
    times
}

/// What the command line asks for.
#[derive(Default)]
struct Bench {
    only: Option<String>,
    quick: bool,
    json: bool,
    /// Nothing but so many gradients of one mode, for instruction counts.
    count: Option<(String, usize)>,
    list: bool,
}

impl Visitor for Bench {
    fn visit<W: Workload<M>, const M: usize>(&mut self, mut workload: W) {
        if self.only.as_deref().is_some_and(|only| only != W::NAME) {
            return;
        }
        let mut gradients = vec![0.0; workload.parts() * workload.gradient_len()];
        let mut modes = modes::<W, M>();
        if self.list {
            for mode in &modes {
                println!("{} {}", W::NAME, mode.name);
            }
        } else if let Some((name, repeats)) = &self.count {
            self.run_counted(name, *repeats, &mut workload, &mut gradients, &mut modes);
        } else {
            compare(&mut workload, &mut gradients, &mut modes);
            self.time(&mut workload, &mut gradients, &mut modes);
        }
    }
}

/// Panics unless all modes give the gradient by hand.
fn compare<W: Workload<M>, const M: usize>(workload: &mut W, gradients: &mut [f64], modes: &mut [Mode<W>]) {
    by_hand(workload, gradients);
    let expected = gradients.to_vec();
    for mode in modes {
        gradients.fill(f64::NAN);
        (mode.run)(workload, gradients);
        if let Err(difference) = agree(gradients, &expected, 1e-9) {
            panic!("{}, {}: {difference}", W::NAME, mode.name);
        }
    }
}

impl Bench {
    fn time<W: Workload<M>, const M: usize>(
        &self,
        workload: &mut W,
        gradients: &mut [f64],
        modes: &mut [Mode<W>],
    ) {
        let (mut by_hand, mut primal) = (by_hand::<W, M>, primal::<W, M>);
        let mut runs: Vec<&mut Run<'_, W>> = vec![&mut by_hand, &mut primal];
        runs.extend(modes.iter_mut().map(|mode| &mut *mode.run as &mut Run<'_, W>));
        let times = time_in_turns(workload, gradients, &mut runs, self.quick);
        let ([by_hand, primal], modal) = times.split_first_chunk().expect("two times before the modes");
        for (mode, times) in modes.iter().zip(modal) {
            let Footprint { nodes, bytes } = (mode.footprint)(workload);
            let [least, ratio, most] = times.over(by_hand);
            let [gradient_ns, handwritten_ns, primal_ns] =
                [times, by_hand, primal].map(|times| times.median());
            let (name, mode) = (W::NAME, mode.name);
            let (bytes_per_node, ns_per_node) = (bytes as f64 / nodes as f64, gradient_ns / nodes as f64);
            if self.json {
                println!(
                    "{{\"workload\":\"{name}\",\"mode\":\"{mode}\",\"ratio\":{ratio:.3},\
                     \"gradient_ns\":{gradient_ns:.0},\"handwritten_ns\":{handwritten_ns:.0},\
                     \"primal_ns\":{primal_ns:.0},\"nodes\":{nodes},\"bytes_per_node\":{bytes_per_node:.1}}}"
                );
            } else {
                let range = format!("{least:.2}..{most:.2}");
                println!(
                    "{name:<18} {mode:<8} {ratio:>6.2}  {range:<14} {gradient_ns:>11.0} {handwritten_ns:>11.0} \
                     {primal_ns:>11.0} {nodes:>9} {bytes_per_node:>7.1} {ns_per_node:>8.2}"
                );
            }
        }
    }

    fn run_counted<W: Workload<M>, const M: usize>(
        &self,
        name: &str,
        repeats: usize,
        workload: &mut W,
        gradients: &mut [f64],
        modes: &mut [Mode<W>],
    ) {
        if repeats == 0 {
            let mode = modes.iter().find(|mode| mode.name == name);
            println!("{}", mode.map_or(0, |mode| (mode.footprint)(workload).nodes));
        }
        for _ in 0..repeats {
            match name {
                "by_hand" => by_hand(black_box(workload), gradients),
                _ => match modes.iter_mut().find(|mode| mode.name == name) {
                    Some(mode) => (mode.run)(black_box(workload), gradients),
                    None => usage(),
                },
            }
        }
    }
}

fn usage() -> ! {
    eprintln!("options: [--only NAME] [--quick] [--json], or --list, or --count NAME MODE REPEATS");
    exit(2)
}

fn main() {
    let mut bench = Bench::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut next = || args.next().unwrap_or_else(|| usage());
        match arg.as_str() {
            "--bench" => {} // from cargo
            "--only" => bench.only = Some(next()),
            "--quick" => bench.quick = true,
            "--json" => bench.json = true,
            "--list" => bench.list = true,
            "--count" => {
                bench.only = Some(next());
                bench.count = Some((next(), next().parse().unwrap_or_else(|_| usage())));
            }
            _ => usage(),
        }
    }
    if !bench.json && !bench.list && bench.count.is_none() {
        println!(
            "{:<18} {:<8} {:>6}  {:<14} {:>11} {:>11} {:>11} {:>9} {:>7} {:>8}",
            "workload",
            "mode",
            "ratio",
            "min..max",
            "gradient ns",
            "by hand ns",
            "primal ns",
            "nodes",
            "B/node",
            "ns/node"
        );
    }
    visit_all(Size::Full, &mut bench);
}
