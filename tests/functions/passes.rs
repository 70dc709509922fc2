//! Promise: passes keep every value bit for bit, take linear time, and do what they say.

use crate::common::same;
use crate::programs::{Program, Random};
use tapegrad::{
    Error, Function, Pass, Var, Workspace,
    lists::{mean, sum},
    primitives,
    primitives::{Op, reductions},
};

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
                match (
                    f.evaluator_in(&mut workspace).value(&x),
                    simple.evaluator_in(&mut workspace).value(&x),
                ) {
                    (Ok(a), Ok(b)) => assert!(a == b || a.is_nan() && b.is_nan(), "{passes:?}: {a} {b}"),
                    (Err(_), Err(_)) => {}
                    (a, b) => panic!("{passes:?}: {a:?} {b:?}"),
                }
            }
        }
    }
}

fn counts(f: &Function) -> Vec<(&'static str, usize)> {
    f.statistics().counts
}

#[test]
fn constants_are_folded() {
    let f = Function::record(|[x]| x * (Var::from(2.0) + 3.0).exp(), [1.0]).unwrap();
    assert_eq!(f.statistics().operations, 1, "constants never reach the tape");
    let g = Function::record(|[x]| x.powi(2), [1.0]).unwrap().gradient().unwrap().gradient().unwrap();
    let folded = g.with_passes(&[Pass::FoldConstants, Pass::DropDead]);
    assert_eq!(folded.statistics().operations, 0, "{folded}");
    assert_eq!(folded.evaluator().value(&[5.0]), Ok(2.0));
}

#[test]
fn neutral_operands_go_and_signed_zeros_stay() {
    let f = Function::record(|[x]| -(-((x * 1.0 / 1.0 - 0.0).powi(1))), [1.0]).unwrap();
    assert_eq!(f.optimize().statistics().operations, 0);
    let plus = Function::record(|[x]| x + 0.0, [1.0]).unwrap();
    assert_eq!(plus.optimize().statistics().operations, 1, "x + 0 is not x at −0");
}

#[test]
fn common_expressions_are_merged() {
    let f = Function::record(|[x, y]| (x * y).sin() + (y * x).sin(), [1.0, 2.0]).unwrap();
    let merged = f.with_passes(&[Pass::MergeCommon]);
    assert_eq!(counts(&merged), [("mul", 1), ("sin", 1), ("add", 1)]);
}

/// Equal expressions of an operand that many expressions have are found, whether they stand near each other or far apart, and
/// by numbers that were themselves found to be equal.
#[test]
fn common_expressions_of_an_operand_that_is_used_often_are_merged() {
    for count in [1, 2, 15, 16, 17, 18, 33, 100] {
        for again in [0, 1, count / 2, count - 1] {
            let f = |[x]: [Var; 1]| {
                let product = |k: usize| (x * (2.0 + k as f64)).sin();
                let first: Vec<Var> = (0..count).map(product).collect();
                // Each again, in the other order, and one in the middle.
                let second: Vec<Var> = (0..count).rev().map(|k| product(k) - x).collect();
                let third = product(again.min(count - 1)) - x;
                sum(&[&first[..], &second, &[third]].concat())
            };
            let f = Function::record(f, [0.5]).unwrap();
            let merged = f.with_passes(&[Pass::MergeCommon]);
            let expected = [("mul", count), ("sin", count), ("sub", count), ("sum", 1)];
            let mut counts = counts(&merged);
            counts.sort_unstable();
            assert_eq!(counts, expected, "{count}, {again}");
            let value = |f: &Function| f.evaluator().value_and_gradient(&[0.7]).unwrap().0.to_bits();
            assert_eq!(value(&merged), value(&f));
        }
    }
}

#[test]
fn sums_and_inner_products_are_fused_in_order() {
    let f = Function::record(|[a, b, c, d]| a + b + c + d, [1e16, 1.0, -1e16, 1.0]).unwrap();
    assert_eq!(counts(&f.optimize()), [("sum", 1)]);
    let x = [1e16, 1.0, -1e16, 1.0];
    assert_eq!(f.optimize().evaluator().value(&x), Ok(x[0] + x[1] + x[2] + x[3]));

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
    assert_eq!(
        simple.evaluator_in(&mut workspace).value(&[3.0]),
        f.evaluator_in(&mut workspace).value(&[3.0])
    );
    assert_eq!(simple.gradient().unwrap().evaluator_in(&mut workspace).value(&[3.0]).unwrap(), 50_001.0);
}

