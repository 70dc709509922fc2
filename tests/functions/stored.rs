//! Promise: a function can be saved and loaded, and broken or hostile data is an error.

use crate::programs::{Program, Random};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};
use tapegrad::{
    Dual, Error, Function, Pass, Tape, Workspace,
    batch::{BatchWorkspace, Column, Precision, Samples},
    primitives,
    primitives::reductions,
};

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
    assert_eq!(loaded.evaluator().value(&[2.0]).unwrap().to_bits(), (-0.0f64).to_bits());
}

fn stored() -> Value {
    let f = Function::record(
        |[x, y]| if x < y { tapegrad::lists::dot(&[x, y], &[y, x]) } else { x.powi(3) },
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
    refused("/guards/0/predicate", json!("Sometimes"), "not a predicate");
    refused("/guards/0/after", json!(99), "not in order");
    refused("/guards/0/left", json!(99), "a guard refers to place 99");
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
            let _ = f.evaluator().values(&x);
            let _ = f.gradient();
        }
    }
}

/// NaN included, whatever its sign; and zeros of either sign are two numbers.
#[test]
fn equality_is_by_bits() {
    let with = |number: f64| Function::record(|[x]| x.max(number) * number, [1.0]).unwrap();
    let numbers = [f64::NAN, -f64::NAN, 0.0, -0.0, 1.0, f64::INFINITY];
    for (j, a) in numbers.into_iter().enumerate() {
        let f = with(a);
        assert_eq!(f, f.clone());
        assert_eq!(from_str::<Function>(&to_string(&f).unwrap()).unwrap(), f);
        for (k, b) in numbers.into_iter().enumerate() {
            assert_eq!(f == with(b), j == k || a.is_nan() && b.is_nan(), "{a} {b}");
        }
    }
    let at = |x: f64| Function::record(|[x]| x * 2.0, [x]).unwrap();
    assert_eq!(at(f64::NAN), at(f64::NAN));
    assert_ne!(at(0.0), at(-0.0));
    assert_ne!(at(1.0), at(1.0).with_names(["speed"]).unwrap());
    assert_ne!(at(1.0), at(1.0).with_held(0..1).unwrap());
}

#[test]
fn numbers_are_read_as_they_are_or_refused() {
    let f = Function::record(|[x]| x * 0.1, [1.0]).unwrap();
    let read = |text: &str| {
        let mut data = to_value(&f).unwrap();
        data["constants"][0] = json!(text);
        from_value::<Function>(data).map(|f| f.evaluator().value(&[1.0]).unwrap())
    };
    for (text, number) in [("0.25", 0.25), ("1", 1.0), ("-0.0", -0.0), ("1e300", 1e300), ("5e-324", 5e-324)] {
        assert_eq!(read(text).unwrap().to_bits(), f64::to_bits(number));
    }
    assert_eq!((read("inf").unwrap(), read("-inf").unwrap()), (f64::INFINITY, f64::NEG_INFINITY));
    assert!(read("NaN").unwrap().is_nan());
    for text in [
        "1e999",
        "-1e999",
        "1e-999",
        "0.1000000000000000055",
        "9007199254740993",
        "infinity",
        "",
        " 1",
        "0x1",
    ] {
        assert!(read(text).unwrap_err().to_string().contains("is not a number"), "{text}");
    }
}

/// A row with an integer takes as many steps as that says.
#[test]
fn integers_have_bounds() {
    let with = |name: &str| {
        let mut data = to_value(Function::record(|[x]| x.sin(), [1.5]).unwrap()).unwrap();
        data["operations"][0][0] = json!(name);
        from_value::<Function>(data)
    };
    for n in ["1001", "200000000", "2147483600", "2147483647"] {
        for row in ["polygamma", "erfcx_integral"] {
            let error = with(&format!("{row}[{n}]")).unwrap_err().to_string();
            assert!(error.contains("out of bounds"), "{error}");
        }
    }
    for name in
        ["polygamma[3]", "polygamma[1000]", "erfcx_integral[1000]", "powi[2147483647]", "powi[-2147483648]"]
    {
        every_form(&with(name).unwrap(), &[1.5]);
    }
    for name in ["powi[2147483648]", "polygamma[1.5]", "polygamma[]", "polygamma[1", "sin[1]"] {
        assert!(with(name).is_err(), "{name}");
    }
}

