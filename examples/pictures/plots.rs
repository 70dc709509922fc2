//! Plots of functions, training runs and fits.

use super::chart::{Axis, Line, chart};
use std::error::Error;
use tapegrad::nn::{
    Activation, Adam, Batch, ConfusionMatrix, Data, Init, Loss, Metric, Mlp, Model, Order, RateFinder,
    Scaler, Table, Trainer, moons, sine,
};
use tapegrad::plot::{
    confusion_matrix, decision_boundary, decision_regions, fitted_curve, function_with_derivative, loss_curve,
};
use tapegrad::{Real, gradient};

type Svg = Result<String, Box<dyn Error>>;

pub fn absolute_error() -> Svg {
    let plot = function_with_derivative(|e| e.abs(), -2.0..=2.0)?;
    Ok(plot.with_title("|y − t|").with_x_label("y − t").to_svg())
}

pub fn squared_error() -> Svg {
    let plot = function_with_derivative(|e| e * e * 0.5, -2.0..=2.0)?;
    Ok(plot.with_title("½ (y − t)²").with_x_label("y − t").to_svg())
}

pub fn sigmoid() -> Svg {
    Ok(function_with_derivative(|x| x.sigmoid(), -6.0..=6.0)?
        .with_title("The sigmoid and its derivative")
        .to_svg())
}

pub fn softplus() -> Svg {
    let plot = function_with_derivative(|x| x.softplus(), -5.0..=5.0)?;
    Ok(plot.with_title("Softplus and its derivative").to_svg())
}

/// Petal length and width, and the species.
type Flower = ([f64; 2], usize);

fn flowers() -> Result<Vec<Flower>, Box<dyn Error>> {
    let table = Table::parse(include_str!("../data/iris.csv"), false)?;
    let species = table.classes_as(4, &["0", "1", "2"])?;
    Ok(table.numbers(2..4)?.iter().map(|row| [row[0], row[1]]).zip(species).collect())
}

/// The line of the example `regression`, by its normal equations.
pub fn petals() -> Svg {
    let petals: Vec<[f64; 2]> = flowers()?.into_iter().map(|(petal, _)| petal).collect();
    let line = [1.0, 7.0].map(|length| [length, -0.363075521 + 0.415755416 * length]);
    let plot = fitted_curve(&petals, &line, None)?
        .with_title("Petals of 150 irises: width = −0.363 + 0.416 · length");
    Ok(plot.with_x_label("petal length in cm").with_y_label("petal width in cm").to_svg())
}

/// The logistic regression of the example `regression`: weights of standardised measures, by Newton's method.
pub fn two_species() -> Svg {
    let two: Vec<_> = flowers()?.into_iter().filter(|&(_, species)| species > 0).collect();
    let inputs: Vec<[f64; 2]> = two.iter().map(|&(petal, _)| petal).collect();
    let targets: Vec<[f64; 1]> =
        two.iter().map(|&(_, species)| [if species == 2 { 1.0 } else { 0.0 }]).collect();
    let data = Data::new(&inputs, &targets)?;
    let scaler = Scaler::standard(&data)?;
    let classify = |point: [f64; 2]| {
        let mut scaled = point;
        scaler.apply(&mut scaled);
        usize::from(0.468060808 + 4.727004171 * scaled[0] + 4.415186204 * scaled[1] > 0.0)
    };
    let plot = decision_regions(classify, &data, &["versicolor", "virginica"])?;
    Ok(plot.with_x_label("petal length in cm").with_y_label("petal width in cm").to_svg())
}