#[test]
fn it_prints_as_code() {
    let f = Function::record(|[x, y]| if x < y { (x * 2.0).sin() } else { y }, [1.0, 2.0]).unwrap();
    let text = f.with_names(["speed", "limit"]).unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "fn(speed, limit) {");
    assert!(lines[1].starts_with("    guard (speed < limit); // tests/functions/passes.rs:"), "{text}");
    assert_eq!(lines[2..], ["    #2 = mul(speed, 2);", "    #3 = sin(#2);", "    [#3]", "}"]);
}

/// A list of one term is that term, of two a sum of two; and all that is made of it.
#[test]
fn sums_of_no_one_two_and_three_terms_are_fused() {
    let mut workspace = Workspace::new();
    let recordings: [(Function, &[f64], f64); 9] = [
        (Function::record(|[x, y]| sum(&[x + y]), [1.0, 2.0]).unwrap(), &[1.0, 2.0], 3.0),
        (Function::record(|[x, y, z]| sum(&[x + y + z]), [1.0; 3]).unwrap(), &[1.0, 2.0, 4.0], 7.0),
        (Function::record(|[x, y]| sum(&[x + y, x * y]), [1.0; 2]).unwrap(), &[1.0, 2.0], 5.0),
        (Function::record(|[x, y]| sum(&[x * y]), [1.0; 2]).unwrap(), &[3.0, 2.0], 6.0),
        (Function::record(|[x, y]| sum(&[x * y + x]), [1.0; 2]).unwrap(), &[3.0, 2.0], 9.0),
        (Function::record(|[x]| mean(&[x + 1.0]), [1.0]).unwrap(), &[3.0], 4.0),
        (Function::record(|[x]| [x + 1.0].into_iter().sum::<Var>(), [1.0]).unwrap(), &[3.0], 4.0),
        (Function::record(|[x]| x + sum::<Var>(&[]), [1.0]).unwrap(), &[3.0], 3.0),
        (Function::record(|[x]| sum(&[sum(&[sum(&[x])])]), [1.0]).unwrap(), &[3.0], 3.0),
    ];
    for (f, x, expected) in &recordings {
        let everywhere = [&Pass::EXACT[..], &[Pass::Reassociate], &[Pass::FuseSums], &[Pass::DropNeutral]];
        for passes in everywhere {
            assert_eq!(
                f.with_passes(passes).evaluator_in(&mut workspace).value(x),
                Ok(*expected),
                "{passes:?}: {f}"
            );
        }
    }
    // 100 (y − x²)² + (1 − x)², of which the sum has one term.
    let rosenbrock = |x: &[Var]| -> Var {
        x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
    };
    let f = Function::record(rosenbrock, &[1.0, 2.0][..]).unwrap().optimize();
    let mut gradient = [0.0; 2];
    let value = f.evaluator_in(&mut workspace).value_and_gradient_into(&[1.0, 2.0], &mut gradient);
    assert_eq!((value, gradient), (Ok(100.0), [-400.0, 200.0]));
    let one = Function::record(|[x]| sum(&[x]), [1.0]).unwrap().optimize();
    assert_eq!(one.statistics().operations, 0, "the sum of one term is that term");
}

/// x⁰ is 1, but what is behind it is not cut off: 0 · ∞ is NaN before and after. x¹ is x, to any order.
#[test]
fn folding_keeps_what_derivatives_see() {
    let mut workspace = Workspace::new();
    let behind: [fn(Var) -> Var; 4] = [
        |x| x.sqrt().powi(0),
        |x| x.recip().powi(0),
        |x| x.sqrt().powi(0) * Var::from(2.0) + x,
        |x| x.sqrt().powi(1) + x.recip().powi(0),
    ];
    for f in behind {
        let f = Function::record(|[x]| f(x), [1.0]).unwrap();
        let (mut recorded, mut folded) = ([7.0], [7.0]);
        f.evaluator_in(&mut workspace).value_and_gradient_into(&[0.0], &mut recorded).unwrap();
        f.optimize().evaluator_in(&mut workspace).value_and_gradient_into(&[0.0], &mut folded).unwrap();
        assert!(recorded[0].is_nan() && folded[0].is_nan(), "{f}: {recorded:?} {folded:?}");
    }
    // (√x)¹ has the second derivative −x^(−3/2) / 4: −1/32 at 4, −∞ at 0.
    let f = Function::record(|[x]| x.sqrt().powi(1), [1.0]).unwrap();
    for f in [&f, &f.optimize()] {
        for (at, expected) in [(4.0, -1.0 / 32.0), (0.0, f64::NEG_INFINITY)] {
            let mut second = [7.0];
            f.evaluator().hessian_into(&[at], &mut second).unwrap();
            assert_eq!(second, [expected]);
            let as_function = f.hessian().unwrap();
            assert_eq!(as_function.evaluator_in(&mut workspace).value(&[at]), Ok(expected));
            assert_eq!(as_function.optimize().evaluator_in(&mut workspace).value(&[at]), Ok(expected));
        }
    }
}

