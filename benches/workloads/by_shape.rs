//! Jacobians and Hessians of different shapes, beside what one writes by hand.

use std::hint::black_box;
use tapegrad::batch::{Column, Samples};
use tapegrad::vectorised::Exactness;
use tapegrad::{Dual, Function, Mode, Real, Var};

/// The shortest times of two actions, in nanoseconds, measured in turns.
type Least<'l> = &'l dyn Fn([&mut dyn FnMut(); 2]) -> [f64; 2];

pub fn compare(least: impl Fn([&mut dyn FnMut(); 2]) -> [f64; 2]) {
    tall(&least);
    wide(&least);
    control(&least);
}

fn print(what: &str, [ours, other]: [f64; 2], beside: &str) {
    println!("{what}: {:.3} ms, {:.2} times {beside} ({:.3} ms)", ours / 1e6, ours / other, other / 1e6);
}

fn residual<R: Real>(p: &[R], t: f64) -> R {
    p[0] * (p[1] * -t).exp() + p[2] * (p[3] * t).sin() + p[4] * t * t + p[5] * t + p[6]
}

/// 20,000 residuals of 7 parameters.
fn tall(least: Least<'_>) {
    let p = [1.0, 0.5, 0.3, 2.0, 0.1, -0.2, 0.4];
    let times: Vec<f64> = (0..20_000).map(|k| f64::from(k) * 1e-4).collect();
    let f = Function::record(|p: &[Var]| times.iter().map(|&t| residual(p, t)).collect::<Vec<_>>(), &p[..]);
    let f = f.unwrap();
    let (mut out, mut by_hand) = (vec![0.0; 140_000], vec![0.0; 140_000]);
    let mut hand = || {
        let p: [Dual<f64, 7>; 7] = Dual::variables(black_box(p));
        for (row, &t) in by_hand.chunks_exact_mut(7).zip(&times) {
            row.copy_from_slice(&residual(&p, t).tangents());
        }
    };
    let mut numbers = f.evaluator();
    let plan = f.jacobian_plan(Mode::Auto);
    let times = least([&mut || numbers.jacobian_into(black_box(&p), &mut out).unwrap(), &mut hand]);
    print(&format!("20,000 × 7, {plan}"), times, "Dual<7> by hand");
    let sparse = f.sparse_jacobian().unwrap();
    let mut numbers = sparse.evaluator();
    let times = least([&mut || numbers.values_into(black_box(&p), &mut out).unwrap(), &mut hand]);
    print("20,000 × 7, planned", times, "Dual<7> by hand");
    let sparse = f.sparse_jacobian_with(Exactness::Rounded).unwrap();
    let mut numbers = sparse.evaluator();
    let times = least([&mut || numbers.values_into(black_box(&p), &mut out).unwrap(), &mut hand]);
    print("20,000 × 7, planned, rounded", times, "Dual<7> by hand");
}

/// 7 sums over 20,000 variables.
fn wide(least: Least<'_>) {
    let x: Vec<f64> = (0..20_000).map(|k| (f64::from(k) * 0.01).sin()).collect();
    let rate = |k: usize| 0.1 + k as f64;
    let row = |x: &[Var], k: usize| x.iter().map(|&x| (x * rate(k)).sin() * x).sum::<Var>();
    let f = Function::record(|x: &[Var]| (0..7).map(|k| row(x, k)).collect::<Vec<_>>(), &x[..]).unwrap();
    let (mut out, mut by_hand) = (vec![0.0; 140_000], vec![0.0; 140_000]);
    // What a sweep needs is kept in the evaluation, as one does for expressions that are longer than this.
    let mut kept = vec![(0.0, 0.0); 20_000];
    let mut hand = || {
        for (k, row) in by_hand.chunks_exact_mut(20_000).enumerate() {
            let rate = rate(k);
            let mut value = 0.0;
            for (kept, &x) in kept.iter_mut().zip(black_box(&x)) {
                *kept = (x * rate).sin_cos();
                value += kept.0 * x;
            }
            black_box(value);
            for ((out, &(sin, cos)), &x) in row.iter_mut().zip(&kept).zip(&x) {
                *out = sin + cos * rate * x;
            }
        }
    };
    let mut numbers = f.evaluator();
    let plan = f.jacobian_plan(Mode::Auto);
    let times = least([&mut || numbers.jacobian_into(black_box(&x), &mut out).unwrap(), &mut hand]);
    print(&format!("7 × 20,000, {plan}"), times, "reverse sweeps by hand");
    let planned = f.vectorised();
    let mut numbers = planned.evaluator();
    let times = least([&mut || numbers.jacobian_into(black_box(&x), &mut out).unwrap(), &mut hand]);
    print("7 × 20,000, vectorised", times, "reverse sweeps by hand");
    let planned = f.sparse_jacobian_with(Exactness::Rounded).unwrap();
    let mut numbers = planned.evaluator();
    let times = least([&mut || numbers.values_into(black_box(&x), &mut out).unwrap(), &mut hand]);
    print("7 × 20,000, planned, rounded", times, "reverse sweeps by hand");
}

