//! A gradient is right: however the variables are used, and however it is asked for.

use crate::common::quick_tape;
use tapegrad::view::Operand;
use tapegrad::{Dual, Gradient, Mark, Number, Real, Tape, Var, preaccumulate};

/// One tape, its variables, and the derivatives of `f` by them.
fn gradient_of<const N: usize>(at: [f64; N], f: impl FnOnce([Var; N]) -> Var) -> [f64; N] {
    let tape = quick_tape();
    let vars = tape.vars(at);
    f(vars).backward().wrt(vars)
}

#[test]
fn the_same_variable_twice() {
    assert_eq!(gradient_of([3.0], |[x]| x * x), [6.0]);
    assert_eq!(gradient_of([3.0], |[x]| x + x), [2.0]);
    assert_eq!(gradient_of([3.0], |[x]| x - x), [0.0]);
    assert_eq!(gradient_of([3.0], |[x]| x / x), [0.0]);
    assert_eq!(gradient_of([1.0], |[x]| x.powf(x)), [1.0]);
    assert_eq!(gradient_of([3.0], |[x]| x.max(x) + x.min(x)), [2.0]);
    assert_eq!(gradient_of([3.0], |[x]| x.select(x, x)), [1.0]);
    assert_eq!(gradient_of([3.0], |[x]| { x }), [1.0]);
}

#[test]
fn diamonds() {
    // (2x)(x²) = 2x³
    assert_eq!(gradient_of([3.0], |[x]| (x * 2.0) * (x * x)), [54.0]);
    // Paths double with every step; a sweep still visits each node once.
    assert_eq!(gradient_of([1.0], |[x]| (0..60).fold(x, |y, _| y + y)), [2f64.powi(60)]);
}

#[test]
fn what_the_output_does_not_depend_on_has_derivative_zero() {
    let tape = quick_tape();
    let [x, unused] = tape.vars([2.0, 5.0]);
    let aside = unused * x; // depends on `x`, but nothing depends on it
    let y = x * x;
    let g = y.backward();
    assert_eq!(g.wrt([x, unused, aside]), [4.0, 0.0, 0.0]);
}

#[test]
fn a_power_with_both_active() {
    let [by_a, by_b] = gradient_of([2.0, 3.0], |[a, b]| a.powf(b));
    assert_eq!(by_a, 12.0);
    assert_eq!(by_b, 8.0 * 2f64.ln());
    assert_eq!(gradient_of([2.0], |[a]| a.powf(3.0)), [12.0]);
    assert_eq!(gradient_of([3.0], |[b]| Var::from(2.0).powf(b)), [8.0 * 2f64.ln()]);
}

/// Every way to write a binary operator with a variable on the left, the right, or both sides.
macro_rules! all_forms {
    ($operator:tt, $assign:tt, [$both_x:expr, $both_y:expr], $right:expr, $left:expr) => {
        for form in [|x: Var, y: Var| x $operator y, |x, y| &x $operator y, |x, y| x $operator &y,
            |x, y| &x $operator &y, |mut x, y| { x $assign y; x }, |mut x, y| { x $assign &y; x }]
        {
            assert_eq!(gradient_of([8.0, 2.0], |[x, y]| form(x, y)), [$both_x, $both_y]);
        }
        for form in [|x: Var| x $operator 2.0, |x| &x $operator 2.0, |mut x| { x $assign 2.0; x },
            |x| x $operator Var::from(2.0)]
        {
            assert_eq!(gradient_of([8.0], |[x]| form(x)), [$right]);
        }
        for form in [|y: Var| 8.0 $operator y, |y| 8.0 $operator &y, |y| Var::from(8.0) $operator y] {
            assert_eq!(gradient_of([2.0], |[y]| form(y)), [$left]);
        }
    };
}

