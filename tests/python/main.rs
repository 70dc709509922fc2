//! Promise: weights go to Python and back. What numpy computes with weights from a file of ours are the outputs of the
//! network, and with weights from a file of numpy the network has the outputs that numpy computed.
//!
//! Needs a Python with numpy and safetensors, which `PYTHON` names:
//! `PYTHON=python3 cargo test --features safetensors --test python -- --ignored`. One test needs PyTorch, too.

#[path = "../common/nn.rs"]
mod nets;
#[path = "../common/torch.rs"]
mod torch;

use nets::{ACTIVATIONS, fresh_directory, json, matrix};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tapegrad::nn::{Activation, Bias, Error, FloatType, Layer, Mlp, TensorNames};

const INPUTS: [[f64; 3]; 3] = [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0], [-3.0, 0.25, 1.5]];

/// What Python prints.
#[track_caller]
fn python(arguments: &[&str]) -> String {
    let program = std::env::var("PYTHON").expect("PYTHON names a Python with numpy and safetensors");
    let output = Command::new(program).args(arguments).output().unwrap();
    let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{error}");
    out
}

fn script(mode: &str, paths: &[&Path]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/weights.py");
    let paths = paths.iter().map(|path| path.to_str().unwrap());
    python(&[script, mode].into_iter().chain(paths).collect::<Vec<_>>())
}

/// Two layers of different widths before one of each activation.
fn network(bias: Bias, last: Activation) -> Mlp {
    let hidden = ACTIVATIONS.into_iter().filter(|&activation| activation != Activation::Softmax);
    let mut layers =
        vec![Layer::new(3, 4, Activation::Tanh, bias), Layer::new(4, 2, Activation::Identity, bias)];
    layers.extend(hidden.map(|activation| Layer::new(2, 2, activation, bias)));
    layers.push(Layer::new(2, 3, last, bias));
    let mut mlp = Mlp::from_layers(layers).unwrap();
    let count = mlp.parameters().len();
    mlp.set_parameters(&nets::pattern(count, 1.5)).unwrap();
    mlp
}

/// The network for the script.
fn described(mlp: &Mlp, names: &[TensorNames], float: FloatType) -> Value {
    let layer = |(layer, names): (&Layer, &TensorNames)| {
        json!({
            "weight": names.weight,
            "bias": (layer.bias() != Bias::None).then_some(&names.bias),
            "shape": [layer.outputs(), layer.inputs()],
            "activation": format!("{:?}", layer.activation()),
        })
    };
    let dtype = if float == FloatType::F32 { "float32" } else { "float64" };
    let layers: Vec<Value> = mlp.layers().iter().zip(names).map(layer).collect();
    json!({ "layers": layers, "inputs": INPUTS, "dtype": dtype })
}

#[track_caller]
fn assert_outputs(mlp: &Mlp, expected: &[Vec<f64>], tolerance: f64) {
    for (input, expected) in INPUTS.iter().zip(expected) {
        let found = mlp.predict(input);
        assert_eq!(found.len(), expected.len());
        for (&found, &expected) in found.iter().zip(expected) {
            let scale = expected.abs().max(1.0);
            assert!((found - expected).abs() <= tolerance * scale, "{found} and {expected} of {mlp}");
        }
    }
}

/// Both directions, for one network.
fn there_and_back(mlp: &Mlp, names: &[TensorNames], float: FloatType) {
    let folder = fresh_directory("python");
    let (file, network) = (folder.join("weights.safetensors"), folder.join("network.json"));
    std::fs::write(&network, described(mlp, names, float).to_string()).unwrap();
    let parse = |printed: String| matrix(&serde_json::from_str(&printed).unwrap());

    mlp.save_weights(&file, names.iter().cloned(), float).unwrap();
    let computed = parse(script("evaluate", &[&network, &file]));
    assert_outputs(mlp, &computed, if float == FloatType::F32 { 1e-6 } else { 1e-12 });

    if mlp.layers()[0].bias() != Bias::Shared {
        let mut loaded = mlp.clone();
        let computed = parse(script("write", &[&network, &file]));
        loaded.load_weights(&file, names.iter().cloned()).unwrap();
        assert_ne!(loaded.parameters(), mlp.parameters());
        assert_outputs(&loaded, &computed, 1e-12);
    }
}

#[test]
#[ignore = "needs Python with numpy and safetensors"]
fn numpy_and_the_network_compute_the_same_outputs() {
    for (k, bias) in [Bias::PerNeuron, Bias::None, Bias::Shared].into_iter().enumerate() {
        for float in [FloatType::F32, FloatType::F64] {
            let mlp = network(bias, [Activation::Softmax, Activation::Identity, Activation::Elu(1.3)][k]);
            there_and_back(&mlp, &TensorNames::sequential(mlp.layers()), float);
        }
    }
    let one = Mlp::builder(3).layer(1, Activation::Identity).seed(1).build().unwrap();
    there_and_back(&one, &[("w", "größe/b").into()], FloatType::F64);
}

/// A message about a file of another program has the line that converts it.
#[test]
#[ignore = "needs Python with numpy and safetensors"]
fn the_line_in_the_message_converts_the_file() {
    let folder = fresh_directory("it's \"others\"");
    script("others", &[&folder]);
    let mlp = || Mlp::builder(2).layer(3, Activation::Identity).bias(Bias::None).build().unwrap();
    for name in ["array.npy", "arrays.npz", "compressed.npz", "arrays.json"] {
        let (path, mut mlp) = (folder.join(name), mlp());
        let error = mlp.load_weights(&path, ["0"]).unwrap_err();
        let Error::Foreign { remedy, .. } = &error else { panic!("{name}: {error}") };
        let line = remedy.rsplit('`').nth(1).unwrap();
        python(&["-c", line]);
        mlp.load_weights(path.with_extension("safetensors"), ["0"]).unwrap();
        assert_eq!(mlp.parameters(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{name}");
    }
    for (name, reason) in [
        ("arrays.pickle", "this is a pickle of Python; load it in Python"),
        ("half.safetensors", "`0.weight` is F16 [3, 2], and should be F32 or F64 [3, 2]; convert it"),
        (
            "transposed.safetensors",
            "`0.weight` is F64 [2, 3], and should be F32 or F64 [3, 2]; it has inputs",
        ),
    ] {
        let error = mlp().load_weights(folder.join(name), ["0"]).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// PyTorch itself, which `.ci/run` does not install: it is several gigabytes.
#[test]
#[ignore = "needs PyTorch and safetensors"]
fn pytorch_loads_what_we_write() {
    let (folder, expected) = (fresh_directory("pytorch"), json("torch/outputs.json"));
    let (first, second) = (folder.join("sequential.safetensors"), folder.join("named.safetensors"));
    let (sequential, named) = (torch::sequential(), torch::named());
    sequential.save_weights(&first, TensorNames::sequential(sequential.layers()), FloatType::F32).unwrap();
    named.save_weights(&second, ["fc1", "head.out"], FloatType::F64).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/torch_weights.py");
    let printed = python(&[script, first.to_str().unwrap(), second.to_str().unwrap()]);
    let outputs: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(outputs, expected["outputs"], "the weights came from PyTorch, so every bit is the same");
    for (name, mlp) in [("sequential", sequential), ("named", named)] {
        assert_outputs(&mlp, &matrix(&outputs[name]), 1e-12);
    }
}
