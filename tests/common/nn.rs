//! What the tests of networks share.
#![allow(dead_code)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use tapegrad::nn::{Data, Table};

/// A file of `tests/data`.
pub fn json(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
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