/// A random function of three inputs, of any rows and of lists of no, one, two or three items; outputs may be an input, a
/// constant, or twice the same.
fn random_function(random: &mut Random, rows: &[(Op, usize)], numbers: &[f64]) -> Function {
    let any_number = |random: &mut Random| numbers[random.below(numbers.len())];
    let at: Vec<f64> = (0..3).map(|_| any_number(random)).collect();
    let build = |x: &[Var]| {
        let mut values = x.to_vec();
        for _ in 0..random.below(12) {
            let any = |random: &mut Random| match random.below(4) {
                0 => Var::from(any_number(random)),
                _ => values[random.below(values.len())],
            };
            let (op, operands) = rows[random.below(rows.len())];
            let operands: Vec<Var> = (0..operands).map(|_| any(random)).collect();
            let mut next = op.value(&operands).unwrap();
            if random.below(8) == 0 {
                let (a, b) = (any(random), any(random));
                // A check, and a side for each answer.
                next = if a < b { next } else { next + 1.0 };
            }
            values.push(next);
        }
        let outputs: Vec<Var> = (0..1 + random.below(3))
            .map(|_| match random.below(8) {
                0 => Var::from(any_number(random)),
                1 => values[random.below(3)],
                _ => values[values.len() - 1 - random.below(values.len().min(4))],
            })
            .collect();
        if random.below(4) == 0 { [&outputs[..], &outputs[..1]].concat() } else { outputs }
    };
    Function::record(build, &at).unwrap()
}

/// Every row, and lists of no to three items.
fn all_rows() -> Vec<(Op, usize)> {
    let lists = reductions().flat_map(|op| {
        let [lists, single] = op.lists().unwrap();
        (0..=3).map(move |items| (op, lists * items + single))
    });
    primitives::all().map(|row| (row.op, row.op.arity().unwrap())).chain(lists).collect()
}

/// All that a function gives at a point: values, Jacobian, and of the first output second derivatives; each also by a
/// function of its own. Or the error.
fn all_of(f: &Function, x: &[f64]) -> Result<[Vec<f64>; 5], Error> {
    let mut workspace = Workspace::new();
    let values = f.evaluator_in(&mut workspace).values(x)?;
    let mut jacobian = vec![7.0; values.len() * x.len()];
    f.evaluator_in(&mut workspace).jacobian_into(x, &mut jacobian)?;
    let first = f.output(0)?;
    let mut hessian = vec![7.0; x.len() * x.len()];
    first.evaluator().hessian_into(x, &mut hessian)?;
    let by_functions = [
        f.jacobian()?.evaluator_in(&mut workspace).values(x)?,
        first.hessian()?.evaluator_in(&mut workspace).values(x)?,
    ];
    let [jacobian_function, hessian_function] = by_functions;
    Ok([values, jacobian, hessian, jacobian_function, hessian_function])
}

/// The adjoints of equal expressions are added before they meet an infinite partial, among them zeros.
fn same_or_merged(recorded: f64, now: f64) -> bool {
    same(recorded, now) || recorded.is_nan() && now.is_infinite()
}

#[test]
fn merging_may_find_the_infinity_behind_a_nan() {
    let f = Function::record(|[x]| x.sqrt() * 0.0 + x.sqrt(), [1.0]).unwrap();
    let slope = |f: &Function| {
        let mut gradient = [7.0];
        f.evaluator().value_and_gradient_into(&[0.0], &mut gradient).unwrap();
        gradient[0]
    };
    assert!(slope(&f).is_nan());
    assert_eq!(slope(&f.with_passes(&[Pass::MergeCommon])), f64::INFINITY);
    for pass in [Pass::FoldConstants, Pass::DropNeutral, Pass::FuseSums, Pass::DropDead, Pass::Reassociate] {
        assert!(slope(&f.with_passes(&[pass])).is_nan());
    }
}

