//! A tape that keeps partial derivatives only gives the same gradients, to the bit, in less memory; and it says what it
//! cannot show.

use crate::common::{assert_says, quick_tape, refusal};
use tapegrad::{Error, Real, Tape, Var, lists, preaccumulate, vjp};

fn quick_tape_for_gradients() -> Tape {
    let tape = Tape::for_gradients();
    tape.keep_lines(false); // the quick path, in debug builds too
    tape
}

/// Nodes of one to nine operands, some of them constants, repeated or not selected; zeros, infinities, lists.
fn outputs(x: &[Var]) -> Vec<Var> {
    let [a, b, c] = [x[0], x[1], x[2]];
    let one = Var::from(1.0);
    let zero = a * 0.0;
    let two = preaccumulate([a, b], |[a, b]| a.atan2(b));
    let three = preaccumulate([a, b, c], |[a, b, c]| a * b - c.exp());
    let four = preaccumulate([c, a, one, a], |[a, b, c, d]| (a / b).min(c * d));
    let five = preaccumulate([one, a, two, three, a], |[a, b, c, d, e]| a * b + c * d * e.sin());
    let six = preaccumulate([a, b, c, two, three, four], |[a, b, c, d, e, f]| a.max(b) * c - d * e / f);
    let nine = preaccumulate([a, b, c, two, three, four, five, six, a], |x| {
        x[0] * x[8] + x[1..8].iter().fold(x[1] * x[2], |sum, &x| sum + x * x)
    });
    vec![
        two,
        three,
        four,
        five,
        six,
        nine,
        a.mul_add(b, c) + one.mul_add(a, nine) * 0.0,
        a.select(three, nine),
        lists::sum(&[a, nine, one, a]) + lists::dot(&[six, b], &[0.5, 1.5]),
        // A zero on a path to an infinite partial, and one without a path.
        zero.sqrt() * 0.0 + nine,
        (zero.sqrt() + three).max(nine + 1e9),
        a.floor() * five + b.max(1e300) * four,
        Var::from(2.0),
        a,
    ]
}

#[test]
fn the_same_gradients_to_the_bit() {
    let points = [
        [0.5, -1.5, 2.0],
        [0.0, 1.0, -0.0],
        [1e200, 1e-200, 3.0],
        [f64::INFINITY, 2.0, 0.0],
        [f64::NAN, 1.0, 2.0],
    ];
    let mut nonzero = 0;
    for at in points {
        let (plain, lean) = (quick_tape(), quick_tape_for_gradients());
        let (x, twin) = (plain.vars(at), lean.vars(at));
        for (k, (y, lean_y)) in outputs(&x).into_iter().zip(outputs(&twin)).enumerate() {
            let bits = |y: Var, x: [Var; 3]| {
                let gradient = y.backward();
                x.map(|x| gradient.get(x).unwrap_or(0.0).to_bits())
            };
            assert_eq!(bits(lean_y, twin), bits(y, x), "output {k} at {at:?}");
            nonzero += bits(y, x).iter().filter(|&&bits| bits << 1 != 0).count();
        }
        let bits = |tape: &Tape, x: &[Var]| {
            tape.jacobian(&outputs(x), x).into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(&lean, &twin), bits(&plain, &x), "Jacobian at {at:?}");
        assert_eq!(lean.len(), plain.len());
    }
    assert!(nonzero > 100, "{nonzero}");
}

#[test]
fn marks_names_and_pauses() {
    let tape = quick_tape_for_gradients();
    let x = tape.named("x", 3.0);
    assert_eq!(tape.variable("x").map(|x| (x.value(), x.backward()[x])), Some((3.0, 1.0)));
    let mark = tape.mark();
    for k in 1..4 {
        let cube = preaccumulate([x, x, x], |[a, b, c]| a * b * c);
        let frozen = tape.no_grad(|| cube * x);
        let y = lists::sum(&[cube * frozen, cube]);
        assert_eq!((y.backward()[x], tape.len()), (27.0 * 81.0 + 27.0, 4), "{k}");
        assert_eq!(tape.backward(&[(y, 2.0), (cube, -1.0)])[cube], 2.0 * 82.0 - 1.0);
        tape.rewind(mark);
        assert_eq!(tape.len(), 1);
    }
    let square = tape.custom("square", [x], |[x]| (x * x, [2.0 * x]));
    assert_eq!(square.backward()[x], 6.0);
    tape.clear();
    assert!(tape.is_empty() && tape.variable("x").is_none());
    assert_says(&refusal(|| x * x), &["stands on no tape of this thread"]);
}

#[test]
fn it_takes_less_memory() {
    let bytes = |tape: &Tape, f: &dyn Fn(Var) -> Var| {
        let x = tape.var(0.5);
        let before = tape.statistics().bytes;
        let _ = f(x);
        let bytes = tape.statistics().bytes - before;
        tape.clear();
        bytes
    };
    let block = |x| preaccumulate([x, x, x, x], |[a, b, c, d]| a * b + c * d);
    assert_eq!(bytes(&quick_tape(), &|x| x * x), 40);
    assert_eq!(bytes(&quick_tape_for_gradients(), &|x| x * x), 24);
    assert_eq!(bytes(&quick_tape(), &block), 88);
    assert_eq!(bytes(&quick_tape_for_gradients(), &block), 48);
}

#[test]
fn it_says_what_it_cannot_show() {
    let tape = Tape::for_gradients();
    let x = tape.var(0.0);
    let y = x.sqrt();
    let says = ["`Tape::for_gradients()` keeps partial derivatives only", "make it by `Tape::new()`"];
    assert_says(&refusal(|| tape.listing()), &says);
    assert_says(&refusal(|| tape.listing_with(&y.backward())), &says);
    assert_says(&refusal(|| tape.first_non_finite()), &says);
    assert_eq!((tape.statistics().nodes, tape.statistics().counts.len()), (2, 0));
    assert!(matches!(tape.function(&[x], &[y]), Err(Error::NotRecording)));
    assert!(matches!(tape.replayable(), Err(Error::NotRecording)));
    // Nothing happened to it.
    assert_eq!(y.backward()[x], f64::INFINITY);
}

#[test]
fn memory_serves_tapes_of_both_kinds_in_turn() {
    for k in 0..6 {
        let tape = if k % 2 == 0 { quick_tape() } else { quick_tape_for_gradients() };
        let x = tape.var(1.0);
        let y = (0..1000 * (1 + k)).fold(x, |y, _| preaccumulate([y, x, x], |[y, a, b]| y + a * b) * 0.5);
        assert_eq!((y.value() - 1.0, y.backward()[x] > 1.9), (0.0, true), "{k}");
        assert_eq!(tape.len(), 1 + 2000 * (1 + k));
        if k % 2 == 0 {
            assert_eq!(tape.listing().nodes.len(), tape.len());
        }
    }
}

#[test]
fn front_functions_use_such_tapes() {
    // Where a tape is misused, they say the same as with any other.
    let outside = Tape::new();
    let captured = outside.var(1.0);
    assert_says(&refusal(|| vjp(|[x]: [Var; 1]| [x * captured], [2.0], [1.0])), &["variables of two tapes"]);
}

#[test]
fn constants_take_no_place_in_rows() {
    fn f<R: Real>(x: &[R]) -> R {
        x.iter().fold(R::constant(0.0), |sum, &x| sum + R::constant(2.0) * x)
    }
    let tape = quick_tape_for_gradients();
    let x = tape.vars([1.0, 2.0, 3.0]);
    let y = f(&x);
    assert_eq!((y.backward().wrt(x), tape.len()), ([2.0; 3], 3 + 6));
}
