//! The playground's expressions are read as mathematics reads them, with the right numbers, and no input makes it stumble.

use crate::programs::Random;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[path = "../../examples/playground/expression.rs"]
mod expression;
#[allow(dead_code)]
#[path = "../../examples/playground/network.rs"]
mod network;
#[path = "../../examples/playground/parser.rs"]
mod parser;
#[path = "../../examples/playground/problem.rs"]
mod problem;
#[path = "../../examples/playground/server.rs"]
pub mod server;
#[path = "../../examples/playground/sessions.rs"]
mod sessions;
#[allow(dead_code)]
#[path = "../../examples/playground/settings.rs"]
mod settings;

use expression::answer;
use parser::Expression;
use problem::Problem;

/// An expression at a point, with figures of SymPy to 30 digits, rounded.
struct Case {
    text: &'static str,
    at: &'static [(&'static str, f64)],
    value: f64,
    gradient: &'static [f64],
    /// Row by row.
    hessian: &'static [f64],
}

const CASES: [Case; 10] = [
    Case {
        text: "tanh(x * y + sin(x))",
        at: &[("x", 0.5), ("y", 2.0)],
        value: 0.901360303595555,
        gradient: &[0.5396894673761468, 0.09377480155106446],
        hessian: &[-2.8895429754545776, -0.29890505905935805, -0.29890505905935805, -0.08452488359568039],
    },
    Case {
        text: "(a - x)^2 + 100 * (y - x^2)^2",
        at: &[("a", 1.0), ("x", -1.5), ("y", 2.5)],
        value: 12.5,
        gradient: &[5.0, 145.0, 50.0],
        hessian: &[2.0, -2.0, 0.0, -2.0, 1702.0, 600.0, 0.0, 600.0, 200.0],
    },
    Case {
        text: "x^y / (1 + exp(-z))",
        at: &[("x", 1.25), ("y", -2.5), ("z", 0.75)],
        value: 0.3887845734978711,
        gradient: &[-0.7775691469957422, 0.08675477042649536, 0.12473037261012705],
        hessian: &[
            2.1771936115880783,
            0.1375181179453062,
            -0.2494607452202541,
            0.1375181179453062,
            0.019358767566417155,
            0.027832778300968388,
            -0.2494607452202541,
            0.027832778300968388,
            -0.04469805182388926,
        ],
    },
    Case {
        text: "-x^2^3 * 2^-2",
        at: &[("x", 1.5)],
        value: -6.4072265625,
        gradient: &[-34.171875],
        hessian: &[-159.46875],
    },
    Case {
        text: "log_sum_exp(x, y, 2 * z)",
        at: &[("x", 0.25), ("y", -1.5), ("z", 1.0)],
        value: 2.185625531713319,
        gradient: &[0.14433395511320982, 0.02508148055382201, 1.6611691286659362],
        hessian: &[
            0.12350166451458774,
            -0.0036201092884281904,
            -0.23976311045231913,
            -0.0036201092884281904,
            0.024452399887050256,
            -0.04166458119724413,
            -0.23976311045231913,
            -0.04166458119724413,
            0.5628553832991265,
        ],
    },
    Case {
        text: "atan2(y, x) * hypot(x, y)",
        at: &[("y", -1.25), ("x", 0.75)],
        value: -1.5020194272566567,
        gradient: &[1.3980365949902658, 0.3273684219749006],
        hessian: &[-0.1871027660250507, -0.31183794337508447, -0.31183794337508447, -0.5197299056251408],
    },
    Case {
        text: "erf(x) - ln(y) / sqrt(z)",
        at: &[("x", 0.5), ("y", 3.0), ("z", 2.25)],
        value: -0.21190831463235993,
        gradient: &[0.8787825789354448, -0.2222222222222222, 0.16275737609897922],
        hessian: &[
            -0.8787825789354448,
            0.0,
            0.0,
            0.0,
            0.07407407407407407,
            0.04938271604938271,
            0.0,
            0.04938271604938271,
            -0.10850491739931947,
        ],
    },
    Case {
        text: "dot(x, y, y, z) - x / y / z",
        at: &[("x", 1.5), ("y", -0.5), ("z", 4.0)],
        value: -2.0,
        gradient: &[0.0, 7.0, -0.6875],
        hessian: &[0.0, 2.0, -0.125, 2.0, 6.0, 0.625, -0.125, 0.625, 0.09375],
    },
    Case {
        text: "2e-1 * pi * e^-x + cos(x - y - 3)",
        at: &[("x", 0.5), ("y", -0.25)],
        value: -0.2470791697767031,
        gradient: &[0.39697874394188526, -0.7780731968879212],
        hessian: &[1.009268075668775, -0.6281736227227391, -0.6281736227227391, 0.6281736227227391],
    },
    Case {
        text: "sigmoid(x) * softplus(y) + x * (y - (x - y))",
        at: &[("x", -0.5), ("y", 1.75)],
        value: -1.2788126966892355,
        gradient: &[4.948909766490088, -0.6783531693604301],
        hessian: &[-1.8900536204512863, 2.200212071083103, 2.200212071083103, 0.04761891203196169],
    },
];

