//! Promise: in a function as on a tape only structural zeros are zero. A zero adjoint that meets an infinite partial is NaN
//! where it was reached, and nothing where it was not.

use crate::common::alike;
use tapegrad::{
    Function, Mode, Tape, Var, jacobian,
    lists::{log_sum_exp, norm, product},
    masks::lt,
    preaccumulate, primitives,
    primitives::{Op, reductions},
};

/// The Jacobian at a point, row by row, from a function recorded there; it has to be that of a tape.
#[track_caller]
fn jacobian_of(f: impl Fn(&[Var]) -> Vec<Var>, at: &[f64]) -> Vec<Vec<f64>> {
    let by_tape = jacobian(&f, at);
    let function = Function::record(&f, at).unwrap();
    let mut found = vec![f64::INFINITY; by_tape.len() * at.len()];
    function.evaluator().jacobian_into(at, &mut found).unwrap();
    let rows: Vec<Vec<f64>> = found.chunks_exact(at.len()).map(<[f64]>::to_vec).collect();
    let are_same = rows.iter().flatten().zip(by_tape.iter().flatten()).all(|(a, b)| alike(*a, *b));
    assert!(are_same, "at {at:?}: {rows:?}, by the tape {by_tape:?}");
    rows
}

#[test]
fn what_is_not_taken_is_cut_off() {
    let f = |v: &[Var]| {
        let (x, root) = (v[0], v[1].sqrt());
        vec![lt(x, 0.0).select(root, x), lt(x, 0.0).select(x, root)]
    };
    assert_eq!(jacobian_of(f, &[1.0, 0.0]), [[1.0, 0.0], [0.0, f64::INFINITY]]);
    // And through more operations behind it, one of them a list.
    let f = |v: &[Var]| {
        let (x, root) = (v[0], v[1].sqrt() * v[0]);
        vec![(x * 3.0).max(-log_sum_exp(&[root, root])), x.min(product(&[root, x]) - 1.0)]
    };
    let rows = jacobian_of(f, &[1.0, 0.0]);
    assert_eq!(rows[0], [3.0, 0.0]);
    assert_eq!(rows[1][1], f64::INFINITY);
}

/// A sweep over dual numbers cuts off what a sweep over numbers does.
#[test]
fn what_is_not_taken_is_cut_off_in_second_derivatives() {
    let f = |x: Var, y: Var| lt(y, 0.0).select(x.sqrt(), x * x) * y;
    let f = Function::record(|[x, y]| f(x, y), [1.0, 1.0]).unwrap();
    // x² y at (0, 3), where √x has no slope.
    assert_eq!(f.evaluator().hvp(&[0.0, 3.0], &[1.0, 0.0]).unwrap(), [6.0, 0.0]);
    assert_eq!(f.evaluator().hessian_by(Mode::Forward, &[0.0, 3.0]).unwrap(), [6.0, 0.0, 0.0, 0.0]);
    let taken = f.evaluator().hvp(&[0.0, -3.0], &[1.0, 0.0]).unwrap();
    assert!(taken[0] == f64::INFINITY && taken[1] == f64::INFINITY, "{taken:?}");
}

#[test]
fn what_another_output_reaches_is_none() {
    let f = |v: &[Var]| vec![v[0].sqrt(), v[1], v[1] * 2.0 + v[0].ln() * 0.0];
    let rows = jacobian_of(f, &[0.0, 1.0]);
    assert_eq!(rows[..2], [[f64::INFINITY, 0.0], [0.0, 1.0]]);
    // Reached, by a zero: nobody knows what it is.
    assert!(rows[2][0].is_nan() && rows[2][1] == 2.0);
}

#[test]
fn zeros_that_are_numbers_are_nan_at_an_infinity() {
    let f = |v: &[Var]| {
        let product = v[0].sqrt() * v[1];
        vec![product, product.powi(2) + log_sum_exp(&[v[1], v[1]]), norm(&[v[1], product]) + v[1]]
    };
    let rows = jacobian_of(f, &[0.0, 0.0]);
    assert!(rows[0][0].is_nan() && rows[0][1] == 0.0);
    assert!(rows[1][0].is_nan() && rows[1][1] == 1.0);
    assert!(rows[2][0].is_nan() && rows[2][1] == 1.0);
}

/// How many operands a row over lists has, if each has two items.
fn two_each(op: Op) -> usize {
    let [lists, single] = op.lists().unwrap();
    2 * lists + single
}

/// Every row of the table behind a factor of zero and behind a choice of something else, at every edge.
#[test]
fn every_row_behind_a_zero_and_behind_another_choice() {
    const EDGES: [f64; 7] = [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 0.5, 1.0, f64::INFINITY];
    let (mut points, mut not_finite) = (0, 0);
    let rows = primitives::all().map(|row| (row.op, row.op.arity().unwrap()));
    for (op, arity) in rows.chain(reductions().map(|op| (op, two_each(op)))) {
        let combinations = EDGES.len().pow(arity as u32);
        for number in (0..combinations).step_by(if arity > 4 { 11 } else { 1 }) {
            let edge = |k: usize| EDGES[number / EDGES.len().pow(k as u32) % EDGES.len()];
            let at: Vec<f64> = (0..arity).map(edge).collect();
            let f = |x: &[Var]| {
                let y = op.value(x).unwrap();
                vec![y * 0.0, y.select(y, x[0]), y.stop_gradient() + x[0], lt(x[0], x[0]).select(y, x[0]), y]
            };
            for row in jacobian_of(f, &at) {
                points += 1;
                not_finite += usize::from(!row.iter().all(|slope| slope.is_finite()));
            }
        }
    }
    assert!(points > 10_000 && not_finite > 1_000 && not_finite < points / 2, "{not_finite} of {points}");
}

