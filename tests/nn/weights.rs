//! Promise: weights of other frameworks are loaded and saved under the names that they have there, and a file that
//! cannot be used is refused with the reason and what to do. `tests/python` has the same with Python itself.

use crate::nets::{fresh_directory, json, matrix};
use crate::torch;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tapegrad::nn::{Activation, Bias, Error, FloatType, Layer, Mlp, Model, TensorNames};

pub fn write(
    path: &Path,
    tensors: &[(&str, Dtype, &[usize], Vec<u8>)],
    metadata: Option<HashMap<String, String>>,
) {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()));
    std::fs::write(path, serialize(views, metadata).unwrap()).unwrap();
}

pub fn double(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn single(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// One layer with one neuron and one input, without a bias.
fn one() -> Mlp {
    Mlp::builder(1).layer(1, Activation::Relu).bias(Bias::None).build().unwrap()
}

/// Two layers, as in [`two_layers`].
fn fresh() -> Mlp {
    Mlp::builder(3).layer(2, Activation::Relu).layer(1, Activation::Identity).build().unwrap()
}

fn two_layers(path: &Path, format: Option<&str>) {
    let tensors = [
        ("fc1.weight", Dtype::F32, &[2, 3][..], single(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.5])),
        ("fc1.bias", Dtype::F32, &[2][..], single(&[0.5, -0.5])),
        ("fc2.weight", Dtype::F64, &[1, 2][..], double(&[1.0 / 3.0, 7.0])),
        ("fc2.bias", Dtype::F64, &[1][..], double(&[0.1])),
    ];
    write(path, &tensors, format.map(|format| HashMap::from([("format".to_owned(), format.to_owned())])));
}

/// The message of the refusal, after which nothing is changed.
#[track_caller]
fn refused(mut mlp: Mlp, path: &Path, names: &[&str]) -> String {
    let before = mlp.clone();
    let error = mlp.load_weights(path, names.iter().copied()).unwrap_err();
    assert_eq!(mlp, before);
    error.to_string()
}

#[test]
fn weights_are_loaded_by_name() {
    let path = fresh_directory("weights").join("torch.safetensors");
    two_layers(&path, None);
    let mut mlp = fresh();
    mlp.load_weights(&path, ["fc1", "fc2"]).unwrap();
    assert_eq!(mlp.parameters(), [1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.5, -0.5, 1.0 / 3.0, 7.0, 0.1]);
    // By hand: ⅓ (6 + ½) + 7 (15.5 − ½) + 0.1
    assert!((mlp.predict(&[1.0, 1.0, 1.0])[0] - (6.5 / 3.0 + 105.0 + 0.1)).abs() < 1e-13);
    let mut by_pairs = fresh();
    by_pairs.load_weights(&path, [("fc1.weight", "fc1.bias"), ("fc2.weight", "fc2.bias")]).unwrap();
    assert_eq!(by_pairs, mlp);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let path = fresh_directory("unfit").join("torch.safetensors");
    two_layers(&path, None);
    let refused = |mlp: Mlp, names: &[&str]| refused(mlp, &path, names);
    assert!(refused(fresh(), &["fc1"]).contains("names of layers: 1 given, 2 needed"));
    assert!(refused(fresh(), &["fc1", "fc1"]).contains("two tensors have the name `fc1.weight`"));
    let message = refused(fresh(), &["fc1", "fc3"]);
    assert!(message.contains("no tensor `fc3.weight`; it has `fc1.bias`, `fc1.weight`"), "{message}");
    let smaller = Mlp::builder(3).layer(2, Activation::Relu).build().unwrap();
    assert!(refused(smaller, &["fc1"]).contains("no layer has the tensors `fc2.bias`, `fc2.weight`; if"));
    let unbiased = Mlp::builder(3).layer(2, Activation::Relu).layer(1, Activation::Relu).bias(Bias::None);
    let message = refused(unbiased.build().unwrap(), &["fc1", "fc2"]);
    assert!(message.contains("no layer has the tensors `fc1.bias`, `fc2.bias`"), "{message}");
    let wider = Mlp::builder(4).layer(2, Activation::Relu).layer(1, Activation::Relu).build().unwrap();
    let message = refused(wider, &["fc1", "fc2"]);
    assert!(message.contains("`fc1.weight` is F32 [2, 3], and should be F32 or F64 [2, 4]; build"));
    let turned = Mlp::builder(2).layer(3, Activation::Relu).layer(1, Activation::Relu).build().unwrap();
    let message = refused(turned, &["fc1", "fc2"]);
    assert!(message.contains("should be F32 or F64 [3, 2]; it has inputs × neurons"), "{message}");

    for number in [f32::NAN, f32::INFINITY] {
        write(&path, &[("a.weight", Dtype::F32, &[1, 1], single(&[number]))], None);
        let reason = format!("`layers.0.neurons.0.weights.0` would be {number}");
        assert!(refused(one(), &["a"]).contains(&reason));
    }
    for (dtype, bytes) in [(Dtype::F16, 2), (Dtype::BF16, 2), (Dtype::I64, 8), (Dtype::BOOL, 1)] {
        write(&path, &[("a.weight", dtype, &[1, 1], vec![0; bytes])], None);
        let reason = format!("`a.weight` is {dtype:?} [1, 1], and should be F32 or F64 [1, 1]; convert it");
        assert!(refused(one(), &["a"]).contains(&reason));
    }
    write(&path, &[], None);
    assert!(refused(one(), &["a"]).contains("it has no tensor `a.weight`; it has (none)"));
    write(&path, &[("a.weight", Dtype::F32, &[0, 1], Vec::new())], None);
    assert!(refused(one(), &["a"]).contains("is F32 [0, 1], and should be F32 or F64 [1, 1]"));
    let missing = path.with_file_name("none");
    assert!(matches!(one().load_weights(&missing, ["a"]), Err(Error::Io { .. })));

    two_layers(&path, None);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = fresh().load_weights(&path, ["fc1", "fc2"]).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "cut to {length}: {error}");
    }
}

