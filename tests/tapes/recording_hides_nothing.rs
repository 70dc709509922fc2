//! Where a plain number came of a recording's variables, or a decision was taken by them, the recording says so, whichever
//! way it went: a function of it is right or refused.

use crate::common::{assert_says, panic_of};
use approx::{abs_diff_eq, relative_eq, ulps_eq};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use tapegrad::{Dual, Error, Function, Tape, Var, Workspace, preaccumulate, view::Predicate};

#[track_caller]
fn assert_read<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::ValueRead { .. })), "{result:?}");
}

#[track_caller]
fn assert_read_at<T: std::fmt::Debug>(result: Result<T, Error>, line: u32) {
    let Err(Error::ValueRead { at }) = result else { panic!("{result:?}") };
    assert_eq!((at.file(), at.line()), (file!(), line));
}

/// A tape with a variable of value 3.
fn recording() -> (Tape, Var) {
    let tape = Tape::recording();
    let x = tape.var(3.0);
    (tape, x)
}

#[test]
fn numbers_carried_out_of_a_block() {
    // Each carries 3 out; `x * 3` at 5 would be 15 for 25.
    let line = line!() + 4;
    let leaks: [fn(Var) -> f64; 5] = [
        |x| {
            let mut s = 0.0;
            let _ = preaccumulate([x], |[d]| {
                s = d.primal();
                d
            });
            s
        },
        |x| {
            let mut s = 0.0;
            let _ = preaccumulate([x], |[d]| {
                s = if d > 2.0 { 3.0 } else { 7.0 };
                Dual::constant(0.0)
            });
            s
        },
        |x| {
            let mut s = 0.0;
            let _: [Var; 0] = preaccumulate([x, x * x], |[d, _]| {
                s = d.primal();
                []
            });
            s
        },
        |x| {
            let s = Cell::new(0.0);
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                preaccumulate([Var::from(1.0), x], |[_, d]| -> Dual<f64, 2> {
                    s.set(d.primal());
                    std::panic::resume_unwind(Box::new("on purpose"))
                })
            }));
            assert!(unwound.is_err());
            s.get()
        },
        |x| {
            // Of many inputs.
            let mut s = 0.0;
            let _ = preaccumulate([x; 9], |d| {
                s = d[8].primal();
                d[0]
            });
            s
        },
    ];
    for leak in leaks {
        let f = Function::record(|[x]| x * leak(x), [3.0]);
        assert_read(f);
        // Whatever the output is made of.
        assert_read(Function::record(|[x]| Var::from(leak(x)), [3.0]));
        assert_read(Function::record(|[x]| [x * x, Var::from(leak(x))], [3.0]));
    }
    assert_read_at(Function::record(|[x]| x * leaks[0](x), [3.0]), line);
    // A node that is needed is told as what it is.
    let c = 2.0;
    let opaque = Function::record(|[x]| preaccumulate([x], |[x]| x * c), [3.0]);
    assert!(matches!(opaque, Err(Error::Opaque { node: 1, .. })), "{opaque:?}");
    // What captures nothing carries nothing; and constants are plain numbers anyway.
    let unused = Function::record(
        |[x]| {
            let _ = preaccumulate([x], |[x]| x.sin());
            let constant = preaccumulate([Var::from(4.0)], |[y]| y * c);
            x * constant.value()
        },
        [3.0],
    );
    assert_eq!(unused.unwrap().evaluator().value(&[5.0]), Ok(40.0));
}

#[test]
fn numbers_carried_out_of_a_custom_operation() {
    let (tape, x) = recording();
    let mut s = 0.0;
    let line = line!() + 1;
    let _ = tape.custom("leak", [x], |[x]| {
        s = x;
        (x, [1.0])
    });
    let y = x * s;
    assert_read_at(tape.function(&[x], &[y]), line);
    // In a slice, of which one is a variable.
    let (tape, x) = recording();
    let mut s = 0.0;
    let _ = tape.custom("leak", vec![Var::from(1.0), x], |x| {
        s = x[1];
        (1.0, vec![0.0; 2])
    });
    assert_read(tape.function(&[x], &[x * s]));
    // Nothing was captured, and nobody needs it.
    let (tape, x) = recording();
    let _ = tape.custom("unused", [x], |[x]| (x, [1.0]));
    assert!(tape.function(&[x], &[x * 2.0]).is_ok());
    // Of a plain tape beside it, numbers are plain.
    let plain = Tape::new();
    let mut s = 0.0;
    let _ = plain.custom("own", [plain.var(4.0)], |[x]| {
        s = x;
        (x, [1.0])
    });
    let f = tape.function(&[x], &[x * s]).unwrap();
    assert_eq!(f.evaluator().value(&[5.0]), Ok(20.0));
}

