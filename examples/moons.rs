//! Two moons, classified by a 2-16-16-1 network with hinge loss: the demo of micrograd, with its settings.

use std::ops::ControlFlow;
use tapegrad::nn::{Activation, Error, Init, Loss, Metric, Mlp, Penalty, Schedule, Sgd, Trainer, moons};

fn main() -> Result<(), Error> {
    let data = moons(100, 0.1, 1337);
    let mut mlp = Mlp::builder(2)
        .layer(16, Activation::Relu)
        .layer(16, Activation::Relu)
        .layer(1, Activation::Identity)
        .init(Init::Uniform(1.0))
        .seed(1337)
        .build()?;
    println!("{}\n", mlp.summary());

    let history = Trainer::new(Sgd::new(1.0))
        .epochs(100)
        .schedule(Schedule::custom(|step| 1.0 - 0.9 * step as f64 / 100.0))
        .penalty(Penalty::l2(1e-4).with_biases())
        .metric(Metric::Accuracy)
        .on_epoch(|epoch, _| {
            if epoch.epoch % 10 == 9 {
                let accuracy = epoch.metric(Metric::Accuracy).unwrap_or(f64::NAN) * 100.0;
                println!("step {:>3}  loss {:.6}  accuracy {accuracy} %", epoch.updates, epoch.loss);
            }
            ControlFlow::Continue(())
        })
        .fit(&mut mlp, Loss::Hinge, &data)?;

    println!("\nwhere the network says yes (#), and the samples of both moons (o, x):\n");
    draw(&mlp, &data);
    assert_eq!(history.last().and_then(|epoch| epoch.metric(Metric::Accuracy)), Some(1.0));
    Ok(())
}

fn draw(mlp: &Mlp, data: &tapegrad::nn::Data) {
    const COLUMNS: usize = 64;
    const ROWS: usize = 22;
    let x = |column: usize| -1.5 + 4.0 * column as f64 / COLUMNS as f64;
    let y = |row: usize| 1.4 - 2.3 * row as f64 / ROWS as f64;
    let mut picture: Vec<Vec<char>> = (0..ROWS)
        .map(|row| {
            let says_yes = |column| mlp.predict(&[x(column), y(row)])[0] > 0.0;
            (0..COLUMNS).map(|column| if says_yes(column) { '#' } else { '.' }).collect()
        })
        .collect();
    for sample in 0..data.len() {
        let column = ((data.input(sample)[0] + 1.5) / 4.0 * COLUMNS as f64) as usize;
        let row = ((1.4 - data.input(sample)[1]) / 2.3 * ROWS as f64) as usize;
        if let Some(place) = picture.get_mut(row).and_then(|row| row.get_mut(column)) {
            *place = if data.target(sample)[0] > 0.0 { 'x' } else { 'o' };
        }
    }
    for row in picture {
        println!("  {}", row.into_iter().collect::<String>());
    }
}