const STATES: usize = 6;
const CONTROLS: usize = 2;
const STAGES: usize = 200;

/// One step of a control problem: the states after it, from those before it and the controls.
fn stage<R: Real>(z: &[R]) -> Vec<R> {
    let (x, u) = z.split_at(STATES);
    let rate = |i: usize| x[(i + 1) % STATES].sin() * u[i % CONTROLS] + x[i] * x[(i + 2) % STATES] * 0.1;
    (0..STATES).map(|i| x[i] + rate(i) * 0.01).collect()
}

/// Optimal control of 200 stages: 1,206 constraints of 1,606 variables.
fn control(least: Least<'_>) {
    let width = STATES + CONTROLS;
    let n = width * STAGES + STATES;
    let at: Vec<f64> = (0..n).map(|k| 0.3 + (0.7 * k as f64).sin()).collect();
    let constraints = |z: &[Var]| {
        let first = z[..STATES].iter().map(|&x| x - 1.0);
        let others = (0..STAGES).flat_map(|k| {
            let next = z[width * (k + 1)..].iter();
            stage(&z[width * k..][..width]).into_iter().zip(next).map(|(y, &next)| y - next)
        });
        first.chain(others).collect::<Vec<_>>()
    };
    let f = Function::record(constraints, &at[..]).unwrap();
    assert_eq!((f.outputs(), f.variables()), (1206, 1606));
    let one = Function::record(|z: &[Var]| stage(z), &at[..width]).unwrap();
    let weighted = |z: &[Var]| stage(z).iter().enumerate().map(|(k, &y)| y * (1.0 + k as f64)).sum::<Var>();
    let second = Function::record(weighted, &at[..width]).unwrap().gradient().unwrap();
    let columns: Vec<Column<'_>> =
        (0..width).map(|k| Column::strided(&at[..width * STAGES], k, width)).collect();
    let samples = Samples::new(&columns).unwrap();
    let (one, second) = (one.batched([]).unwrap(), second.batched([]).unwrap());
    let (mut one, mut second) = (one.evaluator(), second.evaluator());
    let mut of_stages = vec![0.0; STAGES * STATES * width];
    let mut of_second = vec![0.0; STAGES * width * width];

    let sparse = f.sparse_jacobian().unwrap();
    let mut out = vec![0.0; sparse.pattern().nonzeros()];
    let mut numbers = sparse.evaluator();
    let times = least([&mut || numbers.values_into(black_box(&at), &mut out).unwrap(), &mut || {
        one.jacobians_into(&[], &samples, &mut of_stages).unwrap()
    }]);
    print(&format!("control, Jacobian {}", sparse.pattern()), times, "its stages batched");

    let lagrangian =
        |z: &[Var]| constraints(z).iter().enumerate().map(|(k, &c)| c * (1.0 + k as f64)).sum::<Var>();
    let sparse = Function::record(lagrangian, &at[..]).unwrap().sparse_hessian().unwrap();
    let mut out = vec![0.0; sparse.pattern().nonzeros()];
    let mut numbers = sparse.evaluator();
    let times = least([&mut || numbers.values_into(black_box(&at), &mut out).unwrap(), &mut || {
        second.jacobians_into(&[], &samples, &mut of_second).unwrap()
    }]);
    print(&format!("control, Hessian {}", sparse.pattern()), times, "its stages batched");
}
