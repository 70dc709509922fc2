//! Training steps written by hand, to which the speed of training is compared.
//!
//! Samples are in lanes: the values of a layer are columns, one per neuron, so that every inner loop runs over
//! neighbouring samples. Training does not allocate. The instruction set is chosen at run time.

pub mod digits;
pub mod iris;
mod kernels;
pub mod lanes;
pub mod moons;
pub mod recipe;
pub mod two_two_two;

use super::data::Seeded;
use recipe::Recipe;

/// A number of samples, rounded up to whole lanes. Padding has no weight.
pub type Moons64 = moons::Moons<f64, 104>;
pub type Moons32 = moons::Moons<f32, 112>;
pub type Iris64 = iris::Iris<f64, 152>;
pub type Iris32 = iris::Iris<f32, 160>;
pub type Digits64 = digits::Digits<f64>;
pub type Digits32 = digits::Digits<f32>;

/// A network, its data and its optimiser, in one precision.
pub trait Training: 'static {
    /// The name in tables and on command lines.
    const NAME: &'static str;
    /// `f64` or `f32`.
    const PRECISION: &'static str;
    /// How many steps from the start are timed together: few enough that training has not converged.
    const STEPS: usize;

    /// The same task for the library.
    fn recipe() -> Recipe;

    fn new() -> Self;

    /// Layer by layer, neuron by neuron: the weights, then the bias.
    fn parameters(&self) -> Vec<f64>;

    /// Resets to the start: initial parameters, and a fresh optimiser.
    fn reset(&mut self);

    /// One step, the unit of timing, which the task defines; returns the loss before it.
    fn step(&mut self) -> f64;
}

/// An action for every task in every precision.
pub trait TrainingVisitor {
    fn visit<T: Training>(&mut self);
}

pub fn visit_all(visitor: &mut impl TrainingVisitor) {
    visitor.visit::<Moons64>();
    visitor.visit::<Moons32>();
    visitor.visit::<Iris64>();
    visitor.visit::<Iris32>();
    visitor.visit::<Digits64>();
    visitor.visit::<Digits32>();
    visitor.visit::<two_two_two::TwoTwoTwo>();
}

/// Rows of inputs and of targets.
pub struct Samples {
    pub inputs: Vec<Vec<f64>>,
    pub targets: Vec<Vec<f64>>,
}

impl Samples {
    /// Parses rows of numbers that end with a class, which is one-hot encoded.
    fn of_classes(csv: &str, classes: usize) -> Samples {
        let mut samples = Samples { inputs: vec![], targets: vec![] };
        for line in csv.lines() {
            let mut row: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
            let class = row.pop().expect("a class") as usize;
            samples.inputs.push(row);
            samples.targets.push((0..classes).map(|k| f64::from(k == class)).collect());
        }
        samples
    }
}

/// Weights and biases for layers of these widths, drawn uniformly from ± 1 / √inputs.
fn initial_parameters(seed: u64, widths: &[usize]) -> Vec<f64> {
    let mut seeded = Seeded::new(seed);
    let of_layer = |pair: &[usize]| {
        let bound = 1.0 / (pair[0] as f64).sqrt();
        seeded.uniforms((pair[0] + 1) * pair[1], -bound..bound)
    };
    widths.windows(2).flat_map(of_layer).collect()
}
