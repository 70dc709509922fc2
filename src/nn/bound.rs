//! A network on a tape, for one pass.

use super::mlp::Mlp;
use super::neuron::Neuron;
use crate::{Tape, Var};

/// A network for one pass: its parameters as variables of a tape. See [`Mlp::bind`].
#[derive(Debug, Clone)]
pub struct Bound<'a> {
    mlp: &'a Mlp,
    parameters: Vec<Var>,
}

impl Mlp {
    /// The network on a tape, every parameter a variable: what a custom training step works with.
    #[must_use]
    #[track_caller]
    pub fn bind<'a>(&'a self, tape: &Tape) -> Bound<'a> {
        Bound::new(self, tape)
    }
}

impl<'a> Bound<'a> {
    pub(super) fn new(mlp: &'a Mlp, tape: &Tape) -> Bound<'a> {
        Bound { mlp, parameters: tape.vars(mlp.parameters()) }
    }

    /// The parameters as variables, in their order. Frozen ones are variables too; that training leaves
    /// them alone is the trainer's business.
    #[must_use]
    pub fn parameters(&self) -> &[Var] {
        &self.parameters
    }

    /// One neuron, in variables.
    ///
    /// # Panics
    /// If there is no such layer or neuron.
    #[must_use]
    #[track_caller]
    pub fn neuron(&self, layer: usize, neuron: usize) -> Neuron<'_, Var> {
        self.mlp.expect_layer(layer);
        self.mlp.layers()[layer].neuron(&self.parameters[self.mlp.range(layer)], neuron)
    }

    /// The outputs for these inputs: numbers, or variables.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, inputs: &[impl Copy + Into<Var>]) -> Vec<Var> {
        self.pass(inputs).outputs
    }

    /// As [`forward`](Self::forward), keeping the net inputs of every layer.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn pass(&self, inputs: &[impl Copy + Into<Var>]) -> ForwardPass {
        let mut outputs: Vec<Var> = inputs.iter().map(|&input| input.into()).collect();
        let mut net_inputs = Vec::with_capacity(self.mlp.layers().len());
        let mut rest = &self.parameters[..];
        for layer in self.mlp.layers() {
            let (own, after) = rest.split_at(layer.parameter_count());
            let of_layer = layer.net_inputs(own, &outputs);
            outputs = layer.activation().apply(of_layer.clone());
            net_inputs.push(of_layer);
            rest = after;
        }
        ForwardPass { net_inputs, outputs }
    }

    /// The derivatives by the parameters, in their order.
    ///
    /// # Panics
    /// If the gradient is of another tape.
    #[must_use]
    #[track_caller]
    pub fn gradient(&self, gradient: &crate::Gradient) -> Vec<f64> {
        gradient.wrt(&self.parameters)
    }
}

/// What a network computed on a tape for one sample.
#[derive(Debug, Clone)]
pub struct ForwardPass {
    net_inputs: Vec<Vec<Var>>,
    outputs: Vec<Var>,
}

impl ForwardPass {
    /// The outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Var] {
        &self.outputs
    }

    /// The net inputs `a_j` of every layer, from the input on.
    #[must_use]
    pub fn net_inputs(&self) -> &[Vec<Var>] {
        &self.net_inputs
    }

    /// The node deltas `δ_j = ∂J/∂a_j` of every layer, given the gradient of the objective `J`.
    ///
    /// # Panics
    /// If the gradient is of another tape.
    #[must_use]
    #[track_caller]
    pub fn deltas(&self, gradient: &crate::Gradient) -> Vec<Vec<f64>> {
        self.net_inputs.iter().map(|layer| gradient.wrt(layer)).collect()
    }
}