fn ask(text: &str, at: &[(&str, f64)]) -> Result<Value, Problem> {
    let values: serde_json::Map<String, Value> =
        at.iter().map(|&(name, x)| (name.to_owned(), json!(x))).collect();
    answer(&json!({ "expression": text, "values": values }))
}

/// The numbers in an array, or in arrays of arrays.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        item => vec![item.as_f64().unwrap_or_else(|| panic!("{item} is no number"))],
    }
}

#[track_caller]
fn assert_close(numbers: &[f64], expected: &[f64], text: &str) {
    assert_eq!(numbers.len(), expected.len(), "{text}");
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (a, b) in numbers.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-14 * scale, "{text}: {numbers:?}, not {expected:?}");
    }
}

#[test]
fn numbers_of_ten_expressions() {
    for Case { text, at, value, gradient, hessian } in CASES {
        let answer = ask(text, at).unwrap();
        let names: Vec<&str> = at.iter().map(|(name, _)| *name).collect();
        assert_eq!(answer["variables"], json!(names), "in the order in which they appear");
        assert_close(&numbers(&answer["value"]), &[value], text);
        assert_close(&numbers(&answer["gradient"]), gradient, text);
        assert_close(&numbers(&answer["forward"]), gradient, text);
        assert_close(&numbers(&answer["hessian"]), hessian, text);
        for entry in answer["check"].as_array().unwrap() {
            assert_eq!(entry[4], "pass", "{text}: {entry}");
        }
        let svg = crate::xml::read(answer["graph"].as_str().unwrap());
        assert!(names.iter().all(|name| svg.whole_text().contains(&format!(" {name}"))), "{text}");
    }
}

#[test]
fn as_mathematics_reads_it() {
    let same = [
        ("1 - 2 - 3", -4.0),
        ("12 / 2 / 3", 2.0),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("(-2) ^ 2", 4.0),
        ("(-2) ^ 3", -8.0),
        ("2 ^ -1", 0.5),
        ("-2 ^ -2", -0.25),
        ("4 ^ 0.5", 2.0),
        ("--2", 2.0),
        ("---2", -2.0),
        ("3 - -2", 5.0),
        ("+3", 3.0),
        ("2 * -3", -6.0),
        ("-2 * -3", 6.0),
        ("6 / -2 ^ 2", -1.5),
        ("1e3 + 1E-1 + .5 + 2.", 1002.6),
        ("((((7))))", 7.0),
        ("max(2, 3) - min(2, 3)", 1.0),
        ("sum(1, 2, 3)", 6.0),
        ("product(2, 3, 4)", 24.0),
        ("dot(1, 2, 10, 100)", 210.0),
        ("affine(1, 2, 10, 100, 5)", 215.0),
        ("pi", std::f64::consts::PI),
        ("ln(e)", 1.0),
        ("2 \u{2212} 3 \u{b7} 4", -10.0),
        (" \n 1\t+ 1 ", 2.0),
        ("sin ( 0 )", 0.0),
    ];
    for (text, expected) in same {
        let expression = Expression::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        assert_eq!(expression.evaluate::<f64>(&[]), expected, "{text}");
        assert_eq!(ask(text, &[]).unwrap()["value"], json!(expected), "{text}");
    }
}

