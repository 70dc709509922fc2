//! A number in forward mode belongs to one call: a derivative never takes the tangents of another for its own, however
//! deep, late or far away the numbers meet.

use crate::common::{assert_says, panic_of, quick_tape, refusal};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use tapegrad::{Dual, Tape, Var, derivative, hessian, hvp, jvp, preaccumulate};

const BY_HAND: [&str; 3] = ["made by hand", "`Dual::custom`", "`Dual::constant`"];
const OF_ANOTHER: [&str; 4] =
    ["argument of another", "enclosing or earlier", "`.stop_gradient()`", "Function"];
const DROPPED: [&str; 4] = ["`Dual::constant`", "tangents are missing", "`Dual::custom`", "`.detach()`"];

/// The message with which `f` is refused, in whatever thread.
fn message_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("this should have been refused") };
    *payload.downcast().expect("a message")
}

#[test]
fn numbers_made_by_hand_before() {
    let x = Dual::<f64>::variable(3.0, 0);
    let tape = quick_tape();
    let v = tape.var(2.0);
    // The derivative by y is 3; with both tangents in one place it would be 5.
    assert_says(&refusal(|| derivative(|y| x * y, 2.0)), &BY_HAND);
    assert_says(&refusal(|| derivative(|y| y * x, 2.0)), &BY_HAND);
    assert_says(&refusal(|| derivative(|y| y.hypot(x), 2.0)), &BY_HAND);
    assert_says(&refusal(|| derivative(|_| x, 2.0)), &BY_HAND);
    assert_says(&refusal(|| derivative(|y| tapegrad::lists::sum(&[y, x]), 2.0)), &BY_HAND);
    assert_says(&refusal(|| jvp(|[y]| [y, x * y], [2.0], [1.0])), &BY_HAND);
    assert_says(&refusal(|| jvp(|[y]| [y, x], [2.0], [1.0])), &BY_HAND);
    assert_says(&refusal(|| preaccumulate([v], |[y]| x * y)), &BY_HAND);
    assert_says(&refusal(|| preaccumulate([v], |[y]| [y, x])), &BY_HAND);
    let [a, b] = Dual::variables([3.0, 4.0]);
    assert_says(&refusal(|| preaccumulate([v, v], |[y, _]| a * y)), &BY_HAND);
    // Where the two do not meet, and among their own, they are as good as any.
    assert_eq!(derivative(|y| y * x.stop_gradient(), 2.0), 3.0);
    assert_eq!(derivative(|y| if x > y { y } else { y * 2.0 }, 2.0), 1.0);
    assert_eq!((a * b + Dual::new(1.0, [10.0, 0.0])).tangents(), [14.0, 3.0]);
    assert_eq!((x * derivative(|y| y * y, 2.0)).tangent(0), 4.0);
}

#[test]
fn numbers_made_by_hand_inside() {
    assert_says(&refusal(|| derivative(|y| y * Dual::variable(3.0, 0), 2.0)), &BY_HAND);
    assert_says(&refusal(|| derivative(|y| Dual::new(y.primal(), [3.0]), 2.0)), &BY_HAND);
    // Also of the tangents of an argument: nobody knows what was done with them.
    assert_says(&refusal(|| derivative(|y| y * Dual::new(y.primal(), y.tangents()), 3.0)), &BY_HAND);
    assert_says(
        &refusal(|| derivative(|x| derivative(|y| y * Dual::new(x.primal(), x.tangents()), 1.0) * x, 3.0)),
        &BY_HAND,
    );
    let tape = quick_tape();
    let v = tape.var(2.0);
    assert_says(&refusal(|| preaccumulate([v], |[y]| y * Dual::variable(3.0, 0))), &BY_HAND);
    assert_says(&refusal(|| preaccumulate([v], |[y]| Dual::new(y.primal(), [1.0]))), &BY_HAND);
    let [one, two] = [1.0, 2.0].map(Var::from);
    assert_says(&refusal(|| hessian(|[x]| x * Dual::new(two, [one; 4]), [3.0])), &BY_HAND);
    assert_says(&refusal(|| hvp(|[x]| x * Dual::new(two, [one]), [3.0], [1.0])), &BY_HAND);
    assert_says(&refusal(|| hessian(|[_x]| Dual::new(two, [one; 4]), [3.0])), &BY_HAND);
    assert_says(&refusal(|| hvp(|[_x]| Dual::new(two, [one]), [3.0], [1.0])), &BY_HAND);
    // A call of its own inside of a closure is its own business.
    assert_eq!(derivative(|y| y * (Dual::<f64>::variable(3.0, 0) * 5.0).tangent(0), 2.0), 5.0);
}

