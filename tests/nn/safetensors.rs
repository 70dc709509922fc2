//! Promise: models in safetensors keep every bit, and what is not theirs is told.

use crate::nets::{bits, for_any_flipped_bit, fresh_directory, model};
use crate::weights::{double, write};
use safetensors::tensor::Dtype;
use std::collections::HashMap;
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
