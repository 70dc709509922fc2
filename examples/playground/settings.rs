//! What a visitor asks for: each field of the request within its limits.

use super::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tapegrad::nn::{
    Activation, Adagrad, Adam, Data, Loss, Mlp, Optimizer, RmsProp, Sgd, circles, moons, sine, spirals, xor,
};

fn problem<T>(field: &str, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::new(field, message))
}

/// A network is at most so large, and has at most so many samples and epochs.
const LAYERS: usize = 4;
const NEURONS: usize = 16;
const POINTS: usize = 300;
const EPOCHS: usize = 20_000;

/// What a visitor asks for.
#[derive(Debug, Clone)]
pub struct Settings {
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub loss: Loss,
    pub optimizer: String,
    pub rate: f64,
    pub data: Data,
    pub batch: usize,
    pub epochs: usize,
    pub seed: u64,
}

impl Settings {
    /// The settings of a request, each within its limits.
    pub fn read(request: &Value) -> Result<Settings, Problem> {
        let sizes = || format!("at most {LAYERS} layers, of 1 to {NEURONS} neurons each, as in 8 8");
        let hidden: Vec<usize> = field(request, "hidden").or_else(|_| problem("hidden", sizes()))?;
        if hidden.len() > LAYERS || !hidden.iter().all(|neurons| (1..=NEURONS).contains(neurons)) {
            return problem("hidden", sizes());
        }
        let rate = positive(request, "rate")?;
        let noise: f64 = field(request, "noise")?;
        if !(0.0..=1.0).contains(&noise) {
            return problem("noise", "from 0 to 1");
        }
        let seed = field::<u32>(request, "seed")?.into();
        let loss = match field::<String>(request, "loss")?.as_str() {
            "hinge" => Loss::Hinge,
            "binary_cross_entropy" => Loss::BinaryCrossEntropy,
            "half_squared" => Loss::HalfSquared,
            "absolute" => Loss::Absolute,
            _ => return problem("loss", "no such loss"),
        };
        let data = data_of(request, noise, seed, loss)?;
        let batch = within(request, "batch", 1..=POINTS)?;
        let epochs = within(request, "epochs", 1..=EPOCHS)?;
        let settings = Settings {
            hidden,
            activation: field(request, "activation")?,
            loss,
            optimizer: field(request, "optimizer")?,
            rate,
            data,
            batch,
            epochs,
            seed,
        };
        settings.optimizer()?;
        settings.network()?;
        Ok(settings)
    }

    pub fn optimizer(&self) -> Result<Box<dyn Optimizer>, Problem> {
        Ok(match self.optimizer.as_str() {
            "sgd" => Box::new(Sgd::new(self.rate)),
            "momentum" => Box::new(Sgd::new(self.rate).momentum(0.9)),
            "adam" => Box::new(Adam::new(self.rate)),
            "rmsprop" => Box::new(RmsProp::new(self.rate)),
            "adagrad" => Box::new(Adagrad::new(self.rate)),
            _ => return problem("optimizer", "no such optimiser"),
        })
    }

    pub fn network(&self) -> Result<Mlp, Problem> {
        let builder = Mlp::builder(self.data.input_width());
        let hidden =
            self.hidden.iter().fold(builder, |builder, &neurons| builder.layer(neurons, self.activation));
        let built = hidden.layer(1, Activation::Identity).seed(self.seed).build();
        built.or_else(|error| problem("activation", error.to_string()))
    }
}

/// A field of a request, of the type that it has to have.
pub fn field<T: DeserializeOwned>(request: &Value, name: &str) -> Result<T, Problem> {
    let value = request.get(name).cloned().unwrap_or(Value::Null);
    if value.is_null() {
        return problem(name, "something is needed here"); // an empty field of the page is `null`
    }
    serde_json::from_value(value).or_else(|error| problem(name, error.to_string()))
}

fn within(request: &Value, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, Problem> {
    let number = field(request, name)?;
    let (low, high) = (range.start(), range.end());
    if range.contains(&number) { Ok(number) } else { problem(name, format!("from {low} to {high}")) }
}

pub fn positive(request: &Value, name: &str) -> Result<f64, Problem> {
    let number: f64 = field(request, name)?;
    if number > 0.0 && number <= 100.0 { Ok(number) } else { problem(name, "above 0, and at most 100") }
}

/// Epochs a second; 0, which is also the default, is as fast as it goes.
pub fn speed(request: &Value) -> Result<u64, Problem> {
    request.get("speed").map_or(Ok(0), |_| field::<u32>(request, "speed").map(u64::from))
}

/// The samples: of a generator, or the visitor's own points, `[x, y, class]`.
fn data_of(request: &Value, noise: f64, seed: u64, loss: Loss) -> Result<Data, Problem> {
    let data = match field::<String>(request, "data")?.as_str() {
        "moons" => moons(100, noise, seed),
        "circles" => circles(100, noise, seed),
        "spirals" => spirals(100, 2, noise, seed),
        "xor" => xor(),
        "sine" => sine(60, noise, seed),
        "points" => {
            // Of another type, or none, they are no points either.
            let points: Vec<(f64, f64, u8)> = field(request, "points").unwrap_or_default();
            let is_fine = |&(x, y, class): &(f64, f64, u8)| x.abs() <= 1e3 && y.abs() <= 1e3 && class < 2;
            if points.is_empty() || points.len() > POINTS || !points.iter().all(is_fine) {
                return problem(
                    "points",
                    format!("1 to {POINTS} points [x, y, class], up to ±1000, of class 0 or 1"),
                );
            }
            let (inputs, targets): (Vec<_>, Vec<_>) =
                points.iter().map(|&(x, y, class)| ([x, y], [f64::from(class)])).unzip();
            Data::new(&inputs, &targets).or_else(|error| problem("points", error.to_string()))?
        }
        _ => return problem("data", "no such data set"),
    };
    if data.input_width() == 1 {
        let is_of_numbers = matches!(loss, Loss::HalfSquared | Loss::Absolute);
        return if is_of_numbers {
            Ok(data)
        } else {
            problem("loss", "a curve needs a squared or absolute loss")
        };
    }
    // Classes as the loss takes them.
    let low = if loss == Loss::BinaryCrossEntropy { 0.0 } else { -1.0 };
    let samples = 0..data.len();
    let inputs: Vec<&[f64]> = samples.clone().map(|k| data.input(k)).collect();
    let targets: Vec<[f64; 1]> =
        samples.map(|k| [if data.target(k).last() > Some(&0.5) { 1.0 } else { low }]).collect();
    Data::new(&inputs, &targets).or_else(|error| problem("data", error.to_string()))
}
