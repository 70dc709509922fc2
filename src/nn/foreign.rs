//! Files of other programs that are given in place of one that can be read: what they are, and what to do.

use super::error::Error;
use std::path::Path;

/// The error for contents that are not JSON of this crate, if they are recognised.
pub(super) fn in_place_of_json(path: &Path, bytes: &[u8]) -> Option<Error> {
    let json = json_kind(bytes).filter(|(found, _)| *found != OWN_JSON);
    safetensors_kind(bytes).or(json).or_else(|| kind(bytes)).map(|kind| error(path, kind))
}

/// The error for contents that are not safetensors, if they are recognised.
#[cfg(feature = "safetensors")]
pub(super) fn in_place_of_safetensors(path: &Path, bytes: &[u8]) -> Option<Error> {
    json_kind(bytes).or_else(|| kind(bytes)).map(|kind| error(path, kind))
}

/// What a file is, and what to do.
type Kind = (&'static str, Remedy);

enum Remedy {
    Do(&'static str),
    /// An expression for the tensors by name, with what it needs imported; `PATH` is the file. Arrays have to be
    /// contiguous: `safetensors.numpy` stores others in the wrong order, without an error.
    Python {
        library: &'static str,
        dict: &'static str,
    },
}

const fn python(library: &'static str, dict: &'static str) -> Remedy {
    Remedy::Python { library, dict }
}

fn error(path: &Path, (found, remedy): Kind) -> Error {
    let quoted = |path: &Path| format!("{:?}", path.to_string_lossy());
    let (old, new) = (quoted(path), quoted(&path.with_extension("safetensors")));
    let remedy = match remedy {
        Remedy::Do(what) => what.to_owned(),
        Remedy::Python { library, dict } => {
            // numpy and onnx give numpy's arrays.
            let of = if library == "torch" { "torch" } else { "numpy" };
            let dict = dict.replace("PATH", &old);
            format!(
                "this line of Python converts it, for `Mlp::load_weights` of the feature `safetensors`: `import {library}; \
                 from safetensors.{of} import save_file; save_file({dict}, {new})`"
            )
        }
    };
    Error::Foreign { path: path.to_owned(), found, remedy }
}

/// The formats of other programs, but for JSON.
fn kind(bytes: &[u8]) -> Option<Kind> {
    if let Some(rest) = bytes.strip_prefix(b"PK\x03\x04") {
        return Some(zip_kind(first_entry(rest).unwrap_or_default()));
    }
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    Some(match bytes {
        _ if starts(b"\x93NUMPY") => (
            "an array of numpy (.npy)",
            python("numpy", "{\"0.weight\": numpy.ascontiguousarray(numpy.load(PATH))}"),
        ),
        // The pickled number with which `torch.save` began before PyTorch 1.6.
        _ if starts(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.") => TORCH,
        // Protocol 2 and later, and an instruction. (A length of 640, before the header of a safetensors file, also
        // starts with these bytes, followed by 0.)
        [0x80, 2..=5, 1..=255, ..] => (
            "a pickle of Python",
            Remedy::Do(
                "load it in Python with what wrote it, and store a dict of arrays with \
                 `safetensors.numpy.save_file`, for `Mlp::load_weights` of the feature `safetensors`",
            ),
        ),
        _ if starts(b"\x89HDF\r\n\x1a\n") => ("an HDF5 file, as of Keras", KERAS),
        // The version of the format, and the name of the program that wrote it.
        [0x08, 3..=15, 0x12, ..] => (
            "an ONNX model",
            python(
                "onnx, onnx.numpy_helper",
                "{t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(PATH).graph.initializer}",
            ),
        ),
        _ if starts(b"version https://git-lfs") => {
            ("a pointer of Git LFS in place of the file", Remedy::Do("fetch the file with `git lfs pull`"))
        }
        _ => return None,
    })
}

const TORCH: Kind =
    ("a file of PyTorch's `torch.save`", python("torch", "torch.load(PATH, map_location=\"cpu\")"));

/// Keras stores inputs × neurons, and calls weights differently in each version.
const KERAS: Remedy = python(
    "keras",
    "{f\"{k}.{n}\": w.T.copy() for k, layer in enumerate(l for l in keras.models.load_model(PATH).layers if l.weights) \
     for n, w in zip((\"weight\", \"bias\"), layer.get_weights())}",
);

fn zip_kind(first: &[u8]) -> Kind {
    if first.ends_with(b".npy") {
        (
            "arrays of numpy (.npz)",
            python("numpy", "{k: numpy.ascontiguousarray(a) for k, a in numpy.load(PATH).items()}"),
        )
    } else if first.ends_with(b"/data.pkl") {
        TORCH
    } else if first.windows(6).any(|part| part == b"/data/") {
        (
            "a program of PyTorch's `torch.jit` or `torch.export`",
            Remedy::Do(
                "in Python, store the weights of the module that it was made from: \
                 `safetensors.torch.save_file(module.state_dict(), path)`, for `Mlp::load_weights` of the feature \
                 `safetensors`",
            ),
        )
    } else if first == b"metadata.json" || first == b"config.json" {
        ("a model of Keras", KERAS)
    } else {
        ("a zip archive", Remedy::Do("unpack it, and give the file in it"))
    }
}

/// The name of the first file in a zip archive, from behind its signature.
fn first_entry(header: &[u8]) -> Option<&[u8]> {
    let len = u16::from_le_bytes(*header.get(22..)?.first_chunk()?);
    header.get(26..)?.get(..usize::from(len))
}

/// A header of JSON behind its length.
fn safetensors_kind(bytes: &[u8]) -> Option<Kind> {
    let (len, rest) = bytes.split_first_chunk()?;
    let is_whole = rest.starts_with(b"{") && u64::from_le_bytes(*len) <= rest.len() as u64;
    let remedy = "with the feature `safetensors`, `Model::load_safetensors` reads a model of this crate, and \
                  `Mlp::load_weights` weights of another framework";
    is_whole.then_some(("a safetensors file", Remedy::Do(remedy)))
}

const OWN_JSON: &str = "a JSON file of this crate";

fn json_kind(bytes: &[u8]) -> Option<Kind> {
    /// What files of this crate have.
    #[derive(serde::Deserialize)]
    struct Head {
        format: Option<serde::de::IgnoredAny>,
        content: Option<serde::de::IgnoredAny>,
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let head: Head = serde_json::from_slice(bytes).ok()?;
    if head.format.is_some() || head.content.is_some() {
        return Some((OWN_JSON, Remedy::Do("read it with `Model::load` or `Mlp::load`")));
    }
    Some((
        "JSON of another program",
        python(
            "json, numpy",
            "{name: numpy.array(list, dtype=float) for name, list in json.load(open(PATH)).items()}",
        ),
    ))
}
