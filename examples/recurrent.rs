//! A recurrent network over 50 steps: the adding problem. Each step has a number, and a mark at two of the steps; the target is
//! the sum of the two marked numbers. The network keeps a gated state; it is trained from a recording, and on the tape to compare.

use std::time::Instant;
use tapegrad::Real;
use tapegrad::nn::{
    Activation, Adam, Backend, Batch, Clip, CustomNetwork, Data, Error, Forward, Loss, Metric, Mlp, Network,
    Order, Parameters, Part, Random, Trainer,
};

const STEPS: usize = 50;
const STATE: usize = 12;

/// A minimal gated unit: the gate says how much of each number of the state is replaced.
struct Recurrent {
    gate: Part,
    candidate: Part,
    last: Part,
}

impl Forward for Recurrent {
    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        let mut state = vec![R::constant(0.0); STATE];
        for step in inputs.chunks(2) {
            let seen = [&state, step].concat();
            let gate = self.gate.forward(parameters, &seen);
            let candidate = self.candidate.forward(parameters, &seen);
            for ((state, gate), new) in state.iter_mut().zip(gate).zip(candidate) {
                *state += gate * (new - *state);
            }
        }
        self.last.forward(parameters, &state)
    }
}

fn network(seed: u64) -> Result<CustomNetwork<Recurrent>, Error> {
    let mut p = Parameters::new(seed);
    let cell = |activation| Mlp::builder(STATE + 2).layer(STATE, activation);
    let gate = p.mlp("gate", cell(Activation::Sigmoid))?;
    let candidate = p.mlp("candidate", cell(Activation::Tanh))?;
    let last = p.mlp("last", Mlp::builder(STATE).layer(1, Activation::Identity))?;
    // Gates start almost closed, so that the state is kept over many steps.
    for neuron in 0..STATE {
        p.set(&format!("gate.layers.0.neurons.{neuron}.bias"), -2.0)?;
    }
    Ok(CustomNetwork::new("adding problem", p, [2 * STEPS, 1], Recurrent { gate, candidate, last }))
}

/// Sequences of numbers from 0 to 1, of which one in each half is marked.
fn sequences(count: usize, seed: u64) -> Result<Data, Error> {
    let mut random = Random::new(seed);
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let marked = [random.below(STEPS / 2), STEPS / 2 + random.below(STEPS / 2)];
        let numbers: Vec<f64> = (0..STEPS).map(|_| random.unit()).collect();
        targets.push([numbers[marked[0]] + numbers[marked[1]]]);
        let step = |(k, &number): (usize, &f64)| [number, f64::from(marked.contains(&k))];
        inputs.push(numbers.iter().enumerate().flat_map(step).collect::<Vec<f64>>());
    }
    Data::new(&inputs, &targets)
}

fn main() -> Result<(), Error> {
    let (train, test) = (sequences(1000, 1)?, sequences(200, 2)?);
    let mut trained = network(1)?;
    println!("{} parameters, {STEPS} steps\n", trained.parameters().len());

    let start = Instant::now();
    let history = Trainer::new(Adam::new(0.01))
        .epochs(60)
        .batch(Batch::Size(50))
        .order(Order::Shuffled { seed: 1 })
        .clip(Clip::Norm(1.0))
        .validate_on(test)
        .metric(Metric::RSquared)
        .fit(&mut trained, Loss::Squared, &train)?;
    println!("epoch  training loss  test loss       R²");
    for epoch in history.epochs.iter().filter(|epoch| epoch.epoch % 10 == 9 || epoch.epoch == 0) {
        let test = epoch.validation_loss.unwrap_or(f64::NAN);
        let metric = epoch.metric(Metric::RSquared).unwrap_or(f64::NAN);
        println!("{:>5}{:>15.5}{test:>11.5}{metric:>9.4}", epoch.epoch + 1, epoch.loss);
    }
    println!("trained in {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!((history.backend, &history.tape_because), (Some(Backend::Recorded), &None));
    let last = history.last().and_then(|epoch| epoch.metric(Metric::RSquared));
    assert!(last.is_some_and(|metric| metric > 0.9), "{last:?}");

    // The same updates, recorded and on the tape. Without what is done once: the difference of a longer and a shorter run.
    let time = |backend, epochs| -> Result<(f64, Vec<f64>), Error> {
        let (start, mut network) = (Instant::now(), network(1)?);
        let trainer =
            Trainer::new(Adam::new(0.01)).epochs(epochs).batch(Batch::Size(50)).clip(Clip::Norm(1.0));
        trainer.backend(backend).fit(&mut network, Loss::Squared, &train)?;
        Ok((start.elapsed().as_secs_f64(), network.parameters().to_vec()))
    };
    let of = |backend| -> Result<_, Error> {
        let ((short, _), (long, parameters)) = (time(backend, 1)?, time(backend, 4)?);
        Ok(((long - short) / 3.0, parameters))
    };
    let ((recorded, by_recording), (tape, by_tape)) = (of(Backend::Recorded)?, of(Backend::Eager)?);
    let difference = by_recording.iter().zip(&by_tape).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!(
        "\nan epoch: recorded {:.1} ms, on the tape {:.1} ms: {:.1} times as fast; parameters differ by {difference:.0e}",
        recorded * 1e3,
        tape * 1e3,
        tape / recorded
    );
    assert!(difference < 1e-8);
    Ok(())
}