#[test]
fn numbers_read_from_a_listing() {
    let reads: [fn(&Tape) -> f64; 4] = [
        |tape| tape.listing().nodes[0].value,
        |tape| tape.listing_with(&tapegrad::Gradient::new()).nodes[0].value,
        |tape| if tape.first_non_finite().is_none() { 3.0 } else { 7.0 },
        |tape| {
            tape.listing()
                .to_string()
                .lines()
                .nth(1)
                .unwrap()
                .split_whitespace()
                .last()
                .unwrap()
                .parse()
                .unwrap()
        },
    ];
    for read in reads {
        let (tape, x) = recording();
        let before = x * x;
        let s = read(&tape);
        assert_eq!(s, 3.0);
        // So far nothing depends on it: whoever looks at a recording may still use it.
        assert_eq!(tape.replayable(), Ok(()));
        assert!(tape.function(&[x], &[before]).is_ok());
        // A constant may.
        assert_read(tape.function(&[x], &[before, Var::from(s)]));
        let _ = x * s;
        assert_read(tape.function(&[x], &[before]));
        assert_read(tape.replayable());
        // A decision may as well, without a node.
        let (tape, x) = recording();
        let (y, s) = (x * x, read(&tape));
        let _ = y > s;
        assert_read(tape.function(&[x], &[y]));
    }
    // The same of a gradient.
    let (tape, x) = recording();
    let y = x * x;
    let slope = y.backward()[x];
    assert!(tape.function(&[x], &[y]).is_ok());
    assert_read(tape.function(&[x], &[Var::from(slope)]));
    let _ = y < slope;
    assert_read(tape.function(&[x], &[y]));
}

#[test]
fn a_rewind_forgets_no_number_and_no_decision() {
    // A number that was read, of a node that is given up, and of one that is not.
    for is_given_up in [true, false] {
        let (tape, a) = recording();
        let mark = tape.mark();
        let b = a * 2.0;
        let line = line!() + 1;
        let s = if is_given_up { b.value() } else { a.value() };
        tape.rewind(mark);
        assert_read_at(tape.function(&[a], &[a * s]), line);
    }
    // Read only afterwards, when no tape has it any more.
    let (tape, a) = recording();
    let mark = tape.mark();
    let b = a * 2.0;
    tape.rewind(mark);
    assert_eq!(tape.replayable(), Ok(()));
    let line = line!() + 1;
    let s = b.value();
    assert_read_at(tape.function(&[a], &[a * s]), line);

    // A decision by what is given up can no longer be asked.
    let (tape, a) = recording();
    let mark = tape.mark();
    let line = line!() + 1;
    let is_big = a * a > 4.0;
    tape.rewind(mark);
    let y = if is_big { a } else { -a };
    assert_read_at(tape.function(&[a], &[y]), line);
    // Also when it was given up before it decided.
    let (tape, a) = recording();
    let mark = tape.mark();
    let b = a * a;
    tape.rewind(mark);
    let y = if b > 4.0 { a } else { -a };
    assert_read(tape.function(&[a], &[y]));

    // One by what stays is asked in its place.
    let (tape, a) = recording();
    let before = a > 1.0;
    let mark = tape.mark();
    let _ = a.exp();
    let is_big = a > 2.0;
    tape.rewind(mark);
    let later = a < 9.0;
    assert_eq!(tape.guards().iter().map(|guard| guard.nodes).collect::<Vec<_>>(), [1; 3]);
    let y = if before && is_big && later { a * 10.0 } else { a };
    let f = tape.function(&[a], &[y]).unwrap();
    let mut workspace = Workspace::new();
    assert_eq!(f.evaluator_in(&mut workspace).value(&[4.0]), Ok(40.0));
    for elsewhere in [0.5, 1.5, 9.5] {
        assert!(matches!(
            f.evaluator_in(&mut workspace).value(&[elsewhere]),
            Err(Error::BranchChanged { .. })
        ));
    }
    // And kept by every further rewind.
    tape.rewind(mark);
    assert_eq!(tape.guards().len(), 3);

    // Gradients, listings and blocks before a rewind.
    for give_out in [
        |tape: &Tape, a: Var| (a * a).backward()[a] / 2.0 + tape.len() as f64 * 0.0,
        |tape: &Tape, _| tape.listing().nodes[0].value,
        |tape: &Tape, a: Var| {
            let mut s = 0.0;
            let _ = tape.custom("f", [a], |[a]| {
                s = a;
                (a, [1.0])
            });
            s
        },
    ] {
        let (tape, a) = recording();
        let mark = tape.mark();
        let s = give_out(&tape, a);
        tape.rewind(mark);
        assert_read(tape.function(&[a], &[a * s]));
        // The first rewind may be followed by others.
        let (tape, a) = recording();
        let (start, _) = (tape.mark(), a * a * a);
        let s = give_out(&tape, a);
        tape.rewind(start);
        let _ = a + 1.0;
        tape.rewind(start);
        assert_read(tape.function(&[a], &[a * s]));
    }
}

