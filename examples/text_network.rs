//! The network of M. Mazur's "A Step by Step Backpropagation Example" as an `Mlp`: the same numbers as with plain
//! expressions (see `two_two_two`), including the deltas of the neurons.

use tapegrad::nn::{Activation, Bias, Data, Error, Loss, Mlp, Sgd, Trainer};
use tapegrad::{Real, Tape, Var};

const INPUTS: [f64; 2] = [0.05, 0.10];
const TARGETS: [f64; 2] = [0.01, 0.99];
/// w1 to w4 and the bias of the hidden layer; w5 to w8 and the bias of the output layer.
const START: [f64; 10] = [0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60];

fn network() -> Result<Mlp, Error> {
    let mut mlp = Mlp::builder(2)
        .layer(2, Activation::Sigmoid)
        .layer(2, Activation::Sigmoid)
        .bias(Bias::Shared)
        .build()?;
    mlp.set_parameters(&START)?;
    Ok(mlp)
}

/// The same network, written without the module `nn`.
fn by_expressions<R: Real>(w: &[R]) -> R {
    let [i1, i2] = INPUTS;
    let h1 = (w[0] * i1 + w[1] * i2 + w[4]).sigmoid();
    let h2 = (w[2] * i1 + w[3] * i2 + w[4]).sigmoid();
    let o1 = (w[5] * h1 + w[6] * h2 + w[9]).sigmoid();
    let o2 = (w[7] * h1 + w[8] * h2 + w[9]).sigmoid();
    ((o1 - TARGETS[0]).powi(2) + (o2 - TARGETS[1]).powi(2)) * 0.5
}

fn main() -> Result<(), Error> {
    let mut mlp = network()?;
    println!("{}\n", mlp.summary());

    let tape = Tape::new();
    let net = mlp.bind(&tape);
    let pass = net.forward_pass(&INPUTS);
    let loss = Loss::HalfSquared.of(pass.outputs(), &TARGETS.map(Var::from));
    let g = loss.backward();
    println!("error before training      {:.18}", loss.value());
    let plain = tapegrad::gradient(by_expressions, &START[..]);
    println!("\nparameter                     derivative          by plain expressions");
    for ((name, slope), by_expressions) in mlp.names().zip(net.gradient(&g)).zip(&plain) {
        println!("{name:<30}{slope:<20.12e}{by_expressions:.12e}");
        assert!((slope / by_expressions - 1.0).abs() < 1e-14);
    }
    println!("\nnode deltas, layer by layer: {:.6?}\n", pass.deltas(&g));
    assert!((loss.value() - 0.298_371_108_760_002_7).abs() < 1e-16);

    // The article does not train the biases.
    mlp.freeze("layers.0.bias")?;
    mlp.freeze("layers.1.bias")?;
    let data = Data::new(&[INPUTS], &[TARGETS])?;
    let history = Trainer::new(Sgd::new(0.5)).epochs(10_000).fit(&mut mlp, Loss::HalfSquared, &data)?;
    let losses = history.losses();
    let last = error_of(&mlp);
    for (updates, error, in_50_digits) in [
        (1, losses[1], 0.291_027_773_693_599_35),
        (9_999, losses[9_999], 3.51085481225128e-5),
        (10_000, last, 3.51018778297885e-5),
    ] {
        println!("error after {updates:>6} updates {error:.15e}  (50 digits: {in_50_digits:.15e})");
        assert!((error / in_50_digits - 1.0).abs() < 1e-11);
    }
    println!("outputs                    {:.12?}", mlp.predict(&INPUTS));
    assert!((mlp.predict(&INPUTS)[0] - 0.0159136204435506).abs() < 1e-14);

    let mut mlp = network()?;
    Trainer::new(Sgd::new(0.5)).epochs(10_000).fit(&mut mlp, Loss::HalfSquared, &data)?;
    println!("\nwith biases that learn     {:.15e}", error_of(&mlp));
    println!("outputs                    {:.12?}", mlp.predict(&INPUTS));
    Ok(())
}

fn error_of(mlp: &Mlp) -> f64 {
    Loss::HalfSquared.of(&mlp.predict(&INPUTS), &TARGETS)
}