#[test]
#[allow(clippy::op_ref)] // the forms by reference are what is tested
fn every_form_of_every_operator() {
    all_forms!(+, +=, [1.0, 1.0], 1.0, 1.0);
    all_forms!(-, -=, [1.0, -1.0], 1.0, -1.0);
    all_forms!(*, *=, [2.0, 8.0], 2.0, 8.0);
    all_forms!(/, /=, [0.5, -2.0], 0.5, -2.0);
    assert_eq!(gradient_of([3.0], |[x]| -x), [-1.0]);
    assert_eq!(gradient_of([3.0], |[x]| -&x), [-1.0]);
}

#[test]
fn sums_and_products() {
    let at = [2.0, 3.0, 5.0];
    assert_eq!(gradient_of(at, |x| x.iter().sum()), [1.0, 1.0, 1.0]);
    assert_eq!(gradient_of(at, |x| x.into_iter().sum()), [1.0, 1.0, 1.0]);
    assert_eq!(gradient_of(at, |x| x.iter().product()), [15.0, 10.0, 6.0]);
    assert_eq!(gradient_of(at, |x| x.into_iter().product()), [15.0, 10.0, 6.0]);
    // No division by the factor: a zero among them does no harm.
    assert_eq!(gradient_of([2.0, 0.0, 5.0], |x| x.iter().product()), [0.0, 10.0, 0.0]);
    // Of nothing, a constant.
    let none: [Var; 0] = [];
    assert_eq!(none.iter().sum::<Var>().value(), 0.0);
    assert_eq!(none.iter().product::<Var>().value(), 1.0);
}

#[test]
fn plain_numbers_of_other_types_are_constants() {
    assert_eq!(gradient_of([3.0], |[x]| x.powf(2) + x.max(0.5f32) * x.min(9)), [12.0]);
    assert_eq!(Var::from(0.5f32).value(), 0.5);
    assert_eq!(Var::from(-7).value(), -7.0);
    assert!(Var::from(1.5).is_constant() && Var::default().is_constant());
    let tape = quick_tape();
    let x = tape.var(3.0);
    assert_eq!((Var::from(&x) * 2.0).backward()[x], 2.0);
    // Operations on constants alone leave nothing on any tape.
    let c = (Var::from(2.0) * 3.0).sin().max(0.0);
    assert!(c.is_constant());
    assert_eq!(tape.len(), 2);
}

#[test]
fn named_variables() {
    let tape = quick_tape();
    let w = tape.named("w", 2.0);
    let y = w * w;
    let b = tape.named("b", 1.0);
    let z = y + b;
    assert!(tape.variable("nobody").is_none());
    let g = z.backward();
    assert_eq!(g[tape.variable("w").unwrap()], 4.0);
    assert_eq!(g[tape.variable("b").unwrap()], 1.0);
    // Names go with their variables, so they are free again.
    let mark = tape.mark();
    let c = tape.named("c", 5.0);
    assert_eq!(tape.variable("c").map(Var::value), Some(5.0));
    tape.rewind(mark);
    assert!(tape.variable("c").is_none());
    assert_eq!(tape.named("c", 6.0).value() + c.value(), 11.0);
    tape.clear();
    assert!(["w", "b", "c"].iter().all(|name| tape.variable(name).is_none()));
}

#[test]
fn detach_stops_the_derivative() {
    assert_eq!(gradient_of([3.0], |[x]| x * x.detach()), [3.0]);
    assert_eq!(gradient_of([3.0], |[x]| x * x.stop_gradient()), [3.0]);
    assert_eq!(gradient_of([3.0], |[x]| (x * x).detach()), [0.0]);
    // What is detached may cross tapes.
    let (first, second) = (quick_tape(), quick_tape());
    let (x, y) = (first.var(3.0), second.var(5.0));
    assert_eq!((x.detach() * y).backward()[y], 3.0);
    assert!(x.detach().is_constant() && Var::from(1.0).detach().is_constant());
}

