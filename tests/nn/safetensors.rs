//! Promise: safetensors keep every bit, tell what is not theirs, and take the weights of other frameworks.

use crate::nets::{bits, for_any_flipped_bit, fresh_directory, model};
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::HashMap;
use std::path::Path;
use tapegrad::nn::{Activation, Bias, Error, Mlp, Model};

#[test]
fn safetensors_keep_every_bit_and_refuse_what_is_broken() {
    let path = fresh_directory("safetensors").join("model.safetensors");
    for bias in [Bias::None, Bias::PerNeuron, Bias::Shared] {
        let mlp = Mlp::builder(3)
            .layer(4, Activation::Elu(0.5))
            .layer(2, Activation::Identity)
            .bias(bias)
            .seed(8)
            .build()
            .unwrap();
        let plain = Model::new(mlp);
        plain.save_safetensors(&path).unwrap();
        assert_eq!(Model::load_safetensors(&path).unwrap(), plain);
    }
    let model = model();
    model.save_safetensors(&path).unwrap();
    let loaded = Model::load_safetensors(&path).unwrap();
    assert_eq!(bits(loaded.mlp().parameters()), bits(model.mlp().parameters()));
    assert_eq!(loaded, model);

    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Model::load_safetensors(&path), Err(Error::Format { .. })), "cut to {length}");
    }
    for_any_flipped_bit(&path, &whole, || Model::load_safetensors(&path).ok(), &loaded);
}

fn write(
    path: &Path,
    tensors: &[(&str, Dtype, &[usize], Vec<u8>)],
    metadata: Option<HashMap<String, String>>,
) {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()));
    std::fs::write(path, serialize(views, metadata).unwrap()).unwrap();
}

fn single(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn double(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// What PyTorch writes says what it is not, and how it is read.
#[test]
fn weights_of_other_frameworks_are_loaded_by_name() {
    let path = fresh_directory("foreign").join("torch.safetensors");
    let tensors = [
        ("fc1.weight", Dtype::F32, &[2, 3][..], single(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.5])),
        ("fc1.bias", Dtype::F32, &[2][..], single(&[0.5, -0.5])),
        ("fc2.weight", Dtype::F64, &[1, 2][..], double(&[1.0 / 3.0, 7.0])),
        ("fc2.bias", Dtype::F64, &[1][..], double(&[0.1])),
    ];
    for format in [None, Some("pt")] {
        let metadata = format.map(|format| HashMap::from([("format".to_owned(), format.to_owned())]));
        write(&path, &tensors, metadata);
        let error = Model::load_safetensors(&path).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Format { .. }) && message.contains("torch.safetensors"), "{message}");
        for part in ["tapegrad model", "`fc1.weight`", "`fc2.bias`", "mlp.load_weights(path, names)"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(format.is_none_or(|format| message.contains(&format!("`{format}`"))), "{message}");
    }

    let fresh = || Mlp::builder(3).layer(2, Activation::Relu).layer(1, Activation::Identity).build().unwrap();
    let mut mlp = fresh();
    mlp.load_weights(&path, &["fc1", "fc2"]).unwrap();
    assert_eq!(mlp.parameters(), [1.0, 2.0, 3.0, 0.5, 4.0, 5.0, 6.5, -0.5, 1.0 / 3.0, 7.0, 0.1]);
    // By hand: ⅓ (6 + ½) + 7 (15.5 − ½) + 0.1
    assert!((mlp.predict(&[1.0, 1.0, 1.0])[0] - (6.5 / 3.0 + 105.0 + 0.1)).abs() < 1e-13);

    let refused = |mut mlp: Mlp, names: &[&str]| {
        let before = mlp.clone();
        let error = mlp.load_weights(&path, names).unwrap_err().to_string();
        assert_eq!(mlp, before);
        error
    };
    assert!(refused(fresh(), &["fc1"]).contains("names of layers: 1 given, 2 needed"));
    assert!(refused(fresh(), &["fc1", "fc3"]).contains("no tensor `fc3.weight`; it has `fc1.bias`"));
    let smaller = Mlp::builder(3).layer(2, Activation::Relu).build().unwrap();
    assert!(refused(smaller, &["fc1"]).contains("no layer has the tensors `fc2.bias`, `fc2.weight`"));
    let wider = Mlp::builder(4).layer(2, Activation::Relu).layer(1, Activation::Relu).build().unwrap();
    assert!(
        refused(wider, &["fc1", "fc2"])
            .contains("`fc1.weight` is F32 [2, 3], and should be F32 or F64 [2, 4]")
    );
    let one = || Mlp::builder(1).layer(1, Activation::Relu).bias(Bias::None).build().unwrap();
    write(&path, &[("a.weight", Dtype::F32, &[1, 1], single(&[f32::NAN]))], None);
    assert!(refused(one(), &["a"]).contains("`layers.0.neurons.0.weights.0` would be NaN"));
    write(&path, &[("a.weight", Dtype::F16, &[1, 1], vec![0, 0])], None);
    assert!(refused(one(), &["a"]).contains("`a.weight` is F16 [1, 1], and should be F32 or F64 [1, 1]"));
}

