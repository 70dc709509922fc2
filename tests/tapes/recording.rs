//! A tape that is meant for replay keeps every decision that depended on a value, and says what a replay
//! could not see.

use crate::common::{assert_says, panic_of};
use Operand::{Constant, Node};
use std::cmp::Ordering;
use tapegrad::{
    Dual, Error, Function, Real, Tape, Var, derivative, gradient,
    masks::gt,
    preaccumulate,
    primitives::Op,
    view::{Guard, Operand, Predicate},
};

/// The one guard that `question` leaves, which stands in the line of the call.
#[track_caller]
fn guard_of<T>(tape: &Tape, question: impl FnOnce() -> T) -> Guard {
    let before = tape.guards().len();
    question();
    let guards = tape.guards();
    assert_eq!(guards.len(), before + 1);
    let guard = guards[before].clone();
    let here = std::panic::Location::caller();
    assert_eq!((guard.at.file(), guard.at.line()), (here.file(), here.line()));
    assert_eq!(guard.nodes, tape.len());
    guard
}

#[track_caller]
fn assert_guard(guard: Guard, predicate: Predicate, left: Operand, right: Operand, outcome: bool) {
    let expected = Guard { predicate, left, right, outcome, ..guard.clone() };
    assert_eq!(guard, expected);
}

#[test]
fn every_comparison_is_a_guard() {
    use Predicate::{Compares, Equal, Greater, GreaterEqual, Less, LessEqual};
    let tape = Tape::recording();
    let (x, y) = (tape.var(1.0), tape.var(2.0));
    let (left, right, two) = (Node(0), Node(1), Constant(2.0));
    assert_guard(guard_of(&tape, || x < y), Less, left, right, true);
    assert_guard(guard_of(&tape, || x <= y), LessEqual, left, right, true);
    assert_guard(guard_of(&tape, || x > y), Greater, left, right, false);
    assert_guard(guard_of(&tape, || x >= y), GreaterEqual, left, right, false);
    assert_guard(guard_of(&tape, || x == y), Equal, left, right, false);
    assert_guard(guard_of(&tape, || x != y), Equal, left, right, false);
    let compares = Compares(Some(Ordering::Less));
    assert_guard(guard_of(&tape, || x.partial_cmp(&y)), compares, left, right, true);
    assert_guard(guard_of(&tape, || x < 2.0), Less, left, two, true);
    assert_guard(guard_of(&tape, || x <= 2.0), LessEqual, left, two, true);
    assert_guard(guard_of(&tape, || x > 2.0), Greater, left, two, false);
    assert_guard(guard_of(&tape, || x >= 2.0), GreaterEqual, left, two, false);
    assert_guard(guard_of(&tape, || x == 2.0), Equal, left, two, false);
    assert_guard(guard_of(&tape, || x.partial_cmp(&2.0)), compares, left, two, true);
    assert_guard(guard_of(&tape, || 2.0 < x), Less, two, left, false);
    assert_guard(guard_of(&tape, || 2.0 <= x), LessEqual, two, left, false);
    assert_guard(guard_of(&tape, || 2.0 > x), Greater, two, left, true);
    assert_guard(guard_of(&tape, || 2.0 >= x), GreaterEqual, two, left, true);
    assert_guard(guard_of(&tape, || 2.0 == x), Equal, two, left, false);
    // A constant variable is a constant, and a dual number asks with its value.
    assert_guard(guard_of(&tape, || Var::from(2.0) == y), Equal, two, right, true);
    let dual = Dual::<Var>::variable(x, 0);
    assert_guard(guard_of(&tape, || dual < 2.0), Less, left, two, true);
    assert_guard(guard_of(&tape, || dual == Dual::constant(y)), Equal, left, right, false);
    // With a NaN, no ordering is the answer that is kept.
    let nan = tape.var(f64::NAN);
    assert_guard(guard_of(&tape, || nan.partial_cmp(&x)), Compares(None), Node(2), left, true);
    // What was decided can be checked again.
    let value = |operand| match operand {
        Constant(value) => value,
        Node(index) => [1.0, 2.0, f64::NAN][index],
    };
    for guard in tape.guards() {
        assert_eq!(guard.predicate.holds(value(guard.left), value(guard.right)), guard.outcome);
    }
}