#[test]
fn arguments_kept_from_an_earlier_call() {
    let mut kept = Dual::constant(0.0);
    let _ = derivative(
        |x| {
            kept = x;
            x
        },
        3.0,
    );
    for _ in 0..20 {
        // The derivative is 3, not 8.
        assert_says(&refusal(|| derivative(|y| y * kept, 5.0)), &OF_ANOTHER);
        assert_says(&refusal(|| derivative(|_| kept, 5.0)), &OF_ANOTHER);
        assert_says(&refusal(|| jvp(|[y]| [y + kept * kept], [5.0], [1.0])), &OF_ANOTHER);
    }
    // Outside of calls, where the tangents are looked at.
    assert_says(&refusal(|| (kept * Dual::variable(1.0, 0)).tangent(0)), &BY_HAND);
    assert_says(&refusal(|| (kept * Dual::variable(1.0, 0)).tangents()), &BY_HAND);
    assert_eq!(derivative(|y| y * kept.stop_gradient(), 5.0), 3.0);
    assert_eq!(derivative(|y| y * kept.primal(), 5.0), 3.0);
    let mut other = Dual::constant(0.0);
    let _ = derivative(|x| std::mem::replace(&mut other, x) + x, 3.0);
    assert_says(&refusal(|| (kept * other).tangent(0)), &["are mixed", "argument of another"]);
    // What was kept is still what it was.
    assert_eq!((kept * kept).tangent(0), 6.0);
}

/// The derivative by `y` of `y * outer`, below so many calls that do not touch `outer`.
fn below(levels: usize, outer: Dual) -> f64 {
    match levels {
        0 => derivative(|y| y * outer, 1.0),
        _ => derivative(|y| y * below(levels - 1, outer), 1.0),
    }
}

#[test]
fn an_argument_of_any_call_around() {
    for levels in 0..40 {
        // d/dx x · (d/dy y x) = 2x
        assert_says(&panic_of(|| derivative(|x| x * below(levels, x), 3.0)).message, &OF_ANOTHER);
        assert_eq!(derivative(|x| x * below(levels, x.stop_gradient()), 3.0), 3.0);
    }
}

#[test]
fn arguments_of_other_threads() {
    let keep = || {
        let mut kept = Dual::constant(0.0);
        let _ = derivative(
            |x| {
                kept = x;
                x
            },
            3.0,
        );
        kept
    };
    for _ in 0..20 {
        // The first call of one thread and of another.
        let kept = thread::spawn(keep).join().unwrap();
        let refused = thread::spawn(move || message_of(|| derivative(|y| y * kept, 5.0)));
        assert_says(&refused.join().unwrap(), &OF_ANOTHER);
    }
    // From the thread around, as the first call of the one inside.
    let message = message_of(|| {
        derivative(
            |x| {
                let inner = thread::scope(|scope| {
                    scope.spawn(|| message_of(|| derivative(|y| x * y, 2.0))).join().unwrap()
                });
                panic!("{inner}")
            },
            3.0,
        )
    });
    assert_says(&message, &OF_ANOTHER);
    // The same with a pool; the slope would be 3.
    let message = message_of(|| {
        derivative(
            |x| {
                let slopes: Vec<f64> =
                    (0..100).into_par_iter().map(|k| derivative(|y| x * y, f64::from(k))).collect();
                x * slopes[0]
            },
            3.0,
        )
    });
    assert_says(&message, &OF_ANOTHER);
}

/// Many owners of many threads: none is another's, and no mixture passes for a third.
#[test]
fn no_two_calls_are_one() {
    let keep = || {
        let mut kept = Vec::new();
        for _ in 0..300 {
            let _ = derivative(
                |x| {
                    kept.push(x);
                    x
                },
                3.0,
            );
        }
        kept
    };
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(keep)).collect();
    let kept: Vec<Dual> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    for (i, &one) in kept.iter().enumerate() {
        for (_, &other) in kept.iter().enumerate().step_by(37).filter(|(k, _)| *k != i) {
            assert_says(&panic_of(|| (one * other).tangent(0)).message, &["are mixed"]);
            assert_says(&panic_of(|| (one + other).sin().tangents()).message, &["are mixed"]);
        }
        assert_eq!((one * one).tangent(0), 6.0);
    }
}

