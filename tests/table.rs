//! The table of primitives: every row's value and partials, in every mode, over its whole domain. A new
//! row is tested here without a line of test code.

mod common;

use common::same;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use tapegrad::{
    Dual, Number, Tape, Var,
    lists::{affine, dot, log_sum_exp, mean, norm, product, softmax, sum, variance},
    preaccumulate, primitives,
    primitives::{Op, reductions},
};

/// As many operands as any row is given here.
const MOST: usize = 6;

/// Every row with its operands' domains; of a reduction, for several lengths.
fn rows() -> Vec<(Op, Vec<std::ops::Range<f64>>)> {
    let lengths = |op: Op| match op {
        Op::Dot | Op::CrossEntropy => [2, 4, 6],
        Op::Affine => [1, 3, 5],
        _ => [1, 2, 5],
    };
    let lists = reductions().flat_map(|op| lengths(op).map(|length| (op, vec![-2.0..2.0; length])));
    primitives::all().map(|row| (row.op, row.domain.to_vec())).chain(lists).collect()
}

/// Runs `test` at random points of the domain of every row.
fn over_every_row(test: impl Fn(Op, &[f64]) -> Result<(), TestCaseError>) {
    for (op, domain) in rows() {
        let config = Config { failure_persistence: None, ..Config::with_cases(100) };
        if let Err(error) = TestRunner::new(config).run(&domain, |args| test(op, &args)) {
            panic!("`{op}`: {error}");
        }
    }
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

fn value(op: Op, args: &[f64]) -> f64 {
    op.value(args).unwrap()
}

fn partials(op: Op, args: &[f64]) -> Vec<f64> {
    op.partials(args, value(op, args)).unwrap().to_vec()
}

fn dual_variables<R: Number>(args: &[R]) -> Vec<Dual<R, MOST>> {
    args.iter().enumerate().map(|(k, &a)| Dual::variable(a, k)).collect()
}

/// The derivatives of `y`; zero by variables that were recorded after it.
fn derivatives(y: Var, vars: &[Var]) -> Vec<f64> {
    let g = y.backward();
    vars.iter().map(|&var| g.get(var).unwrap_or(0.0)).collect()
}

#[test]
fn values_are_those_of_f64() {
    over_every_row(|op, args| {
        let value = value(op, args);
        let tape = Tape::new();
        let vars = tape.vars(args);
        let duals = dual_variables(args);
        prop_assert!(same(op.value(&vars).unwrap().value(), value));
        prop_assert!(same(op.value(&duals).unwrap().primal(), value));
        prop_assert!(same(op.value(&dual_variables(&duals)).unwrap().primal().primal(), value));
        prop_assert!(same(op.value(&dual_variables(&vars)).unwrap().primal().value(), value));
        Ok(())
    });
}

#[test]
fn reverse_and_forward_mode_give_the_partials() {
    over_every_row(|op, args| {
        let expected = partials(op, args);
        let tape = Tape::new();
        let vars = tape.vars(args);
        let forward = op.value(&dual_variables(args)).unwrap().tangents();
        prop_assert_eq!(&derivatives(op.value(&vars).unwrap(), &vars), &expected);
        prop_assert_eq!(&forward[..args.len()], &expected[..]);
        // A block of one operation is that operation.
        let inputs: [Var; MOST] = std::array::from_fn(|k| vars.get(k).copied().unwrap_or_default());
        let block = preaccumulate(inputs, |x| op.value(&x[..args.len()]).unwrap());
        prop_assert_eq!(derivatives(block, &vars), expected);
        Ok(())
    });
}

/// The derivative of `f` by the operand `k` from central differences of several step sizes, extrapolated;
/// none where they disagree, which they do at a kink or a jump.
fn difference(f: impl Fn(&[f64]) -> f64, args: &[f64], k: usize) -> Option<f64> {
    let central = |h: f64| {
        let [mut right, mut left] = [args.to_vec(), args.to_vec()];
        (right[k], left[k]) = (args[k] + h, args[k] - h);
        (f(&right) - f(&left)) / (right[k] - left[k])
    };
    let extrapolated = |h: f64| (4.0 * central(h / 2.0) - central(h)) / 3.0;
    let [coarse, fine] = [extrapolated(2f64.powi(-8)), extrapolated(2f64.powi(-9))];
    close(coarse, fine, 1e-6).then_some(fine)
}

#[test]
fn partials_against_differences() {
    over_every_row(|op, args| {
        for (k, partial) in partials(op, args).into_iter().enumerate() {
            let difference = match op {
                // The one operation whose derivative is not that of its value.
                Op::StopGradient => Some(0.0),
                _ => difference(|args| value(op, args), args, k),
            };
            prop_assume!(difference.is_some());
            prop_assert!(
                close(partial, difference.unwrap(), 1e-7),
                "by {}: {}, {:?}",
                k,
                partial,
                difference
            );
        }
        Ok(())
    });
}

/// The second derivatives of a row: of the partial by operand `i`, by operand `j`.
fn second_derivatives(op: Op, args: &[f64]) -> [[f64; MOST]; MOST] {
    let nested = op.value(&dual_variables(&dual_variables(args))).unwrap();
    nested.tangents().map(|tangent| tangent.tangents())
}

#[test]
fn second_derivatives_against_differences_of_the_partials() {
    over_every_row(|op, args| {
        let second = second_derivatives(op, args);
        for i in 0..args.len() {
            for j in 0..args.len() {
                let difference = difference(|args| partials(op, args)[i], args, j);
                prop_assume!(difference.is_some());
                let (second, difference) = (second[i][j], difference.unwrap());
                prop_assert!(close(second, difference, 1e-6), "{} {}: {}, {}", i, j, second, difference);
            }
        }
        Ok(())
    });
}

#[test]
fn second_derivatives_in_all_modes() {
    over_every_row(|op, args| {
        let second = second_derivatives(op, args);
        let tape = Tape::new();
        let vars = tape.vars(args);
        // Forward over reverse, and the rules evaluated over variables.
        let tangents = op.value(&dual_variables(&vars)).unwrap().tangents();
        let rules = op.partials(&vars, op.value(&vars).unwrap()).unwrap();
        for i in 0..args.len() {
            let of_tangent = derivatives(tangents[i], &vars);
            let of_rule = derivatives(rules[i], &vars);
            for j in 0..args.len() {
                prop_assert!(close(of_tangent[j], second[i][j], 1e-11), "{} {}: {}", i, j, of_tangent[j]);
                prop_assert!(close(of_rule[j], second[i][j], 1e-11), "{} {}: {}", i, j, of_rule[j]);
                prop_assert!(close(second[i][j], second[j][i], 1e-11), "{} {}: not symmetric", i, j);
            }
        }
        Ok(())
    });
}

/// Points with ties and zeros, where a derivative taken through the operations of a value goes astray.
const TIES: [[f64; 4]; 5] =
    [[1.0, 1.0, 1.0, 1.0], [0.5, 2.0, 2.0, -1.0], [0.0, 3.0, 0.0, 2.0], [-1.0, 0.0, -1.0, 3.0], [2.0; 4]];

#[test]
fn second_derivatives_at_ties() {
    for op in reductions() {
        for args in TIES {
            let args = if op == Op::Affine { &args[..3] } else { &args[..] };
            let second = second_derivatives(op, args);
            for (i, second) in second.iter().enumerate().take(args.len()) {
                for (j, &second) in second.iter().enumerate().take(args.len()) {
                    let difference = difference(|args| partials(op, args)[i], args, j).expect("smooth");
                    assert!(close(second, difference, 1e-6), "{op}{args:?} {i} {j}: {second}, {difference}");
                }
            }
        }
    }
    // The slope of `leaky_relu` and `elu` may be 0, and still be learned.
    for op in [Op::LeakyRelu, Op::Elu] {
        let by_both = second_derivatives(op, &[-1.0, 0.0]);
        let difference = difference(|args| partials(op, args)[0], &[-1.0, 0.0], 1).expect("smooth");
        assert!(close(by_both[0][1], difference, 1e-6) && close(by_both[1][0], difference, 1e-6), "{op}");
    }
}

#[test]
fn piecewise_rows_are_flat_on_every_piece() {
    // Else a partial of zero would not be structural: it could change.
    over_every_row(|op, args| {
        let second = second_derivatives(op, args);
        prop_assert!(!op.is_piecewise() || second == [[0.0; MOST]; MOST], "{:?}", second);
        Ok(())
    });
}

#[test]
fn piecewise_rows_unlink_what_they_do_not_take() {
    // Behind each operand stands an infinite derivative. It passes where the partial is not 0, and is told where that is 0
    // by convention: at the kink of a row, by an operand that the row takes beside it.
    let is_convention = |op: Op, args: &[f64], k: usize| match op {
        Op::Abs | Op::Relu => args[0] == 0.0,
        Op::Clamp => k > 0 && args[0] == args[k],
        _ => false,
    };
    let mut passed = 0;
    for row in primitives::all().filter(|row| row.op.is_piecewise()) {
        for args in [[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [-1.0, 0.0, 3.0], [2.0, 2.0, 2.0]] {
            let args = &args[..row.domain.len()];
            if row.op == Op::Clamp && args[1] > args[2] {
                continue;
            }
            let tape = Tape::new();
            let vars = tape.vars(args);
            let behind: Vec<_> =
                vars.iter().map(|&v| tape.custom("wall", [v], |[v]| (v, [f64::INFINITY]))).collect();
            let g = row.op.value(&behind).unwrap().backward().wrt(&vars);
            for (k, (g, partial)) in g.iter().zip(partials(row.op, args)).enumerate() {
                let is_told = is_convention(row.op, args, k);
                let expected = if partial == 0.0 && !is_told { 0.0 } else { partial * f64::INFINITY };
                assert!(same(*g, expected), "{}{args:?} by {k}: {g}, not {expected}", row.op);
                passed += usize::from(partial != 0.0);
            }
        }
    }
    assert!(passed > 10, "something passed");
}

#[test]
fn rows_as_data() {
    let mut names = HashSet::new();
    let mut ops = HashSet::new();
    for row in primitives::all() {
        assert!(ops.insert(row.op), "`{}` is there twice", row.op);
        names.insert(row.op.name());
        assert_eq!(row.op.arity(), Some(row.domain.len()));
        assert_eq!(row.partials.len(), row.domain.len());
        assert!(!row.doc.trim().is_empty() && !row.value.is_empty());
        assert!(row.domain.iter().all(|domain| domain.start < domain.end));
        assert!(!row.op.is_opaque());
        assert!(row.op.to_string().starts_with(row.op.name()));
    }
    // Different operations, different names; a family shares one.
    let families: HashSet<_> = primitives::all().map(|row| std::mem::discriminant(&row.op)).collect();
    assert_eq!(names.len(), families.len());
    assert!(!names.contains("input") && !names.contains("custom") && !names.contains("preaccumulated"));
    assert_eq!(Op::Powi(-3).to_string(), "powi[-3]");

    let row = primitives::all().find(|row| row.op == Op::Mul).unwrap();
    assert_eq!((row.value, row.partials), ("a * b", &["b", "a"][..]));
    assert_eq!(row.domain, [-4.0..4.0, -4.0..4.0]);
}

#[test]
fn reductions_as_data() {
    let rows: HashSet<_> = primitives::all().map(|row| row.op.name()).collect();
    let mut names = HashSet::new();
    for op in reductions() {
        assert!(names.insert(op.name()) && !rows.contains(op.name()));
        assert!(op.is_reduction() && !op.is_piecewise() && !op.is_opaque());
        assert_eq!(op.arity(), None);
    }
    assert!(primitives::all().all(|row| !row.op.is_reduction()));
}

/// The functions over lists as a user calls them: one node each, constants among the items.
#[test]
fn functions_of_lists() {
    let tape = Tape::new();
    let x = tape.vars([3.0, 4.0, 12.0]);
    let w = [1.0, 2.0, 3.0];
    let one_node: [(Var, f64, [f64; 3]); 6] = [
        (sum(&x), 19.0, [1.0; 3]),
        (product(&x), 144.0, [48.0, 36.0, 12.0]),
        (norm(&x), 13.0, [3.0 / 13.0, 4.0 / 13.0, 12.0 / 13.0]),
        (dot(&x, &w), 47.0, w),
        (affine(&x, &w, 5.0), 52.0, w),
        (affine(&w.map(Var::from), &x, x[0]), 50.0, [2.0, 2.0, 3.0]),
    ];
    assert_eq!(tape.len(), 3 + one_node.len());
    for (y, value, gradient) in one_node {
        assert_eq!((y.value(), y.backward().wrt(x)), (value, gradient));
    }
    assert_eq!(variance(&[1.0, 2.0, 6.0]), 14.0 / 3.0);
    assert_eq!(variance(&x).backward().wrt([x[1], x[2]]), [-14.0 / 9.0, 2.0 * (12.0 - 19.0 / 3.0) / 3.0]);
    assert_eq!(mean(&x).backward().wrt(x), [1.0 / 3.0; 3]);
    assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
    assert!((log_sum_exp(&[0.0; 8]) - 8f64.ln()).abs() < 1e-15);
    assert!(close(log_sum_exp(&x).backward().wrt(x).iter().sum(), 1.0, 1e-15));
    assert_eq!(softmax(&[7.0; 4]), [0.25; 4]);
    // p₀ = e³ / (e³ + e⁴ + e¹²), its derivatives p₀ (δ − pₖ).
    let p: Vec<f64> = softmax(&x.map(Var::value));
    let of_first = softmax(&x)[0].backward().wrt(x);
    for (k, derivative) in of_first.into_iter().enumerate() {
        let expected = p[0] * (f64::from(k == 0) - p[k]);
        assert!(close(derivative / p[0], expected / p[0], 1e-13), "{k}: {derivative}, {expected}");
    }
    // Of constants, a constant; of nothing too.
    assert!(dot(&[Var::from(2.0)], &[3.0]).is_constant() && sum::<Var>(&[]).is_constant());
}

#[test]
fn leaves_and_blocks_have_no_row() {
    for op in [Op::Input, Op::Custom, Op::Preaccumulated] {
        assert_eq!(op.arity(), if op == Op::Input { Some(0) } else { None });
        assert_eq!(op.value::<f64>(&[1.0]), None);
        assert_eq!(op.partials::<f64>(&[1.0], 1.0), None);
        assert!(!op.is_piecewise());
        assert_eq!(op.to_string(), op.name());
    }
    assert!(Op::Custom.is_opaque() && Op::Preaccumulated.is_opaque() && !Op::Input.is_opaque());
}

#[test]
fn powers_with_extreme_exponents() {
    // d/da aⁿ = n aⁿ / a, also for the exponent that has no predecessor.
    for n in [i32::MIN, i32::MIN + 1, i32::MAX] {
        let a = 1.0 + 1e-9;
        let expected = f64::from(n) * (f64::from(n) * 1e-9f64.ln_1p()).exp() / a;
        let tape = Tape::new();
        let x = tape.var(a);
        // `a` itself is rounded, and the exponent multiplies that.
        assert!((x.powi(n).backward()[x] / expected - 1.0).abs() < 1e-6, "powi({n})");
    }
}

/// The sources of the crate below the user's own code, but for the table, its formulas and functions, and the kernels. What stands on top
/// of the table may write `x.tanh()` as any user does.
fn sources() -> Vec<PathBuf> {
    const ON_TOP: [&str; 6] = ["lists.rs", "nn", "check", "plot", "view", "sketches.rs"];
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if ON_TOP.contains(&name)
                || ["ops.rs", "formulas.rs", "special.rs", "math", "tests", "tests.rs"].contains(&name)
            {
                continue;
            }
            match path.is_dir() {
                true => folders.push(path),
                false => sources.push(path),
            }
        }
    }
    sources
}

