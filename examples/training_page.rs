//! Training as pages for the browser: two moons, iris, and the 2-2-2 network of M. Mazur's article. The folder for them can be
//! given; by default it is one in the system's folder for temporary files.

use std::path::PathBuf;
use tapegrad::nn::{
    Activation, Adam, Bias, Data, Error, History, Loss, Metric, Mlp, Scaler, Sgd, Table, Trainer,
    TrainingPage, moons,
};

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

fn main() -> Result<(), Error> {
    let folder =
        std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("tapegrad-pages"), PathBuf::from);
    std::fs::create_dir_all(&folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
    for (name, run) in [("moons", two_moons as fn() -> _), ("iris", iris), ("two_two_two", two_two_two)] {
        let (page, history): (TrainingPage<'_>, History) = run()?;
        let path = folder.join(format!("{name}.html"));
        page.save(&path, &history)?;
        println!("{}\n", path.display());
    }
    Ok(())
}

fn two_moons() -> Result<(TrainingPage<'static>, History), Error> {
    let data = moons(100, 0.1, 1337);
    let mut mlp = Mlp::builder(2)
        .layer(8, Activation::Tanh)
        .layer(8, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(7)
        .build()?;
    let mut page =
        TrainingPage::new("Two moons", &mlp, Loss::Hinge, &data)?.class_names(&["upper moon", "lower moon"]);
    let history = Trainer::new(Adam::new(0.05))
        .epochs(100)
        .metric(Metric::Accuracy)
        .on_update(|update| {
            page.record(update);
            if update.update % 50 == 0 {
                println!("two moons, update {:>3}: loss {:.9}", update.update, update.loss);
            }
        })
        .fit(&mut mlp, Loss::Hinge, &data)?;
    for [x, y] in [[0.0, 0.5], [1.0, -0.4], [0.5, 0.25]] {
        println!("at the end, the class at ({x}, {y}): {}", mlp.classify(&[x, y]));
    }
    Ok((page, history))
}

fn iris() -> Result<(TrainingPage<'static>, History), Error> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv");
    let table = Table::read(path, false)?;
    let data = Data::classes(&table.numbers(0..4)?, &table.classes_as(4, &["0", "1", "2"])?, SPECIES.len())?;
    let scaler = Scaler::standard(&data)?;
    let data = data.scale_inputs(&scaler);
    let mut mlp =
        Mlp::builder(4).layer(6, Activation::Tanh).layer(3, Activation::Identity).seed(1).build()?;
    let mut page = TrainingPage::new("Iris", &mlp, Loss::CrossEntropy, &data)?
        .class_names(&SPECIES)
        .input_names(&["sepal length", "sepal width", "petal length", "petal width"])
        .axes(2, 3)
        .samples(&[0, 50, 100]);
    let history = Trainer::new(Adam::new(0.02))
        .epochs(120)
        .metric(Metric::Accuracy)
        .on_update(|update| page.record(update))
        .fit(&mut mlp, Loss::CrossEntropy, &data)?;
    println!(
        "iris, accuracy at the end: {:.4}",
        history.last().and_then(|epoch| epoch.metric(Metric::Accuracy)).unwrap_or(f64::NAN)
    );
    Ok((page, history))
}

/// The network of "A Step by Step Backpropagation Example": its biases are not trained.
fn two_two_two() -> Result<(TrainingPage<'static>, History), Error> {
    let mut mlp = Mlp::builder(2)
        .layer(2, Activation::Sigmoid)
        .layer(2, Activation::Sigmoid)
        .bias(Bias::Shared)
        .build()?;
    mlp.set_parameters(&[0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60])?;
    mlp.freeze("layers.0.bias")?;
    mlp.freeze("layers.1.bias")?;
    let data = Data::new(&[[0.05, 0.10]], &[[0.01, 0.99]])?;
    let mut page =
        TrainingPage::new("A 2-2-2 network", &mlp, Loss::HalfSquared, &data)?.input_names(&["i1", "i2"]);
    let history = Trainer::new(Sgd::new(0.5))
        .epochs(10_000)
        .on_update(|update| {
            page.record(update);
            if [0, 1, 9_999].contains(&update.update) {
                println!("2-2-2, update {:>5}: loss {:.9}", update.update, update.loss);
            }
        })
        .fit(&mut mlp, Loss::HalfSquared, &data)?;
    Ok((page, history))
}