#[test]
fn one_call_on_several_threads() {
    let by_pool = |x: Dual| (1..=100).into_par_iter().map(|k| x.powi(2) * f64::from(k)).sum::<Dual>();
    assert_eq!(derivative(by_pool, 3.0), 2.0 * 3.0 * 5050.0);
    let inner = |x: Dual| {
        let slopes = (0..100).into_par_iter().map(|k| derivative(|y| y * y, f64::from(k)) * x);
        slopes.sum::<Dual>()
    };
    assert_eq!(derivative(inner, 3.0), 9900.0);
    let by_hand = derivative(
        |x| {
            thread::scope(|scope| [2.0, 3.0].map(|c| scope.spawn(move || x * c)).map(|t| t.join().unwrap()))
                .into_iter()
                .sum()
        },
        1.0,
    );
    assert_eq!(by_hand, 5.0);
}

#[test]
fn arguments_of_earlier_blocks() {
    let tape = quick_tape();
    let x = tape.var(2.0);
    let mut kept = Dual::constant(0.0);
    let _ = preaccumulate([x], |[x]| {
        kept = x;
        x
    });
    // In turn with other blocks, and beyond every small number of them.
    for blocks in (0..40).chain([255, 256, 65_535, 65_536]) {
        tape.clear();
        let y = tape.var(5.0);
        for _ in 0..blocks {
            let _ = preaccumulate([y], |[y]| y);
        }
        assert_says(&refusal(|| preaccumulate([y], |[y]| y * kept)), &["another `preaccumulate`"]);
        assert_says(&refusal(|| preaccumulate([y], |[_]| kept)), &["as an input of this block"]);
    }
    let y = tape.var(5.0);
    assert_eq!(preaccumulate([y], |[y]| y * kept.stop_gradient()).backward()[y], 2.0);
}

#[test]
fn blocks_in_derivatives_in_hessians() {
    let block = |x: Var, d: Dual| preaccumulate([x], |[x]| x * d).value();
    let mixed = |x: Var| derivative(|d| d * block(x, d), 5.0);
    assert_says(&panic_of(|| hessian(|[x]| x * x * mixed(x.primal()), [3.0])).message, &OF_ANOTHER);
    // Apart from each other: the slope is 3, as a plain number.
    let apart = |x: Var| derivative(|d| d * block(x, Dual::constant(1.0)), 5.0);
    assert_eq!(hessian(|[x]| x * x * apart(x.primal()), [3.0]), [[6.0]]);
}

#[test]
fn numbers_inside_of_numbers() {
    // Each level has owners of its own: by hand around the argument of a call.
    let second = derivative(|x| Dual::<Dual>::variable(x, 0).powi(3).tangent(0), 2.0);
    assert_eq!(second, 12.0);
    let mixed = |x: Dual| (Dual::<Dual>::variable(x, 0) * Dual::constant(Dual::variable(1.0, 0))).tangent(0);
    assert_says(&refusal(|| derivative(mixed, 2.0)), &BY_HAND);
    // Forward over reverse, by hand, on a tape of the user's.
    for tape in [quick_tape(), Tape::new(), Tape::recording()] {
        let [x, y] = tape.vars([3.0, 5.0]);
        let z = Dual::<Var>::variable(x, 0).powi(2) * Dual::constant(y);
        assert_eq!(z.tangent(0).backward().wrt([x, y]), [10.0, 6.0]);
        let z = Dual::<Var>::constant(x) * Dual::constant(y);
        assert_eq!((z.tangent(0).value(), z.primal().backward().wrt([x, y])), (0.0, [5.0, 3.0]));
    }
}