/// Where a name outside the table is right: it is something else than the operation, or a user's code.
fn is_allowed(file: &str, form: &str) -> bool {
    let forms: &[&str] = match file {
        // The typed form of the operations that decide.
        "mask.rs" => &[".less(", ".less_equal(", ".equal(", ".select(", "fn select("],
        // A rule with two forms; a partial that is zero.
        "number.rs" => &[".select("],
        "rules.rs" => &[".equal(", ".select(", "fn product<"],
        // Of plain numbers and of matrices.
        "values.rs" => &[".abs(", ".ln("],
        "matrix.rs" => &[".ln(", "fn product<"],
        // `detach` and `no_grad` on a recording tape.
        "var.rs" => &[".stop_gradient("],
        "thread.rs" => &["Op::StopGradient"],
        // In the words of a message.
        "owner.rs" => &[".stop_gradient("],
        // The masks that follow an adjoint or a tangent.
        "zeros.rs" => &[".select("],
        // Where a direction is zero, and so does not enter.
        "tangents.rs" => &[".equal("],
        // A question in the operations it consists of, as a user's code would ask it.
        "approx.rs" => &[".abs(", ".select("],
        // Newton's method over plain numbers, as a user's code would be written.
        "implicit.rs" => &[".abs("],
        // Of registers.
        "vector.rs" => &["fn add<", "fn mul<", "fn mul_add<"],
        "lane.rs" => &["fn neg("],
        // `sin_cos`, which is two operations.
        "operators.rs" => &[".sin(", ".cos("],
        // Methods of foreign traits, which have the names of rows.
        "argmin.rs" | "field.rs" | "num.rs" => return true,
        _ => &[],
    };
    // Of integers and iterators, anywhere.
    [".min(", ".max(", ".sum(", ".clamp("].contains(&form) || forms.contains(&form)
}

