//! A tape and a function of the same code show the same: nodes, operands, values, partials, adjoints, guards.

use crate::programs::{Program, Random};
use tapegrad::primitives::Op;
use tapegrad::view::{Listing, Operand};
use tapegrad::{Function, Tape, Var, lists::dot, masks::lt};

/// An operation, the bits of its operands, of its value and of its partials.
type Operation = (Op, Vec<u64>, u64, Vec<Option<u64>>);

/// What does not depend on where the inputs stand: a line per operation.
fn operations(listing: &Listing) -> Vec<Operation> {
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    let value = |operand: &Operand| match *operand {
        Operand::Constant(value) => bits(value),
        Operand::Node(index) => bits(listing.nodes[index].value),
    };
    let nodes = listing.nodes.iter().filter(|node| node.op != Op::Input);
    let partials = |partials: &[Option<f64>]| partials.iter().map(|p| p.map(bits)).collect();
    nodes
        .map(|node| {
            let operands = node.operands.iter().map(value).collect();
            (node.op, operands, bits(node.value), partials(&node.partials))
        })
        .collect()
}

#[test]
fn a_tape_and_its_function_agree() {
    let mut random = Random(7);
    for _ in 0..500 {
        let n = 1 + random.below(3);
        let program = Program::random(&mut random, n, 10, true);
        let x: Vec<f64> = (0..n).map(|_| random.uniform(-2.0, 2.0)).collect();
        let tape = Tape::recording();
        let vars = tape.vars(&x);
        let y = program.run(&vars);
        let f = tape.function(&vars, &[y]).unwrap();
        let gradient = y.backward();
        let by_tape = tape.listing_with(&gradient);
        let by_function = f.evaluator().listing(&x).unwrap();

        // The function leaves out what its output does not need.
        let all = operations(&by_tape);
        let mut rest = all.iter();
        for operation in operations(&by_function) {
            assert!(rest.any(|other| *other == operation), "{operation:?} in {by_tape}");
        }
        for (node, var) in by_function.nodes.iter().zip(&vars) {
            let adjoint = node.adjoint.unwrap_or(0.0);
            let expected = gradient.get(*var).unwrap_or(0.0);
            assert!(adjoint == expected || adjoint.is_nan() && expected.is_nan(), "{by_function}");
        }
        assert!(by_function.guards.len() <= by_tape.guards.len());
        for guard in &by_function.guards {
            assert!(
                by_tape.guards.iter().any(|other| other.at == guard.at && other.outcome == guard.outcome)
            );
        }
    }
}

#[test]
fn one_text_for_both() {
    let code = |[x, y]: [Var; 2]| {
        let product = x * y;
        if product < 3.0 { (product * 2.0).sin() } else { y }
    };
    let tape = Tape::recording();
    let (x, y) = (tape.named("x", 1.0), tape.named("y", 2.0));
    let z = code([x, y]);
    let by_tape = tape.listing_with(&z.backward());
    let f = Function::record(code, [1.0, 2.0]).unwrap().with_names(["x", "y"]).unwrap();
    let by_function = f.evaluator().listing(&[1.0, 2.0]).unwrap();
    assert_eq!(by_tape.to_string(), by_function.to_string());
    let expressions: Vec<_> = (0..5).map(|k| by_function.expression(k)).collect();
    assert_eq!(expressions, ["x", "y", "mul(x, y)", "mul(#2, 2)", "sin(#3)"]);
    assert_eq!(expressions, (0..5).map(|k| by_tape.expression(k)).collect::<Vec<_>>());

    let text = f.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["fn(x, y) {", "    #2 = mul(x, y);"]);
    assert!(lines[2].starts_with("    guard (#2 < 3); // tests/functions/view.rs:"), "{text}");
    assert_eq!(lines[3..], ["    #3 = mul(#2, 2);", "    #4 = sin(#3);", "    [#4]", "}"]);
    assert_eq!(by_function.guards[0].left, Operand::Node(2));
    assert_eq!(by_function.outputs, [Operand::Node(4)]);
    assert_eq!(by_function.label(Operand::Constant(3.0)), "3");
}

#[test]
fn partials_of_every_kind_of_operand() {
    // A constant, the same operand twice, an operand that was not selected, a list with constants.
    let f = Function::record(
        |[x, y]| [x * 2.0, x * x, lt(x, 5.0).select(y, x), dot(&[x, Var::from(3.0)], &[y, y])],
        [1.0, 2.0],
    )
    .unwrap();
    let listing = f.evaluator().listing(&[4.0, 7.0]).unwrap();
    let of = |k: usize| {
        let Operand::Node(index) = listing.outputs[k] else { panic!() };
        listing.nodes[index].partials.clone()
    };
    assert_eq!(of(0), [Some(2.0), None]);
    assert_eq!(of(1), [Some(4.0), Some(4.0)]);
    assert_eq!(of(2), [None, Some(1.0), None]);
    assert_eq!(of(3), [Some(7.0), None, Some(4.0), Some(3.0)]);
    assert!(listing.nodes.iter().all(|node| node.adjoint.is_none()), "there are several outputs");
}

/// What could be mistaken for a node, a number or nothing is in quotes.
#[test]
fn names_that_could_be_mistaken() {
    let f = Function::record(|[x, y, z, w]| x * y + z + w, [1.0; 4]).unwrap();
    let f = f.with_names(["#4", "2", "", "a\nb"]).unwrap();
    let expected = "fn(\"#4\", \"2\", \"\", \"a\\nb\") {\n    #4 = mul(\"#4\", \"2\");\n    #5 = add(#4, \"\");\n    \
                    #6 = add(#5, \"a\\nb\");\n    [#6]\n}";
    assert_eq!(f.to_string(), expected);
}
