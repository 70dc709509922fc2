//! Regression: a sine with noise, fitted with early stopping on validation samples.

use tapegrad::nn::{Activation, Adam, Error, Loss, Mlp, Trainer, r_squared, sine};

fn main() -> Result<(), Error> {
    let data = sine(120, 0.1, 4);
    let mut mlp = Mlp::builder(1)
        .layer(16, Activation::Tanh)
        .layer(16, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(4)
        .build()?;
    let history = Trainer::new(Adam::new(0.01))
        .epochs(600)
        .validation_split(0.25, 1)
        .early_stopping(80)
        .fit(&mut mlp, Loss::MeanSquared, &data)?;

    println!("ended after {} epochs; the best was {:?}", history.epochs.len(), history.best_epoch);
    println!("{}\n", history.chart());
    let truth = sine(60, 0.0, 0);
    let fit = r_squared(mlp.predict_all(&truth), &truth);
    println!("R² against the sine without noise: {fit:.4}\n");
    for sample in (0..truth.len()).step_by(3) {
        let x = truth.input(sample)[0];
        let y = mlp.predict(&[x])[0];
        let column = ((y + 1.3) * 22.0).clamp(0.0, 57.0) as usize;
        println!("{x:>6.2} {:column$}* {y:.3}", "");
    }
    assert!(fit > 0.97);
    Ok(())
}