#[test]
fn no_grad_records_nothing() {
    let tape = quick_tape();
    let x = tape.var(3.0);
    let before = x * 2.0;
    let (inside, var) = tape.no_grad(|| {
        let nested = tape.no_grad(|| x * x);
        assert!(nested.is_constant());
        let fused = preaccumulate([x, before], |[x, b]| x * b);
        let custom = tape.custom("square", [x], |[x]| (x * x, [2.0 * x]));
        let long = x.select(before, before);
        assert!((x * before).is_constant(), "still paused after the nested block");
        assert!(fused.is_constant() && custom.is_constant() && long.is_constant());
        // A new variable is not an operation on one.
        (x.exp() + nested, tape.var(7.0))
    });
    assert_eq!(inside.value(), 3f64.exp() + 9.0);
    assert!(inside.is_constant());
    assert_eq!(tape.len(), 3);
    let z = before * x * inside + var;
    assert_eq!(z.backward().wrt([x, var]), [12.0 * inside.value(), 1.0]);

    // Other tapes are not concerned.
    let other = quick_tape();
    let y = other.var(2.0);
    assert_eq!(tape.no_grad(|| y * y).backward()[y], 4.0);
}

#[test]
fn no_grad_lasts_through_a_clear_and_ends_with_a_panic() {
    let tape = quick_tape();
    tape.no_grad(|| {
        tape.clear();
        let x = tape.var(3.0);
        assert!((x * x).is_constant());
    });
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tape.no_grad(|| std::panic::resume_unwind(Box::new("on purpose")))
    }));
    assert!(outcome.is_err());
    let x = tape.var(3.0);
    assert_eq!((x * x).backward()[x], 6.0);
}

#[test]
fn custom_operations() {
    let tape = quick_tape();
    let [x, y] = tape.vars([3.0, 5.0]);
    let cube = tape.custom("cube", [x], |[x]| (x * x * x, [3.0 * x * x]));
    assert_eq!(cube.value(), 27.0);
    assert_eq!((cube * 2.0).backward()[x], 54.0);
    // Any number of inputs, constants and repetitions among them.
    let inputs = vec![x, y, Var::from(7.0), x, y];
    let dot = tape.custom("dot", &inputs, |v| {
        (v.iter().zip([1.0, 2.0, 3.0, 4.0, 5.0]).map(|(v, w)| v * w).sum(), vec![1.0, 2.0, 3.0, 4.0, 5.0])
    });
    assert_eq!(dot.value(), 3.0 + 10.0 + 21.0 + 12.0 + 25.0);
    assert_eq!(dot.backward().wrt([x, y]), [5.0, 7.0]);
    // A partial of zero is a number like any other: an infinity behind it is not hidden.
    let infinite = (x * 0.0).sqrt();
    let flat = tape.custom("flat", [infinite], |[_]| (1.0, [0.0]));
    assert!(flat.backward()[x].is_nan());
    // Of constants, a constant.
    assert!(tape.custom("cube", [Var::from(2.0)], |[x]| (x, [1.0])).is_constant());
}

fn statement<R: Real>([a, b, c]: [R; 3]) -> R {
    let r = (a * b + c.sin()).exp();
    (r / (a * a + 1.0)).max(b - c) + r.powf(b) * c.relu()
}

#[test]
fn preaccumulated_is_as_plain() {
    for at in [[0.3, 0.4, 0.5], [1.5, -0.5, -2.0], [-1.0, 2.0, 0.0], [0.0, 9.0, -3.0]] {
        let plain = gradient_of(at, |x| statement(x).tanh());
        let fused = gradient_of(at, |x| preaccumulate(x, statement).tanh());
        for (plain, fused) in plain.iter().zip(fused) {
            assert!((plain - fused).abs() <= 4.0 * f64::EPSILON * plain.abs(), "{plain} {fused}");
        }
    }
    // What is not taken does not reach the result, infinite or not.
    let dead = |x: Var| preaccumulate([x], |[x]| x.relu().sqrt());
    assert_eq!(gradient_of([-1.0], |[x]| dead(x)), gradient_of([-1.0], |[x]| x.relu().sqrt()));
    // But an infinity that was reached is.
    let infinite = |x: Var| preaccumulate([x], |[x]| x.sqrt() * x.sqrt());
    assert!(gradient_of([0.0], |[x]| infinite(x))[0].is_nan());
}

