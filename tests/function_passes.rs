//! Promise: passes keep every value bit for bit, take linear time, and do what they say.

#[path = "common/programs.rs"]
mod programs;

use programs::{Program, Random};
use tapegrad::{Function, Pass, Var, Workspace};

#[test]
fn exact_passes_keep_every_bit() {
    let mut random = Random(21);
    let mut workspace = Workspace::new();
    for _ in 0..400 {
        let n = 1 + random.below(4);
        let program = Program::random(&mut random, n, 25, true);
        let at: Vec<f64> = (0..n).map(|_| random.uniform(-2.0, 2.0)).collect();
        let f = Function::record(|x| program.run(x), &at).unwrap();
        for passes in Pass::EXACT.iter().map(std::slice::from_ref).chain([&Pass::EXACT[..]]) {
            let simple = f.with_passes(passes);
            for _ in 0..4 {
                let x: Vec<f64> = (0..n).map(|_| random.uniform(-2.0, 2.0)).collect();
                match (f.value(&x, &mut workspace), simple.value(&x, &mut workspace)) {
                    (Ok(a), Ok(b)) => assert!(a == b || a.is_nan() && b.is_nan(), "{passes:?}: {a} {b}"),
                    (Err(_), Err(_)) => {}
                    (a, b) => panic!("{passes:?}: {a:?} {b:?}"),
                }
            }
        }
    }
}

fn counts(f: &Function) -> Vec<(&'static str, usize)> {
    f.stats().counts.into_iter().collect()
}

#[test]
fn constants_are_folded() {
    let f = Function::record(|[x]| x * (Var::from(2.0) + 3.0).exp(), [1.0]).unwrap();
    assert_eq!(f.stats().operations, 1, "constants never reach the tape");
    let g = Function::record(|[x]| x.powi(2), [1.0]).unwrap().gradient().unwrap().gradient().unwrap();
    let folded = g.with_passes(&[Pass::FoldConstants, Pass::DropDead]);
    assert_eq!(folded.stats().operations, 0, "{folded}");
    assert_eq!(folded.value(&[5.0], &mut Workspace::new()), Ok(2.0));
}

#[test]
fn neutral_operands_go_and_signed_zeros_stay() {
    let f = Function::record(|[x]| -(-((x * 1.0 / 1.0 - 0.0).powi(1))), [1.0]).unwrap();
    assert_eq!(f.optimize().stats().operations, 0);
    let plus = Function::record(|[x]| x + 0.0, [1.0]).unwrap();
    assert_eq!(plus.optimize().stats().operations, 1, "x + 0 is not x at −0");
}

#[test]
fn common_expressions_are_merged() {
    let f = Function::record(|[x, y]| (x * y).sin() + (y * x).sin(), [1.0, 2.0]).unwrap();
    let merged = f.with_passes(&[Pass::MergeCommon]);
    assert_eq!(counts(&merged), [("mul", 1), ("sin", 1), ("add", 1)]);
}

#[test]
fn sums_and_inner_products_are_fused_in_order() {
    let f = Function::record(|[a, b, c, d]| a + b + c + d, [1e16, 1.0, -1e16, 1.0]).unwrap();
    assert_eq!(counts(&f.optimize()), [("sum", 1)]);
    let x = [1e16, 1.0, -1e16, 1.0];
    assert_eq!(f.optimize().value(&x, &mut Workspace::new()), Ok(x[0] + x[1] + x[2] + x[3]));

    let g = Function::record(|[a, b, c, d]| a * b + c * d, [1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(counts(&g.optimize()), [("dot", 1)]);

    let nested = Function::record(|[a, b, c, d]| (a + b) + (c + d), [1.0; 4]).unwrap();
    assert_eq!(counts(&nested.optimize()), [("add", 1), ("sum", 1)], "other brackets are other roundings");
    assert_eq!(counts(&nested.with_passes(&[Pass::Reassociate])), [("sum", 1)]);
    let shared = Function::record(
        |[a, b]| {
            let s = a + b;
            [s + a, s]
        },
        [1.0, 2.0],
    )
    .unwrap();
    assert_eq!(counts(&shared.optimize()), [("add", 2)], "what is used twice stays");
}

#[test]
fn a_long_chain_goes_through_without_recursion() {
    let f = Function::record(
        |[x]| {
            let mut sum = x;
            for _ in 0..100_000 {
                sum = sum + x * 0.5 + 1.0;
            }
            sum
        },
        [1.0],
    )
    .unwrap();
    let simple = f.optimize();
    let mut workspace = Workspace::new();
    assert_eq!(simple.value(&[3.0], &mut workspace), f.value(&[3.0], &mut workspace));
    assert_eq!(simple.gradient().unwrap().value(&[3.0], &mut workspace).unwrap(), 50_001.0);
}

#[test]
fn it_prints_as_code() {
    let f = Function::record(|[x, y]| if x < y { (x * 2.0).sin() } else { y }, [1.0, 2.0]).unwrap();
    let text = f.with_names(["speed", "limit"]).unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "fn(speed, limit) {");
    assert!(lines[1].starts_with("    check (speed < limit); // tests/function_passes.rs:"), "{text}");
    assert_eq!(lines[2..], ["    let v0 = mul(speed, 2);", "    let v1 = sin(v0);", "    [v1]", "}"]);
}