#[test]
fn no_operation_is_named_outside_the_table() {
    let mut forms = HashSet::new();
    for op in primitives::all().map(|row| row.op).chain(reductions()) {
        let variant = format!("{op:?}");
        forms.insert(format!("Op::{}", variant.split('(').next().unwrap()));
        forms.extend([".#(", "fn #(", "fn #<"].map(|form| form.replace('#', op.name())));
    }
    let sources = sources();
    assert!(sources.len() > 15, "the sources are not where they should be");
    let mut allowed = 0;
    for path in sources {
        let file = path.file_name().unwrap().to_str().unwrap();
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for form in &forms {
                // `Op::Sin` is not in `Op::Sinh`, and `Op::Product` not in `MatrixOp::Product`.
                let is_word = |(at, _): (usize, &str)| {
                    let ends = form.ends_with(['(', '<'])
                        || !code[at + form.len()..].starts_with(char::is_alphanumeric);
                    ends && !(form.starts_with("Op") && code[..at].ends_with(char::is_alphanumeric))
                };
                if code.match_indices(&**form).any(is_word) {
                    assert!(
                        is_allowed(file, form),
                        "{file}:{}: `{form}` belongs in the table: {line}",
                        number + 1
                    );
                    allowed += 1;
                }
            }
        }
    }
    assert!(allowed > 0, "names are found where they are");
}