#[test]
fn numbers_that_are_none() {
    let answer = ask("x / y", &[("x", 0.0), ("y", 0.0)]).unwrap();
    assert_eq!((&answer["value"], &answer["check"][0][4]), (&json!("NaN"), &json!("nothing to compare")));
    let answer = ask("sqrt(x) * 1e300 * 1e300", &[("x", 1.0)]).unwrap();
    assert_eq!(answer["value"], "inf");
    let answer = ask("abs(x)", &[("x", 0.0)]).unwrap();
    assert_eq!(answer["check"][0][4], "kink: -1 from the left, 1 from the right");
    let answer = ask("abs(x) + x²", &[("x", 0.0)]).unwrap();
    assert_eq!(answer["check"][0][4], "kink: -1 from the left, 1 from the right");
    // Raised digits are powers, lowered ones belong to names.
    assert_eq!(ask("-x₁² + (2 * x₁)¹⁰", &[("x₁", 0.5)]).unwrap()["value"], 0.75);
    // Variables without a value are 1, and a constant has a picture.
    assert_eq!(ask("a + b", &[("b", 3.0)]).unwrap()["value"], 4.0);
    assert!(ask("2 + 3", &[]).unwrap()["graph"].as_str().unwrap().contains(">5<"));
}

#[test]
fn errors_name_the_place() {
    let wrong = [
        ("", 0, "something is missing at the end"),
        ("1 +", 3, "something is missing at the end"),
        ("1 + * 2", 4, "`*` is not expected here"),
        ("(1 + 2", 6, "`)` is missing"),
        ("1 + 2)", 5, "`)` is not expected here"),
        ("2 x", 2, "`x` is not expected here: a product is written with `*`"),
        ("2(x)", 1, "`(` is not expected here: a product is written with `*`"),
        ("x**2", 2, "`*` is not expected here: a power is written with `^`"),
        ("|x|", 0, "`|` is not expected here: write `abs(x)`"),
        ("1 + √x", 4, "`√` is not expected here: write `sqrt(x)`"),
        ("x^²", 2, "`²` is not expected here"),
        ("x, y", 1, "`,` is not expected here"),
        ("1.2.3", 0, "`1.2.3` is not a finite number"),
        ("1e999", 0, "`1e999` is not a finite number"),
        ("x + 1e", 4, "`1e` is not a finite number"),
        (".", 0, "`.` is not a finite number"),
        ("1 + sinn(2)", 4, "there is no function `sinn`; with the same letter begin: sub, "),
        ("1 + \u{436}\u{443}\u{43a}(2)", 4, "there is no function `\u{436}\u{443}\u{43a}`"),
        ("x + sin", 4, "`sin` is a function: its numbers follow in parentheses"),
        ("1 + sin(1, 2)", 4, "`sin` takes 1 number, and 2 are given"),
        ("atan2(1)", 0, "`atan2` takes 2 numbers, and 1 is given"),
        ("log(x)", 0, "`log` takes 2 numbers, and 1 is given: the natural logarithm is `ln`"),
        ("sum()", 0, "`sum` takes one list of numbers, and 0 are given"),
        ("dot(1, 2, 3)", 0, "`dot` takes two lists of the same length, one after the other, and 3 are given"),
        ("affine(1, 2)", 0, "`affine` takes two lists of the same length and one number"),
        ("sin(1, )", 7, "`)` is not expected here"),
        ("f(", 2, "something is missing at the end"),
        ("x $ y", 2, "`$` is not expected here"),
        ("a+b+c+d+f+g+h+i+j+k+l+m+n", 24, "more than 12 variables"),
    ];
    for (text, at, message) in wrong {
        let problem = ask(text, &[]).unwrap_err();
        assert_eq!((problem.at, problem.field.as_str()), (Some(at), "expression"), "{text}: {problem:?}");
        assert!(problem.message.starts_with(message), "{text}: {problem:?}");
    }
    for request in [json!({}), json!({ "expression": 3 }), json!([]), json!(null)] {
        assert_eq!(answer(&request).unwrap_err().field, "expression");
    }
    for values in [json!([1]), json!("x"), json!(1)] {
        let request = json!({ "expression": "x", "values": values });
        assert_eq!(answer(&request).unwrap_err().field, "values");
    }
    let odd = json!({ "expression": "x", "values": { "x": "1" } });
    assert_eq!(answer(&odd).unwrap_err(), Problem::new("x", "a number is needed"));
}