/// A file of ours in which something was changed, everything else being right.
#[test]
fn nothing_unknown_is_passed_over() {
    let path = fresh_directory("unknown").join("model.safetensors");
    let mlp =
        Mlp::builder(1).layer(1, Activation::Relu).layer(1, Activation::Identity).seed(1).build().unwrap();
    let model = Model::new(mlp).naming_classes(&["a", "b"]).unwrap();
    model.save_safetensors(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&whole).unwrap();
    let metadata = header.metadata().clone().unwrap();
    let original = safetensors::SafeTensors::deserialize(&whole).unwrap();
    let tensors: Vec<_> = original
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    let load = |change: &dyn Fn(&mut HashMap<String, String>), extra: Option<&str>, without: &str| {
        let mut metadata = metadata.clone();
        change(&mut metadata);
        let mut tensors: Vec<_> = tensors
            .iter()
            .filter(|tensor| tensor.0 != without)
            .map(|(name, dtype, shape, bytes)| (name.as_str(), *dtype, &shape[..], bytes.clone()))
            .collect();
        tensors.extend(extra.map(|name| (name, Dtype::F64, &[1_usize][..], double(&[1.0]))));
        write(&path, &tensors, Some(metadata));
        Model::load_safetensors(&path)
    };
    let refused = |change: &dyn Fn(&mut HashMap<String, String>), extra, without, reason: &str| {
        let error = load(change, extra, without).unwrap_err();
        let message = error.to_string();
        let is_right = matches!(error, Error::Format { .. } | Error::Version { .. });
        assert!(is_right && message.contains(reason) && message.contains("model.safetensors"), "{message}");
    };
    assert_eq!(load(&|_| (), None, "").unwrap(), model);
    refused(&|_| (), Some("layers.2.bias"), "", "no layer has the tensors `layers.2.bias`");
    refused(&|_| (), None, "layers.1.bias", "no tensor `layers.1.bias`");
    let set = |key: &'static str, value: &'static str| {
        move |metadata: &mut HashMap<String, String>| {
            metadata.insert(key.to_owned(), value.to_owned());
        }
    };
    refused(&set("else", "1"), None, "", "unknown entry `else`");
    refused(&set("classes", "[\"a\"]"), None, "", "class names: 1 given, 2 needed");
    refused(&set("classes", "[\"a\",\"c\"]"), None, "", "damaged or edited");
    refused(
        &set("input_scaler", "{\"shift\":[0,0],\"scale\":[1,1]}"),
        None,
        "",
        "columns of the input scaler",
    );
    refused(&set("version", "1"), None, "", "version 1 of the format");
    for key in ["version", "layers", "frozen", "input_scaler", "target_scaler", "classes", "checksum"] {
        let remove = |metadata: &mut HashMap<String, String>| drop(metadata.remove(key));
        refused(&remove, None, "", &format!("no `{key}`"));
    }
    // One layer less in the metadata is another network.
    let shorter = "[{\"inputs\":1,\"outputs\":1,\"activation\":\"relu\",\"bias\":\"per_neuron\"}]";
    refused(&set("layers", shorter), None, "", "no layer has the tensors");
}