/// A model file is more than weights: weights alone are refused as one, with the way to load them.
#[test]
fn weights_are_not_a_model() {
    let path = fresh_directory("foreign").join("torch.safetensors");
    for format in [None, Some("pt")] {
        two_layers(&path, format);
        let error = Model::load_safetensors(&path).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Format { .. }) && message.contains("torch.safetensors"), "{message}");
        for part in ["tapegrad model", "`fc1.weight`", "`fc2.bias`", "mlp.load_weights(path, names)"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(format.is_none_or(|format| message.contains(&format!("`{format}`"))), "{message}");
    }
}

/// What PyTorch computed with these weights.
#[test]
fn a_network_of_pytorch_has_the_same_outputs() {
    let expected = json("torch/outputs.json");
    for (name, mlp) in [("sequential", torch::sequential()), ("named", torch::named())] {
        let outputs = matrix(&expected["outputs"][name]);
        for (input, outputs) in matrix(&expected["inputs"]).iter().zip(outputs) {
            for (found, expected) in mlp.predict(input).into_iter().zip(outputs) {
                assert!((found - expected).abs() < 1e-14, "{name}: {found} and {expected}");
            }
        }
    }
}

/// `load_state_dict` requires these names, shapes and types.
#[test]
fn a_saved_network_has_the_tensors_that_pytorch_wrote() {
    type Found = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;
    let tensors = |path: &Path| -> Found {
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let found = file.tensors().into_iter();
        found
            .map(|(name, view)| (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
            .collect()
    };
    let path = fresh_directory("state-dict").join("weights.safetensors");
    let sequential = torch::sequential();
    sequential.save_weights(&path, TensorNames::sequential(sequential.layers()), FloatType::F32).unwrap();
    assert_eq!(tensors(&path), tensors(&torch::file("sequential.safetensors")));
    torch::named().save_weights(&path, ["fc1", "head.out"], FloatType::F64).unwrap();
    assert_eq!(tensors(&path), tensors(&torch::file("named.safetensors")));
}

#[test]
fn saved_weights_are_loaded_again() {
    let path = fresh_directory("weights-again").join("weights.safetensors");
    for bias in [Bias::None, Bias::PerNeuron, Bias::Shared] {
        let mlp = Mlp::builder(3).layer(2, Activation::Tanh).layer(1, Activation::Relu).bias(bias).seed(5);
        let mut mlp = mlp.build().unwrap();
        mlp.parameters_mut()[0] = -0.0;
        for float in [FloatType::F32, FloatType::F64] {
            mlp.save_weights(&path, ["a", "b"], float).unwrap();
            let mut loaded = Mlp::from_layers(mlp.layers().to_vec()).unwrap();
            loaded.load_weights(&path, ["a", "b"]).unwrap();
            for (&found, &saved) in loaded.parameters().iter().zip(mlp.parameters()) {
                let expected = if float == FloatType::F32 { f64::from(saved as f32) } else { saved };
                assert_eq!(found.to_bits(), expected.to_bits());
            }
        }
    }
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}

/// A bias that a layer shares is one per neuron elsewhere.
#[test]
fn a_shared_bias_is_one_for_each_neuron() {
    let path = fresh_directory("shared").join("weights.safetensors");
    let shared = || Mlp::from_layers(vec![Layer::new(1, 2, Activation::Tanh, Bias::Shared)]).unwrap();
    let mut mlp = shared();
    mlp.set_parameters(&[1.0, 2.0, 3.0]).unwrap();
    mlp.save_weights(&path, ["a"], FloatType::F64).unwrap();
    let mut apart = Mlp::builder(1).layer(2, Activation::Tanh).build().unwrap();
    apart.load_weights(&path, ["a"]).unwrap();
    assert_eq!(apart.parameters(), [1.0, 3.0, 2.0, 3.0]);

    let weight = || ("a.weight", Dtype::F64, &[2, 1][..], double(&[1.0, 2.0]));
    write(&path, &[weight(), ("a.bias", Dtype::F64, &[1], double(&[4.0]))], None);
    mlp.load_weights(&path, ["a"]).unwrap();
    assert_eq!(mlp.parameters(), [1.0, 2.0, 4.0]);
    write(&path, &[weight(), ("a.bias", Dtype::F64, &[2], double(&[4.0, 5.0]))], None);
    assert!(
        refused(shared(), &path, &["a"]).contains("`a.bias` has the biases 4 and 5, and the layer shares")
    );
    write(&path, &[weight(), ("a.bias", Dtype::F64, &[3], double(&[4.0; 3]))], None);
    assert!(refused(shared(), &path, &["a"]).contains("`a.bias` is F64 [3], and should be F32 or F64 [1]"));
}

/// What cannot be saved leaves the old file as it was.
#[test]
fn weights_that_cannot_be_stored_are_not_saved() {
    let path = fresh_directory("unsaved").join("weights.safetensors");
    let mut mlp = Mlp::builder(1).layer(2, Activation::Tanh).build().unwrap();
    mlp.save_weights(&path, ["a"], FloatType::F64).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut refuse = |number: f64, names: TensorNames, float, reason: &str| {
        mlp.parameters_mut()[2] = number;
        let message = mlp.save_weights(&path, [names], float).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    };
    let names = || TensorNames::from("a");
    refuse(f64::NAN, names(), FloatType::F64, "`layers.0.neurons.1.weights.0` is NaN, which F64 cannot hold");
    refuse(1e300, names(), FloatType::F32, "is 1000000000000000");
    refuse(0.0, ("a", "a").into(), FloatType::F64, "two tensors have the name `a`");
    // The format reserves this name.
    refuse(0.0, ("__metadata__", "b").into(), FloatType::F64, "could not be read back");
    let none: [&str; 0] = [];
    assert!(matches!(mlp.save_weights(&path, none, FloatType::F64), Err(Error::Length { .. })));
}

#[test]
fn files_of_other_programs_are_recognised() {
    let folder = fresh_directory("others");
    let zip = |entry: &str| {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([0; 22]);
        bytes.extend((entry.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(entry.bytes());
        bytes
    };
    let of_torch = |name: &str| std::fs::read(torch::file(name)).unwrap();
    let torch = "import torch; from safetensors.torch import save_file; save_file(torch.load(\"";
    for (bytes, found, remedy) in [
        (of_torch("state.pt"), "PyTorch's `torch.save`", torch),
        (of_torch("old.pt"), "PyTorch's `torch.save`", torch),
        (of_torch("program.pt"), "a program of PyTorch's", "module.state_dict()"),
        (zip("0.weight.npy"), "arrays of numpy (.npz)", "in numpy.load(\""),
        (zip("metadata.json"), "a model of Keras", "keras.models.load_model(\""),
        (zip("other"), "a zip archive", "unpack it"),
        (b"PK\x03\x04".to_vec(), "a zip archive", "unpack it"),
        (b"\x93NUMPY\x01\x00".to_vec(), "an array of numpy (.npy)", "numpy.load(\""),
        (b"\x80\x04\x95\xa0\x00".to_vec(), "a pickle of Python", "load it in Python"),
        (b"\x89HDF\r\n\x1a\n".to_vec(), "an HDF5 file", "keras.models.load_model(\""),
        (b"\x08\x0a\x12\x07pytorch".to_vec(), "an ONNX model", "onnx.load(\""),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "a pointer of Git LFS", "git lfs pull"),
        (b"{\"w\": [1.0]}".to_vec(), "JSON of another program", "json.load(open(\""),
    ] {
        let path = folder.join("weights.bin");
        std::fs::write(&path, bytes).unwrap();
        let mlp = one().load_weights(&path, ["a"]).unwrap_err();
        let model = Model::load_safetensors(&path).unwrap_err();
        let json = Model::load(&path).unwrap_err();
        for error in [mlp, model, json] {
            let message = error.to_string();
            let has_all = ["weights.bin: this is ", found, remedy].iter().all(|part| message.contains(part));
            assert!(has_all && matches!(error, Error::Foreign { .. }), "{found}: {message}");
        }
    }

    // Files of this crate in each other's place.
    let (json, tensors) = (folder.join("model.json"), folder.join("model.safetensors"));
    Model::new(one()).save(&json).unwrap();
    Model::new(one()).save_safetensors(&tensors).unwrap();
    let error = Model::load_safetensors(&json).unwrap_err().to_string();
    assert!(error.contains("a JSON file of this crate; read it with `Model::load`"), "{error}");
    let error = Model::load(&tensors).unwrap_err().to_string();
    assert!(error.contains("a safetensors file; with the feature"), "{error}");

    for bytes in [&b""[..], b"no", b"[1.0]", b"{\"w\": ", b"\x80\x02\x00\x00\x00\x00\x00\x00"] {
        std::fs::write(&json, bytes).unwrap();
        assert!(matches!(one().load_weights(&json, ["a"]), Err(Error::Format { .. })), "{bytes:?}");
        assert!(matches!(Model::load(&json), Err(Error::Format { .. })), "{bytes:?}");
    }
}

#[test]
fn names_in_a_sequential_count_the_activations() {
    let names = |activations: &[Activation]| -> Vec<String> {
        let layers: Vec<Layer> =
            activations.iter().map(|&activation| Layer::new(1, 1, activation, Bias::None)).collect();
        TensorNames::sequential(&layers).into_iter().map(|names| names.weight).collect()
    };
    assert!(names(&[]).is_empty());
    assert_eq!(names(&[Activation::Identity]), ["0.weight"]);
    assert_eq!(names(&[Activation::Tanh, Activation::Gelu]), ["0.weight", "2.weight"]);
    let mixed = [Activation::Identity, Activation::Relu, Activation::Identity, Activation::Softmax];
    assert_eq!(names(&mixed), ["0.weight", "1.weight", "3.weight", "4.weight"]);
}
