//! The time of a gradient, divided by the time of the gradient by hand, for every workload and every mode.
//!
//! ```text
//! cargo bench --features parallel,macros --bench ratios -- [--only NAME] [--quick] [--json]
//! ```
//!
//! Gradients are compared before anything is timed; the ratio is the median over the rounds.

#[path = "workloads/mod.rs"]
mod workloads;

use std::cell::OnceCell;
use std::hint::black_box;
use std::process::exit;
use std::rc::Rc;
use tapegrad::vectorised::{Vectorised, VectorisedEvaluator};
use tapegrad::{Function, Var, Workspace};
use workloads::timing::{Run, Times, in_turns};
use workloads::{Batch, Reverse, Size, Visitor, Workload, agree, visit_all};

/// A workload, and memory for the gradients of all its parts.
struct Task<W> {
    workload: W,
    gradients: Vec<f64>,
}

/// A mode: a way to compute the gradients.
struct Mode<W> {
    name: &'static str,
    run: Box<Run<'static, Task<W>>>,
    /// The nodes and bytes of a recording of all parts.
    footprint: Box<dyn Fn(&W) -> Footprint>,
}

#[derive(Default)]
struct Footprint {
    nodes: usize,
    /// Known for a tape only.
    bytes: Option<usize>,
}

/// All modes; a new mode is a line here.
fn modes<W: Workload<M>, const M: usize>(workload: &W) -> Vec<Mode<W>> {
    let mut modes = vec![
        Mode::eager("plain", |workload: &W, part, x| workload.plain(part, x)),
        Mode::eager("tuned", |workload: &W, part, x| workload.tuned(part, x)),
        Mode::function("function", |workload: &W, part, x| workload.plain(part, x)),
        Mode::vectorised("vectorised", |workload: &W, part, x| workload.plain(part, x)),
    ];
    #[cfg(feature = "macros")]
    modes.insert(2, Mode::eager("fused", |workload: &W, part, x| workload.fused(part, x)));
    modes.extend(workload.batched().map(Mode::batched));
    modes
}