/// At all edges: values under every exact pass, and derivatives under those that move no term, bit for bit.
#[test]
fn no_pass_changes_a_value_and_some_no_derivative() {
    const NUMBERS: [f64; 12] =
        [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e16, 1e-160, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let rows = all_rows();
    let mut random = Random(15);
    let (mut points, mut finite) = (0, 0);
    for _ in 0..300 {
        let f = random_function(&mut random, &rows, &NUMBERS);
        let x: Vec<f64> = match random.below(3) {
            0 => f.recorded_at().to_vec(),
            _ => (0..3).map(|_| NUMBERS[random.below(NUMBERS.len())]).collect(),
        };
        let recorded = all_of(&f, &x);
        for passes in Pass::EXACT.iter().map(std::slice::from_ref).chain([&Pass::EXACT[..]]) {
            let simple = f.with_passes(passes);
            let (recorded, now) = match (&recorded, all_of(&simple, &x)) {
                (Ok(recorded), Ok(now)) => (recorded, now),
                (Err(recorded), Err(now)) => {
                    assert_eq!(recorded.to_string(), now.to_string());
                    continue;
                }
                (recorded, now) => panic!("{passes:?}: {recorded:?} {now:?}\n{f}\n{simple}"),
            };
            let moves_none = matches!(passes, [Pass::FoldConstants] | [Pass::DropDead]);
            for (a, b) in recorded.iter().zip(&now).take(if moves_none { 5 } else { 1 }) {
                let all_same = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b));
                assert!(all_same, "{passes:?} at {x:?}: {a:?} {b:?}\n{f}\n{simple}");
                points += 1;
                finite += usize::from(a.iter().all(|a| a.is_finite()));
            }
        }
    }
    assert!(points > 2_000 && finite > points / 8, "{finite} of {points}");
}

/// Where every term is a small whole number, no order of summation rounds: all derivatives are the same bit for bit under
/// every pass, with infinities, NaN and what is cut off where they were.
#[test]
fn passes_move_terms_and_change_none() {
    const NAMES: [&str; 19] = [
        "add",
        "sub",
        "mul",
        "neg",
        "max",
        "min",
        "abs",
        "relu",
        "select",
        "less",
        "equal",
        "stop_gradient",
        "sum",
        "dot",
        "affine",
        "sqrt",
        "recip",
        "powi",
        "clamp",
    ];
    const NUMBERS: [f64; 8] = [0.0, -0.0, 1.0, 1.0, -1.0, 2.0, 4.0, f64::INFINITY];
    let exact = |&(op, _): &(Op, usize)| NAMES.contains(&op.name());
    let small = |op: Op| !["powi[5]", "powi[10]", "powi[-3]"].contains(&&*op.to_string());
    let rows: Vec<_> = all_rows().into_iter().filter(exact).filter(|row| small(row.0)).collect();
    let mut random = Random(4);
    let (mut points, mut finite, mut changed) = (0, 0, 0);
    for _ in 0..1_000 {
        let f = random_function(&mut random, &rows, &NUMBERS);
        let x: Vec<f64> = (0..3).map(|_| NUMBERS[random.below(NUMBERS.len())]).collect();
        let Ok(recorded) = all_of(&f, &x) else { continue };
        // With roots of 2 and thirds, terms are no whole numbers.
        let is_exact =
            |number: &f64| !number.is_finite() || (number * 1024.0).fract() == 0.0 && number.abs() < 1e6;
        if !recorded.iter().flatten().all(is_exact) {
            continue;
        }
        for passes in
            Pass::EXACT.iter().map(std::slice::from_ref).chain([&Pass::EXACT[..], &[Pass::Reassociate]])
        {
            let simple = f.with_passes(passes);
            let now = all_of(&simple, &x).unwrap();
            let merges = passes.contains(&Pass::MergeCommon);
            let is_same = if merges { same_or_merged } else { same };
            for (k, (a, b)) in recorded.iter().zip(&now).enumerate() {
                let all_same =
                    a.iter().zip(b).all(|(a, b)| is_same(*a, *b) || k > 0 && *a == 0.0 && *b == 0.0);
                assert!(all_same, "{passes:?} at {x:?}, {k}: {a:?} {b:?}\n{f}\n{simple}");
                points += 1;
                finite += usize::from(a.iter().all(|a| a.is_finite()));
            }
            changed += usize::from(simple != f);
        }
    }
    assert!(
        points > 10_000 && finite > points / 2 && changed > 120,
        "{finite} of {points}, {changed} changed"
    );
}
