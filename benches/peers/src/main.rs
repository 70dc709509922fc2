//! tapegrad compared with other published engines of the same kind: recording and sweeping each time, in one run
//! and in turns, after a comparison of the gradients.
//!
//! ```text
//! cd benches/peers && cargo run --release [--features xad-rs,rustquant] -- [--quick]
//! ```
//!
//! Not here: `autodiff`, which has forward mode only; `ad_trait`, which builds only with two versions of a game
//! engine's reflection; `numra-autodiff`, whose licence is for academic use only.

mod engines;
mod tasks;
#[path = "../../workloads/mod.rs"]
mod workloads;

use engines::Engine;
use tapegrad::{Dual, Var, preaccumulate};
use tasks::{Function, Scalar, Task, call};
use workloads::timing::{Run, in_turns};
use workloads::{Reverse, Workload, agree};

macro_rules! scalar {
    ($($T:ty)*) => { $(
        impl Scalar for $T {
            scalar! { @methods sin exp ln sqrt relu }
        }
    )* };
    (@methods $($method:ident)*) => { $(
        #[inline]
        fn $method(self) -> Self {
            Self::$method(self)
        }
    )* };
}
scalar!(Var Dual<f64, 5>);

/// tapegrad, on the workloads of its own benchmark.
fn own(is_tuned: bool) -> Engine {
    fn of<W: Workload>(workload: &W, is_tuned: bool, x: &[Var]) -> [Var; 1] {
        if is_tuned { workload.tuned(0, x) } else { workload.plain(0, x) }
    }
    let mut reverse = Reverse::default();
    Box::new(move |task, gradient| {
        reverse.gradient(&task.x, gradient, |x| match &task.function {
            Function::Loop(workload) => of(workload, is_tuned, x),
            Function::Rosenbrock(workload) => of(workload, is_tuned, x),
            Function::Product(workload) => of(workload, is_tuned, x),
            Function::Mlp(workload) => of(workload, is_tuned, x),
            Function::BlackScholes if is_tuned => {
                [x.chunks_exact(5).map(|x| preaccumulate([x[0], x[1], x[2], x[3], x[4]], call)).sum()]
            }
            Function::BlackScholes => [task.evaluate(x)],
        });
    })
}

fn main() {
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    println!(
        "{:<14} {:<15} {:>12} {:>14}  {:<14}",
        "workload", "engine", "gradient ns", "to tapegrad", "min..max"
    );
    for task in Task::all() {
        let mut engines = vec![("tapegrad", own(false)), ("tapegrad, tuned", own(true))];
        engines.extend(engines::all());
        let mut gradient = vec![0.0; task.x.len()];
        engines[0].1(&task, &mut gradient);
        let expected = gradient.clone();
        for (name, engine) in &mut engines {
            gradient.fill(f64::NAN);
            engine(&task, &mut gradient);
            if let Err(difference) = agree(&gradient, &expected, 1e-9) {
                panic!("{}, {name}: {difference}", task.name);
            }
        }
        let (names, mut engines): (Vec<_>, Vec<_>) = engines.into_iter().unzip();
        let mut runs: Vec<_> =
            engines.iter_mut().map(|engine| |gradient: &mut Vec<f64>| engine(&task, gradient)).collect();
        let mut runs: Vec<_> = runs.iter_mut().map(|run| run as &mut Run<'_, _>).collect();
        let times = in_turns(&mut gradient, &mut runs, is_quick);
        for (name, of) in names.iter().zip(&times) {
            let [least, ratio, most] = of.over(&times[0]);
            let (ns, range) = (of.median(), format!("{least:.2}..{most:.2}"));
            println!("{:<14} {name:<15} {ns:>12.0} {ratio:>14.2}  {range:<14}", task.name);
        }
    }
}