#[test]
fn preaccumulated_blocks_take_constants_and_give_several_results() {
    let tape = quick_tape();
    let [r, phi] = tape.vars([2.0, 0.0]);
    let [x, y] = preaccumulate([r, phi], |[r, phi]| [r * phi.cos(), r * phi.sin()]);
    assert_eq!(x.backward().wrt([r, phi]), [1.0, 0.0]);
    assert_eq!(y.backward().wrt([r, phi]), [0.0, 2.0]);
    let z = preaccumulate([r, Var::from(3.0), r], |[a, b, c]| a * b * c);
    assert_eq!(z.backward()[r], 12.0);
    // An input that no result depends on has no part in it, whatever lies behind.
    let infinite = (phi * 1.0).sqrt();
    let z = preaccumulate([r, infinite], |[r, _]| r * r);
    assert_eq!(z.backward().wrt([r, phi]), [4.0, 0.0]);
    assert!(preaccumulate([Var::from(3.0)], |[a]| a * a).is_constant());
    // No constant among many has a part in it either.
    let mut many = [Var::from(0.0); 57];
    many[56] = r;
    assert_eq!(preaccumulate(many, |v| v[0].sqrt() + v[56] * 3.0).backward()[r], 3.0);
    // A result that nothing reaches is a result all the same: what depends on it has a derivative by it.
    let flat = preaccumulate([r], |[_]| Dual::constant(1.0));
    let g = (flat * 3.0).backward();
    assert_eq!((g[flat], g[r]), (3.0, 0.0));
}

#[test]
fn blocks_of_many_inputs_are_as_plain() {
    /// Linked with all inputs but the first, by a path that an infinity blocks.
    fn chain<R: Real>(x: &[R]) -> R {
        let sums = x.windows(2).map(|w| w[0].stop_gradient() + w[1] * w[1].sin());
        sums.fold(R::constant(0.0), |sum, term| sum * 0.5 + term) + (x[0] - 1e3).relu().sqrt()
    }
    fn check<const N: usize>(constant: Option<usize>) {
        let at: [f64; N] = std::array::from_fn(|k| 0.3 + 0.1 * k as f64);
        for (tape, lines) in [(Tape::new(), true), (Tape::new(), false), (Tape::for_gradients(), false)] {
            tape.keep_lines(lines);
            let x = tape.vars(at);
            let operands: [Var; N] =
                std::array::from_fn(|k| if Some(k) == constant { Var::from(at[k]) } else { x[k] });
            let (plain, block) = (chain(&operands), preaccumulate(operands, |x| chain(&x)));
            assert_eq!(block.value(), plain.value());
            for (found, expected) in block.backward().wrt(x).into_iter().zip(plain.backward().wrt(x)) {
                assert!((found - expected).abs() <= 1e-14 * (1.0 + expected.abs()), "{found} {expected}");
            }
            // A zero adjoint passes on nothing, and an infinite partial by a constant is nobody's.
            let endless = preaccumulate(operands, |x| x[N - 1].powf(0.0) + (x[0] - x[0].primal()).sqrt());
            let by_last = (endless * 0.0 + x[1]).backward()[x[1]];
            assert_eq!(by_last, 1.0);
        }
    }
    for constant in [None, Some(0), Some(1), Some(7)] {
        check::<8>(constant);
        check::<9>(constant);
        check::<12>(constant);
        check::<13>(constant);
    }
}