#[test]
fn every_predicate_is_a_guard() {
    use Predicate::{Equal, IsFinite, IsInfinite, IsNan, IsSignNegative};
    let tape = Tape::recording();
    let x = tape.var(-1.0);
    for (guard, predicate, outcome) in [
        (guard_of(&tape, || x.is_nan()), IsNan, false),
        (guard_of(&tape, || x.is_finite()), IsFinite, true),
        (guard_of(&tape, || x.is_infinite()), IsInfinite, false),
        (guard_of(&tape, || x.is_sign_negative()), IsSignNegative, true),
        (guard_of(&tape, || x.is_zero()), Equal, false),
    ] {
        assert_guard(guard, predicate, Node(0), Constant(0.0), outcome);
    }
    for (predicate, holds_for) in
        [(IsNan, f64::NAN), (IsFinite, 1.0), (IsInfinite, -f64::INFINITY), (IsSignNegative, -0.0)]
    {
        assert!(predicate.holds(holds_for, 5.0));
        assert!([0.0, f64::NAN].iter().any(|&other| !predicate.holds(other, 5.0)), "{predicate:?}");
    }
}

#[test]
fn a_guard_knows_how_far_the_tape_was() {
    let tape = Tape::recording();
    let x = tape.var(1.0);
    let y = x * 2.0;
    let _ = y > 1.0;
    let z = y * y;
    let _ = x < z;
    assert_eq!(tape.guards().iter().map(|guard| guard.nodes).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn what_leaves_no_guard() {
    // A plain tape keeps none, also beside a recording one.
    let plain = Tape::new();
    let x = plain.var(1.0);
    let recording = Tape::recording();
    let r = recording.var(1.0);
    assert!(x < 2.0 && !x.is_nan() && x != 7.0);
    assert_eq!(plain.guards(), []);
    assert_eq!(plain.replayable(), Err(Error::NotRecording));
    // Comparisons of constants and of numbers.
    assert!(Var::from(1.0) < 2.0 && Var::from(1.0) == Var::from(1.0));
    // Operations that decide for themselves.
    let _ = gt(r, 0.5).select(r.max(0.0).min(2.0).relu().abs(), r.clamp(0.0, 1.0)) + r.signum().floor();
    assert_eq!(recording.guards(), []);
    assert_eq!(recording.replayable(), Ok(()));
}

#[test]
fn reading_a_value_freezes_it() {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let y = x * x;
    // Printing is for people.
    let _ = format!("{x} {y:?} {:.3}", Dual::<Var>::constant(y));
    let _ = (tape.listing().to_string(), tape.statistics(), tape.first_non_finite());
    // Constants are plain numbers anyway.
    let _ = Var::from(2.0).value();
    assert_eq!(tape.replayable(), Ok(()));

    let line = line!() + 1;
    assert_eq!(y.value(), 9.0);
    assert_eq!(Real::value(x), 3.0); // a later one does not hide the first
    let error = tape.replayable().unwrap_err();
    let Error::ValueRead { at } = &error else { panic!("{error}") };
    assert_eq!((at.file(), at.line()), (file!(), line));
    assert_says(&error.to_string(), &["read out", &at.to_string(), "select"]);

    let through_a_dual = Tape::recording();
    let line = line!() + 1;
    let _ = Dual::<Var>::variable(through_a_dual.var(1.0), 0).value();
    let Err(Error::ValueRead { at }) = through_a_dual.replayable() else { panic!("not noticed") };
    assert_eq!((at.file(), at.line()), (file!(), line));
}

#[test]
fn a_gradient_is_read_too() {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let line = line!() + 1;
    let g = (x * x).backward();
    // So far nothing can depend on it: one recording, two uses.
    assert_eq!(tape.replayable(), Ok(()));
    let step = x - 0.1 * g[x];
    let Err(Error::ValueRead { at }) = tape.replayable() else { panic!("{step} is frozen") };
    assert_eq!((at.file(), at.line()), (file!(), line));
    // Inside a function, it counts at once: the result may be a constant made of it.
    let f = Function::record(|[x]| Var::from((x * x).backward()[x]), [3.0]);
    assert!(matches!(f, Err(Error::ValueRead { at }) if at.file() == file!()));
    // The gradients of other tapes are plain numbers.
    assert!(Function::record(|[x]| x * gradient(|[y]| y * y, [3.0])[0], [1.0]).is_ok());
}

#[test]
fn what_has_only_partials_is_opaque() {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let y = x * x;
    let line = line!() + 1;
    let z = tape.custom("cube", [y], |[y]| (y * y * y, [3.0 * y * y]));
    let w = preaccumulate([z], |[z]| z * z);
    let error = tape.function(&[x], &[w]).unwrap_err();
    let Error::Opaque { node, at } = &error else { panic!("{error}") };
    assert_eq!((*node, at.file(), at.line()), (2, file!(), line));
    assert_says(&error.to_string(), &["node #2", &at.to_string(), "`custom` or `preaccumulate`"]);

    let fused = Tape::recording();
    let x = fused.var(3.0);
    let y = preaccumulate([x], |[x]| x.sin());
    assert!(matches!(fused.function(&[x], &[y]), Err(Error::Opaque { node: 1, .. })));
    // What no output needs does no harm; what a comparison needs does.
    assert_eq!(fused.replayable(), Ok(()));
    assert!(fused.function(&[x], &[x * x]).is_ok());
    let _ = y > 0.5;
    assert!(matches!(fused.replayable(), Err(Error::Opaque { node: 1, .. })));
    assert!(matches!(fused.function(&[x], &[x]), Err(Error::Opaque { node: 1, .. })));

    // Flat here; but elsewhere it might not be.
    for flat in [|x: Dual| x.relu(), |x: Dual| Dual::constant(x.primal())] {
        let tape = Tape::recording();
        let x = tape.var(-3.0);
        let y = preaccumulate([x], |[x]| flat(x));
        assert_eq!((y.backward()[x], y.backward()[y]), (0.0, 1.0));
        let recorded = tape.function(&[x], &[y]);
        assert!(matches!(recorded, Err(Error::Opaque { node: 1, at }) if at.file() == file!()));
    }
}

#[test]
fn a_rewind_forgets_opaque_nodes_that_it_gives_up() {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let mark = tape.mark();
    let y = x * x;
    let f = tape.custom("f", [y], |[y]| (y, [1.0]));
    assert!(matches!(tape.function(&[x], &[f]), Err(Error::Opaque { node: 2, .. })));
    tape.rewind(mark);
    assert_eq!(tape.replayable(), Ok(()));

    // What was there before stays.
    let _ = x > 1.0;
    let f = tape.custom("f", [x], |[x]| (x, [1.0]));
    let later = tape.mark();
    let _ = x * 2.0;
    tape.rewind(later);
    assert!(matches!(tape.function(&[x], &[f]), Err(Error::Opaque { node: 1, .. })));
    assert_eq!(tape.guards().len(), 1);
    tape.clear();
    assert_eq!((tape.guards().len(), tape.replayable()), (0, Ok(())));
    // A new tape in the same memory is a plain one.
    drop(tape);
    let next = Tape::new();
    let _ = next.var(1.0) > 0.0;
    assert_eq!((next.guards().len(), next.replayable()), (0, Err(Error::NotRecording)));
}

/// The operations on a tape, in order.
fn operations(tape: &Tape) -> Vec<Op> {
    tape.listing().nodes.iter().map(|row| row.op).collect()
}

#[test]
fn detach_and_no_grad_stay_on_the_tape() {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let detached = x.detach();
    let inside = tape.no_grad(|| (x * x).sin());
    let y = tape.no_grad(|| tape.var(2.0));
    assert_eq!(
        operations(&tape),
        [Op::Input, Op::StopGradient, Op::Mul, Op::StopGradient, Op::Sin, Op::StopGradient, Op::Input]
    );
    assert!(!detached.is_constant() && !inside.is_constant());
    assert_eq!((inside.to_string(), tape.replayable()), (9f64.sin().to_string(), Ok(())));
    let z = x * detached + x * inside + y;
    let of_x: f64 = z.backward()[x];
    assert_eq!((of_x, z.backward()[y]), (3.0 + 9f64.sin(), 1.0));
    // A custom operation keeps its name, and is opaque there too.
    let tape = Tape::recording();
    let x = tape.var(3.0);
    let cube = tape.no_grad(|| tape.custom("cube", [x], |[x]| (x * x * x, [3.0 * x * x])));
    assert_says(&tape.listing().to_string(), &["cube(#0)"]);
    assert!(matches!(tape.function(&[x], &[cube]), Err(Error::Opaque { .. })));
}

#[test]
fn flat_operations_and_operands_not_taken_are_recorded() {
    // A replay at another point may take them.
    let tape = Tape::recording();
    let x = tape.var(-1.5);
    let _ = x.floor() + x.relu() + gt(x, 0.0).select(x.ln(), x);
    let kept = operations(&tape);
    for op in [Op::Floor, Op::Relu, Op::Less, Op::Ln, Op::Select] {
        assert!(kept.contains(&op), "{op}");
    }
    // With all their operands.
    let rows = tape.listing().nodes;
    let select = rows.iter().find(|row| row.op == Op::Select).unwrap();
    assert_eq!(select.operands, [Node(4), Node(5), Node(0)]);
    let less = rows.iter().find(|row| row.op == Op::Less).unwrap();
    assert_eq!(less.operands, [Constant(0.0), Node(0)]);
    // Constants in lists too, which a plain tape leaves out.
    let _ = tapegrad::lists::dot(&[x, Var::from(3.0)], &[2.0, 4.0]);
    let row = tape.listing().nodes.pop().unwrap();
    assert_eq!(row.operands, [Node(0), Constant(3.0), Constant(2.0), Constant(4.0)]);
}

#[test]
fn tangents_are_recorded_for_every_branch() {
    // Where it was recorded, nothing reaches the tangent; elsewhere it does.
    for (at, elsewhere, slope) in [(-1.0, 2.0, 3.0), (2.0, -1.0, 0.0)] {
        let tangent = |[x]: [Var; 1]| (Dual::<Var>::variable(x, 0).relu() * 3.0).tangent(0);
        let f = Function::record(tangent, [at]).unwrap();
        assert_eq!(f.evaluator().value(&[elsewhere]), Ok(slope));
    }
}

#[test]
fn a_recording_tape_always_knows_the_lines() {
    let tape = Tape::recording();
    tape.keep_lines(false);
    let line = line!() + 1;
    let x = tape.var(1.0);
    let _ = x * x;
    let at = tape.listing().nodes[0].at.expect("a line");
    assert_eq!((at.file(), at.line()), (file!(), line));
    let f = tape.custom("f", [x], |[x]| (x, [1.0]));
    assert!(matches!(tape.function(&[x], &[f]), Err(Error::Opaque { node: 2, .. })));
}

#[test]
fn others_do_not_notice_a_recording_tape() {
    let gone = Tape::new().var(5.0);
    let (first, second) = (Tape::new(), Tape::new());
    let (x, y) = (first.var(1.0), second.var(2.0));
    let ask = || (gone.value(), gone < 6.0, x < y, x == gone, x.value());
    let expected = ask();
    let recording = Tape::recording();
    let r = recording.var(1.0);
    assert_eq!(ask(), expected);
    assert_eq!((recording.guards().len(), recording.replayable()), (0, Ok(())));
    // But what it is compared with must be its own, or there could be no guard.
    assert_says(&panic_of(|| r < x).message, &["two tapes"]);
    assert_says(&panic_of(|| gone == r).message, &["on no tape of this thread"]);
    assert_eq!(derivative(|d| if d > 0.0 { d * d } else { d }, 3.0), 6.0);
    assert_eq!(recording.guards().len(), 0);
}