/// The line of the example `regression` by gradient descent, in plain arithmetic: how far the mean squared error is above its
/// minimum, after each epoch.
pub fn three_batch_sizes() -> Svg {
    let flowers: Vec<[f64; 2]> = flowers()?.into_iter().map(|(petal, _)| petal).collect();
    let loss = |[a, b]: [f64; 2]| {
        flowers.iter().map(|&[x, t]| (a + b * x - t).powi(2)).sum::<f64>() / flowers.len() as f64
    };
    let least = loss([-0.363075521, 0.415755416]);
    let losses = |size: usize, rate: f64| {
        let (mut order, mut random, mut w) = (flowers.clone(), 1, [0.0, 0.0]);
        let mut epoch = |_| {
            shuffle(&mut order, &mut random);
            for batch in order.chunks(size) {
                let error = |&[x, t]: &[f64; 2]| 2.0 * (w[0] + w[1] * x - t) / batch.len() as f64;
                let slope: f64 = batch.iter().map(|flower| error(flower) * flower[0]).sum();
                let offset: f64 = batch.iter().map(error).sum();
                w = [w[0] - rate * offset, w[1] - rate * slope];
            }
            loss(w) - least
        };
        let all = (1..=500).map(|k| [f64::from(k), epoch(k)]);
        all.filter(|&[k, _]| k % 4.0 == 1.0).collect()
    };
    let lines = [("all flowers", 150, 0.05), ("ten", 10, 0.01), ("each", 1, 0.001)]
        .map(|(name, size, rate)| Line { name, points: losses(size, rate) });
    let (x, y) =
        (Axis { label: "epoch", is_log: false }, Axis { label: "loss above the minimum", is_log: true });
    Ok(chart(x, y, &lines))
}

/// The shuffle of the example `regression`.
fn shuffle<T>(items: &mut [T], random: &mut u64) {
    for last in (1..items.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        items.swap(last, (*random % (last as u64 + 1)) as usize);
    }
}

pub fn moons_boundary() -> Svg {
    let data = moons(100, 0.1, 7);
    let mut mlp =
        Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
    Trainer::new(Adam::new(0.05)).epochs(150).fit(&mut mlp, Loss::Hinge, &data)?;
    Ok(decision_boundary(&mlp, &data, &["upper moon", "lower moon"])?
        .with_title("Two moons after 150 epochs")
        .to_svg())
}

