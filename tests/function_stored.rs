//! Promise: a function can be saved and loaded, and broken or hostile data is an error.

#[path = "common/programs.rs"]
mod programs;

use programs::{Program, Random};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};
use tapegrad::{Function, Workspace};

#[test]
fn what_is_loaded_is_what_was_saved() {
    let mut random = Random(5);
    for _ in 0..200 {
        let program = Program::random(&mut random, 2, 20, true);
        let f = Function::record(|x| program.run(x), vec![0.3, 0.7]).unwrap();
        let loaded: Function = from_str(&to_string(&f).unwrap()).unwrap();
        assert_eq!(loaded, f);
    }
    let odd = Function::record(|[x]| x.max(f64::NEG_INFINITY).min(f64::INFINITY) * -0.0, [1.0]).unwrap();
    let loaded: Function = from_str(&to_string(&odd).unwrap()).unwrap();
    assert_eq!(loaded.value(&[2.0], &mut Workspace::new()).unwrap().to_bits(), (-0.0f64).to_bits());
}

fn stored() -> Value {
    let f = Function::record(
        |[x, y]| if x < y { tapegrad::dot(&[x, y], &[y, x]) } else { x.powi(3) },
        [1.0, 2.0],
    );
    to_value(f.unwrap()).unwrap()
}

#[test]
fn every_truncation_is_an_error() {
    let text = to_string(&stored()).unwrap();
    for end in 0..text.len() {
        assert!(from_str::<Function>(&text[..end]).is_err());
    }
}

#[test]
fn hostile_data_is_an_error_with_a_reason() {
    let refused = |path: &str, value: Value, reason: &str| {
        let mut data = stored();
        *data.pointer_mut(path).unwrap() = value;
        let error = from_value::<Function>(data).expect_err(path).to_string();
        assert!(error.contains(reason), "{path}: {error}");
    };
    refused("/tapegrad_function", json!(2), "version 2");
    refused("/names", json!(["a"]), "differ in length");
    refused("/names", json!(["a", "a"]), "one name");
    refused("/at/0", json!("one"), "not a number");
    refused("/operations/0/0", json!("frobnicate"), "not an operation");
    refused("/operations/0/0", json!("input"), "not an operation");
    refused("/operations/0/0", json!("preaccumulated"), "not an operation");
    refused("/operations/0/0", json!("powi"), "not an operation");
    refused("/operations/0/0", json!("sin"), "cannot take 4 operands");
    refused("/operations/0/1", json!([0, 1, 2]), "cannot take 3 operands");
    refused("/operations/0/1/0", json!(99), "refers to place 99");
    refused("/operations/0/1/0", json!(2), "refers to place 2");
    refused("/outputs/0", json!(99), "an output refers to place 99");
    refused("/checks/0/predicate", json!("Sometimes"), "not a predicate");
    refused("/checks/0/after", json!(99), "not in order");
    refused("/checks/0/left", json!(99), "a check refers to place 99");
}

/// Bytes changed at random: an error, or a function that can be evaluated.
#[test]
fn damage_never_panics() {
    let text = to_string(&stored()).unwrap();
    let mut random = Random(9);
    for _ in 0..5_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = b"0123456789,[]\"abe-."[random.below(19)];
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if let Ok(f) = from_str::<Function>(&text) {
            let x = vec![0.5; f.inputs()];
            let _ = f.values(&x, &mut Workspace::new());
            let _ = f.gradient();
        }
    }
}
