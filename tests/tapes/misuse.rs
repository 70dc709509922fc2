//! Misuse is refused, in release builds too, in the name of the line that misused, with words that name
//! the cure. After a refusal the tape goes on.

use crate::common::{assert_says, panic_of, quick_tape, refusal};
use std::thread;
use tapegrad::{
    Dual, Gradient, Number, Tape, Var, derivative, gradient, hessian, hvp, jacobian, jvp,
    lists::{affine, dot},
    preaccumulate, vjp,
};

/// What can be done with two variables; each must see that they stand on two tapes.
const MIXED: [fn(Var, Var) -> Var; 10] = [
    |a, b| a + b,
    |a, b| b / a,
    |mut a, b| {
        a *= b;
        a
    },
    |a, b| a.powf(b),
    |a, b| b.max(a),
    |a, b| a.select(b, 1.0),
    |a, b| a.select(1.0, b),
    |a, b| Var::from(1.0).select(a, b),
    |a, b| preaccumulate([a, b], |[a, b]| a * b),
    |a, b| Number::hypot(a, b),
];

/// What can be done with one variable; each must see that it is no longer valid.
const ALONE: [fn(Var) -> Var; 9] = [
    |x| -x,
    |x| x * 2.0,
    |x| 1.0 - x,
    |x| x.sin(),
    |x| x.powi(3),
    |x| Var::from(1.0).select(2.0, x),
    |x| preaccumulate([x], |[x]| x * x),
    |x| Var::from(x.backward()[x]),
    |x| x.detach(),
];

const STALE: [&str; 3] = ["on no tape of this thread", "keep the tape alive", "`tape.var(..)`"];

#[test]
fn variables_of_two_tapes() {
    let (first, second) = (quick_tape(), quick_tape());
    let (x, y) = (first.named("x", 3.0), second.var(5.0));
    let message = refusal(|| x * y);
    assert_says(&message, &["two tapes", "`x` (value 3)", "node #0 (value 5)", "`.detach()`", "Function"]);
    assert_says(&refusal(|| y * x), &["two tapes", "`x` (value 3)", "`.detach()`"]);
    for mix in MIXED {
        assert_says(&panic_of(|| mix(x, y)).message, &["two tapes", "`.detach()`"]);
        assert_says(&panic_of(|| mix(y, x)).message, &["two tapes", "`.detach()`"]);
    }
    assert_eq!((first.len(), second.len()), (1, 1), "nothing was recorded");
    assert_eq!((x * x).backward()[x], 6.0);
    assert_eq!((x.detach() * y).backward()[y], 3.0);
}

#[test]
fn on_recording_tapes_the_cure_is_another() {
    // There, `detach` stays on the tape.
    let (first, second) = (Tape::recording(), quick_tape());
    let message = refusal(|| first.var(1.0) + second.var(2.0));
    assert_says(&message, &["two tapes", "Function"]);
    assert!(!message.contains("detach"), "{message}");
    assert_says(&refusal(|| first.var(1.0) < second.var(2.0)), &["two tapes", "Function"]);
}

fn refused_everywhere(x: Var) {
    for f in ALONE {
        assert_says(&panic_of(|| f(x)).message, &STALE);
    }
    let tape = quick_tape();
    let y = tape.var(1.0);
    for mix in MIXED {
        assert_says(&panic_of(|| mix(x, y)).message, &STALE);
        assert_says(&panic_of(|| mix(y, x)).message, &STALE);
    }
    assert_says(&refusal(|| tape.backward(&[(x, 1.0)])), &["output", "another tape", "not on this tape"]);
    assert_says(&refusal(|| tape.custom("f", [x], |[x]| (x, [1.0]))), &STALE);
    assert!(!tape.owns(x));
    assert_eq!((y * y).backward()[y], 2.0);
    assert_eq!(tape.len(), 2);
}

#[test]
fn a_variable_of_a_dropped_tape() {
    let x = quick_tape().var(3.0);
    assert_says(&refusal(|| x * x), &["(value 3)", "dropped"]);
    refused_everywhere(x);
    // The value itself is there for ever.
    assert_eq!((x.value(), x < 4.0, x.to_string()), (3.0, true, "3".to_owned()));
}

