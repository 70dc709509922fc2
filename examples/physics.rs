//! A physics-informed network: it solves u″ = f on [0, 1] with u(0) = u(1) = 0, from the equation alone. Its derivatives by the
//! input are part of the loss. The time is compared with training on the tape.

use std::f64::consts::PI;
use std::time::Instant;
use tapegrad::forward::{constants, second_derivative};
use tapegrad::nn::{
    Activation, Adam, Backend, Data, Eager, Error, Mlp, Objective, Recorded, Reduction, Schedule, Trainer,
};
use tapegrad::{Number, Var};

const POINTS: usize = 64;
const EPOCHS: usize = 3000;

fn main() -> Result<(), Error> {
    // u″ = −π² sin πx, whose solution is sin πx.
    let x: Vec<[f64; 1]> = (0..POINTS).map(|k| [(k as f64 + 0.5) / POINTS as f64]).collect();
    let f: Vec<[f64; 1]> = x.iter().map(|[x]| [-PI * PI * (PI * x).sin()]).collect();
    let data = Data::new(&x, &f)?;
    let start = Mlp::builder(1)
        .layer(16, Activation::Tanh)
        .layer(16, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(1)
        .build()?;

    let residual = |w: &[Var], x: &[Var], f: &[Var]| {
        let (_, _, curvature) = second_derivative(|x| solution(&start, &constants(w), x), x[0]);
        (curvature - f[0]).powi(2)
    };
    let train = |objective: &mut dyn Objective, epochs: usize| -> Result<(Mlp, f64), Error> {
        let mut net = start.clone();
        let began = Instant::now();
        let schedule = Schedule::Cosine { over: EPOCHS, low: 0.01 };
        let history = Trainer::new(Adam::new(0.01))
            .epochs(epochs)
            .schedule(schedule)
            .minimize(net.parameters_mut(), objective)?;
        assert!(objective.report().backend == history.backend);
        Ok((net, began.elapsed().as_secs_f64() / epochs as f64))
    };
    let mut recorded = Recorded::new(&data, Reduction::Mean, residual);
    let (net, of_recorded) = train(&mut recorded, EPOCHS)?;
    assert_eq!(recorded.report().backend, Some(Backend::Recorded));
    let (_, on_tape) = train(&mut Eager::new(&data, Reduction::Mean, residual), EPOCHS / 20)?;

    println!("    x      network     solution");
    let mut worst: f64 = 0.0;
    for k in 0..=1000 {
        let x = f64::from(k) / 1000.0;
        let (found, exact) = (solution(&net, net.parameters(), x), (PI * x).sin());
        worst = worst.max((found - exact).abs());
        if k % 200 == 0 {
            println!("{x:>5.1}  {found:>11.6}  {exact:>11.6}");
        }
    }
    println!("worst error {worst:.1e}");
    println!("an update takes {:.3} ms recorded, {:.3} ms on the tape", of_recorded * 1e3, on_tape * 1e3);
    println!("recorded is {:.0} times as fast", on_tape / of_recorded);
    assert!(worst < 2e-3);
    Ok(())
}

/// The network times x (1 − x), which is 0 at both ends.
fn solution<R: Number>(net: &Mlp, parameters: &[R], x: R) -> R {
    net.forward(parameters, &[x])[0] * x * (-x + 1.0)
}