#[test]
fn rows_keep_the_values_of_constants() {
    let tape = quick_tape();
    let x = tape.var(2.0);
    let constants = [5.0, 7.0, -0.0];
    let [a, b, c] = constants.map(Var::from);
    let _ = (x * a, b / x, preaccumulate([a, x, b, c], |[a, x, b, c]| a * x + b * c));
    let listing = tape.listing();
    let of = |node: usize| -> Vec<f64> {
        let operands = listing.nodes[node].operands.iter();
        operands
            .filter_map(|operand| if let Operand::Constant(value) = operand { Some(*value) } else { None })
            .collect()
    };
    assert_eq!([of(1), of(2), of(3)], [vec![5.0], vec![7.0], constants.to_vec()]);
}

#[test]
fn several_outputs_with_weights() {
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 3.0]);
    let (p, s) = (x * y, x + y);
    assert_eq!(tape.backward(&[(p, 1.0), (s, 10.0)]).wrt([x, y]), [13.0, 12.0]);
    assert_eq!(tape.backward(&[(s, 10.0), (p, 1.0)]).wrt([x, y]), [13.0, 12.0]);
    // The same output twice adds; an output may be a variable or depend on another output.
    assert_eq!(tape.backward(&[(p, 1.0), (p, 2.0)]).wrt([x, y]), [9.0, 6.0]);
    let q = p * p;
    assert_eq!(tape.backward(&[(q, 1.0), (p, 1.0), (x, 5.0)]).wrt([x, y]), [13.0 * 3.0 + 5.0, 26.0]);
    // Constants among them weigh nothing.
    assert_eq!(tape.backward(&[(Var::from(4.0), 9.0), (s, 1.0)]).wrt([x, y]), [1.0, 1.0]);
    let g = tape.backward(&[]);
    assert_eq!(g.wrt([x, y]), [0.0, 0.0]);
    // A weight of zero is a zero adjoint, not an absence.
    let root = (x * 0.0).sqrt();
    assert!(tape.backward(&[(root, 0.0), (p, 1.0)])[x].is_nan());
}

#[test]
fn backward_twice_and_from_two_outputs() {
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 3.0]);
    let z = (x * y).sin();
    let first = z.backward();
    let w = z * x;
    let [of_w, second] = [w.backward(), z.backward()];
    assert_eq!(first.wrt([x, y]), second.wrt([x, y]));
    assert_eq!(first[x], 3.0 * 6f64.cos());
    assert_eq!(of_w[x], 3.0 * 6f64.cos() * 2.0 + 6f64.sin());
    // A gradient is a value: neither a clear nor the end of the tape changes it.
    tape.clear();
    assert_eq!(first[x], 3.0 * 6f64.cos());
    drop(tape);
    assert_eq!(first[y], 2.0 * 6f64.cos());
}

#[test]
fn backward_into_the_same_memory() {
    let mut g = Gradient::new();
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 3.0]);
    (x * y * y).backward_into(&mut g);
    assert_eq!(g.wrt([x, y]), [9.0, 12.0]);
    // A shorter one leaves nothing of the longer one.
    y.backward_into(&mut g);
    assert_eq!(g.wrt([x, y]), [0.0, 1.0]);
    tape.backward_into(&[(x * x, 2.0)], &mut g);
    assert_eq!(g.wrt([x, y]), [8.0, 0.0]);
    // Another tape, then a constant, then the first tape again.
    let other = quick_tape();
    let u = other.var(5.0);
    (u * u).backward_into(&mut g);
    assert_eq!(g[u], 10.0);
    assert_eq!(g.get(x), None);
    Var::from(1.0).backward_into(&mut g);
    assert_eq!((g[u], g[x]), (0.0, 0.0));
    (x * y).backward_into(&mut g);
    assert_eq!((g[x], g.get(u)), (3.0, None));
}

#[test]
fn a_constant_output_has_gradient_zero() {
    let tape = quick_tape();
    let x = tape.var(2.0);
    let g = Var::from(3.0).backward();
    assert_eq!(g[x], 0.0);
    assert_eq!(g.get(x), Some(0.0));
    assert_eq!(g.wrt(&vec![x, x]), [0.0, 0.0]);
}

