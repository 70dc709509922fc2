//! The brachistochrone, the curve of fastest descent, as a problem of optimal control in 10,005 variables: equations of motion
//! by the trapezoidal rule, solved by an interior-point method with exact sparse derivatives. The optimum is known: a cycloid.

use interior_point::solve;
use ripopt::{SolveStatus, SolverOptions};
use std::time::Instant;
use tapegrad::Var;
use tapegrad::solvers::NonlinearProgram;

/// Steps in time.
const STEPS: usize = 2500;
const NODES: usize = STEPS + 1;

/// The acceleration by gravity in m/s², and where the bead arrives: so far to the right and so far down, in m.
const GRAVITY: f64 = 9.80665;
const END: [f64; 2] = [10.0, 5.0];

/// The time of descent by calculus, in s: on the cycloid x = r (φ − sin φ), y = r (1 − cos φ), the bead takes φ √(r / g).
/// (Johann Bernoulli, Acta Eruditorum, 1697.) Also the angle φ at the end.
fn by_calculus() -> (f64, f64) {
    let ratio = |phi: f64| (phi - phi.sin()) / (1.0 - phi.cos());
    // The ratio x / y grows with φ; bisection.
    let (mut low, mut high) = (0.1, 6.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if ratio(middle) < END[0] / END[1] { low = middle } else { high = middle }
    }
    (low * (END[1] / (1.0 - low.cos()) / GRAVITY).sqrt(), low)
}

/// Time, and what is known at each node: place, speed, and the angle of the path from the vertical.
struct Trajectory<'a, T> {
    time: T,
    x: &'a [T],
    y: &'a [T],
    speed: &'a [T],
    angle: &'a [T],
}

impl<'a, T: Copy> Trajectory<'a, T> {
    fn of(variables: &'a [T]) -> Self {
        let part = |k: usize| &variables[1 + k * NODES..][..NODES];
        Trajectory { time: variables[0], x: part(0), y: part(1), speed: part(2), angle: part(3) }
    }
}

/// The time of descent, and by how much each step violates the equations of motion.
fn descent(variables: &[Var]) -> (Var, Vec<Var>) {
    let Trajectory { time, x, y, speed, angle } = Trajectory::of(variables);
    let half_a_step = time / (2.0 * STEPS as f64);
    // x' = v sin θ, y' = v cos θ, v' = g cos θ
    let rates: Vec<[Var; 3]> = speed
        .iter()
        .zip(angle)
        .map(|(&v, angle)| [v * angle.sin(), v * angle.cos(), angle.cos() * GRAVITY])
        .collect();
    let mut equations = Vec::with_capacity(3 * STEPS);
    for k in 0..STEPS {
        for (state, numbers) in [x, y, speed].into_iter().enumerate() {
            let change = half_a_step * (rates[k][state] + rates[k + 1][state]);
            equations.push(numbers[k + 1] - numbers[k] - change);
        }
    }
    (time, equations)
}

fn main() -> Result<(), tapegrad::Error> {
    // A straight line to begin with.
    let along = |k: usize| k as f64 / STEPS as f64;
    let nodes = |f: &dyn Fn(f64) -> f64| (0..NODES).map(|k| f(along(k))).collect::<Vec<f64>>();
    let straight = [
        vec![2.0],
        nodes(&|s| s * END[0]),
        nodes(&|s| s * END[1]),
        nodes(&|s| s * (2.0 * GRAVITY * END[1]).sqrt()),
        nodes(&|s| 0.1 + s),
    ]
    .concat();

    // The start is at rest, the end is given; speeds are not negative.
    let (mut lower, mut upper) =
        (vec![f64::NEG_INFINITY; straight.len()], vec![f64::INFINITY; straight.len()]);
    (lower[0], upper[0]) = (0.1, 10.0);
    let mut bound = |k: usize, low: f64, high: f64| (lower[1 + k], upper[1 + k]) = (low, high);
    for k in 0..NODES {
        bound(2 * NODES + k, 0.0, f64::INFINITY);
        bound(3 * NODES + k, 0.0, std::f64::consts::PI);
    }
    for (state, end) in END.into_iter().enumerate() {
        bound(state * NODES, 0.0, 0.0);
        bound(state * NODES + STEPS, end, end);
    }
    bound(2 * NODES, 0.0, 0.0);

    let before = Instant::now();
    let program = NonlinearProgram::record(descent, &straight[..])?.with_x_bounds(&lower, &upper)?;
    println!(
        "{} variables, {} equations, {} and {} nonzeros in the Jacobian and the Hessian; prepared in {:.2} s",
        program.variables(),
        program.constraints(),
        program.jac_g_structure().0.len(),
        program.h_structure().0.len(),
        before.elapsed().as_secs_f64()
    );

    let mut calls = program.evaluator();
    let mut h = vec![0.0; program.h_structure().0.len()];
    let lambda = vec![1.0; program.constraints()];
    let evaluate = |calls: &mut tapegrad::solvers::ProgramEvaluator<'_>, h: &mut [f64]| {
        let before = Instant::now();
        calls.eval_h(&straight, 1.0, &lambda, h).map(|()| before.elapsed().as_secs_f64())
    };
    evaluate(&mut calls, &mut h)?;
    println!("a Hessian of the Lagrangian takes {:.2} ms", 1e3 * evaluate(&mut calls, &mut h)?);

    let before = Instant::now();
    let result = solve(&program, &straight, &SolverOptions { print_level: 0, ..SolverOptions::default() });
    println!("solved in {:.1} s: {:?}", before.elapsed().as_secs_f64(), result.status);
    assert_eq!(result.status, SolveStatus::Optimal);

    let (time, phi) = by_calculus();
    println!("time of descent {:.7} s, by calculus {time:.7} s", result.objective);
    assert!((result.objective - time).abs() < 1e-6);
    // On a cycloid the angle grows in proportion to time, up to φ / 2. (Where the bead is slow, the angle matters little.)
    let angle = Trajectory::of(&result.x).angle;
    let error = (1..NODES).map(|k| (angle[k] - 0.5 * phi * along(k)).abs()).fold(0.0, f64::max);
    println!(
        "angle at the end {:.5}, by calculus {:.5}; largest error on the way {error:.1e}",
        angle[STEPS],
        0.5 * phi
    );
    assert!(error < 5e-3);
    Ok(())
}
