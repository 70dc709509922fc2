//! The networks of `tests/data/torch_weights.py`, with the weights that PyTorch wrote.

use std::path::{Path, PathBuf};
use tapegrad::nn::{Activation, Bias, Layer, Mlp, TensorNames};

/// A file that the script wrote.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torch").join(name)
}

/// `nn.Sequential`, in single precision.
pub fn sequential() -> Mlp {
    let activations = [
        Activation::Tanh,
        Activation::Relu,
        Activation::LeakyRelu(0.1),
        Activation::Elu(1.3),
        Activation::Identity,
        Activation::Gelu,
        Activation::Silu,
        Activation::Softplus,
        Activation::Sigmoid,
        Activation::Softmax,
    ];
    let layers = activations.map(|activation| Layer::new(3, 3, activation, Bias::PerNeuron));
    let mut mlp = Mlp::from_layers(layers.into()).unwrap();
    mlp.load_weights(file("sequential.safetensors"), TensorNames::sequential(mlp.layers())).unwrap();
    mlp
}

/// A module whose layers have names, one of them without biases, in double precision.
pub fn named() -> Mlp {
    let layers = vec![
        Layer::new(3, 5, Activation::Tanh, Bias::None),
        Layer::new(5, 1, Activation::Identity, Bias::PerNeuron),
    ];
    let mut mlp = Mlp::from_layers(layers).unwrap();
    mlp.load_weights(file("named.safetensors"), ["fc1", "head.out"]).unwrap();
    mlp
}
