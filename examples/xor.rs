//! Exclusive or: the smallest problem that needs a hidden layer. How often does training solve it?

use tapegrad::nn::{Activation, Adam, Error, Loss, Metric, Mlp, Trainer, accuracy, xor};

fn main() -> Result<(), Error> {
    println!("hidden neurons   solved of 50 seeds");
    let mut solved_with = Vec::new();
    for hidden in [2, 3, 4, 8] {
        let solved = (0..50).filter_map(|seed| train(hidden, seed).ok()).filter(|&solved| solved).count();
        println!("{hidden:>14}   {solved:>6}");
        solved_with.push(solved);
    }
    assert_eq!(solved_with[3], 50);

    let mut mlp = network(8, 0)?;
    Trainer::new(Adam::new(0.05)).epochs(200).metric(Metric::Accuracy).fit(
        &mut mlp,
        Loss::BinaryCrossEntropy,
        &xor(),
    )?;
    println!("\n  a   b   P(a xor b)");
    for sample in 0..4 {
        let inputs = xor().input(sample).to_vec();
        let logit = mlp.predict(&inputs)[0];
        println!("  {}   {}   {:.4}", inputs[0], inputs[1], 1.0 / (1.0 + (-logit).exp()));
    }
    Ok(())
}

fn network(hidden: usize, seed: u64) -> Result<Mlp, Error> {
    Mlp::builder(2).layer(hidden, Activation::Tanh).layer(1, Activation::Identity).seed(seed).build()
}

/// Whether 200 updates are enough for this seed.
fn train(hidden: usize, seed: u64) -> Result<bool, Error> {
    let (mut mlp, data) = (network(hidden, seed)?, xor());
    Trainer::new(Adam::new(0.05)).epochs(200).fit(&mut mlp, Loss::BinaryCrossEntropy, &data)?;
    Ok(accuracy(mlp.predict_all(&data), &data) == 1.0)
}
