//! The time of training steps, divided by that of the same steps by hand, for every task, precision and mode.
//!
//! ```text
//! cargo bench --features parallel --bench training -- [--only TASK] [--quick] [--json]
//! cargo bench --features parallel --bench training -- --export FILE
//! ```
//!
//! Parameters are compared before anything is timed. A run makes a fixed number of steps from the initial
//! parameters; the ratio is the median over the rounds. The fixed costs of a run of the library, mainly recording,
//! have a column of their own: the time of a step is the difference between a run with twice the steps and a run,
//! divided by the difference in steps. `--export` writes data, initial parameters and the first losses by hand, for
//! `benches/peers/training.py`.

#[path = "workloads/mod.rs"]
mod workloads;

use serde_json::{Value, json};
use std::hint::black_box;
use std::process::exit;
use tapegrad::nn::Backend;
use workloads::agree;
use workloads::timing::{Run, Times, in_turns};
use workloads::training::recipe::Recipe;
use workloads::training::{Training, TrainingVisitor, visit_all};

/// A mode: a way to train with the library.
struct Mode {
    name: &'static str,
    precision: &'static str,
    /// Trains from the start for this number of steps; returns the parameters.
    train: fn(&Recipe, usize) -> Vec<f64>,
}

/// All modes; a new mode is a line here.
const MODES: &[Mode] = &[
    Mode {
        name: "batched",
        precision: "f64",
        train: |recipe, steps| train(recipe, steps, Backend::Recorded),
    },
    Mode {
        name: "batched",
        precision: "f32",
        train: |recipe, steps| train(recipe, steps, Backend::RecordedSingle),
    },
    Mode { name: "eager", precision: "f64", train: |recipe, steps| train(recipe, steps, Backend::Eager) },
];

fn train(recipe: &Recipe, steps: usize, backend: Backend) -> Vec<f64> {
    let mut mlp = recipe.mlp.clone();
    let trained = recipe.trainer(steps).backend(backend).fit(&mut mlp, recipe.loss, &recipe.data);
    trained.expect("training works");
    mlp.parameters().to_vec()
}

/// The options of the command line.
#[derive(Default)]
struct Bench {
    only: Option<String>,
    is_quick: bool,
    json: bool,
    export: Option<Value>,
}

impl TrainingVisitor for Bench {
    fn visit<T: Training>(&mut self) {
        if self.only.as_deref().is_some_and(|only| only != T::NAME) {
            return;
        }
        match &mut self.export {
            Some(export) => export_task::<T>(export),
            None => self.time::<T>(),
        }
    }
}

impl Bench {
    fn time<T: Training>(&self) {
        let recipe = T::recipe();
        let modes: Vec<&Mode> = MODES.iter().filter(|mode| mode.precision == T::PRECISION).collect();
        modes.iter().for_each(|mode| compare::<T>(mode, &recipe));

        let mut by_hand = |task: &mut T| {
            task.reset();
            for _ in 0..T::STEPS {
                black_box(black_box(&mut *task).step());
            }
        };
        let run = |mode: &Mode, steps: usize| {
            let (train, recipe) = (mode.train, &recipe);
            move |_: &mut T| {
                black_box(train(black_box(recipe), steps));
            }
        };
        let mut of_modes: Vec<_> =
            modes.iter().flat_map(|mode| [run(mode, T::STEPS), run(mode, 2 * T::STEPS)]).collect();
        let mut runs: Vec<&mut Run<'_, T>> = vec![&mut by_hand];
        runs.extend(of_modes.iter_mut().map(|run| run as &mut Run<'_, T>));
        let times = in_turns(&mut T::new(), &mut runs, self.is_quick);
        self.print::<T>("handwritten", &times[0], &times[0], 0.0);
        for (mode, times_of_mode) in modes.iter().zip(times[1..].chunks(2)) {
            let steady = times_of_mode[1].less(&times_of_mode[0]);
            let once = times_of_mode[0].less(&steady).median();
            self.print::<T>(mode.name, &steady, &times[0], once);
        }
    }

    fn print<T: Training>(&self, mode: &str, times: &Times, by_hand: &Times, once: f64) {
        let (workload, precision, ns) = (T::NAME, T::PRECISION, times.median() / T::STEPS as f64);
        let [least, ratio, most] = times.over(by_hand);
        if self.json {
            let line = json!({
                "workload": workload, "precision": precision, "mode": mode, "ns": ns.round(), "ratio": ratio,
                "once_ns": once.round(),
            });
            println!("{line}");
        } else {
            let range = format!("{least:.2}..{most:.2}");
            let once = once / 1e3;
            println!(
                "{workload:<12} {precision:<4} {mode:<12} {ns:>12.0} {ratio:>8.2}  {range:<14} {once:>10.0}"
            );
        }
    }
}

/// Panics unless a mode gives the same parameters as training by hand, up to rounding.
fn compare<T: Training>(mode: &Mode, recipe: &Recipe) {
    const STEPS: usize = 2;
    let mut task = T::new();
    for _ in 0..STEPS {
        task.step();
    }
    let tolerance = if T::PRECISION == "f64" { 1e-9 } else { 1e-3 };
    if let Err(difference) = agree(&(mode.train)(recipe, STEPS), &task.parameters(), tolerance) {
        panic!("{}, {}, parameters: {difference}", T::NAME, mode.name);
    }
}

/// Adds the task in one precision: data and initial parameters (once per task), and the first losses.
fn export_task<T: Training>(export: &mut Value) {
    let losses = T::STEPS.min(5);
    let mut task = T::new();
    let recipe = T::recipe();
    let by_name = &mut export[T::NAME];
    if by_name.is_null() {
        let rows = |row: fn(&Recipe, usize) -> &[f64]| -> Vec<&[f64]> {
            (0..recipe.data.len()).map(|sample| row(&recipe, sample)).collect()
        };
        *by_name = json!({
            "inputs": rows(|recipe, sample| recipe.data.input(sample)),
            "targets": rows(|recipe, sample| recipe.data.target(sample)),
            "parameters": recipe.mlp.parameters(),
            "steps": T::STEPS,
            "losses": {},
        });
    }
    by_name["losses"][T::PRECISION] = (0..losses).map(|_| task.step()).collect();
}

fn usage() -> ! {
    eprintln!("options: [--only TASK] [--quick] [--json], or --export FILE");
    exit(2)
}

fn main() {
    let mut bench = Bench::default();
    let mut file = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {} // from cargo
            "--only" => bench.only = Some(args.next().unwrap_or_else(|| usage())),
            "--quick" => bench.is_quick = true,
            "--json" => bench.json = true,
            "--export" => {
                file = Some(args.next().unwrap_or_else(|| usage()));
                bench.export = Some(json!({}));
            }
            _ => usage(),
        }
    }
    if !bench.json && bench.export.is_none() {
        println!("{:<12} {:<4} {:<12} {:>12} {:>8}  min..max", "task", "", "mode", "ns per step", "ratio");
    }
    visit_all(&mut bench);
    if let (Some(file), Some(export)) = (file, bench.export) {
        std::fs::write(&file, export.to_string()).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}
