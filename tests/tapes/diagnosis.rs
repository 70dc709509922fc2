//! Looking at a tape: the graph as text, what it holds, and where numbers went wrong.

use crate::common::same;
use tapegrad::{
    Tape, Var,
    lists::dot,
    preaccumulate,
    primitives::Op,
    view::{Fault, Operand},
};

#[track_caller]
fn assert_text(text: impl std::fmt::Display, expected: &str) {
    let lines: Vec<_> = expected.lines().skip(1).map(|line| line.strip_prefix("        ").unwrap()).collect();
    assert_eq!(text.to_string(), lines[..lines.len() - 1].join("\n"));
}

#[test]
fn a_listing_as_text() {
    let tape = Tape::new();
    let x = tape.named("x", 3.0);
    let y = tape.var(0.25);
    let z = x * x + y.powi(3) * 2.0;
    let _later = z.floor();
    assert_text(
        tape.listing(),
        "
        #  node            value
        0  x                   3
        1  input            0.25
        2  mul(x, x)           9
        3  powi[3](#1)  0.015625
        4  mul(#3, 2)    0.03125
        5  add(#2, #4)   9.03125
        6  floor(#5)           9
        ",
    );
    assert_text(
        format_args!("{:.2}", tape.listing_with(&z.backward())),
        "
        #  node         value  adjoint
        0  x             3.00     6.00
        1  input         0.25     0.38
        2  mul(x, x)     9.00     1.00
        3  powi[3](#1)   0.02     2.00
        4  mul(#3, 2)    0.03     1.00
        5  add(#2, #4)   9.03     1.00
        6  floor(#5)     9.00
        ",
    );
}

#[test]
fn listings_of_blocks_lists_and_operands_not_taken() {
    let tape = Tape::new();
    let w = tape.named("w", 2.0);
    let x = tape.named("längs", -1.0);
    let cube = tape.custom("cube", [w], |[w]| (w * w * w, [3.0 * w * w]));
    let block = preaccumulate([x, w], |[x, w]| x * w);
    let neuron = dot(&[w, x, 3.0.into()], &[1.0, 2.0, 4.0]);
    let z = (cube + block + neuron).max(x).relu();
    assert_text(
        tape.listing_with(&z.backward()),
        "
        #  node                      value  adjoint
        0  w                             2       12
        1  längs                        -1        4
        2  cube(w)                       8        1
        3  preaccumulated(längs, w)     -2        1
        4  dot(w, längs)                12        1
        5  add(#2, #3)                   6        1
        6  add(#5, #4)                  18        1
        7  max(#6, längs)               18        1
        8  relu(#7)                     18        1
        ",
    );
    assert_eq!(Tape::new().listing().to_string(), "#  node  value");
}

#[test]
fn a_listing_as_data() {
    let tape = Tape::new();
    tape.keep_lines(true);
    let x = tape.named("x", 3.0);
    let line = line!() + 1;
    let y = x.max(4.0);
    let z = tape.custom("f", [y], |[y]| (y, [1.0]));
    let rows = tape.listing_with(&y.backward()).nodes;
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].index, rows[0].op, rows[0].name.as_deref()), (0, Op::Input, Some("x")));
    assert_eq!((rows[1].op, rows[1].value, &rows[1].name), (Op::Max, 4.0, &None));
    assert_eq!(rows[1].operands, [Operand::Node(0), Operand::Constant(4.0)]);
    assert_eq!(rows[1].at.map(|at| (at.file(), at.line())), Some((file!(), line)));
    assert_eq!((rows[2].op, rows[2].name.as_deref()), (Op::Custom, Some("f")));
    // `x` was not taken; `z` came after the output.
    assert_eq!(rows.iter().map(|row| row.adjoint).collect::<Vec<_>>(), [Some(0.0), Some(1.0), None]);
    let _ = z;
}

#[test]
fn a_listing_shows_no_adjoints_of_others() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.var(3.0);
    let y = other.var(5.0);
    let g = (y * y).backward();
    let _ = x * x;
    assert!(tape.listing_with(&g).nodes.iter().all(|row| row.adjoint.is_none()));
    // Nor of what stood in the same place before.
    let mark = tape.mark();
    let g = (x + x).backward();
    tape.rewind(mark);
    let _ = x - x;
    let adjoints: Vec<_> = tape.listing_with(&g).nodes.iter().map(|row| row.adjoint).collect();
    assert_eq!(adjoints, [Some(2.0), Some(0.0), None]);
}

#[test]
fn statistics() {
    let tape = Tape::new();
    let x = tape.vars([1.0, 2.0, 3.0]);
    let y = x[0] * x[1] * x[2];
    let _ = x[0].select(y, x[1]) + x[0].powi(2) + x[0].powi(3);
    let statistics = tape.statistics();
    assert_eq!(statistics.nodes, 10);
    // 40 bytes a node, 12 an operand of the one that has three.
    assert_eq!(statistics.bytes, 10 * 40 + 3 * 12);
    let counts: Vec<_> = statistics.counts.iter().map(|(name, count)| (*name, *count)).collect();
    assert_eq!(counts, [("input", 3), ("mul", 2), ("powi", 2), ("add", 2), ("select", 1)]);
    assert_text(
        statistics,
        "
        10 nodes, 436 bytes
                 3  input
                 2  mul
                 2  powi
                 2  add
                 1  select
        ",
    );
    tape.clear();
    assert_eq!((tape.statistics().nodes, tape.statistics().bytes), (0, 0));
}

/// The message about the first number that is not finite, without the place.
fn culprit(tape: &Tape) -> String {
    let message = tape.first_non_finite().expect("one").to_string();
    message.split(", recorded").next().and_then(|text| text.split("; `").next()).unwrap().to_owned()
}

#[test]
fn the_first_value_that_is_not_finite() {
    let tape = Tape::new();
    let x = tape.named("x", 0.0);
    assert_eq!(tape.first_non_finite(), None);
    let y = x * 2.0;
    let z = y.ln();
    let _ = z * 0.0 + (x + 1.0).recip();
    let found = tape.first_non_finite().unwrap();
    assert_eq!((found.fault, found.node.index, found.node.op), (Fault::Value, 2, Op::Ln));
    assert_eq!(culprit(&tape), "the value of #2 ln(#1) is -inf");

    let tape = Tape::new();
    tape.named("x", f64::NAN);
    assert_eq!(culprit(&tape), "the value of #0 x is NaN");
    let tape = Tape::new();
    tape.var(f64::INFINITY);
    assert_eq!(culprit(&tape), "the value of #0 input is inf");
}

#[test]
fn the_first_partial_that_is_not_finite() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 3.0), tape.named("y", 0.0));
    let _ = x.powf(2.0) + y.sqrt();
    assert_eq!(culprit(&tape), "the partial derivative of #3 sqrt(y) by y is inf");
    let Fault::Partial { operand, partial } = tape.first_non_finite().unwrap().fault else { panic!() };
    assert_eq!((operand, partial), (0, f64::INFINITY));

    let tape = Tape::new();
    let (x, y) = (tape.var(3.0), tape.var(0.0));
    let _ = y.powf(0.0) * x; // the derivative by a constant is nobody's
    assert_eq!(tape.first_non_finite(), None);
    let _ = (x - 3.0).powf(y);
    assert_eq!(tape.first_non_finite().unwrap().node.op, Op::Powf);
    let Fault::Partial { operand, partial } = tape.first_non_finite().unwrap().fault else { panic!() };
    assert_eq!((operand, partial), (1, f64::NEG_INFINITY));
}

#[test]
fn non_finite_numbers_of_blocks() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 3.0), tape.named("y", 0.0));
    let _ = tape.custom("bad", [x, y], |[x, y]| (x * y, [y, f64::NAN]));
    assert_eq!(culprit(&tape), "the partial derivative of #2 bad(x, y) by y is NaN");

    let tape = Tape::new();
    let x = tape.named("x", 0.0);
    let _ = preaccumulate([x], |[x]| x.sqrt() * x.sqrt());
    let found = tape.first_non_finite().unwrap();
    let Fault::Partial { operand: 0, partial } = found.fault else { panic!("{found}") };
    assert!(same(partial, f64::NAN));
    // What was not taken is not at fault.
    let tape = Tape::new();
    let x = tape.var(0.0);
    let _ = x.max(1.0) + x.abs();
    assert_eq!(tape.first_non_finite(), None);
}

#[test]
fn the_line_where_it_happened() {
    let tape = Tape::new();
    tape.keep_lines(true);
    let x = tape.var(0.0);
    let line = line!() + 1;
    let _ = x.ln();
    let found = tape.first_non_finite().unwrap();
    let at = found.node.at.unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line));
    assert!(found.to_string().ends_with(&format!(", recorded at {at}")), "{found}");
    // Without lines, how to get them.
    tape.keep_lines(false);
    let found = tape.first_non_finite().unwrap();
    assert_eq!(found.node.at, None);
    assert!(found.to_string().ends_with("; `Tape::keep_lines(true)` gives the line"), "{found}");
    // Switched on late, the later nodes have lines, each its own.
    let _ = x + 1.0;
    tape.keep_lines(true);
    let line = line!() + 1;
    let _ = x + 2.0;
    let lines: Vec<_> = tape.listing().nodes.iter().map(|row| row.at.map(|at| at.line())).collect();
    assert_eq!(lines, [None, None, None, Some(line)]);
    // On from the start in debug builds.
    let by_default = Tape::new();
    by_default.var(1.0);
    assert_eq!(by_default.listing().nodes[0].at.is_some(), cfg!(debug_assertions));
}

#[test]
fn lines_of_every_kind_of_node() {
    let tape = Tape::new();
    tape.keep_lines(true);
    let first = line!() + 1;
    let x = tape.var(2.0);
    let [y] = tape.vars([3.0]);
    let z = tape.named("z", 4.0);
    let mut w = x + y;
    w *= &z;
    let _ = w.select(x, y);
    let _ = tape.custom("f", [x], |[x]| (x, [1.0]));
    let _ = preaccumulate([x], |[x]| x * 2.0);
    let _ = dot(&[x, y], &[1.0, 2.0]);
    let _: Var = 2.0 - x;
    let _ = -x;
    let _ = tape.no_grad(|| tape.var(1.0));
    let rows = tape.listing().nodes;
    assert_eq!(rows.len(), 12);
    for (k, row) in rows.iter().enumerate() {
        assert_eq!(
            row.at.map(|at| (at.file(), at.line())),
            Some((file!(), first + k as u32)),
            "{:?}",
            row.op
        );
    }
}