/// The gradient of a function called on what has an infinite slope, by `call` and by `call_as_node`: they have to agree.
#[track_caller]
fn by_both_calls(f: &Function, at: &[f64]) -> Vec<f64> {
    let by = |call: fn(&Function, &[Var]) -> Var| {
        let tape = Tape::new();
        let behind = tape.vars(vec![0.0; at.len()]);
        let x: Vec<Var> = behind.iter().zip(at).map(|(u, &at)| u.sqrt() + at).collect();
        let y = call(f, &x);
        let gradient = y.backward();
        behind.iter().map(|&u| gradient[u]).collect::<Vec<f64>>()
    };
    let called = by(|f, x| f.call(x).unwrap()[0]);
    let as_node = by(|f, x| f.call_as_node(x).unwrap()[0]);
    let are_same = called.iter().zip(&as_node).all(|(a, b)| alike(*a, *b));
    assert!(are_same, "at {at:?}: {called:?}, as a node {as_node:?}\n{f}");
    as_node
}

#[test]
fn a_node_links_what_reaches_it() {
    let ignores = Function::record(|[x, _v]| x * x, [1.0, 1.0]).unwrap();
    assert_eq!(by_both_calls(&ignores, &[3.0, 0.0]), [f64::INFINITY, 0.0]);
    let tape = Tape::new();
    let [x, u] = tape.vars([3.0, 0.0]);
    assert_eq!(preaccumulate([x, u.sqrt()], |[x, _v]| x * x).backward().wrt([x, u]), [6.0, 0.0]);
    assert_eq!(ignores.call_as_node(&[x, u.sqrt()]).unwrap()[0].backward().wrt([x, u]), [6.0, 0.0]);

    let cuts: [fn(Var, Var) -> Var; 5] = [
        |x, v| lt(x, 0.0).select(v, x),
        |x, v| x.max(v - 9.0),
        |x, v| x + (v - 9.0).relu(),
        |x, v| x + v.stop_gradient(),
        |x, v| x.clamp(v - 9.0, v + 9.0),
    ];
    for cut in cuts {
        let f = Function::record(|[x, v]| cut(x, v), [1.0, 1.0]).unwrap();
        assert_eq!(by_both_calls(&f, &[3.0, 0.0]), [f64::INFINITY, 0.0], "{f}");
    }
    // A zero that is a number is linked.
    let product = Function::record(|[x, v]| x + v * 0.0, [1.0, 1.0]).unwrap();
    assert!(by_both_calls(&product, &[3.0, 0.0])[1].is_nan());
    // Several outputs, each by itself: an argument, a constant, the same twice.
    let several = Function::record(|[x, v]| [v, x, Var::from(2.0), x * x, x * x], [1.0, 1.0]).unwrap();
    let tape = Tape::new();
    let [x, u] = tape.vars([3.0, 0.0]);
    let y = several.call_as_node(&[x, u.sqrt()]).unwrap();
    let rows: Vec<_> = y.iter().map(|y| y.backward().wrt([x, u])).collect();
    assert_eq!(rows, [[0.0, f64::INFINITY], [1.0, 0.0], [0.0, 0.0], [6.0, 0.0], [6.0, 0.0]]);
}

#[test]
fn every_row_as_a_node() {
    const EDGES: [f64; 6] = [-1.0, -0.0, 0.0, 0.5, 1.0, f64::INFINITY];
    let rows = primitives::all().map(|row| (row.op, row.op.arity().unwrap()));
    for (op, arity) in rows.chain(reductions().map(|op| (op, two_each(op)))) {
        let combinations = EDGES.len().pow(arity as u32);
        for number in (0..combinations).step_by(if arity > 4 { 37 } else { 1 }) {
            let edge = |k: usize| EDGES[number / EDGES.len().pow(k as u32) % EDGES.len()];
            let at: Vec<f64> = (0..arity).map(edge).collect();
            let f = Function::record(|x: &[Var]| op.value(x).unwrap(), &at[..]).unwrap();
            by_both_calls(&f, &at);
        }
    }
}

/// The slope of √(y + x²) by y is 0 at an infinite x, and so is its own slope by y: numbers, which times the infinite slope of
/// the square are NaN.
#[test]
fn a_zero_that_is_a_number_stays_one_in_second_derivatives() {
    let f = Function::record(|[y, x]| (y + x.powi(2)).sqrt(), [1.0, 2.0]).unwrap();
    let mut hessian = [7.0; 4];
    f.evaluator().hessian_into(&[1.0, f64::NEG_INFINITY], &mut hessian).unwrap();
    assert!(hessian[0] == 0.0 && hessian[1..].iter().all(|entry| entry.is_nan()), "{hessian:?}");
}