#[test]
fn every_node_has_its_adjoint() {
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 3.0]);
    let h = x * y;
    let dead = (-h).relu();
    let z = h * h + dead;
    let g = z.backward();
    assert_eq!(g[z], 1.0);
    assert_eq!(g[h], 12.0);
    assert_eq!(g[dead], 1.0, "the output depends on a unit that is off");
    assert_eq!((g[x], g[&x]), (36.0, 36.0));
}

#[test]
fn gradients_in_the_shape_of_the_variables() {
    let tape = quick_tape();
    let [x, y] = tape.vars([2.0, 3.0]);
    let g = (x * y).backward();
    let array: [f64; 2] = g.wrt([x, y]);
    let of_reference: [f64; 2] = g.wrt(&[x, y]);
    let vector: Vec<f64> = g.wrt(vec![y, x, y]);
    let of_slice: Vec<f64> = g.wrt(&[x, y][1..]);
    assert_eq!((array, of_reference), ([3.0, 2.0], [3.0, 2.0]));
    assert_eq!((vector, of_slice), (vec![2.0, 3.0, 2.0], vec![2.0]));
    let mut out = [0.0; 2];
    g.wrt_into(&[y, x], &mut out);
    assert_eq!(out, [2.0, 3.0]);
}

#[test]
fn rewinding_keeps_what_came_before() {
    let tape = quick_tape();
    let [a, b] = tape.vars([2.0, 3.0]);
    let mut marks: Vec<Mark> = Vec::new();
    let mut kept = vec![a * b];
    // Each turn keeps one node more, so the tape is made of ever more pieces.
    for turn in 0..5 {
        for _ in 0..3 {
            let mark = tape.mark();
            let scratch = kept.iter().fold(a, |sum, &k| sum + k * b);
            assert_eq!(scratch.backward()[a], gradient_of_turn(turn));
            tape.rewind(mark);
            assert_eq!(tape.len(), 3 + turn);
        }
        marks.push(tape.mark());
        let last = *kept.last().unwrap();
        kept.push(last + b);
        let g = kept[turn + 1].backward();
        assert_eq!(g.wrt([a, b]), [3.0, 3.0 + turn as f64]);
        assert_eq!(g[kept[0]], 1.0);
    }
    // Back over several pieces at once.
    tape.rewind(marks[1]);
    let z = kept[0] * kept[1];
    assert_eq!(z.backward().wrt([a, b]), [6.0 * 3.0 + 9.0 * 3.0, 6.0 * 3.0 + 9.0 * 2.0]);
}

/// By `a`: 1 of the start, and b·b of each of the kept `a·b + k·b`.
fn gradient_of_turn(turn: usize) -> f64 {
    1.0 + 9.0 * (turn + 1) as f64
}

#[test]
fn several_tapes_interleaved() {
    let tapes: Vec<Tape> = (0..5).map(|_| quick_tape()).collect();
    let vars: Vec<Var> = tapes.iter().map(|tape| tape.var(2.0)).collect();
    let mut results = vars.clone();
    for _ in 0..4 {
        for (result, var) in results.iter_mut().zip(&vars) {
            *result *= var;
        }
    }
    for (tape, (result, var)) in tapes.iter().zip(results.iter().zip(&vars)).rev() {
        assert_eq!(result.backward()[var], 5.0 * 16.0);
        assert_eq!(tape.len(), 5);
    }
    // Dropping one leaves the others alone.
    let mut tapes = tapes;
    tapes.remove(2);
    for k in [0, 1, 3, 4] {
        assert_eq!((results[k] * vars[k]).backward()[vars[k]], 6.0 * 32.0);
    }
}

#[test]
fn code_over_number_needs_no_more() {
    fn f<R: Number>(x: R) -> R {
        (R::constant(2.0) * x - 1.0).max(x) / 2.0
    }
    assert_eq!(gradient_of([3.0], |[x]| f(x)), [1.0]);
    assert_eq!(gradient_of([-3.0], |[x]| f(x)), [0.5]);
}