#[test]
fn a_variable_of_a_cleared_tape() {
    let tape = quick_tape();
    let [x, y] = tape.vars([3.0, 4.0]);
    let z = x * y;
    tape.clear();
    for var in [x, y, z] {
        assert_says(&refusal(|| var + 1.0), &["cleared"]);
        refused_everywhere(var);
    }
    // Its successors at the same places are others.
    let [a, b] = tape.vars([3.0, 4.0]);
    let c = a * b;
    for var in [x, y, z] {
        refused_everywhere(var);
        assert_eq!(c.backward().get(var), None);
    }
    assert_eq!(c.backward().wrt([a, b]), [4.0, 3.0]);
}

#[test]
fn a_variable_that_was_rewound() {
    let tape = quick_tape();
    let x = tape.var(3.0);
    let mark = tape.mark();
    let gone = x * x;
    tape.rewind(mark);
    assert_says(&refusal(|| gone * x), &["rewound", "`rewind()`"]);
    refused_everywhere(gone);
    let successor = x * x;
    refused_everywhere(gone);
    assert_eq!(successor.backward()[x], 6.0);
    // The same with several pieces before it, and when the rewind goes to the very start.
    let piece = tape.mark();
    let deep = successor * x;
    tape.rewind(piece);
    let other = successor + x;
    refused_everywhere(deep);
    assert_eq!(other.backward()[x], 7.0);
    // The last one before a clear, next to those that a later rewind keeps.
    let tape = quick_tape();
    let last = tape.var(1.0);
    tape.clear();
    let kept = tape.var(2.0);
    let mark = tape.mark();
    let _ = kept * kept;
    tape.rewind(mark);
    assert_says(&refusal(|| kept * last), &STALE);
    refused_everywhere(last);
    let start = quick_tape();
    let mark = start.mark();
    let x = start.var(1.0);
    start.rewind(mark);
    start.var(2.0);
    refused_everywhere(x);
}

#[test]
fn a_variable_in_another_thread() {
    let tape = quick_tape();
    let x = tape.var(3.0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let message = refusal(|| x * x);
            assert_says(&message, &["another thread", "in the thread of their tape"]);
            refused_everywhere(x);
            let own = quick_tape();
            let y = own.var(1.0);
            assert_says(&refusal(|| x * y), &STALE);
            assert_says(&refusal(|| y * x), &STALE);
        });
    });
    assert_eq!((x * x).backward()[x], 6.0);
}

#[test]
fn a_variable_whose_tape_was_replaced_a_million_times() {
    let first = quick_tape().var(3.0);
    let tape = quick_tape();
    let cleared = tape.var(4.0);
    let mark = tape.mark();
    let rewound = cleared * 2.0;
    for k in 0..1_000_000 {
        match k % 4 {
            0 => {
                let _ = quick_tape().var(1.0);
            }
            1 => drop(quick_tape()),
            _ => {
                if k < 500_000 {
                    tape.rewind(mark)
                } else {
                    tape.clear()
                }
                let _ = tape.var(1.0);
            }
        }
    }
    for var in [first, cleared, rewound] {
        refused_everywhere(var);
    }
}

#[test]
fn a_gradient_that_knows_nothing_of_the_variable() {
    let (tape, other) = (quick_tape(), quick_tape());
    let [x, y] = tape.vars([2.0, 3.0]);
    let z = x * y;
    let g = z.backward();
    let foreign = other.var(1.0);
    let later = z + 1.0;
    let gone = quick_tape().var(1.0);
    for var in [foreign, later, gone] {
        let cure = ["knows nothing", "another tape", "after the output", "`get`"];
        assert_says(&refusal(|| g[var]), &cure);
        assert_says(&refusal(|| g[&var]), &cure);
        assert_says(&refusal(|| g.wrt([x, var])), &cure);
        assert_says(&refusal(|| g.wrt_into(&[x, var], &mut [0.0; 2])), &cure);
        assert_eq!(g.get(var), None);
    }
    let constant = Var::from(7.0);
    assert_says(&refusal(|| g[constant]), &["a constant (value 7)", "`tape.var(..)`"]);
    assert_eq!(g.get(constant), None);
    assert_eq!(g.get(x), Some(3.0));
    // A later node at the place of a rewound one is a later node all the same.
    let mark = tape.mark();
    let w = z * x;
    let g = w.backward();
    tape.rewind(mark);
    let successor = z * y;
    assert_eq!((g.get(w), g.get(successor)), (Some(1.0), None));
    assert_says(&refusal(|| g[successor]), &["knows nothing"]);
    // The gradient of a constant has zeros for variables, and nothing for constants.
    let g = Var::from(1.0).backward();
    assert_eq!((g[x], g.get(constant)), (0.0, None));
    assert_says(&refusal(|| g[constant]), &["a constant (value 7)"]);
    // An empty one knows nobody.
    assert_eq!(Gradient::new().get(x), None);
    assert_says(&refusal(|| Gradient::new()[x]), &["knows nothing"]);
}