#[test]
fn a_cleared_tape_is_another_recording() {
    for clear in [|tape: &Tape, _| tape.clear(), |tape: &Tape, mark| tape.rewind(mark)] {
        let tape = Tape::recording();
        let start = tape.mark();
        let old = tape.var(3.0);
        let s = (old * 2.0).value();
        let _ = (old > 1.0, old.backward(), tape.listing());
        clear(&tape, start);
        // To the new one, numbers of the old are data, also when they are read now.
        let x = tape.var(1.0);
        let y = if old > 2.0 { x * s * old.value() } else { x };
        let f = tape.function(&[x], &[y]).unwrap();
        assert_eq!(f.evaluator().value(&[5.0]), Ok(90.0));
    }
}

#[test]
fn another_thread_leaves_traces() {
    fn elsewhere<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| scope.spawn(f).join().unwrap())
    }
    let line = line!() + 1;
    let read = Function::record(|[x]| x * elsewhere(|| x.value()), [3.0]);
    assert_read_at(read, line);
    assert_read(Function::record(|[x]| if elsewhere(|| x > 2.0) { x * x } else { x }, [3.0]));
    assert_read(Function::record(|[x]| if elsewhere(|| 2.0 == x) { x * x } else { x }, [3.0]));
    assert_read(Function::record(|[x]| if elsewhere(|| x.is_finite()) { x * x } else { x }, [3.0]));
    assert_read(Function::record(
        |[x]| if elsewhere(|| relative_eq!(x, Var::from(2.0))) { x } else { -x },
        [3.0],
    ));
    assert_read(Function::record(|[x, y]| if elsewhere(|| x < y) { x } else { y }, [3.0, 4.0]));
    // Into a block that is refused afterwards.
    let carried = |x: Var| {
        let mut s = 0.0;
        let block = || {
            preaccumulate([x], |[d]| {
                s = d.primal();
                d
            })
        };
        assert_says(&panic_of(block).message, &["on no tape of this thread"]);
        s
    };
    assert_read(Function::record(|[x]| x * elsewhere(|| carried(x)), [3.0]));
    // Beside tapes of its own, plain and recording; they do not notice.
    let beside = |x: Var| {
        let (own, plain) = (Tape::recording(), Tape::new());
        let (o, p) = (own.var(1.0), plain.var(2.0));
        let s = x.value() + p.value();
        assert!(p < 3.0 && o < 3.0);
        assert_eq!((own.replayable(), own.guards().len()), (Ok(()), 1));
        assert_says(&panic_of(|| x < o).message, &["on no tape of this thread"]);
        s
    };
    assert_read(Function::record(|[x]| x * elsewhere(|| beside(x)), [3.0]));
    // A variable of an earlier tape in the same memory is data.
    let early = {
        let tape = Tape::recording();
        tape.var(3.0)
    };
    let f = Function::record(|[x]| x * elsewhere(|| early.value()) * early.value(), [1.0]).unwrap();
    assert_eq!(f.evaluator().value(&[2.0]), Ok(18.0));
}

/// Of every kind of question, with every kind of tolerance.
const QUESTIONS: [fn(Var, Var) -> bool; 10] = [
    |x, y| relative_eq!(x, y),
    |x, y| relative_eq!(x, y, epsilon = Var::from(0.5), max_relative = Var::from(1e-3)),
    |x, y| relative_eq!(x, y, epsilon = Var::from(0.0), max_relative = Var::from(0.5)),
    |x, y| relative_eq!(x, y, epsilon = Var::from(-1.0), max_relative = Var::from(-1.0)),
    |x, y| relative_eq!(x, y, epsilon = Var::from(f64::INFINITY), max_relative = Var::from(f64::NAN)),
    |x, y| abs_diff_eq!(x, y),
    |x, y| abs_diff_eq!(x, y, epsilon = Var::from(1.0)),
    |x, y| ulps_eq!(x, y),
    |x, y| ulps_eq!(x, y, epsilon = Var::from(0.0), max_ulps = 1),
    |x, y| ulps_eq!(x, y, epsilon = Var::from(f64::NAN), max_ulps = u32::MAX),
];

