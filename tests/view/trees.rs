//! In a terminal, an expression is a tree that is read from its result down, of bounded size and depth.

use tapegrad::{Function, Tape, Var, lists::dot, masks::lt};

#[test]
fn an_expression() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 3.0), tape.named("y", 4.0));
    let z = x * y + x;
    let text = tape.listing_with(&z.backward()).graph().with_partials(true).to_string();
    let expected = "\
#3 add(#2, x) = 15  (adjoint 1, output)
├─ #2 mul(x, y) = 12  (adjoint 1, partial 1)
│  ├─ #0 x = 3  (adjoint 5, partial 4)
│  └─ #1 y = 4  (adjoint 3, partial 3)
└─ #0 x = 3  (above, partial 1)";
    assert_eq!(text, expected);
}

#[test]
fn without_adjoints_and_with_several_results() {
    let tape = Tape::new();
    let x = tape.var(2.0);
    let (_square, _unused) = (x * x, tape.named("unused", 1.0));
    let _root = x.sqrt();
    let expected = "\
#1 mul(#0, #0) = 4  (output)
├─ #0 input = 2
└─ #0 input = 2  (above)
#3 sqrt(#0) = 1.41421  (output)
└─ #0 input = 2  (above)
#2 unused = 1";
    assert_eq!(tape.listing().graph().to_string(), expected);
}

#[test]
fn shared_nodes_are_shown_once() {
    // 2^60 paths, 61 nodes.
    let tape = Tape::new();
    let y = (0..60).fold(tape.var(1.0), |y, _| y * y);
    let text = tape.listing_with(&y.backward()).graph().at_most(1_000).to_string();
    assert_eq!(text.lines().count(), 1 + 2 * 60 + 2, "with two lines that go on at the margin");
}

#[test]
fn a_million_nodes_in_a_row() {
    let chain = |length: usize| {
        let tape = Tape::new();
        let y = (0..length).fold(tape.named("x", 1.0), |y, _| y * 0.5);
        tape.listing_with(&y.backward())
    };
    let text = chain(1_000_000).graph().to_string();
    assert_eq!(text.lines().count(), 60 + 1 + 2 + 1, "{text}");
    assert!(text.ends_with("… 999,941 further nodes"));
    assert!(text.lines().all(|line| line.chars().count() < 160));
    let all = chain(100_000).graph().folded(false).at_most(usize::MAX).to_string();
    assert!(all.ends_with("x = 1  (adjoint 0)") && all.lines().all(|line| line.chars().count() < 160));
}

#[test]
fn what_goes_on_at_the_margin() {
    let tape = Tape::new();
    let y = (0..30).fold(tape.named("x", 1.0), |y, _| y * 0.5);
    let text = tape.listing().graph().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[24].ends_with("#6 mul(#5, 0.5) = 0.015625  (below)"), "{text}");
    assert_eq!(lines[25], "#6 mul(#5, 0.5) = 0.015625", "{text}");
    let _ = y;
}

#[test]
fn no_part_in_the_result() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 1.0), tape.named("y", -1.0));
    let z = lt(x, 5.0).select(x.relu(), y.sqrt());
    let listing = tape.listing_with(&z.backward());
    let text = listing.graph().to_string();
    // What is compared has none either.
    assert_eq!(text.matches("no part").count(), 3, "{text}");
    assert!(text.contains("sqrt(y) = ⚠ NaN  (adjoint 0, no part)"), "{text}");
    assert!(
        listing.graph().to_dot().contains("style=dashed") && listing.graph().to_mermaid().contains("-.->")
    );
    assert!(listing.graph().to_svg().contains("class=\"arrow dashed\""));
}

#[test]
fn outputs_and_guards_of_functions() {
    let code = |[x, y]: [Var; 2]| {
        let z = if x < y { x * y } else { y };
        [z, Var::from(2.5), x, z, Var::from(f64::NAN), Var::from(2.5)]
    };
    let f = Function::record(code, [1.0, 2.0]).unwrap().with_names(["x", "y"]).unwrap();
    let text = f.evaluator().listing(&[1.0, 2.0]).unwrap().graph().to_string();
    let expected = "\
#0 x = 1  (output 2)
#2 mul(x, y) = 2  (output 0, 3)
├─ #0 x = 1  (above)
└─ #1 y = 2
2.5  (output 1, 5)
NaN  (output ⚠ 4)
guard: x < y is true";
    assert_eq!(text, expected);
    let many =
        Function::record(|[x]: [Var; 1]| (0..6).filter(|&k| x > f64::from(k)).fold(x, |s, _| s * x), [9.0]);
    let text = many.unwrap().evaluator().listing(&[9.0]).unwrap().graph().to_string();
    assert!(text.ends_with("\n… 3 further guards"), "{text}");
}

/// On a plain tape, an operation over lists keeps no constants.
#[test]
fn lists_with_constants() {
    let tape = Tape::new();
    let x = tape.named("x", 1.0);
    let y = dot(&[x, Var::from(3.0)], &[2.0, 4.0]);
    let text = tape.listing_with(&y.backward()).graph().to_string();
    assert_eq!(text, "#1 dot(x) = 14  (adjoint 1, output)\n└─ #0 x = 1  (adjoint 2)");
}