#[test]
fn a_failed_sweep_leaves_the_gradient_as_it_was() {
    let tape = quick_tape();
    let x = tape.var(3.0);
    let gone = quick_tape().var(1.0);
    let mut g = (x * x).backward();
    refusal(|| gone.backward_into(&mut g));
    assert_eq!(g[x], 6.0);
    refusal(|| tape.backward_into(&[(x, 1.0), (gone, 1.0)], &mut g));
    assert_eq!(g[x], 6.0);
    Var::from(1.0).backward_into(&mut g);
    refusal(|| gone.backward_into(&mut g));
    assert_eq!(g.get(x), Some(0.0));
}

#[test]
fn outputs_of_two_tapes() {
    let (tape, other) = (quick_tape(), quick_tape());
    let (x, y) = (tape.var(2.0), other.var(3.0));
    let cure = ["an output (value 3)", "another tape", "`.detach()`"];
    assert_says(&refusal(|| tape.backward(&[(x, 1.0), (y, 1.0)])), &cure);
    assert_says(&refusal(|| tape.backward(&[(y, 1.0)])), &cure);
    assert_eq!(other.backward(&[(y, 1.0)])[y], 1.0);
}

#[test]
fn variables_captured_from_an_outer_tape() {
    let tape = quick_tape();
    let outer = tape.var(2.0);
    // Used inside, …
    assert_says(&refusal(|| gradient(|[x]| x * outer, [1.0])), &["two tapes", "`.detach()`", "Function"]);
    assert_says(&refusal(|| jacobian(|[x]| [x, outer - x], [1.0])), &["two tapes"]);
    assert_says(&refusal(|| hessian(|[x]| x * Dual::constant(outer), [1.0])), &["two tapes"]);
    // … or only returned: its derivative by the outer variables would be lost.
    let cure = ["(value 4)", "another tape", "`.detach()`"];
    assert_says(&refusal(|| gradient(|[_]| outer * outer, [1.0])), &cure);
    assert_says(&refusal(|| jacobian(|[x]| [x, outer * outer], [1.0])), &cure);
    assert_says(&refusal(|| vjp(|[x]| [x, outer * outer], [1.0], [1.0, 1.0])), &cure);
    let square = outer * outer;
    assert_says(&refusal(|| hessian(|[_x]| Dual::constant(square), [1.0])), &cure);
    assert_says(&refusal(|| hvp(|[_x]| Dual::constant(square), [1.0], [1.0])), &cure);
    let tangent = Dual::new(Var::from(1.0), [outer * outer]);
    assert_says(&refusal(|| hvp(|[_x]| tangent, [1.0], [1.0])), &cure);
    // The inner tape is gone, whatever happened; the outer one goes on.
    assert_eq!(gradient(|[x]| x * outer.detach(), [1.0]), [2.0]);
    assert_eq!((outer * outer).backward()[outer], 4.0);
    // A variable carried out of the closure is refused outside.
    let mut escaped = Var::from(0.0);
    let _ = gradient(
        |[x]| {
            escaped = x;
            x
        },
        [1.0],
    );
    assert_says(&refusal(|| escaped * 2.0), &STALE);
}

#[test]
fn stale_marks() {
    let cure = ["this mark", "take a new mark"];
    let (tape, other) = (quick_tape(), quick_tape());
    let x = tape.var(1.0);
    other.var(1.0);
    let mark = tape.mark();
    assert_says(&refusal(|| other.rewind(mark)), &cure);
    // Rewound to before it, then grown again.
    let y = x * x;
    let later = tape.mark();
    tape.rewind(mark);
    assert_says(&refusal(|| tape.rewind(later)), &cure);
    let z = x + x;
    assert_says(&refusal(|| tape.rewind(later)), &cure);
    assert_eq!(tape.len(), 2, "a refused rewind forgets nothing");
    assert_eq!(z.backward()[x], 2.0);
    assert_says(&refusal(|| y * 1.0), &STALE);
    // A mark serves any number of times, until a clear.
    tape.rewind(mark);
    tape.rewind(mark);
    tape.clear();
    assert_says(&refusal(|| tape.rewind(mark)), &cure);
    tape.var(1.0);
    assert_says(&refusal(|| tape.rewind(mark)), &cure);
    // The very start is there for ever, on its own tape.
    let (first, second) = (quick_tape(), quick_tape());
    let start = first.mark();
    first.var(1.0);
    first.rewind(start);
    first.clear();
    first.rewind(start);
    assert_says(&refusal(|| second.rewind(start)), &cure);
    drop(first);
    assert_says(&refusal(|| quick_tape().rewind(start)), &cure);
}