/// What is too long or too deep is refused, before it takes memory, time or stack; what is just not is answered.
#[test]
fn sizes_are_limited() {
    let repeated = |before: &str, inside: &str, after: &str, times: usize| {
        before.repeat(times) + inside + &after.repeat(times)
    };
    for (text, message) in [
        ("1".repeat(2_001), "longer than 2000 characters"),
        (" ".repeat(1_000_000), "longer than 2000 characters"),
        (repeated("(", "1", ")", 64), "more than 64 parentheses"),
        (repeated("(", "1", ")", 900), "more than 64 parentheses"),
        (repeated("sin(", "1", ")", 300), "more than 64 parentheses"),
        (repeated("2^", "1", "", 900), "more than 64 powers"),
        (repeated("2^-(", "1", ")", 300), "more than 64"),
        ("(".repeat(2_000), "more than 64 parentheses"),
    ] {
        let problem = ask(&text, &[]).unwrap_err();
        assert!(problem.message.starts_with(message) && problem.at.is_some(), "{problem:?}");
    }
    assert_eq!(ask(&repeated("(", "1", ")", 63), &[]).unwrap()["value"], 1.0);
    assert_eq!(ask(&repeated("-", "1", "", 1_999), &[]).unwrap()["value"], -1.0);
    for text in [
        repeated("x+", "x", "", 900),
        repeated("a*b-c/d+", "f", "", 200),
        repeated("erf(x)/", "y", "", 250),
        format!("log_sum_exp({}x)", "x,".repeat(900)),
        "a*b*c*d*f*g*h*i*j*k*l*m*".repeat(80) + "a",
    ] {
        let start = Instant::now();
        assert!(ask(&text, &[]).is_ok(), "{text}");
        assert!(start.elapsed() < MOST, "{:?} for {text}", start.elapsed());
    }
}

/// How long an answer may take, in a build without optimisation on a machine that is busy.
const MOST: Duration = Duration::from_secs(2);

/// Pieces of expressions, right and wrong.
const TOKENS: [&str; 44] = [
    "x",
    "y",
    "z",
    "pi",
    "e",
    "1",
    "0",
    "2.5",
    "1e9",
    "1e-300",
    ".",
    "e3",
    "+",
    "-",
    "*",
    "/",
    "^",
    "(",
    "(",
    "(",
    ")",
    ")",
    ")",
    ",",
    ",",
    " ",
    "sin(",
    "ln(",
    "atan2(",
    "dot(",
    "affine(",
    "max(",
    "select(",
    "clamp(",
    "gamma(",
    "digamma(",
    "cross_entropy(",
    "stop_gradient(",
    "powf(",
    "powi(",
    "\u{2212}",
    "\u{436}",
    "\u{202e}",
    "_",
];

/// A text of one of three kinds.
fn random_text(random: &mut Random) -> String {
    let length = 1 + random.below(40);
    match random.below(3) {
        0 => (0..length)
            .map(|_| match random.below(4) {
                0 => char::from_u32(random.below(0x11_0000) as u32).unwrap_or('\u{fffd}'),
                _ => char::from(random.below(128) as u8),
            })
            .collect(),
        1 => (0..length).map(|_| TOKENS[random.below(TOKENS.len())]).collect(),
        _ => {
            let mut text: Vec<char> = CASES[random.below(CASES.len())].text.chars().collect();
            for _ in 0..1 + random.below(3) {
                let (here, there) = (random.below(text.len()), random.below(text.len()));
                match random.below(4) {
                    0 if text.len() > 1 => {
                        text.remove(here);
                    }
                    1 => text.swap(here, there),
                    2 => text.insert(here, text[there]),
                    _ => text[here] = TOKENS[random.below(TOKENS.len())].chars().next().unwrap(),
                }
            }
            text.into_iter().collect()
        }
    }
}

#[test]
fn two_thousand_random_texts() {
    let mut random = Random(1_000);
    let (mut right, mut wrong) = (0, 0);
    for _ in 0..2_000 {
        let text = random_text(&mut random);
        let start = Instant::now();
        let values = [("x", crate::programs::any_number(&mut random)), ("y", 0.0), ("z", -1.5)];
        match ask(&text, if values[0].1.is_finite() { &values } else { &values[1..] }) {
            Ok(answer) => {
                right += 1;
                crate::xml::read(answer["graph"].as_str().unwrap());
            }
            Err(problem) => {
                wrong += 1;
                assert!(problem.at.is_some_and(|at| at <= text.chars().count()), "{text:?}: {problem:?}");
                assert!(!problem.message.is_empty());
            }
        }
        assert!(start.elapsed() < MOST, "{:?} for {text:?}", start.elapsed());
    }
    assert!(right > 100 && wrong > 100, "{right} {wrong}");
}