#[test]
fn reversed_bounds_are_no_panic() {
    let text = |operands: &str| {
        format!(
            r#"{{"tapegrad_function":1,"names":["x"],"held":[false],"at":["0.5"],"constants":["1.0","2.0"],
            "operations":[["clamp",{operands}]],"guards":[],"outputs":[3]}}"#
        )
    };
    for operands in ["[2,1,0]", "[1,1,0]", "[0,1,0]", "[0,2,2]", "[2,0,1]"] {
        let f: Function = from_str(&text(operands)).unwrap();
        every_form(&f, &[0.5]);
        let reversed = operands.ends_with("1,0]");
        assert_eq!(f.evaluator().value(&[0.5]).unwrap().is_nan(), reversed);
        assert_eq!(f.optimize().evaluator().value(&[0.5]).unwrap().is_nan(), reversed);
    }
}

/// A check between constants is asked of no derivative; the others keep their lines there.
#[test]
fn guards_of_derivatives_keep_their_lines() {
    let mut data = stored();
    let check = data["guards"][0].clone();
    let mut of_constants = check.clone();
    data["constants"] = json!(["1.0", "2.0"]);
    for places in ["/operations/0/1", "/outputs"] {
        for place in data.pointer_mut(places).unwrap().as_array_mut().unwrap() {
            *place = json!(place.as_u64().unwrap() + 2);
        }
    }
    for (side, constant) in [("left", 0), ("right", 1)] {
        data["guards"][0][side] = json!(check[side].as_u64().unwrap() + 2);
        of_constants[side] = json!(constant);
    }
    of_constants["file"] = json!("elsewhere.rs");
    data["guards"].as_array_mut().unwrap().insert(0, of_constants);
    let f: Function = from_value(data).unwrap();
    let gradient = f.gradient().unwrap();
    assert_eq!((f.statistics().guards, gradient.statistics().guards), (2, 1));
    assert!(f.to_string().contains("elsewhere.rs") && !gradient.to_string().contains("elsewhere.rs"));
    assert!(gradient.to_string().contains("tests/functions/stored.rs:"), "{gradient}");
}