#[test]
fn names_are_given_once() {
    let tape = quick_tape();
    tape.named("w", 2.0);
    assert_says(&refusal(|| tape.named("w", 3.0)), &["named `w` already", "(value 2)"]);
    assert_eq!(tape.len(), 1);
    assert_eq!(tape.variable("w").map(Var::value), Some(2.0));
    quick_tape().named("w", 4.0);
}

#[test]
fn custom_operations_with_wrong_parts() {
    let (tape, other) = (quick_tape(), quick_tape());
    let [x, y] = tape.vars([2.0, 3.0]);
    for partials in [vec![], vec![1.0], vec![1.0; 3]] {
        let message = refusal(|| tape.custom("f", vec![x, y], |_| (1.0, partials)));
        assert_says(&message, &["`f` has 2 inputs", "return one per input"]);
    }
    let message = refusal(|| other.custom("f", [x], |[x]| (x, [1.0])));
    assert_says(&message, &["`f`", "another tape", "call `custom` on the tape of its inputs"]);
    let z = other.var(1.0);
    let message = refusal(|| tape.custom("f", [x, z], |[x, z]| (x * z, [z, x])));
    assert_says(&message, &["two tapes"]);
    // The closure may do what it likes; its inputs are looked up afterwards.
    let message = refusal(|| {
        tape.custom("f", [x], |[x]| {
            tape.clear();
            (x, [1.0])
        })
    });
    assert_says(&message, &STALE);
    assert_eq!((tape.len(), other.len()), (0, 1));
}

#[test]
fn a_full_tape() {
    let full = |len: usize| {
        [format!("the tape is full: it holds {len} nodes"), "`clear()`".to_owned(), "`rewind()`".to_owned()]
    };
    let tape = Tape::with_limit(4);
    let [x, y] = tape.vars([2.0, 3.0]);
    let mark = tape.mark();
    let z = x * y;
    assert_says(&refusal(|| tape.vars([1.0, 2.0])), &full(3).each_ref().map(|s| &**s));
    assert_eq!(tape.len(), 3, "all of the variables or none");
    let w = z + 1.0;
    let more: [&dyn Fn() -> Var; 8] = [
        &|| x * y,
        &|| -x,
        &|| x.select(y, z),
        &|| tape.var(1.0),
        &|| tape.named("late", 1.0),
        &|| tape.vars(&vec![1.0])[0],
        &|| tape.custom("f", [x, y, z], |_| (1.0, [1.0; 3])),
        &|| preaccumulate([x, y, z], |[x, y, z]| x * y * z),
    ];
    for more in more {
        assert_says(&panic_of(more).message, &full(4).each_ref().map(|s| &**s));
        assert_eq!(tape.len(), 4);
    }
    assert_says(&refusal(|| x * y), &["the tape is full"]);
    assert_says(&refusal(|| tape.var(1.0)), &["the tape is full"]);
    // Nothing is half done: no name, no memory of operands, and everything before still works.
    assert!(tape.variable("late").is_none());
    assert_eq!(tape.statistics().bytes, 4 * 40);
    assert_eq!(w.backward().wrt([x, y]), [3.0, 2.0]);
    tape.rewind(mark);
    assert_eq!((x + y).backward().wrt([x, y]), [1.0, 1.0]);
    // Constants cost no room, and other tapes are not concerned.
    let none = Tape::with_limit(0);
    assert_says(&refusal(|| none.var(1.0)), &["the tape is full: it holds 0 nodes"]);
    assert_eq!(quick_tape().vars([0.0; 100]).len(), 100);
}

#[test]
fn the_memory_of_a_limited_tape_serves_an_unlimited_one() {
    drop(Tape::with_limit(1));
    let tape = quick_tape();
    assert_eq!(tape.vars([0.0; 10]).iter().sum::<Var>().value(), 0.0);
    drop(tape);
    let limited = Tape::with_limit(1);
    limited.keep_lines(true);
    limited.keep_lines(false);
    let x = limited.var(1.0);
    assert_says(&refusal(|| x * x), &["the tape is full: it holds 1 nodes"]);
}