/// The gradient sees what `Dual::constant` is made of, so the Hessian would be that of another function.
#[test]
fn hessians_drop_no_tangents() {
    for at in [3.0, 0.0] {
        let square = |x: Var| preaccumulate([x], |[x]| x * x);
        assert_says(&refusal(|| hessian(|[x]| Dual::constant(square(x.primal())), [at])), &DROPPED);
        assert_says(&refusal(|| hessian(|[x]| x + Dual::constant(square(x.primal())), [at])), &DROPPED);
        assert_says(&refusal(|| hessian(|[x]| Dual::constant(x.primal()) * x, [at])), &DROPPED);
        assert_says(&refusal(|| hessian(|[x]| x.hypot(Dual::constant(x.primal()) + 1.0), [at])), &DROPPED);
        let product = |[x]: [Dual<Var>; 1]| Dual::constant(square(x.primal())) * 2.0;
        assert_says(&refusal(|| hvp(product, [at], [1.0])), &DROPPED);
        let product = |[x]: [Dual<Var>; 1]| tapegrad::lists::sum(&[x, Dual::constant(x.primal())]);
        assert_says(&refusal(|| hvp(product, [at], [0.0])), &DROPPED);
        // An argument whose direction comes in another recording.
        let sixth = |x: &[tapegrad::HessianNumber]| x[0] * Dual::constant(x[5].primal());
        assert_says(&panic_of(|| hessian(sixth, &[at; 6][..])).message, &DROPPED);
    }
    // Constants, and what is not taken, are no loss.
    assert_eq!(hessian(|[x]| x * x * Dual::constant(x.primal().detach()), [3.0]), [[6.0]]);
    assert_eq!(hessian(|[x]| x * x * x.stop_gradient(), [3.0]), [[6.0]]);
    assert_eq!(hessian(|[x]| x * x * Dual::constant(Var::from(2.0)), [3.0]), [[4.0]]);
    assert_eq!(hessian(|[x]| (x * x).max(Dual::constant(x.primal())), [3.0]), [[2.0]]);
    assert_eq!(hessian(|[x]| Dual::constant(x.primal().detach()), [3.0]), [[0.0]]);
    assert_eq!(hessian(|[x, y]| x * x + y.relu() + y.floor() * x, [3.0, -1.0]), [[2.0, 0.0], [0.0, 0.0]]);
}

/// A rule of the user's own keeps the owner.
#[test]
fn rules_by_hand() {
    let square = |x: Dual| Dual::custom([x], |[x]| (x * x, [2.0 * x]));
    assert_eq!(derivative(square, 5.0), 10.0);
    assert_eq!(derivative(|x| x * derivative(square, 5.0), 3.0), 10.0);
    assert_eq!(derivative(|x| square(square(x)) * x, 2.0), 80.0);
    let product = |[x, y]: [f64; 2]| (x * y, [y, x]);
    assert_eq!(jvp(|[x, y]| [Dual::custom([x, y], product)], [2.0, 3.0], [1.0, 10.0]), ([6.0], [23.0]));
    assert_eq!(Dual::custom(Dual::variables([2.0, 3.0]), product).tangents(), [3.0, 2.0]);
    let tape = quick_tape();
    let vars = tape.vars([2.0, 3.0]);
    let z = preaccumulate(vars, |x| Dual::custom(x, product) * x[0]);
    assert_eq!(z.backward().wrt(vars), [12.0, 4.0]);
    // With second derivatives where the partials are computed from what is given.
    let cube = |[x]: [Var; 1]| (x * x * x, [x * x * 3.0]);
    assert_eq!(hessian(|[x]| Dual::custom([x], cube) * 2.0, [2.0]), [[24.0]]);
    assert_eq!(hvp(|[x]| Dual::custom([x], cube), [2.0], [10.0]), [120.0]);
    // Only what reaches an input meets its partial; and strangers are strangers here too.
    let root = |[x, y]: [f64; 2]| (x.sqrt() + y, [0.5 / x.sqrt(), 1.0]);
    assert_eq!(jvp(|[x, y]| [Dual::custom([x, y], root)], [0.0, 3.0], [0.0, 1.0]), ([3.0], [1.0]));
    assert_eq!(Dual::custom([Dual::<f64>::constant(0.0), Dual::variable(3.0, 0)], root).tangent(0), 1.0);
    let of_none = Dual::<f64>::custom([], |[]| (7.0, []));
    assert_eq!((of_none.primal(), derivative(|x| x * of_none, 1.0)), (7.0, 7.0));
    assert_says(
        &refusal(|| derivative(|x| x * derivative(|y| Dual::custom([x, y], product), 1.0), 1.0)),
        &OF_ANOTHER,
    );
}