impl<W> Mode<W> {
    /// Records and sweeps each time.
    fn eager<const M: usize>(name: &'static str, f: fn(&W, usize, &[Var]) -> [Var; M]) -> Self
    where
        W: Workload<M>,
    {
        let mut reverse = Reverse::default();
        let run = move |Task { workload, gradients }: &mut Task<W>| {
            for (part, gradient) in gradients.chunks_exact_mut(workload.gradient_len()).enumerate() {
                black_box(reverse.gradient(workload.point(part), gradient, |x| f(workload, part, x)));
            }
        };
        let footprint = move |workload: &W| {
            let mut reverse = Reverse::default();
            let mut gradient = vec![0.0; workload.gradient_len()];
            let mut footprint = Footprint::default();
            for part in 0..workload.parts() {
                reverse.gradient(workload.point(part), &mut gradient, |x| f(workload, part, x));
                reverse.tape.release_memory();
                footprint.nodes += reverse.tape.len();
                *footprint.bytes.get_or_insert(0) += reverse.tape.memory();
            }
            footprint
        };
        Mode { name, run: Box::new(run), footprint: Box::new(footprint) }
    }

    /// Evaluates a recording of one sample over all samples as a batch; it is recorded and planned once.
    fn batched(mut batch: Box<Batch>) -> Self {
        Mode {
            name: "batched",
            run: Box::new(move |Task { gradients, .. }| batch(black_box(gradients))),
            footprint: Box::new(|_| Footprint::default()),
        }
    }

    /// Replays a recording of each part, which is made and optimised once, before anything is timed.
    fn function<const M: usize>(name: &'static str, f: fn(&W, usize, &[Var]) -> [Var; M]) -> Self
    where
        W: Workload<M>,
    {
        let recorded = Rc::<OnceCell<Rc<[Function]>>>::default();
        let functions = move |workload: &W| -> Rc<[Function]> {
            let record = |part| {
                let function = Function::record(|x| f(workload, part, x), workload.point(part));
                function.expect("workloads can be replayed").optimize()
            };
            recorded.get_or_init(|| (0..workload.parts()).map(record).collect()).clone()
        };
        let mut workspace = Workspace::new();
        Mode {
            name,
            run: Box::new({
                let functions = functions.clone();
                move |Task { workload, gradients }: &mut Task<W>| {
                    let parts = gradients.chunks_exact_mut(workload.gradient_len()).enumerate();
                    for ((part, gradient), function) in parts.zip(&*functions(workload)) {
                        let x = workload.point(part);
                        if M == 1 {
                            let value =
                                function.evaluator_in(&mut workspace).value_and_gradient_into(x, gradient);
                            black_box(value.expect("no branch changed"));
                        } else {
                            function
                                .evaluator_in(&mut workspace)
                                .jacobian_into(x, gradient)
                                .expect("no branch changed");
                        }
                    }
                }
            }),
            footprint: Box::new(move |workload| Footprint {
                nodes: functions(workload).iter().map(|function| function.statistics().operations).sum(),
                bytes: None,
            }),
        }
    }
}

impl<W> Mode<W> {
    /// As [`function`](Self::function), planned for vector registers, as it was recorded. The plans live as long as the
    /// program.
    fn vectorised<const M: usize>(name: &'static str, f: fn(&W, usize, &[Var]) -> [Var; M]) -> Self
    where
        W: Workload<M>,
    {
        let planned = Rc::<OnceCell<&'static [Vectorised]>>::default();
        let plans = move |workload: &W| -> &'static [Vectorised] {
            let plan = |part| {
                let function = Function::record(|x| f(workload, part, x), workload.point(part));
                function.expect("workloads can be replayed").vectorised()
            };
            planned.get_or_init(|| Vec::leak((0..workload.parts()).map(plan).collect()))
        };
        let mut evaluators: Vec<VectorisedEvaluator<'static>> = Vec::new();
        Mode {
            name,
            run: Box::new({
                let plans = plans.clone();
                move |Task { workload, gradients }: &mut Task<W>| {
                    if evaluators.is_empty() {
                        evaluators.extend(plans(workload).iter().map(Vectorised::evaluator));
                    }
                    let parts = gradients.chunks_exact_mut(workload.gradient_len()).enumerate();
                    for ((part, gradient), evaluator) in parts.zip(&mut evaluators) {
                        let x = workload.point(part);
                        if M == 1 {
                            black_box(
                                evaluator.value_and_gradient_into(x, gradient).expect("no branch changed"),
                            );
                        } else {
                            evaluator.jacobian_into(x, gradient).expect("no branch changed");
                        }
                    }
                }
            }),
            footprint: Box::new(move |workload| Footprint {
                nodes: plans(workload).iter().map(|plan| plan.plan().operations).sum(),
                bytes: Some(plans(workload).iter().map(|plan| plan.plan().bytes).sum()),
            }),
        }
    }
}

fn by_hand<W: Workload<M>, const M: usize>(Task { workload, gradients }: &mut Task<W>) {
    for (part, gradient) in gradients.chunks_exact_mut(workload.gradient_len()).enumerate() {
        black_box(black_box(&mut *workload).by_hand(part, gradient));
    }
}

fn primal<W: Workload<M>, const M: usize>(Task { workload, .. }: &mut Task<W>) {
    for part in 0..workload.parts() {
        black_box(black_box(&*workload).plain(part, workload.point(part)));
    }
}

/// The options of the command line.
#[derive(Default)]
struct Bench {
    only: Option<String>,
    is_quick: bool,
    json: bool,
    list: bool,
    /// For counting instructions: computes only this number of gradients of one mode; for 0, prints the nodes.
    count: Option<(String, usize)>,
}

impl Visitor for Bench {
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W) {
        if self.only.as_deref().is_some_and(|only| only != W::NAME) {
            return;
        }
        let gradients = vec![0.0; workload.parts() * workload.gradient_len()];
        let mut modes = modes::<W, M>(&workload);
        let mut task = Task { workload, gradients };
        if self.list {
            for mode in &modes {
                println!("{} {}", W::NAME, mode.name);
            }
        } else if let Some((name, repeats)) = &self.count {
            count(&mut task, &mut modes, name, *repeats);
        } else {
            compare(&mut task, &mut modes);
            let (mut by_hand, mut primal) = (by_hand::<W, M>, primal::<W, M>);
            let mut runs: Vec<&mut Run<'_, _>> = vec![&mut by_hand, &mut primal];
            runs.extend(modes.iter_mut().map(|mode| &mut *mode.run as &mut Run<'_, _>));
            let times = in_turns(&mut task, &mut runs, self.is_quick);
            for (mode, of_mode) in modes.iter().zip(&times[2..]) {
                let footprint = (mode.footprint)(&task.workload);
                self.print([W::NAME, mode.name], &times[0], &times[1], of_mode, footprint);
            }
        }
    }
}

/// Panics unless all modes agree with the gradient by hand.
fn compare<W: Workload<M>, const M: usize>(task: &mut Task<W>, modes: &mut [Mode<W>]) {
    by_hand(task);
    let expected = task.gradients.clone();
    for mode in modes {
        task.gradients.fill(f64::NAN);
        (mode.run)(task);
        if let Err(difference) = agree(&task.gradients, &expected, 1e-9) {
            panic!("{}, {}: {difference}", W::NAME, mode.name);
        }
    }
}

fn count<W: Workload<M>, const M: usize>(
    task: &mut Task<W>,
    modes: &mut [Mode<W>],
    name: &str,
    repeats: usize,
) {
    let mode = modes.iter_mut().find(|mode| mode.name == name);
    if let (Some(mode), 0) = (&mode, repeats) {
        println!("{}", (mode.footprint)(&task.workload).nodes);
    }
    let mut by_hand = by_hand::<W, M>;
    let run: &mut Run<'_, _> = match mode {
        Some(mode) => &mut *mode.run,
        None if name == "by_hand" => &mut by_hand,
        None => usage(),
    };
    for _ in 0..repeats {
        run(task);
    }
}

impl Bench {
    fn print(
        &self,
        [name, mode]: [&str; 2],
        by_hand: &Times,
        primal: &Times,
        times: &Times,
        Footprint { nodes, bytes }: Footprint,
    ) {
        let [least, ratio, most] = times.over(by_hand);
        let [gradient_ns, handwritten_ns, primal_ns] = [times, by_hand, primal].map(Times::median);
        let ns_per_node = gradient_ns / nodes as f64;
        let bytes_per_node = bytes.map(|bytes| format!("{:.1}", bytes as f64 / nodes as f64));
        if self.json {
            println!(
                "{{\"workload\":\"{name}\",\"mode\":\"{mode}\",\"ratio\":{ratio:.3},\
                 \"gradient_ns\":{gradient_ns:.0},\"handwritten_ns\":{handwritten_ns:.0},\
                 \"primal_ns\":{primal_ns:.0},\"nodes\":{nodes},\"bytes_per_node\":{}}}",
                bytes_per_node.as_deref().unwrap_or("null"),
            );
        } else {
            let range = format!("{least:.2}..{most:.2}");
            println!(
                "{name:<18} {mode:<8} {ratio:>6.2}  {range:<14} {gradient_ns:>11.0} {handwritten_ns:>11.0} \
                 {primal_ns:>11.0} {nodes:>9} {:>7} {ns_per_node:>8.2}",
                bytes_per_node.as_deref().unwrap_or("-"),
            );
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
            "--quick" => bench.is_quick = true,
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