/// Evaluates a function in all forms: no number makes it panic, and the forms agree on whether there is an answer.
fn every_form(f: &Function, x: &[f64]) {
    let (n, outputs, variables) = (f.inputs(), f.outputs(), f.variables());
    let (mut workspace, mut duals) = (Workspace::new(), Workspace::new());
    let values = f.evaluator_in(&mut workspace).values(x);
    let has_answer = values.is_ok();
    let _ = f.evaluator_in(&mut workspace).value(x);
    let _ = f.evaluator_in(&mut workspace).value_and_gradient_into(x, &mut vec![0.0; variables]);
    assert_eq!(
        f.evaluator_in(&mut workspace).jacobian_into(x, &mut vec![0.0; outputs * variables]).is_ok(),
        has_answer
    );
    let hessian = f.evaluator_in(&mut duals).hessian_into(x, &mut vec![0.0; variables * variables]);
    assert_eq!(hessian.is_ok(), has_answer && outputs == 1);
    let _ = f.evaluator_in(&mut duals).hvp_into(x, &vec![1.0; variables], &mut vec![0.0; variables]);

    let by_duals: Vec<Dual> = x.iter().map(|&x| Dual::new(x, [1.0])).collect();
    assert_eq!((f.call(x).is_ok(), f.call(&by_duals).is_ok()), (has_answer, has_answer));
    for tape in [Tape::new(), Tape::recording()] {
        let vars = tape.vars(x);
        assert_eq!((f.call(&vars).is_ok(), f.call_as_node(&vars).is_ok()), (has_answer, has_answer));
    }

    let passes = [f.optimize(), f.with_passes(&[Pass::Reassociate, Pass::DropDead])];
    let at = |f: &Function| f.evaluator().values(x);
    if let (Ok(values), Ok(optimized)) = (&values, at(&passes[0])) {
        assert!(values.iter().zip(&optimized).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{f}");
    }
    assert!(passes.iter().all(|f| at(f).is_ok() == has_answer));
    for derived in [f.gradient(), f.jacobian(), f.jvp(), f.vjp(), f.gradient_of(0), f.hessian(), f.hvp()] {
        let Ok(derived) = derived else { continue };
        let more = [x, &vec![1.0; derived.inputs() - n]].concat();
        assert_eq!(derived.evaluator_in(&mut workspace).values(&more).is_ok(), has_answer, "{f}");
        let _ = derived.optimize().evaluator_in(&mut workspace).values(&more);
    }
    in_batches::<f64>(f, x, &values);
    in_batches::<f32>(f, x, &values);
    assert_eq!((f.to_string().is_empty(), f.statistics().inputs), (false, n));
    assert_eq!(&from_str::<Function>(&to_string(f).unwrap()).unwrap(), f);
}

/// The first input is shared, the others differ from sample to sample.
fn in_batches<T: Precision>(f: &Function, x: &[f64], values: &Result<Vec<f64>, Error>) {
    let shared = 0..x.len().min(1);
    let batched = f.batched_as::<T>(shared.clone()).unwrap();
    let twice: Vec<[f64; 2]> = x[shared.end..].iter().map(|&x| [x, x]).collect();
    let columns: Vec<Column<'_>> = twice.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let mut workspace = BatchWorkspace::new();
    let mut out = vec![0.0; samples.len() * f.outputs()];
    let found = batched.evaluator_in(&mut workspace).values_into(&x[shared.clone()], &samples, &mut out);
    if !samples.is_empty() && T::of(0.1).double() == 0.1 {
        assert_eq!(found.is_ok(), values.is_ok(), "{f}");
    }
    let _ = batched.evaluator_in(&mut workspace).sums_into(
        &x[shared.clone()],
        &samples,
        &mut vec![0.0; f.outputs()],
    );
    let mut slopes = vec![0.0; batched.shared_variables()];
    let _ = batched.evaluator_in(&mut workspace).value_and_gradient_into(
        &x[shared.clone()],
        &samples,
        &mut slopes,
    );
    let mut slopes = vec![0.0; samples.len() * f.outputs() * batched.sample_variables()];
    let _ = batched.evaluator_in(&mut workspace).jacobians_into(&x[shared], &samples, &mut slopes);
}

/// Rows, operands, numbers, guards and outputs changed at random: an error, or a function that answers in every form.
#[test]
fn what_is_changed_at_random_is_refused_or_answers() {
    const NUMBERS: [&str; 12] = [
        "0.0",
        "-0.0",
        "1.0",
        "-1.0",
        "0.5",
        "3.0",
        "1e16",
        "inf",
        "-inf",
        "NaN",
        "1e999",
        "0.1000000000000000055",
    ];
    const X: [f64; 8] = [0.0, -0.0, 1.0, -2.5, 0.3, f64::INFINITY, f64::NAN, 1e200];
    let names: Vec<String> = primitives::all()
        .map(|row| row.op.to_string())
        .chain(reductions().map(|op| op.to_string()))
        .collect();
    let others = [
        "polygamma[40]",
        "polygamma[200000000]",
        "erfcx_integral[-3]",
        "erfcx_integral[99]",
        "powi[2147483647]",
        "powi[-2147483648]",
        "custom",
        "launch",
    ];
    let mut random = Random(31);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..2_000 {
        let program = Program::random(&mut random, 3, 1 + round % 8, true);
        let mut data = to_value(Function::record(|x| program.run(x), vec![0.3, 0.7, -0.4]).unwrap()).unwrap();
        for _ in 0..1 + random.below(3) {
            let list = ["operations", "constants", "at", "outputs", "guards", "held"][random.below(6)];
            let entries = data[list].as_array_mut().unwrap();
            if entries.is_empty() {
                continue;
            }
            let at = random.below(entries.len());
            let place = json!(random.below(3 + entries.len() * 2));
            match list {
                "operations" if random.below(2) == 0 => {
                    let name = if random.below(4) == 0 {
                        others[random.below(others.len())]
                    } else {
                        &names[random.below(names.len())]
                    };
                    entries[at][0] = json!(name);
                }
                "operations" => {
                    let operands = entries[at][1].as_array_mut().unwrap();
                    match random.below(3) {
                        0 => drop(operands.pop()),
                        1 => operands.push(place),
                        _ if operands.is_empty() => {}
                        _ => {
                            let k = random.below(operands.len());
                            operands[k] = place;
                        }
                    }
                }
                "constants" | "at" => entries[at] = json!(NUMBERS[random.below(NUMBERS.len())]),
                "outputs" => match random.below(3) {
                    0 => drop(entries.pop()),
                    1 => entries.push(place),
                    _ => entries[at] = place,
                },
                "guards" => match random.below(4) {
                    0 => entries[at]["left"] = place,
                    1 => entries[at]["after"] = place,
                    2 => entries[at]["outcome"] = json!(random.below(2) == 0),
                    _ => {
                        entries[at]["predicate"] =
                            json!(["Equal", "IsNan", "IsFinite", "Compares(None)"][random.below(4)])
                    }
                },
                _ => entries[at] = json!(random.below(2) == 0),
            }
        }
        let Ok(f) = from_value::<Function>(data) else {
            refused += 1;
            continue;
        };
        loaded += 1;
        let x: Vec<f64> = (0..3)
            .map(|k| if random.below(2) == 0 { f.recorded_at()[k] } else { X[random.below(X.len())] })
            .collect();
        every_form(&f, &x);
    }
    assert!(loaded > 500 && refused > 500, "{loaded} loaded, {refused} refused");
}