#[test]
fn an_approximate_comparison_is_asked_again() {
    let next = 1f64.next_up();
    let numbers = [0.0, -0.0, 1.0, next, next.next_up(), -1.0, 1.0 + 1e-4, 2.0, 1e-310, 1e308, -1e308];
    let numbers = [&numbers[..], &[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]].concat();
    let pairs: Vec<[f64; 2]> = numbers.iter().flat_map(|&x| numbers.iter().map(move |&y| [x, y])).collect();
    let mut workspace = Workspace::new();
    for (kind, question) in QUESTIONS.into_iter().enumerate() {
        // Of constants, by approx itself over f64.
        let answer = |[x, y]: [f64; 2]| question(Var::from(x), Var::from(y));
        let mut seen = [0, 0];
        for at in pairs.iter().copied().step_by(7) {
            let f = Function::record(|[x, y]| Var::from(f64::from(u8::from(question(x, y)))) + x * 0.0, at)
                .unwrap();
            assert_eq!(f.statistics().guards, 1);
            for &elsewhere in &pairs {
                let value = f.evaluator_in(&mut workspace).value(&elsewhere);
                if answer(elsewhere) == answer(at) {
                    let expected = f64::from(u8::from(answer(at))) + elsewhere[0] * 0.0;
                    assert!(
                        value.clone().is_ok_and(|value| crate::common::same(value, expected)),
                        "{kind} {elsewhere:?} {value:?}"
                    );
                    seen[0] += 1;
                } else {
                    assert!(
                        matches!(value, Err(Error::BranchChanged { .. })),
                        "{kind} {elsewhere:?} {value:?}"
                    );
                    seen[1] += 1;
                }
            }
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{kind}: {seen:?}");
    }
}

#[test]
fn tolerances_are_variables_too() {
    let near = |[x, y, by]: [Var; 3]| if abs_diff_eq!(x, y, epsilon = by) { x } else { y };
    let f = Function::record(near, [1.0, 1.0, 0.5]).unwrap();
    let mut workspace = Workspace::new();
    assert_eq!(f.evaluator_in(&mut workspace).value(&[1.0, 2.0, 1.5]), Ok(1.0));
    // Recorded at (1, 1) it would give 1; it is 2.
    let changed = f.evaluator_in(&mut workspace).value(&[1.0, 2.0, 0.5]);
    assert!(matches!(changed, Err(Error::BranchChanged { .. })), "{changed:?}");
    for relative in [true, false] {
        let near = |[x, y]: [Var; 2]| {
            let is_near = if relative { relative_eq!(x, y) } else { ulps_eq!(x, y) };
            if is_near { x } else { y }
        };
        let f = Function::record(near, [1.0, 1.0]).unwrap();
        assert!(matches!(
            f.evaluator_in(&mut workspace).value(&[1.0, 2.0]),
            Err(Error::BranchChanged { .. })
        ));
        assert_eq!(f.evaluator_in(&mut workspace).value(&[4.0, 4.0]), Ok(4.0));
        let mut gradient = [0.0; 2];
        f.evaluator_in(&mut workspace).value_and_gradient_into(&[4.0, 4.0], &mut gradient).unwrap();
        assert_eq!(gradient, [1.0, 0.0]);
    }
    // On a plain tape nothing is recorded, nor by constants beside a recording one.
    let (tape, _x) = recording();
    let plain = Tape::new();
    let y = plain.var(1.0);
    assert!(
        relative_eq!(y, Var::from(1.0)) && ulps_eq!(y, y) && abs_diff_eq!(Var::from(2.0), Var::from(2.0))
    );
    assert_eq!((plain.len(), tape.len(), tape.guards().len(), tape.replayable()), (1, 1, 0, Ok(())));
}

#[test]
fn units_in_the_last_place() {
    let within = Predicate::WithinUlps(2);
    let one = 1f64;
    assert!(within.holds(one, one.next_up().next_up()) && within.holds(one.next_down(), one.next_up()));
    assert!(!within.holds(one, one.next_up().next_up().next_up()));
    assert!(!within.holds(0.0, -0.0) && !within.holds(f64::NAN, f64::NAN));
    // A function that asks it is saved and loaded.
    let f = Function::record(|[x, y]| if ulps_eq!(x, y, max_ulps = 7) { x } else { y }, [1.0, 1.0]).unwrap();
    let stored = serde_json::to_string(&f).unwrap();
    assert!(stored.contains("WithinUlps(7)"), "{stored}");
    let loaded: Function = serde_json::from_str(&stored).unwrap();
    assert_eq!(loaded, f);
    let error = loaded.evaluator().value(&[1.0, 2.0]).unwrap_err();
    assert_says(&error.to_string(), &["ulps_eq!(1, 2, max_ulps = 7)"]);
    for wrong in ["WithinUlps(-1)", "WithinUlps(7", "WithinUlps(+7)", "WithinUlps"] {
        let broken = serde_json::from_str::<Function>(&stored.replace("WithinUlps(7)", wrong));
        assert!(broken.is_err(), "{wrong}");
    }
}
