//! Three species of iris, classified from four measurements of a flower: training, testing on flowers that are held
//! out, and the confusion matrix. The accuracy is measured over 20 seeds.

use tapegrad::nn::{
    Activation, Adam, ConfusionMatrix, Data, Error, Loss, Mlp, Model, Scaler, Table, Trainer, accuracy,
};

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

fn main() -> Result<(), Error> {
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"), false)?;
    let data = Data::classes(&table.numbers(0..4)?, &table.classes_as(4, &["0", "1", "2"])?, SPECIES.len())?;

    let (model, test) = train(&data, 1)?;
    println!("{}\n", model.mlp().summary());
    println!("{}\n", ConfusionMatrix::new(model.predict_all(&test), &test).with_names(&SPECIES));
    let flower = [5.9, 3.0, 5.1, 1.8];
    println!("a flower of {flower:?} cm is taken for {}\n", model.classify(&flower).1);

    let mut accuracies = Vec::new();
    for seed in 0..20 {
        let (model, test) = train(&data, seed)?;
        accuracies.push(accuracy(model.predict_all(&test), &test));
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let lowest = accuracies.iter().copied().fold(1.0, f64::min);
    println!(
        "accuracy on {} flowers held out, over 20 seeds: mean {:.2} %, lowest {:.0} %",
        test.len(),
        mean * 100.0,
        lowest * 100.0
    );
    assert!(mean >= 0.95);
    Ok(())
}

/// Trains on two thirds of the flowers; returns the model and the other third.
fn train(data: &Data, seed: u64) -> Result<(Model, Data), Error> {
    let (train, test) = data.split(1.0 / 3.0, seed);
    let scaler = Scaler::standard(&train)?;
    let mut mlp =
        Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).seed(seed).build()?;
    Trainer::new(Adam::new(0.02)).epochs(100).fit(
        &mut mlp,
        Loss::CrossEntropy,
        &train.scale_inputs(&scaler),
    )?;
    Ok((Model::new(mlp).scaling_inputs(scaler)?.naming_classes(&SPECIES)?, test))
}
