//! Handwritten digits of 8 × 8 pixels: a 64-32-10 network is trained on 1,347 of them, tested on the other 450, and
//! saved.

use tapegrad::nn::{
    Activation, Adam, Batch, ConfusionMatrix, Data, Error, Loss, Metric, Mlp, Model, Order, Scaler, Schedule,
    Table, Trainer,
};

fn main() -> Result<(), Error> {
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.csv"), false)?;
    let (classes, names) = table.classes(64)?;
    let data = Data::classes(&table.numbers(0..64)?, &classes, 10)?;
    let (train, test) = data.split(0.25, 7);
    let scaler = Scaler::new(vec![0.0; 64], vec![16.0; 64])?;

    let mut mlp =
        Mlp::builder(64).layer(32, Activation::Tanh).layer(10, Activation::Identity).seed(7).build()?;
    println!("{}\n", mlp.summary());
    let history = Trainer::new(Adam::new(0.01))
        .epochs(30)
        .batch(Batch::Size(64))
        .order(Order::Shuffled { seed: 7 })
        .schedule(Schedule::Cosine { over: 30 * train.len().div_ceil(64), low: 0.02 })
        .validate_on(test.clone().scale_inputs(&scaler))
        .metric(Metric::Accuracy)
        .progress(true)
        .fit(&mut mlp, Loss::CrossEntropy, &train.scale_inputs(&scaler))?;

    println!("epoch   training loss   test loss   test accuracy");
    for epoch in history.epochs.iter().filter(|epoch| epoch.epoch % 5 == 4) {
        let (test_loss, accuracy) =
            (epoch.validation_loss.unwrap_or(f64::NAN), epoch.metric(Metric::Accuracy).unwrap_or(f64::NAN));
        println!(
            "{:>5}   {:>13.5}   {test_loss:>9.5}   {:>11.2} %",
            epoch.epoch + 1,
            epoch.loss,
            accuracy * 100.0
        );
    }

    let model = Model::new(mlp).scaling_inputs(scaler)?.naming_classes(&names)?;
    let matrix = ConfusionMatrix::new(model.predict_all(&test), &test).with_names(&names);
    println!("\n{matrix}\n");
    show(&test, 0, &model);
    save(&model, &test)?;
    assert!(matrix.accuracy() >= 0.96);
    Ok(())
}

/// Prints one of the pictures, and its predicted class.
fn show(data: &Data, sample: usize, model: &Model) {
    for row in data.input(sample).chunks(8) {
        let shade = |&pixel: &f64| [' ', '.', ':', 'o', '#'][(pixel / 4.0).round() as usize];
        println!("  {}", row.iter().flat_map(|pixel| [shade(pixel); 2]).collect::<String>());
    }
    println!("  is taken for a {}\n", model.classify(data.input(sample)).1);
}

#[cfg(feature = "serde")]
fn save(model: &Model, test: &Data) -> Result<(), Error> {
    let path = std::env::temp_dir().join("tapegrad_digits.json");
    model.save(&path)?;
    assert_eq!(Model::load(&path)?.predict_all(test), model.predict_all(test));
    println!("saved to {}, loaded, and predicts the same bits", path.display());
    Ok(())
}

#[cfg(not(feature = "serde"))]
fn save(_: &Model, _: &Data) -> Result<(), Error> {
    println!("not saved: the feature `serde` is off");
    Ok(())
}
