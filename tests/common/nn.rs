//! What the tests of networks share.
#![allow(dead_code)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use tapegrad::nn::{Activation, Data, Loss, Mlp, Model, Random, Scaler, Table};

/// Every activation.
pub const ACTIVATIONS: [Activation; 10] = [
    Activation::Identity,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::LeakyRelu(0.1),
    Activation::Elu(1.3),
    Activation::Gelu,
    Activation::Silu,
    Activation::Softplus,
    Activation::Softmax,
];

/// Every loss.
pub const LOSSES: [Loss; 9] = [
    Loss::HalfSquared,
    Loss::Squared,
    Loss::MeanSquared,
    Loss::Absolute,
    Loss::MeanAbsolute,
    Loss::Huber(0.3),
    Loss::Hinge,
    Loss::BinaryCrossEntropy,
    Loss::CrossEntropy,
];

/// A file of `tests/data`.
pub fn json(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

pub fn matrix(rows: &Value) -> Vec<Vec<f64>> {
    rows.as_array().unwrap().iter().map(numbers).collect()
}

/// The numbers that `training.py` starts from.
pub fn pattern(count: usize, scale: f64) -> Vec<f64> {
    (0..count).map(|k| ((k * 7919 + 13) % 2001) as f64 - 1000.0).map(|x| x / 1000.0 * scale).collect()
}

fn table(name: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data").join(name);
    Table::read(path, false).unwrap()
}

/// The raw features and the classes of the Iris data.
pub fn iris() -> (Vec<Vec<f64>>, Vec<usize>) {
    let table = table("iris.csv");
    (table.numbers(0..4).unwrap(), table.classes(4).unwrap().0)
}

/// The digits, their pixels from 0 to 1.
pub fn digits() -> Data {
    let table = table("digits.csv");
    let mut pixels = table.numbers(0..64).unwrap();
    pixels.iter_mut().flatten().for_each(|pixel| *pixel /= 16.0);
    Data::classes(&pixels, &table.classes(64).unwrap().0, 10).unwrap()
}

/// A directory of this test's own, empty.
pub fn fresh_directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tapegrad-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// CRC-32 bit by bit, as in its definition (IEEE 802.3): 0xcbf43926 of "123456789".
pub fn crc32(bytes: &[u8]) -> u32 {
    let of_byte = |crc: u32, &byte: &u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    };
    !bytes.iter().fold(!0, of_byte)
}

/// A file of ours with the checksum that its content has, whatever it had before.
pub fn seal(text: &str) -> String {
    let (head, content) = text.split_once(",\"content\":").unwrap();
    let content = content.strip_suffix('}').unwrap();
    let head = head.split(",\"checksum\"").next().unwrap();
    format!("{head},\"checksum\":\"{:08x}\",\"content\":{content}}}", crc32(content.as_bytes()))
}

/// Any one bit of a file changed: an error, or the value that was saved.
pub fn for_any_flipped_bit<T: PartialEq>(path: &Path, whole: &[u8], load: impl Fn() -> Option<T>, saved: &T) {
    for place in 0..whole.len() {
        let mut damaged = whole.to_owned();
        damaged[place] ^= 1 << (place % 8);
        std::fs::write(path, &damaged).unwrap();
        assert!(load().is_none_or(|loaded| loaded == *saved), "byte {place}");
    }
}

/// A model with everything a file can hold, and numbers that are hard to write.
pub fn model() -> Model {
    let mut mlp = Mlp::builder(2)
        .layer(5, Activation::LeakyRelu(0.1))
        .layer(3, Activation::Softmax)
        .seed(11)
        .build()
        .unwrap();
    mlp.freeze("layers.0.neurons.2").unwrap();
    for (k, hard) in [-0.0, 5e-324, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE].into_iter().enumerate() {
        mlp.parameters_mut()[k * 3] = hard;
    }
    let mut random = Random::new(3);
    let mut draw = |scale| (0..2).map(|_| random.normal() * scale).collect::<Vec<f64>>();
    Model::new(mlp)
        .scaling_inputs(Scaler::new(draw(1.0), draw(1e-7)).unwrap())
        .unwrap()
        .naming_classes(&["a", "ü", "\"c\"\n"])
        .unwrap()
}

pub fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}
