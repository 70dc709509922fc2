//! Quantile bands: one network with three outputs learns the 10 %, 50 % and 90 % quantiles of noisy samples, whose spread grows.
//! The share of new samples below each is printed, and its distance from the true quantile.

use tapegrad::nn::{Activation, Adam, Data, Error, Loss, Mlp, Random, Schedule, Trainer};
use tapegrad::{Var, lists};

const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];
/// Those of the normal distribution.
const DEVIATIONS: [f64; 3] = [-1.281_551_565_544_6, 0.0, 1.281_551_565_544_6];

fn main() -> Result<(), Error> {
    let mut mlp =
        Mlp::builder(1).layer(16, Activation::Tanh).layer(3, Activation::Identity).seed(1).build()?;
    // The sum of a loss for each output, all with the same target.
    let bands = |y: &[Var], t: &[Var]| {
        let terms: Vec<Var> =
            QUANTILES.iter().zip(y).map(|(&quantile, &y)| Loss::Quantile(quantile).of(&[y], t)).collect();
        lists::sum(&terms)
    };
    let mut trainer =
        Trainer::new(Adam::new(0.02)).epochs(1200).schedule(Schedule::Cosine { over: 1200, low: 0.01 });
    let history = trainer.fit_with(&mut mlp, bands, &samples(1000, 1)?)?;
    assert!(history.tape_because.is_none());

    let test = samples(4000, 2)?;
    let predictions = mlp.predict_all(&test);
    println!("quantile  samples below  mean distance from the true one");
    for (k, quantile) in QUANTILES.into_iter().enumerate() {
        let (mut below, mut distance) = (0.0, 0.0);
        for (sample, y) in predictions.iter().enumerate() {
            let exact = middle(test.input(sample)[0]) + DEVIATIONS[k] * spread(test.input(sample)[0]);
            below += f64::from(test.target(sample)[0] < y[k]);
            distance += (y[k] - exact).abs();
        }
        let (below, distance) = (below / test.len() as f64, distance / test.len() as f64);
        println!("{:>6.0} %{:>13.1} %{distance:>19.3}", quantile * 100.0, below * 100.0);
        assert!((below - quantile).abs() < 0.04 && distance < 0.1);
    }
    Ok(())
}

fn middle(x: f64) -> f64 {
    (2.0 * x).sin()
}

fn spread(x: f64) -> f64 {
    0.1 + 0.15 * x
}

fn samples(count: usize, seed: u64) -> Result<Data, Error> {
    let mut random = Random::new(seed);
    let x: Vec<[f64; 1]> = (0..count).map(|_| [random.uniform(0.0, 3.0)]).collect();
    let t: Vec<[f64; 1]> = x.iter().map(|&[x]| [middle(x) + spread(x) * random.normal()]).collect();
    Data::new(&x, &t)
}
