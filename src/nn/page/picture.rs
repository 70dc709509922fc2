//! The picture beside the network: regions of classes, a fitted curve, or outputs against targets.

use super::numbers::{Numbers, lists};
use crate::nn::data::{Data, target_class};
use crate::nn::mlp::Mlp;
use crate::nn::train::Predictions;
use serde::Serialize;

/// Cells along each axis of the regions.
const CELLS: usize = 48;

/// Points of a curve.
const POINTS: usize = 121;

/// More samples than these are thinned in the picture, and more outputs of theirs.
const SAMPLES: usize = 500;

/// Larger numbers are not drawn to scale, so that the width of every range is finite.
const LARGEST: f64 = 1e300;

/// The class of a cell and how certain it is, as one character.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What is drawn, and where.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Projection {
    /// The class at each point of a plane through the space of inputs.
    Regions {
        axes: [usize; 2],
        x: [f64; 2],
        y: [f64; 2],
        cells: usize,
        letters: &'static str,
        /// How many degrees of certainty a letter tells: its index is `class · levels + level`.
        levels: usize,
        /// Whether there are other inputs, which are held at their means.
        is_slice: bool,
        #[serde(skip)]
        center: Vec<f64>,
        /// The samples: their coordinates and classes.
        points: Vec<(f64, f64, usize)>,
    },
    /// The outputs as functions of the only input.
    Curve {
        #[serde(serialize_with = "plain")]
        x: Vec<f64>,
        /// The samples: input and targets.
        #[serde(serialize_with = "lists")]
        points: Vec<Vec<f64>>,
    },
    /// The outputs against the targets of each sample.
    Targets {
        #[serde(serialize_with = "lists")]
        points: Vec<Vec<f64>>,
        #[serde(skip)]
        samples: Vec<usize>,
    },
}

/// A picture at one moment.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Picture {
    /// The letters of the cells, row by row from the top.
    Regions(String),
    /// The outputs, point by point or sample by sample.
    Outputs(#[serde(serialize_with = "lists")] Vec<Vec<f64>>),
}

fn plain<S: serde::Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    Numbers(list).serialize(serializer)
}

impl Projection {
    /// Regions if there are classes and two inputs, a curve if there is one input, else outputs against targets.
    pub fn new(mlp: &Mlp, data: &Data, classes: Option<&[String]>, axes: [usize; 2]) -> Projection {
        let samples: Vec<usize> = (0..data.len()).step_by(data.len().div_ceil(SAMPLES)).collect();
        let all = 0..data.len();
        if let Some(names) = classes.filter(|names| mlp.inputs() > 1 && names.len() <= LETTERS.len()) {
            let range = |axis: usize| with_margin(all.clone().map(|sample| data.input(sample)[axis]));
            let mean =
                |axis| all.clone().map(|sample| data.input(sample)[axis]).sum::<f64>() / data.len() as f64;
            let point = |&sample: &usize| {
                let input = data.input(sample);
                (input[axes[0]], input[axes[1]], target_class(data.target(sample)))
            };
            return Projection::Regions {
                axes,
                x: range(axes[0]),
                y: range(axes[1]),
                cells: CELLS,
                letters: LETTERS,
                levels: (LETTERS.len() / names.len()).min(8),
                is_slice: mlp.inputs() > 2,
                center: (0..mlp.inputs()).map(mean).collect(),
                points: samples.iter().map(point).collect(),
            };
        }
        if mlp.inputs() == 1 {
            let [low, high] = with_margin(all.map(|sample| data.input(sample)[0]));
            let x = |k| low + (high - low) * k as f64 / (POINTS - 1) as f64;
            let point = |&sample: &usize| [data.input(sample), data.target(sample)].concat();
            return Projection::Curve {
                x: (0..POINTS).map(x).collect(),
                points: samples.iter().map(point).collect(),
            };
        }
        let most = (SAMPLES / mlp.outputs()).max(1);
        let samples: Vec<usize> = (0..data.len()).step_by(data.len().div_ceil(most)).collect();
        let points = samples.iter().map(|&sample| data.target(sample).to_vec()).collect();
        Projection::Targets { points, samples }
    }

    /// How many numbers a picture has at most; a cell of the regions is written as a tenth of one.
    pub fn numbers(mlp: &Mlp) -> usize {
        if mlp.inputs() == 1 { POINTS * mlp.outputs() } else { SAMPLES.max(mlp.outputs()) }
    }

    /// The picture of this network.
    pub fn picture(&self, mlp: &Mlp, data: &Data) -> Picture {
        match self {
            Projection::Regions { axes, x, y, cells, levels, center, .. } => {
                let mut input = center.clone();
                let mut letters = String::with_capacity(cells * cells);
                for row in 0..*cells {
                    for column in 0..*cells {
                        input[axes[0]] = middle(*x, column, *cells);
                        input[axes[1]] = middle(*y, cells - 1 - row, *cells);
                        letters.push(letter(mlp, &input, *levels));
                    }
                }
                Picture::Regions(letters)
            }
            Projection::Curve { x, .. } => Picture::Outputs(x.iter().map(|&x| mlp.predict(&[x])).collect()),
            Projection::Targets { samples, .. } => {
                Picture::Outputs(samples.iter().map(|&sample| mlp.predict(data.input(sample))).collect())
            }
        }
    }
}

/// The letter of a cell; `?` where an output is NaN.
fn letter(mlp: &Mlp, input: &[f64], levels: usize) -> char {
    let activation = mlp.output_activation();
    let outputs = mlp.predict(input);
    let certainty = certainty(&activation.probabilities(outputs.clone()).unwrap_or_default());
    let level = ((certainty * levels as f64) as usize).min(levels - 1);
    match Predictions::of(activation, vec![outputs]).class(0) {
        Some(class) => char::from(LETTERS.as_bytes()[class * levels + level]),
        None => '?',
    }
}

/// From 0, where all classes are as probable, to 1. Without probabilities it is 1.
fn certainty(probabilities: &[f64]) -> f64 {
    let highest = probabilities.iter().copied().fold(f64::NAN, f64::max);
    let even = 1.0 / probabilities.len() as f64;
    if highest.is_nan() { 1.0 } else { ((highest - even) / (1.0 - even)).clamp(0.0, 1.0) }
}

/// The middle of a cell.
fn middle([low, high]: [f64; 2], cell: usize, cells: usize) -> f64 {
    low + (high - low) * (cell as f64 + 0.5) / cells as f64
}

/// The range of these numbers and an eighth of it on both sides; around the number if they are all the same.
fn with_margin(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let (low, high) = numbers
        .map(|number| number.clamp(-LARGEST, LARGEST))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
    let margin = if high > low { (high - low) / 8.0 } else { (high / 8.0).abs().max(1.0) };
    [low - margin, high + margin]
}
