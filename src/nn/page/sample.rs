//! One sample on its way through the network and back.

use super::numbers::{Number, lists};
use crate::nn::activation::Activation;
use crate::nn::mlp::Mlp;
use crate::{Tape, Var, derivative};
use serde::Serialize;

/// What the network computes for one sample, layer by layer and neuron by neuron.
#[derive(Debug, Serialize)]
pub(super) struct SamplePass {
    loss: Number,
    /// Net inputs `a`.
    #[serde(serialize_with = "lists")]
    net: Vec<Vec<f64>>,
    /// Outputs `f(a)`.
    #[serde(serialize_with = "lists")]
    out: Vec<Vec<f64>>,
    /// Adjoints of the outputs: the derivative of the loss by `f(a)`.
    #[serde(serialize_with = "lists")]
    by_out: Vec<Vec<f64>>,
    /// Derivatives `f′(a)`; none for softmax, whose outputs depend on all net inputs of the layer.
    #[serde(serialize_with = "lists")]
    slope: Vec<Vec<f64>>,
    /// Deltas: the derivative of the loss by `a`.
    #[serde(serialize_with = "lists")]
    delta: Vec<Vec<f64>>,
}

impl SamplePass {
    /// Forwards and backwards on a tape, for a loss of outputs and targets.
    pub fn new(mlp: &Mlp, loss: &dyn Fn(&[Var], &[Var]) -> Var, input: &[f64], target: &[f64]) -> SamplePass {
        let tape = Tape::new();
        let net = mlp.bind(&tape);
        let pass = net.forward_pass(input);
        let targets: Vec<Var> = target.iter().map(|&t| Var::from(t)).collect();
        let loss = loss(pass.outputs(), &targets);
        // A loss that is a constant here, of no variable, has a gradient of zeros.
        let gradient = (!loss.is_constant()).then(|| loss.backward());
        let adjoint = |var: &Var| gradient.as_ref().and_then(|g| g.get(*var)).unwrap_or(0.0);
        let values = |vars: &Vec<Var>| vars.iter().map(|var| var.value()).collect();
        let adjoints = |vars: &Vec<Var>| vars.iter().map(adjoint).collect();
        let slopes = mlp.layers().iter().zip(pass.net_inputs());
        SamplePass {
            loss: Number(loss.value()),
            net: pass.net_inputs().iter().map(values).collect(),
            out: pass.activations().iter().map(values).collect(),
            by_out: pass.activations().iter().map(adjoints).collect(),
            slope: slopes.map(|(layer, net)| slopes_of(layer.activation(), net)).collect(),
            delta: pass.net_inputs().iter().map(adjoints).collect(),
        }
    }
}

fn slopes_of(activation: Activation, net: &[Var]) -> Vec<f64> {
    if activation == Activation::Softmax {
        return Vec::new();
    }
    net.iter().map(|a| derivative(|a| activation.apply(vec![a])[0], a.value())).collect()
}
