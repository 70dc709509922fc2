//! A network that is no multi-layer perceptron: residual blocks, written in 25 lines, and trained as an `Mlp` is, with
//! validation, early stopping, metrics, a checkpoint from which it resumes to the same bits, and saved parameters.

use std::time::Instant;
use tapegrad::Real;
use tapegrad::nn::{
    Activation, Adam, Backend, Batch, CustomNetwork, Error, Forward, Loss, Metric, Mlp, Network, Order,
    Parameters, Part, ReduceOnPlateau, Trainer, r_squared, sine,
};

/// Blocks of neurons that add to what they get.
struct Residual {
    first: Part,
    blocks: Vec<Part>,
    last: Part,
}

impl Forward for Residual {
    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        let mut x = self.first.forward(parameters, inputs);
        for block in &self.blocks {
            x = x.iter().zip(block.forward(parameters, &x)).map(|(&x, more)| x + more).collect();
        }
        self.last.forward(parameters, &x)
    }
}

fn residual(width: usize, blocks: usize, seed: u64) -> Result<CustomNetwork<Residual>, Error> {
    let mut p = Parameters::new(seed);
    let first = p.mlp("first", Mlp::builder(1).layer(width, Activation::Tanh))?;
    let block = |k| p.mlp(&format!("blocks.{k}"), Mlp::builder(width).layer(width, Activation::Tanh));
    let blocks = (0..blocks).map(block).collect::<Result<_, Error>>()?;
    let last = p.mlp("last", Mlp::builder(width).layer(1, Activation::Identity))?;
    Ok(CustomNetwork::new("residual example", p, [1, 1], Residual { first, blocks, last }))
}

fn trainer<'a>(epochs: usize) -> Trainer<'a> {
    Trainer::new(Adam::new(0.01))
        .epochs(epochs)
        .batch(Batch::Size(32))
        .order(Order::Shuffled { seed: 1 })
        .validation_split(0.25, 1)
        .early_stopping(80)
        .reduce_on_plateau(ReduceOnPlateau { factor: 0.5, patience: 20, ..ReduceOnPlateau::default() })
        .metric(Metric::RSquared)
        .metric(Metric::MeanAbsoluteError)
        .metric(Metric::RootMeanSquaredError)
}

fn main() -> Result<(), Error> {
    let data = sine(200, 0.05, 7);
    let fresh = || residual(12, 4, 7);

    let mut network = fresh()?;
    println!("{}\n", network.description());
    let history = trainer(300).fit(&mut network, Loss::Squared, &data)?;
    println!("epoch  training loss  validation loss       R²      MAE     RMSE    rate");
    for epoch in history.epochs.iter().step_by(50).chain(history.last()) {
        let validation = epoch.validation_loss.unwrap_or(f64::NAN);
        let [r_squared, mae, rmse] =
            [Metric::RSquared, Metric::MeanAbsoluteError, Metric::RootMeanSquaredError]
                .map(|metric| epoch.metric(metric).unwrap_or(f64::NAN));
        println!(
            "{:>5}{:>15.5}{validation:>17.5}{r_squared:>9.4}{mae:>9.4}{rmse:>9.4}{:>8.4}",
            epoch.epoch + 1,
            epoch.loss,
            epoch.rate
        );
    }
    println!(
        "stopped early: {}; best epoch {:?}",
        history.stopped_early,
        history.best_epoch.map(|best| best + 1)
    );
    let quality = r_squared(network.predict_all(&data), &data);
    println!("R² of all samples: {quality:.4}\n");
    assert!(quality > 0.98 && history.backend == Some(Backend::Recorded));

    // Interrupted, and resumed: the same bits.
    let folder = std::env::temp_dir().join(format!("tapegrad-residual-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for files");
    let [run, saved] = ["run.json", "network.json"].map(|name| folder.join(name));
    trainer(20).checkpoint(&run, 10).fit(&mut fresh()?, Loss::Squared, &data)?;
    let mut resumed = fresh()?;
    let again = trainer(300).resume_from(&run).fit(&mut resumed, Loss::Squared, &data)?;
    assert!(resumed.parameters() == network.parameters() && again.epochs == history.epochs);
    println!("resumed after 20 epochs: the same bits");

    // Saved under the name of its format, and loaded.
    network.save_parameters(&saved)?;
    let mut loaded = residual(12, 4, 0)?;
    loaded.load_parameters(&saved)?;
    assert!(loaded.predict(&[0.5]) == network.predict(&[0.5]));
    println!("saved and loaded: the same predictions");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");

    // The speed of the recording.
    let time = |backend| -> Result<f64, Error> {
        let (start, mut network) = (Instant::now(), fresh()?);
        Trainer::new(Adam::new(0.01)).epochs(60).backend(backend).fit(&mut network, Loss::Squared, &data)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let [recorded, tape] = [time(Backend::Recorded)?, time(Backend::Eager)?];
    println!(
        "60 epochs: recorded {:.1} ms, on the tape {:.1} ms, {:.0} times as long",
        recorded * 1e3,
        tape * 1e3,
        tape / recorded
    );
    Ok(())
}