#[test]
fn lengths_of_derivatives() {
    let tape = quick_tape();
    let x = tape.var(1.0);
    let g = (x * x).backward();
    assert_says(&refusal(|| g.wrt_into(&[x], &mut [])), &["1 variables", "0 derivatives"]);
    assert_says(&refusal(|| g.wrt_into(&[x], &mut [0.0; 2])), &["1 variables", "2 derivatives"]);
    let cure = ["no direction 2", "the number has 2, counted from 0", "`Dual<_, 3>`"];
    assert_says(&refusal(|| Dual::<f64, 2>::variable(1.0, 2)), &cure);
    assert_says(&refusal(|| Dual::<f64, 2>::constant(1.0).tangent(2)), &cure);
    assert_says(&refusal(|| Dual::<Var, 0>::constant(x).tangent(0)), &["no direction 0", "has 0"]);
    assert_says(
        &panic_of(|| tapegrad::primitives::Op::Add.value(&[1.0])).message,
        &["`add` takes 2 operands, not 1"],
    );
}

#[test]
fn generic_code_is_reported_at_its_own_line() {
    fn f<R: Number>(x: R, y: R) -> R {
        (x + 1.0).hypot(y)
    }
    let here = line!() - 2;
    let (first, second) = (quick_tape(), quick_tape());
    let (x, y) = (first.var(3.0), second.var(5.0));
    let panic = panic_of(|| f(x, y));
    assert_eq!((&*panic.file, panic.line), (file!(), here));
    let panic = panic_of(|| f(Dual::<Var, 1>::constant(x), Dual::constant(y)));
    assert_eq!((&*panic.file, panic.line), (file!(), here));
}

#[test]
fn the_standard_library_in_between() {
    // It does not hand on the line of its caller: the message names it, or the function where there are no lines.
    let (first, second) = (quick_tape(), quick_tape());
    let xs = [first.var(3.0), second.var(5.0)];
    let stale = || [quick_tape().var(1.0)];
    type Call<'a> = &'a dyn Fn(&[Var]) -> Var;
    let calls: [(u32, Call<'_>); 5] = [
        (line!(), &|xs| xs.iter().sum()),
        (line!(), &|xs| xs.iter().copied().product()),
        (line!(), &|xs| xs.iter().map(|x| x * 2.0).sum()),
        (line!(), &|xs| xs.iter().copied().reduce(std::ops::Mul::mul).unwrap()),
        (line!(), &|xs| xs[..1].iter().copied().chain(stale()).map(Var::sin).sum()),
    ];
    for (line, call) in calls {
        let message = panic_of(|| call(&xs)).message;
        // With optimisation a closure that only hands on may leave no frame; then it is the line that called it.
        let place =
            if cfg!(debug_assertions) { format!("{}:{line}:", file!()) } else { format!("{}:", file!()) };
        let has_line = message.contains(&format!("(called from {place}"));
        // The function, where no lines are known; with the name of the crate or without.
        let has_function = ["", "tapes::"].iter().any(|krate| {
            message.contains(&format!("(called from `{krate}misuse::the_standard_library_in_between"))
        });
        assert!(has_line || has_function, "line {line}: {message}");
    }
    // Where the line is known anyway, it is not said twice.
    assert!(!refusal(|| xs[0] * xs[1]).contains("called from"));
}

#[test]
fn variables_captured_from_an_outer_derivative() {
    // The classic: d/dx x · (d/dy (x + y)) is 1; with both tangents in one place it would come out as 2.
    let cure = ["enclosing", "`.stop_gradient()`", "Function"];
    assert_says(&refusal(|| derivative(|x| x * derivative(|y| x + y, 1.0), 1.0)), &cure);
    assert_says(&refusal(|| derivative(|x| x * derivative(|_| x, 1.0), 1.0)), &cure);
    assert_says(
        &refusal(|| jvp(|[x]| jvp(|[y]| [y, x * y], [1.0], [1.0]).1.map(|d| x * d), [1.0], [1.0])),
        &cure,
    );
    // The outer call is over after its panic: the next one starts anew.
    assert_eq!(derivative(|x| x * x, 3.0), 6.0);
    // What does not mix is fine: constants, own inner functions, rules by hand, and nested numbers.
    assert_eq!(derivative(|x| x * derivative(|y| x.stop_gradient() + y, 1.0), 1.0), 1.0);
    assert_eq!(derivative(|x| x * derivative(|y| y * x.primal(), 1.0), 3.0), 3.0);
    assert_eq!(derivative(|x| x * derivative(|y| y * y, 5.0), 3.0), 10.0);
    let by_hand = |y: Dual| Dual::custom([y], |[y]| (y * y, [2.0 * y]));
    assert_eq!(derivative(|x| x * derivative(by_hand, 5.0), 3.0), 10.0);
    let mut deep = 0.0;
    for _ in 0..20 {
        deep += derivative(|x| x * derivative(|y| y * derivative(|z| z * z, 2.0), 1.0), 1.0);
    }
    assert_eq!(deep, 80.0);
}

/// Becomes a variable by code of the user, which records, asks and may panic.
#[derive(Clone, Copy)]
struct Positive<'a>(&'a Var);

