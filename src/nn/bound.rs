//! A network whose parameters are variables of a tape.

use super::mlp::Mlp;
use super::neuron::Neuron;
use crate::{Tape, Var};

/// A network whose parameters are variables of a tape. See [`Mlp::bind`].
#[derive(Debug, Clone)]
pub struct Bound<'a> {
    mlp: &'a Mlp,
    parameters: Vec<Var>,
}

impl Mlp {
    /// Makes variables of all parameters on a tape, for a custom training step.
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

    /// The parameters as variables, in order. Frozen ones are variables too; only a trainer treats them
    /// differently.
    #[must_use]
    pub fn parameters(&self) -> &[Var] {
        &self.parameters
    }

    /// One neuron, with variables as parameters.
    ///
    /// # Panics
    /// If there is no such layer or neuron.
    #[must_use]
    #[track_caller]
    pub fn neuron(&self, layer: usize, neuron: usize) -> Neuron<'_, Var> {
        self.mlp.expect_layer(layer);
        self.mlp.layers()[layer].neuron(&self.parameters[self.mlp.range(layer)], neuron)
    }

    /// The outputs for these inputs, which are numbers or variables.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, inputs: &[impl Copy + Into<Var>]) -> Vec<Var> {
        self.forward_pass(inputs).activations.pop().unwrap_or_default()
    }

    /// As [`forward`](Self::forward), but also keeps the net inputs of every layer.
    ///
    /// # Panics
    /// If there are not as many inputs as the network takes.
    #[must_use]
    #[track_caller]
    pub fn forward_pass(&self, inputs: &[impl Copy + Into<Var>]) -> ForwardPass {
        let mut outputs: Vec<Var> = inputs.iter().map(|&input| input.into()).collect();
        let (mut net_inputs, mut activations) = (Vec::new(), Vec::new());
        let mut rest = &self.parameters[..];
        for layer in self.mlp.layers() {
            let (own, after) = rest.split_at(layer.parameter_count());
            let of_layer = layer.net_inputs(own, &outputs);
            outputs = layer.activation().apply(of_layer.clone());
            net_inputs.push(of_layer);
            activations.push(outputs.clone());
            rest = after;
        }
        ForwardPass { net_inputs, activations }
    }

    /// The derivatives with respect to the parameters, in order.
    ///
    /// # Panics
    /// If the gradient belongs to another tape.
    #[must_use]
    #[track_caller]
    pub fn gradient(&self, gradient: &crate::Gradient) -> Vec<f64> {
        gradient.wrt(&self.parameters)
    }
}

/// The forward pass of a network on a tape, for one sample.
#[derive(Debug, Clone)]
pub struct ForwardPass {
    net_inputs: Vec<Vec<Var>>,
    activations: Vec<Vec<Var>>,
}

impl ForwardPass {
    /// The outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Var] {
        &self.activations[self.activations.len() - 1]
    }

    /// The outputs `f(a_j)` of every layer, in the order of the layers; the last are the [`outputs`](Self::outputs).
    #[must_use]
    pub fn activations(&self) -> &[Vec<Var>] {
        &self.activations
    }

    /// The net inputs `a_j` of every layer, in the order of the layers.
    #[must_use]
    pub fn net_inputs(&self) -> &[Vec<Var>] {
        &self.net_inputs
    }

    /// The deltas `δ_j = ∂J/∂a_j` of backpropagation for every layer, given the gradient of the objective `J`.
    ///
    /// # Panics
    /// If the gradient belongs to another tape.
    #[must_use]
    #[track_caller]
    pub fn deltas(&self, gradient: &crate::Gradient) -> Vec<Vec<f64>> {
        self.net_inputs.iter().map(|layer| gradient.wrt(layer)).collect()
    }
}
