//! Every plot, of real runs, as SVG files in a folder: `cargo run --release --features view --example plots -- FOLDER`.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tapegrad::Function;
use tapegrad::nn::{
    Activation, Adam, ConfusionMatrix, Data, Loss, Metric, Mlp, Model, Scaler, Table, Trainer, moons, sine,
};
use tapegrad::plot::{self, Plot, Theme};

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

fn main() -> Result<(), Box<dyn Error>> {
    let default = || std::env::temp_dir().join("tapegrad-plots");
    let folder = std::env::args().nth(1).map_or_else(default, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    two_moons(&folder)?;
    noisy_sine(&folder)?;
    iris(&folder)?;
    iris_petals(&folder)?;
    functions(&folder)?;
    Ok(())
}

/// Writes a plot in both themes, and in one that follows the reader's.
fn write(folder: &Path, name: &str, plot: Plot) -> Result<(), Box<dyn Error>> {
    for (theme, suffix) in [(Theme::Auto, ""), (Theme::Light, "-light"), (Theme::Dark, "-dark")] {
        let path = folder.join(format!("{name}{suffix}.svg"));
        let svg = plot.clone().with_theme(theme).to_svg();
        std::fs::write(&path, &svg)?;
        println!("{}  {} kB", path.display(), svg.len().div_ceil(1000));
    }
    Ok(())
}

/// A classifier with one output: its loss, its boundary, its parameters and gradients over the epochs.
fn two_moons(folder: &Path) -> Result<(), Box<dyn Error>> {
    let data = moons(200, 0.15, 7);
    let mut mlp = Mlp::builder(2)
        .layer(16, Activation::Tanh)
        .layer(16, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(7)
        .build()?;
    let (mut parameters, mut gradients) = (Vec::new(), Vec::new());
    let mut probe = mlp.clone();
    let history = Trainer::new(Adam::new(0.01))
        .epochs(200)
        .metric(Metric::Accuracy)
        .validation_split(0.25, 1)
        .early_stopping(60)
        .on_epoch(|_, w| {
            parameters.push(w.to_vec());
            let gradient = probe.set_parameters(w);
            let gradient = gradient.and_then(|()| probe.loss_and_gradient(Loss::Hinge, &data));
            gradients.extend(gradient.map(|(_, gradient)| gradient));
            ControlFlow::Continue(())
        })
        .fit(&mut mlp, Loss::Hinge, &data)?;
    println!("{}", history.chart());
    let loss =
        plot::loss_curve(&history)?.with_title("Two moons: loss and accuracy").with_y_label("hinge loss");
    write(folder, "moons-loss", loss)?;
    let boundary = plot::decision_boundary(&mlp, &data, &["upper moon", "lower moon"])?;
    write(folder, "moons-boundary", boundary.with_title("Two moons: what the network predicts"))?;
    write(folder, "moons-parameters", plot::histograms("parameters", &parameters)?)?;
    write(folder, "moons-gradients", plot::histograms("entries of the gradient", &gradients)?)
}

/// A curve with its data, and twice the deviation of the residuals around it.
fn noisy_sine(folder: &Path) -> Result<(), Box<dyn Error>> {
    let data = sine(120, 0.15, 4);
    let mut mlp =
        Mlp::builder(1).layer(16, Activation::Tanh).layer(1, Activation::Identity).seed(4).build()?;
    let history = Trainer::new(Adam::new(0.02)).epochs(400).fit(&mut mlp, Loss::MeanSquared, &data)?;
    write(folder, "sine-loss", plot::loss_curve(&history)?)?;

    let points: Vec<[f64; 2]> = (0..data.len()).map(|k| [data.input(k)[0], data.target(k)[0]]).collect();
    let [first, last] = [f64::min, f64::max].map(|of| points.iter().map(|p| p[0]).reduce(of).unwrap_or(0.0));
    let at = |k: u32| first + (last - first) * f64::from(k) / 200.0;
    let curve: Vec<[f64; 2]> = (0..=200).map(|k| [at(k), mlp.predict(&[at(k)])[0]]).collect();
    let squares = points.iter().map(|&[x, y]| (y - mlp.predict(&[x])[0]).powi(2));
    let spread = 2.0 * (squares.sum::<f64>() / points.len() as f64).sqrt();
    let [lower, upper] = [-spread, spread].map(|d| curve.iter().map(|p| p[1] + d).collect::<Vec<f64>>());
    let fit = plot::fitted_curve(&points, &curve, Some((&lower, &upper)))?;
    write(folder, "sine-fit", fit.with_title("A sine with noise, and the network's fit"))
}

/// A classifier with three outputs: its confusion matrix over flowers that it has not seen.
fn iris(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (model, test) = train_on_iris(0..4)?;
    let matrix = ConfusionMatrix::new(model.predict_all(&test), &test).with_names(&SPECIES);
    write(folder, "iris-confusion", plot::confusion_matrix(&matrix)?.with_title("Iris: flowers held out"))
}

/// Two of the four measurements, so that the regions of the classes can be drawn; the model scales its inputs.
fn iris_petals(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (model, test) = train_on_iris(2..4)?;
    let regions = plot::decision_regions(|point| model.classify(&point).0, &test, &SPECIES)?;
    let regions = regions.with_x_label("length of the petals in cm").with_y_label("width in cm");
    write(folder, "iris-regions", regions.with_title("Iris by its petals"))
}

/// Trains on two thirds of the flowers; returns the model and the other third.
fn train_on_iris(columns: std::ops::Range<usize>) -> Result<(Model, Data), Box<dyn Error>> {
    let table = Table::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris.csv"), false)?;
    let inputs = table.numbers(columns)?;
    let data = Data::classes(&inputs, &table.classes_as(4, &["0", "1", "2"])?, SPECIES.len())?;
    let (train, test) = data.split(1.0 / 3.0, 1);
    let scaler = Scaler::standard(&train)?;
    let mut mlp = Mlp::builder(inputs[0].len())
        .layer(16, Activation::Tanh)
        .layer(3, Activation::Identity)
        .seed(1)
        .build()?;
    Trainer::new(Adam::new(0.02)).epochs(100).fit(
        &mut mlp,
        Loss::CrossEntropy,
        &train.scale_inputs(&scaler),
    )?;
    Ok((Model::new(mlp).scaling_inputs(scaler)?.naming_classes(&SPECIES)?, test))
}

/// A function above its derivative, and which entries of a Jacobian are not zero.
fn functions(folder: &Path) -> Result<(), Box<dyn Error>> {
    let bumps = plot::function_with_derivative(|x| (x * 2.0).sin() * (-(x * x) / 4.0).exp(), -4.0..=4.0)?;
    write(folder, "derivative", bumps.with_title("sin 2x · exp(−x² / 4)"))?;

    // Each result needs three neighbours, so that columns three apart never meet in a row.
    const SIZE: usize = 24;
    let chain = |x: &[tapegrad::Var]| -> Vec<tapegrad::Var> {
        let at = |k: usize| x[k.min(SIZE - 1)];
        (0..SIZE).map(|k| at(k) * at(k + 1) + at(k.saturating_sub(1)).sin()).collect()
    };
    let point: Vec<f64> = (0..SIZE).map(|k| 0.5 + k as f64).collect();
    let jacobian = Function::record(chain, &point[..])?.evaluator().jacobian(&point)?;
    let places = (0..SIZE * SIZE).filter(|&k| jacobian[k] != 0.0).map(|k| (k / SIZE, k % SIZE));
    let entries: Vec<(usize, usize)> = places.collect();
    let colors: Vec<usize> = (0..SIZE).map(|column| column % 3).collect();
    let pattern = plot::sparsity(SIZE, SIZE, &entries, Some(&colors))?;
    write(folder, "sparsity", pattern.with_title("A Jacobian, whose columns take three sweeps"))?;

    // A large function whose borders differ from its inside.
    let rosenbrock = |x: &[tapegrad::Var]| -> tapegrad::Var {
        x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
    };
    let plan = Function::record(rosenbrock, &[0.5; 1000][..])?.vectorised();
    write(folder, "plan", plot::run_lengths(plan.plan())?.with_title("Rosenbrock of 1,000 variables in runs"))
}