impl From<Positive<'_>> for Var {
    fn from(Positive(x): Positive<'_>) -> Var {
        assert!(*x < 10.0, "too large");
        x.exp()
    }
}

#[test]
fn conversions_in_lists_run_before_anything_is_recorded() {
    for tape in [quick_tape(), Tape::new(), Tape::recording()] {
        let [x, y] = tape.vars([1.0, 2.0]);
        // x eˣ + y eʸ
        let z = dot(&[x, y], &[Positive(&x), Positive(&y)]);
        assert_eq!(tape.len(), 5, "each item is converted once");
        assert_eq!(z.backward().wrt([x, y]), [2.0 * 1f64.exp(), 3.0 * 2f64.exp()]);
        let z = affine(&[x, y], &[Positive(&x), Positive(&y)], Positive(&y));
        assert_eq!(z.backward().wrt([x, y]), [2.0 * 1f64.exp(), 4.0 * 2f64.exp()]);
        // One that panics leaves what was there, and what comes is right.
        let large = tape.var(11.0);
        let len = tape.len();
        let panic = panic_of(|| dot(&[x, large], &[Positive(&x), Positive(&large)]));
        assert_eq!((&*panic.message, tape.len()), ("too large", len + 1));
        assert_eq!(x.mul_add(y, y).backward().wrt([x, y]), [2.0, 2.0]);
        assert_eq!(dot(&[x, y], &[y, y]).backward().wrt([x, y]), [2.0, 5.0]);
        assert_eq!(z.backward().wrt([x, y]), [2.0 * 1f64.exp(), 4.0 * 2f64.exp()]);
    }
}

#[test]
fn plain_items_of_lists() {
    let tape = quick_tape();
    let [x, y] = tape.vars([1.0, 2.0]);
    assert_eq!(dot(&[x, y], &[&y, &x]).backward().wrt([x, y]), [4.0, 2.0]);
    assert_eq!(dot(&[x, y], &[3.0, 4.0]).backward().wrt([x, y]), [3.0, 4.0]);
    assert_eq!(dot(&[x, y], &[3.0_f32, 4.0]).backward().wrt([x, y]), [3.0, 4.0]);
    assert_eq!(dot(&[x, y], &[3, 4]).backward().wrt([x, y]), [3.0, 4.0]);
}

#[test]
fn arguments_of_a_block_in_another() {
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 5.0]);
    let cure = ["another `preaccumulate`", "as an input of this block", "`.stop_gradient()`"];
    let mut kept = Dual::constant(0.0);
    let _ = preaccumulate([x], |[x]| {
        kept = x;
        x
    });
    for _ in 0..7 {
        assert_says(&refusal(|| preaccumulate([y], |[y]| y * kept)), &cure);
    }
    let message = refusal(|| {
        preaccumulate([x], |[x]| {
            let _ = preaccumulate([y], |[y]| [y, x * y]);
            x
        })
    });
    assert_says(&message, &cure);
    assert_says(
        &panic_of(|| derivative(|d| d * preaccumulate([x], |[x]| x * d).value(), 3.0)).message,
        &cure,
    );
    // With the cures.
    let z = preaccumulate([x, y], |[x, y]| x * y);
    assert_eq!(z.backward().wrt([x, y]), [5.0, 2.0]);
    let z = preaccumulate([y], |[y]| y * kept.stop_gradient());
    assert_eq!(z.backward().wrt([x, y]), [0.0, 2.0]);
    // Blocks within blocks that keep apart.
    let z = preaccumulate([x], |[x]| x * preaccumulate([y], |[y]| y * y).value());
    assert_eq!(z.backward().wrt([x, y]), [25.0, 0.0]);
}