pub fn overfitting() -> Svg {
    let data = moons(60, 0.3, 7);
    let mut mlp = Mlp::builder(2)
        .layer(32, Activation::Tanh)
        .layer(32, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(1)
        .build()?;
    let mut trainer =
        Trainer::new(Adam::new(0.01)).epochs(300).validation_split(0.5, 1).metric(Metric::Accuracy);
    let history = trainer.fit(&mut mlp, Loss::Hinge, &data)?;
    Ok(loss_curve(&history)?.with_title("30 samples learned by heart").to_svg())
}

/// The network of the example `sine`.
pub fn sine_fit() -> Svg {
    let data = sine(120, 0.1, 4);
    let mut mlp = Mlp::builder(1)
        .layer(16, Activation::Tanh)
        .layer(16, Activation::Tanh)
        .layer(1, Activation::Identity)
        .seed(4)
        .build()?;
    Trainer::new(Adam::new(0.01)).epochs(600).validation_split(0.25, 1).early_stopping(80).fit(
        &mut mlp,
        Loss::MeanSquared,
        &data,
    )?;
    let samples: Vec<[f64; 2]> = (0..data.len()).map(|k| [data.input(k)[0], data.target(k)[0]]).collect();
    let curve: Vec<[f64; 2]> =
        (-64..=64).map(|k| f64::from(k) * 0.05).map(|x| [x, mlp.predict(&[x])[0]]).collect();
    Ok(fitted_curve(&samples, &curve, None)?
        .with_title("A sine with noise, and what a network makes of it")
        .to_svg())
}

/// The losses of a run whose learning rate grows from update to update.
pub fn rate_finder() -> Svg {
    let data = moons(100, 0.1, 7);
    let mut mlp =
        Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
    let finder = RateFinder { lowest: 1e-4, highest: 100.0, diverged: 1.5, ..RateFinder::default() };
    let mut trainer = Trainer::new(Adam::new(0.01)).batch(Batch::Size(20)).order(Order::Shuffled { seed: 1 });
    let curve = trainer.find_rate(&mut mlp, Loss::Hinge, &data, finder)?;
    let over = |losses: &[f64]| -> Vec<[f64; 2]> {
        curve.rates.iter().zip(losses).map(|(rate, &loss)| [rate.log10(), loss.min(3.0)]).collect()
    };
    Ok(fitted_curve(&over(&curve.losses), &over(&curve.smoothed), None)?
        .with_title("A search for the learning rate")
        .with_x_label("log₁₀ of the rate of an update")
        .with_y_label("loss of its batch")
        .to_svg())
}

/// The network of the example `iris`, with its seed 1.
pub fn iris_confusion() -> Svg {
    const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
    let table = Table::parse(include_str!("../data/iris.csv"), false)?;
    let data = Data::classes(&table.numbers(0..4)?, &table.classes_as(4, &["0", "1", "2"])?, 3)?;
    let (train, test) = data.split(1.0 / 3.0, 1);
    let scaler = Scaler::standard(&train)?;
    let mut mlp =
        Mlp::builder(4).layer(16, Activation::Tanh).layer(3, Activation::Identity).seed(1).build()?;
    Trainer::new(Adam::new(0.02)).epochs(100).fit(
        &mut mlp,
        Loss::CrossEntropy,
        &train.scale_inputs(&scaler),
    )?;
    let model = Model::new(mlp).scaling_inputs(scaler)?.naming_classes(&SPECIES)?;
    let matrix = ConfusionMatrix::new(model.predict_all(&test), &test).with_names(&SPECIES);
    Ok(confusion_matrix(&matrix)?.with_title("50 irises that were held out").to_svg())
}

/// The error of a central difference of tanh(x y + sin x) by x at (0.5, 2), over its step.
pub fn difference_errors() -> Svg {
    fn f<R: Real>([x, y]: [R; 2]) -> R {
        (x * y + x.sin()).tanh()
    }
    let exact = gradient(f, [0.5, 2.0])[0];
    let error = |step: f64| ((f([0.5 + step, 2.0]) - f([0.5 - step, 2.0])) / (2.0 * step) - exact).abs();
    let steps = (0..=48).map(|k| 10f64.powf(-f64::from(k) / 4.0));
    let points = steps.map(|step| [step, error(step).max(1e-13)]).collect();
    let line = Line { name: "central difference of tanh(x y + sin x) by x", points };
    let (x, y) = (Axis { label: "step", is_log: true }, Axis { label: "error", is_log: true });
    Ok(chart(x, y, &[line]))
}

/// NIST's data set Misra1a with its certified parameters.
pub fn misra1a() -> Svg {
    const DATA: [[f64; 2]; 14] = [
        [77.6, 10.07],
        [114.9, 14.73],
        [141.1, 17.94],
        [190.8, 23.93],
        [239.9, 29.61],
        [289.0, 35.18],
        [332.8, 40.02],
        [378.4, 44.82],
        [434.8, 50.76],
        [477.3, 55.05],
        [536.8, 61.01],
        [593.1, 66.40],
        [689.1, 75.47],
        [760.0, 81.78],
    ];
    let fit = |x: f64| 238.94212918 * (1.0 - (-5.5015643181e-4 * x).exp());
    let curve: Vec<[f64; 2]> = (0..=80).map(|k| f64::from(k) * 10.0).map(|x| [x, fit(x)]).collect();
    let plot = fitted_curve(&DATA, &curve, None)?.with_title("Misra1a: y = 238.94 (1 − exp(−0.00055016 x))");
    Ok(plot.with_x_label("pressure").with_y_label("volume").to_svg())
}

/// The root mean square of the derivatives of each layer, as in the chapter on trouble.
pub fn gradient_by_layer() -> Svg {
    let data = Data::new(&[[0.5; 16], [-0.3; 16]], &[[1.0], [0.0]])?;
    let sizes = |activation: Activation, init: Init| -> Result<Vec<[f64; 2]>, tapegrad::nn::Error> {
        let mut builder = Mlp::builder(16);
        for _ in 0..9 {
            builder = builder.layer(16, activation);
        }
        let mlp = builder.layer(1, Activation::Identity).init(init).seed(3).build()?;
        let (_, gradient) = mlp.loss_and_gradient(Loss::HalfSquared, &data)?;
        let size = |layer: &[f64]| {
            (layer.iter().map(|slope| slope * slope).sum::<f64>() / layer.len() as f64).sqrt()
        };
        Ok(gradient.chunks(16 * 16 + 16).zip(1..).map(|(layer, k)| [f64::from(k), size(layer)]).collect())
    };
    let lines = [
        Line { name: "sigmoid", points: sizes(Activation::Sigmoid, Init::XavierUniform)? },
        Line { name: "tanh", points: sizes(Activation::Tanh, Init::XavierUniform)? },
        Line { name: "relu", points: sizes(Activation::Relu, Init::HeUniform)? },
        Line { name: "relu, weights too large", points: sizes(Activation::Relu, Init::Uniform(1.0))? },
    ];
    let (x, y) =
        (Axis { label: "layer", is_log: false }, Axis { label: "size of the derivatives", is_log: true });
    Ok(chart(x, y, &lines))
}
