//! What a statement is on a tape: one node, at the line of the user, with the text of the source; and it is refused and
//! left out where an operation is.

use crate::common::{assert_says, panic_of, quick_tape, refusal};
use tapegrad::primitives::Op;
use tapegrad::view::Operand;
use tapegrad::{Function, Real, Tape, Var, fuse, fused};

#[fused]
fn step<R: Real>([left, u, right]: [R; 3]) -> R {
    u - u * (right - left) * 0.05 + (left - u * 2.0 + right) * 0.2
}

#[fused]
fn scaled<R: Real>(x: R, by: R) -> R {
    x * by + x
}

#[fused]
fn squares<R: Real>(x: &[R]) -> R {
    x.iter().map(|&x| x * x).sum()
}

#[test]
fn a_statement_is_one_node() {
    for tape in [quick_tape(), Tape::new()] {
        let x = tape.vars([0.5, 1.0, 2.0]);
        let y = step(x);
        assert_eq!((tape.len(), y.value()), (4, step([0.5, 1.0, 2.0])));
        let node = tape.listing().nodes.pop().unwrap();
        assert_eq!(node.op, Op::Preaccumulated);
        // In the order in which they are written first.
        assert_eq!(node.operands, [Operand::Node(1), Operand::Node(2), Operand::Node(0)]);
        let partials: Vec<f64> = node.partials.into_iter().flatten().collect();
        let expected = [1.0 - 0.05 * 1.5 - 0.4, 0.2 - 0.05, 0.2 + 0.05];
        assert!(partials.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{partials:?}");
    }
}

#[test]
fn the_sum_of_statements_is_one_node() {
    for tape in [quick_tape(), Tape::new()] {
        let x = tape.vars(&vec![0.5; 100]);
        let y = squares(&x);
        assert_eq!((tape.len(), y.value()), (101, 25.0));
        assert_eq!(y.backward().wrt(&x), vec![1.0; 100]);
    }
}

#[test]
fn what_is_added_to_a_sum_is_in_its_node() {
    let with_bias = |x: &[Var], bias: &Var| -> Var { fuse!(x.iter().map(|&x| x * x).sum::<Var>() + *bias) };
    for tape in [quick_tape(), Tape::new()] {
        let x = tape.vars(&vec![0.5; 100]);
        let y = with_bias(&x[1..], &x[0]);
        assert_eq!((tape.len(), y.value()), (101, 25.25));
        assert_eq!(y.backward().wrt(&x), vec![1.0; 100]);
        let node = tape.listing().nodes.pop().unwrap();
        assert!(node.operands.last() == Some(&Operand::Node(0)) && node.operands.len() == 100);
        assert!(node.name.unwrap().replace(' ', "").ends_with("+*bias"));
        // Constants on either side, or on both.
        let two = Var::from(2.0);
        let (left, right) = (with_bias(&[two], &x[0]), with_bias(&x[..1], &two));
        assert_eq!((left.value(), left.backward()[x[0]]), (4.5, 1.0));
        assert_eq!((right.value(), right.backward()[x[0]]), (2.25, 1.0));
        assert!(with_bias(&[two], &two).is_constant() && with_bias(&[], &two).is_constant());
        assert_eq!(tape.len(), 103);
        let stranger = quick_tape();
        assert_says(&panic_of(|| with_bias(&x, &stranger.var(3.0))).message, &["two tapes", "(value 3)"]);
    }
    let recorded = Function::record(|x: &[Var]| with_bias(&x[1..], &x[0]), &[1.0, 2.0, 3.0][..]).unwrap();
    assert_eq!(recorded.evaluator().value(&[3.0, 1.0, 2.0]), Ok(8.0));
}

/// A sum that ends by a panic leaves nothing to the next one.
#[test]
fn panics_in_the_terms_of_a_sum() {
    let tape = quick_tape();
    let x = tape.vars([2.0, 3.0]);
    let sum = |last: usize| -> Var { fuse!((0..=last).map(|k| x[k] * x[0]).sum()) };
    let long = |last: usize| -> Var { fuse!((0..1000).map(|k| x[k / 500 * last] * x[0]).sum()) };
    for f in [&sum as &dyn Fn(usize) -> Var, &long] {
        let before = f(1);
        let _ = panic_of(|| f(2));
        let after = f(1);
        assert_eq!(before.value(), after.value());
        assert_eq!(before.backward().wrt(x), after.backward().wrt(x));
    }
}

#[test]
fn plain_numbers_and_constants_have_no_edge() {
    for tape in [quick_tape(), Tape::new()] {
        let x = tape.var(3.0);
        let by = 0.5f64;
        let y = fuse!(x * by + x.sin() * 2.0 - by);
        assert_eq!(tape.listing().nodes[1].operands, [Operand::Node(0)]);
        assert_eq!(y.backward()[x], 0.5 + 2.0 * 3f64.cos());
        let sum: Var = fuse!([x, Var::from(2.0)].iter().map(|&a| a * a).sum());
        assert_eq!(tape.listing().nodes[2].operands, [Operand::Node(0)]);
        assert_eq!((sum.value(), sum.backward()[x]), (13.0, 6.0));
        assert!(scaled(Var::from(2.0), Var::from(3.0)).is_constant());
        assert!(squares::<Var>(&[]).is_constant() && squares(&[Var::from(2.0)]).is_constant());
        assert_eq!(tape.len(), 3);
    }
}

/// An operand that a piecewise row does not select has no part in the result: an infinity behind it does not pass.
#[test]
fn what_is_not_reached_is_not_linked() {
    for tape in [quick_tape(), Tape::new()] {
        let (zero, x) = (tape.var(0.0), tape.var(2.0));
        let root = zero.sqrt();
        let y = fuse!(root.max(x) * 3.0 + (root - 1.0).relu());
        let gradient = y.backward();
        assert_eq!((gradient[zero], gradient[x]), (0.0, 3.0));
        let sum: Var = fuse!([root, x].iter().map(|&a| (a - 1.0).relu() * 3.0).sum());
        let gradient = sum.backward();
        assert_eq!((gradient[zero], gradient[x]), (0.0, 3.0));
        // One that is reached by a zero is another matter.
        let by_zero = fuse!(root * 0.0 + x);
        assert!(by_zero.backward()[zero].is_nan());
    }
}

#[test]
fn a_listing_has_the_line_and_the_text() {
    let tape = Tape::new();
    tape.keep_lines(true);
    let x = tape.var(3.0);
    let line = line!() + 1;
    let y = fuse!(x * x + 1.0);
    let z: Var = fuse!([x, y].iter().map(|&a| a * 2.0).sum());
    let listing = tape.listing();
    assert_eq!(listing.nodes[1].name.as_deref(), Some("x * x + 1.0"));
    let at = listing.nodes[1].at.as_ref().unwrap().to_string();
    assert!(at.contains(file!()) && at.contains(&format!(":{line}")), "{at}");
    let at = listing.nodes[2].at.as_ref().unwrap().to_string();
    assert!(at.contains(&format!(":{}", line + 1)), "{at}");
    assert!(listing.to_string().contains("x * x + 1.0"), "{listing}");
    // The text is there on the quick path too, which keeps no lines.
    let quick = quick_tape();
    let x = quick.var(3.0);
    let _ = (fuse!(x * x + 1.0), [x, x].map(|x| fuse!(x * 2.0 + x)));
    let _: Var = fuse!([x, y.detach()].iter().map(|&a| a * 2.0 + a).sum());
    let names = quick.listing().nodes.into_iter().map(|node| node.name.unwrap_or_default().replace(' ', ""));
    let texts = ["", "x*x+1.0", "x*2.0+x", "x*2.0+x", "[x,y.detach()].iter().map(|&a|a*2.0+a).sum()"];
    assert_eq!(names.collect::<Vec<_>>(), texts);
    // The labels are those of the nodes that are left.
    tape.clear();
    let x = tape.var(1.0);
    let _ = x + 1.0;
    assert_eq!(tape.listing().nodes[1].name, None);
    let _ = z;
}

#[test]
fn terms_without_a_part_in_a_sum() {
    let x: Vec<f64> = (0..1000).map(|k| f64::from(k) - 500.5).collect();
    let sum = |x: &[Var]| -> Var { fuse!(x.iter().map(|&x| (x * 2.0).relu() * x).sum()) };
    let gradient = |tape: &Tape| {
        let x = tape.vars(&x);
        let y = sum(&x);
        assert_eq!(tape.len(), 1001);
        y.backward().wrt(&x)
    };
    let lean = Tape::for_gradients();
    lean.keep_lines(false);
    let expected: Vec<f64> = x.iter().map(|&x| if x > 0.0 { 4.0 * x } else { 0.0 }).collect();
    for tape in [&quick_tape(), &Tape::new(), &lean] {
        assert_eq!(gradient(tape), expected);
    }
    // One that is not selected has to be a variable of this tape all the same.
    let gone = Tape::new().var(-1.0);
    let there = lean.var(2.0);
    let other = quick_tape();
    for (stranger, says) in [(gone, "on no tape of this thread"), (other.var(-1.0), "variables of two tapes")]
    {
        let panic = panic_of(|| sum(&[there, stranger]));
        assert_says(&panic.message, &[says]);
    }
}

#[test]
fn a_pause_records_nothing() {
    for tape in [quick_tape(), Tape::new()] {
        let (x, by) = (tape.var(3.0), tape.var(2.0));
        let (y, sum) = tape.no_grad(|| (scaled(x, by), squares(&[x, by])));
        assert!(y.is_constant() && sum.is_constant());
        assert_eq!((tape.len(), y.value(), sum.value()), (2, 9.0, 13.0));
        assert_eq!(scaled(x, by).backward()[by], 3.0);
    }
}

#[test]
fn a_pause_of_a_recording_stops_the_derivative() {
    let tape = Tape::recording();
    let (x, by) = (tape.var(3.0), tape.var(2.0));
    let y = tape.no_grad(|| scaled(x, by));
    assert!(!y.is_constant() && tape.replayable().is_ok());
    assert_eq!((y + x).backward()[x], 1.0);
    let function = Function::record(|[x, by]: [Var; 2]| scaled(x, by), [3.0, 2.0]).unwrap();
    assert_eq!(function.evaluator().value(&[5.0, 7.0]), Ok(40.0));
    assert_eq!(function.evaluator().gradient(&[5.0, 7.0]).unwrap(), [8.0, 5.0]);
}

/// Another recording tape that is alive makes no difference.
#[test]
fn a_tape_beside_a_recording_has_statements() {
    let recording = Tape::recording();
    let there = recording.var(2.0);
    let tape = quick_tape();
    let x = tape.vars([3.0, 4.0]);
    let y = scaled(x[0], x[1]) + squares(&x);
    assert_eq!(tape.len(), 5);
    let z = squares(&[there, there]);
    assert_eq!(recording.statistics().counts.iter().map(|(_, count)| count).sum::<usize>(), recording.len());
    assert!(recording.listing().nodes.iter().all(|node| node.op != Op::Preaccumulated));
    assert_eq!((y.value(), z.value()), (40.0, 8.0));
}

#[test]
fn a_full_tape_refuses_statements() {
    let tape = Tape::with_limit(2);
    let x = tape.vars([3.0, 4.0]);
    assert_says(&refusal(|| fuse!(x[0] * x[1] + x[0])), &["2 nodes"]);
    assert_says(&panic_of(|| squares(&x)).message, &["2 nodes"]);
    assert_eq!(tape.len(), 2);
}

#[test]
fn variables_of_two_tapes_are_refused() {
    let (first, second) = (quick_tape(), quick_tape());
    let (x, y) = (first.named("x", 3.0), second.var(5.0));
    assert_says(&refusal(|| fuse!(x * y + 1.0)), &["two tapes", "`x` (value 3)", "(value 5)", "`.detach()`"]);
    assert_says(&panic_of(|| scaled(y, x)).message, &["two tapes"]);
    assert_says(&panic_of(|| squares(&[x, y])).message, &["two tapes", "(value 3)", "(value 5)"]);
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(scaled(x, x).backward()[x], 7.0);
}

#[test]
fn stale_variables_are_refused() {
    for tape in [quick_tape(), Tape::new()] {
        let x = tape.var(3.0);
        let mark = tape.mark();
        let late = scaled(x, x);
        tape.rewind(mark);
        assert_says(&refusal(|| fuse!(late * x + 1.0)), &["on no tape"]);
        assert_says(&panic_of(|| squares(&[x, late])).message, &["on no tape", "(value 12)"]);
        let again = scaled(x, x);
        assert_eq!((tape.len(), again.backward()[x]), (2, 7.0));
        tape.clear();
        assert_says(&panic_of(|| scaled(x, x)).message, &["on no tape"]);
    }
}

/// A statement refers to variables from before and after rewinds, and to tapes that are not the last used.
#[test]
fn rewinds_and_parked_tapes() {
    let (tape, other) = (quick_tape(), quick_tape());
    let w = tape.vars([0.5, 0.25]);
    let mark = tape.mark();
    for round in 0..4 {
        let x = tape.var(f64::from(round));
        let elsewhere = other.var(2.0);
        let y = scaled(w[0], x);
        assert_eq!(scaled(elsewhere, elsewhere).backward()[elsewhere], 5.0);
        let z = squares(&[y, w[1], x]);
        let gradient = z.backward();
        assert_eq!(gradient[w[0]], 2.0 * y.value() * (x.value() + 1.0));
        assert_eq!((gradient[w[1]], tape.len()), (0.5, 5));
        tape.rewind(mark);
    }
}

/// As the guide says: partials are multiplied before the adjoint comes.
#[test]
fn a_product_that_overflows_within_a_statement_is_infinite() {
    let tape = quick_tape();
    let x = tape.var(1e-200);
    // The partial is 1e200 · 1e200, and the adjoint 1e-300.
    let one_by_one = x * 1e200 * 1e200 * 1e-300;
    assert!((one_by_one.backward()[x] / 1e100 - 1.0).abs() < 1e-14);
    let statement = fuse!(x * 1e200 * 1e200) * 1e-300;
    assert_eq!(statement.backward()[x], f64::INFINITY);
}
