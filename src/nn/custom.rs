//! Networks of one's own: parameters, and a function of them and the inputs.

use super::activation::Activation;
use super::network::Network;
use super::parameters::Parameters;
use crate::Real;

/// Outputs as a function of parameters and inputs, over any type of number.
pub trait Forward {
    /// The outputs of a network with these parameters, for these inputs.
    ///
    /// It has to be a function of its arguments and of what never changes in `self`: it is recorded once, and the recording is
    /// evaluated for all samples. A comparison (`if x[0] > 0.0`) is noticed, and each combination of branches is recorded;
    /// code that reads the plain number of a parameter or an input goes to the tape, which is far slower. Training also goes there,
    /// or is an error, if `forward` turns out to read what changes, such as random numbers: see
    /// [`Trainer::fit_with`](super::Trainer::fit_with).
    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R>;
}

/// A network of your own: [`Parameters`] with names, and a function that computes its outputs, of which multi-layer perceptrons
/// may be [parts](super::Part). A [`Trainer`](super::Trainer) trains it as it trains an [`Mlp`](super::Mlp), and the methods of
/// [`Network`] are its own.
///
/// ```
/// use tapegrad::Real;
/// use tapegrad::nn::{
///     Activation, Adam, CustomNetwork, Error, Forward, Loss, Mlp, Network, Parameters, Part, Trainer, sine,
/// };
///
/// /// Hidden layers that add to what they get.
/// struct Residual {
///     first: Part,
///     blocks: Vec<Part>,
///     last: Part,
/// }
///
/// impl Forward for Residual {
///     fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
///         let mut x = self.first.forward(parameters, inputs);
///         for block in &self.blocks {
///             x = x.iter().zip(block.forward(parameters, &x)).map(|(&x, more)| x + more).collect();
///         }
///         self.last.forward(parameters, &x)
///     }
/// }
///
/// let mut parameters = Parameters::new(1);
/// let first = parameters.mlp("first", Mlp::builder(1).layer(8, Activation::Tanh))?;
/// let block = |k| parameters.mlp(&format!("blocks.{k}"), Mlp::builder(8).layer(8, Activation::Tanh));
/// let blocks = (0..2).map(block).collect::<Result<_, Error>>()?;
/// let last = parameters.mlp("last", Mlp::builder(8).layer(1, Activation::Identity))?;
/// let mut network =
///     CustomNetwork::new("residual", parameters, [1, 1], Residual { first, blocks, last });
///
/// let history =
///     Trainer::new(Adam::new(0.02)).epochs(100).fit(&mut network, Loss::Squared, &sine(40, 0.0, 0))?;
/// assert!(history.last().unwrap().loss < 0.05);
/// assert!((network.predict(&[1.0])[0] - 1f64.sin()).abs() < 0.3);
/// assert_eq!(network.parameters().names().last().as_deref(), Some("last.layers.0.neurons.0.bias"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CustomNetwork<F> {
    name: &'static str,
    version: u64,
    parameters: Parameters,
    shape: [usize; 2],
    output: Activation,
    forward: F,
}

impl<F: Forward> CustomNetwork<F> {
    /// A network with these parameters, numbers of inputs and outputs, and outputs by `forward`. The name is that of the format
    /// of its files.
    #[must_use]
    pub fn new(
        name: &'static str,
        parameters: Parameters,
        [inputs, outputs]: [usize; 2],
        forward: F,
    ) -> CustomNetwork<F> {
        let shape = [inputs, outputs];
        CustomNetwork { name, version: 1, parameters, shape, output: Activation::Identity, forward }
    }

    /// Sets the version of the format of its files; by default 1. Raise it when saved parameters no longer mean the same, because
    /// `forward` has changed.
    #[must_use]
    pub fn version(self, version: u64) -> Self {
        CustomNetwork { version, ..self }
    }

    /// Says which activation the outputs went through, which determines the class that they mean; by default none.
    #[must_use]
    pub fn with_output(self, output: Activation) -> Self {
        CustomNetwork { output, ..self }
    }

    /// The function that computes the outputs.
    #[must_use]
    pub fn function(&self) -> &F {
        &self.forward
    }
}

impl<F: Forward> Network for CustomNetwork<F> {
    fn format(&self) -> (&'static str, u64) {
        (self.name, self.version)
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn inputs(&self) -> usize {
        self.shape[0]
    }

    fn outputs(&self) -> usize {
        self.shape[1]
    }

    fn forward<R: Real>(&self, parameters: &[R], inputs: &[R]) -> Vec<R> {
        self.forward.forward(parameters, inputs)
    }

    fn output_activation(&self) -> Activation {
        self.output
    }
}
