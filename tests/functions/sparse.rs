//! Promise: the nonzeros of a sparse derivative are those of the dense one, and everything else is 0.

use crate::programs::{Program, Random, any_point};
use crate::repeated::Repeated;
use tapegrad::{Error, Function, Mode, Var, lists, sparse::Pattern, vectorised::Exactness};

/// Whether two numbers are the same, NaN included; 0 and −0 are.
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

/// Whether they are the same to rounding, relative to a scale.
fn near(a: f64, b: f64, scale: f64) -> bool {
    same(a, b) || (a - b).abs() <= 1e-12 * scale
}

/// The dense matrix, row by row.
fn dense(pattern: &Pattern, values: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; pattern.rows() * pattern.columns()];
    assert_eq!(values.len(), pattern.nonzeros());
    for ((row, column), &value) in pattern.triplets().zip(values) {
        all[row * pattern.columns() + column] = value;
    }
    all
}

/// The Jacobian of a function at a point, sparse and as a dense function.
fn jacobians(f: &Function, x: &[f64]) -> [Vec<f64>; 2] {
    let sparse = f.sparse_jacobian().unwrap();
    for mode in [Mode::Reverse, Mode::Sparse] {
        let other = f.sparse_jacobian_by(mode).unwrap();
        assert_eq!(other.pattern(), sparse.pattern());
        let values = dense(other.pattern(), &other.evaluator().values(x).unwrap());
        let exact = f.evaluator().jacobian_by(mode, x).unwrap();
        assert!(values.iter().zip(&exact).all(|(&a, &b)| same(a, b)), "{mode:?}: {values:?}, {exact:?}");
    }
    assert_eq!(sparse.pattern(), &f.jacobian_pattern());
    assert_eq!((sparse.pattern().rows(), sparse.pattern().columns()), (f.outputs(), f.variables()));
    let values = sparse.evaluator().values(x).unwrap();
    [dense(sparse.pattern(), &values), f.jacobian().unwrap().evaluator().values(x).unwrap()]
}

/// The lower triangle of the Hessian of a function at a point, sparse and as a dense function.
fn hessians(f: &Function, x: &[f64]) -> [Vec<f64>; 2] {
    let (sparse, n) = (f.sparse_hessian().unwrap(), f.variables());
    assert_eq!(sparse.pattern(), &f.hessian_pattern().unwrap());
    let values = sparse.evaluator().values(x).unwrap();
    let mut whole = f.hessian().unwrap().evaluator().values(x).unwrap();
    for row in 0..n {
        whole[row * n..][..n][row + 1..].fill(0.0);
    }
    [dense(sparse.pattern(), &values), whole]
}

#[test]
fn jacobians_of_any_program_at_any_point() {
    let mut random = Random(1);
    let mut nonzeros = 0;
    for case in 0..1000 {
        let inputs = random.below(5);
        let (program, x) = (Program::wide(&mut random, inputs), any_point(&mut random, inputs));
        let Ok(f) = Function::record(|x: &[Var]| program.outputs(x), &x[..]) else { continue };
        let held = (0..inputs).filter(|_| random.below(8) == 0);
        let f = f.with_held(held.collect::<Vec<_>>()).unwrap();
        let [sparse, dense] = jacobians(&f, &x);
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(same(a, b), "case {case}, {k}: sparse {a}, dense {b}, at {x:?}\n{program:?}");
            nonzeros += usize::from(b != 0.0);
        }
    }
    assert!(nonzeros > 700, "{nonzeros}");
}

#[test]
fn hessians_of_any_program_at_any_point() {
    let mut random = Random(2);
    for case in 0..400 {
        let inputs = random.below(4);
        let (program, x) = (Program::wide(&mut random, inputs), any_point(&mut random, inputs));
        let Ok(f) = Function::record(|x: &[Var]| program.outputs(x)[0], &x[..]) else { continue };
        let [sparse, dense] = hessians(&f, &x);
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(same(a, b), "case {case}, {k}: sparse {a}, dense {b}, at {x:?}\n{program:?}");
        }
    }
}

#[test]
fn graphs_of_equal_parts() {
    let mut random = Random(3);
    for case in 0..40 {
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { continue };
        let [sparse, dense] = jacobians(&f, &x);
        let by_evaluator = f.evaluator().jacobian(&x).unwrap();
        for (k, (&a, &b)) in sparse.iter().zip(&dense).enumerate() {
            assert!(same(a, b), "case {case}, {k}: sparse {a}, dense {b}");
            assert!(near(a, by_evaluator[k], a.abs()), "case {case}, {k}: sparse {a}, {}", by_evaluator[k]);
        }
    }
}

fn pattern_of(f: fn(&[Var]) -> Vec<Var>, variables: usize) -> Vec<Vec<usize>> {
    let pattern = Function::record(f, &vec![0.5; variables][..]).unwrap().jacobian_pattern();
    (0..pattern.rows()).map(|row| pattern.row(row).to_vec()).collect()
}

#[test]
fn patterns_of_the_smallest_functions() {
    assert_eq!(pattern_of(|_| vec![], 2), Vec::<Vec<usize>>::new());
    assert_eq!(pattern_of(|_| vec![Var::from(1.0), lists::sum(&[])], 0), [[0; 0], [0; 0]]);
    // An argument as it is, twice, and a constant.
    assert_eq!(pattern_of(|x| vec![x[1], x[1], Var::from(2.0)], 2), [vec![1], vec![1], vec![]]);
    // What is flat is no dependency; a zero that is a number is one.
    assert_eq!(
        pattern_of(|x| vec![x[0].floor() * x[1], x[0].stop_gradient(), x[0] * 0.0], 2),
        [vec![1], vec![], vec![0]]
    );
    let empty = Function::record(|_: &[Var]| Vec::<Var>::new(), &[0.0; 0][..]).unwrap();
    assert_eq!(empty.sparse_jacobian().unwrap().evaluator().values(&[]).unwrap(), [0.0; 0]);
    assert_eq!(empty.jacobian_pattern().to_string(), "0 × 0, 0 nonzeros");
}

#[test]
fn patterns_of_hessians() {
    let lower = |f: fn(&[Var]) -> Var| {
        let pattern = Function::record(f, &[0.5; 3][..]).unwrap().hessian_pattern().unwrap();
        pattern.triplets().collect::<Vec<_>>()
    };
    // A sum of functions of one variable is a diagonal, and what is linear is not there.
    assert_eq!(lower(|x| x[0].exp() + x[1] * 3.0 + x[2].powi(3)), [(0, 0), (2, 2)]);
    assert_eq!(lower(|x| x[0] * x[1] + x[2]), [(1, 0)]);
    assert_eq!(lower(|x| (x[0] + x[2]).sin()), [(0, 0), (2, 0), (2, 2)]);
    assert_eq!(lower(|x| (x[0] - x[1]).abs() + x[0].max(x[2])), []);
    assert_eq!(lower(|_| Var::from(1.0)), []);
}

/// Sums of very many terms, bracketed from left to right or as a list, and outputs of which many use the same.
#[test]
fn patterns_of_large_sums() {
    let n = 3000;
    let outputs = |x: &[Var]| {
        let running = x.iter().fold(Var::from(0.0), |sum, &x| sum + x * x);
        let list = lists::dot(x, x);
        let half = lists::sum(&x[..n / 2]);
        vec![running, list, half, half * x[n - 1], running * 2.0, x[7]]
    };
    let pattern = Function::record(outputs, &vec![0.5; n][..]).unwrap().jacobian_pattern();
    let counts: Vec<usize> = (0..6).map(|row| pattern.row(row).len()).collect();
    assert_eq!(counts, [n, n, n / 2, n / 2 + 1, n, 1]);
    assert!(pattern.row(4).iter().copied().eq(0..n));
    assert_eq!(pattern.row(3)[n / 2..], [n - 1]);
}

#[test]
fn held_inputs_have_no_columns() {
    let f = Function::record(|[x, y, z]| [x * y, z.exp()], [1.0; 3]).unwrap().with_held([1]).unwrap();
    let sparse = f.sparse_jacobian().unwrap();
    assert!(sparse.pattern().triplets().eq([(0, 0), (1, 1)]));
    assert_eq!(sparse.evaluator().values(&[1.0, 5.0, 0.0]).unwrap(), [5.0, 1.0]);
}

#[test]
fn a_chain_is_equal_to_its_dense_hessian() {
    let energy = |x: &[Var]| {
        x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).sin()).sum::<Var>()
    };
    let x: Vec<f64> = (0..200).map(|k| (0.7 * f64::from(k)).sin()).collect();
    let f = Function::record(energy, &x[..]).unwrap();
    let sparse = f.sparse_hessian().unwrap();
    assert_eq!(sparse.pattern().nonzeros(), 399);
    let (whole, order) = sparse.pattern().mirrored();
    let values = sparse.evaluator().values(&x).unwrap();
    let values: Vec<f64> = order.iter().map(|&k| values[k]).collect();
    let all = dense(&whole, &values);
    for mode in [Mode::Reverse, Mode::Sparse] {
        let other = f.sparse_hessian_by(mode).unwrap().evaluator().values(&x).unwrap();
        assert!(order.iter().zip(&values).all(|(&k, &value)| near(other[k], value, 1e3)), "{mode:?}");
    }
    for mode in [Mode::Forward, Mode::Auto, Mode::Sparse] {
        let exact = f.evaluator().hessian_by(mode, &x).unwrap();
        let scale = exact.iter().fold(0f64, |most, h| most.max(h.abs()));
        assert!(all.iter().zip(&exact).all(|(&a, &b)| near(a, b, scale)), "{mode:?}");
    }
}

/// With functions in vector registers: the same nonzeros within their rounding, the same errors.
#[test]
fn rounded_plans() {
    let terms =
        |x: &[Var]| x.windows(2).map(|w| (w[0] * w[1]).sin() * w[0].exp() + w[1].sqrt().ln()).collect();
    let at: Vec<f64> = (0..300).map(|k| 0.2 + f64::from(k % 17) * 0.1).collect();
    let f = Function::record(|x: &[Var]| -> Vec<Var> { terms(x) }, &at[..]).unwrap();
    let [exact, rounded] =
        [Exactness::Exact, Exactness::Rounded].map(|it| f.sparse_jacobian_with(it).unwrap());
    assert_eq!(exact.pattern(), rounded.pattern());
    let [a, b] = [&exact, &rounded].map(|it| it.evaluator().values(&at).unwrap());
    assert!(a.iter().zip(&b).all(|(&a, &b)| near(a, b, 1e-2)), "within 1e-14");
    let energy = Function::record(|x: &[Var]| terms(x).into_iter().sum::<Var>(), &at[..]).unwrap();
    let [exact, rounded] =
        [Exactness::Exact, Exactness::Rounded].map(|it| energy.sparse_hessian_with(it).unwrap());
    let [a, b] = [&exact, &rounded].map(|it| it.evaluator().values(&at).unwrap());
    assert!(a.iter().zip(&b).all(|(&a, &b)| near(a, b, 1e-1)), "within 1e-13");
    // At the edge of a domain both give what the function gives.
    let mut edge = at.clone();
    (edge[7], edge[20]) = (0.0, -1.0);
    let [a, b] = [&exact, &rounded].map(|it| it.evaluator().values(&edge).unwrap());
    assert!(a.iter().zip(&b).all(|(&a, &b)| near(a, b, 1e-1)) && a.iter().any(|a| !a.is_finite()));
    let branch = Function::record(|[x, y]| if x < y { [x.exp() * y] } else { [y] }, [1.0, 2.0]).unwrap();
    let refused = branch.sparse_jacobian_with(Exactness::Rounded).unwrap().evaluator().values(&[2.0, 1.0]);
    assert!(matches!(refused, Err(Error::BranchChanged { .. })));
}

#[test]
fn errors() {
    let f = Function::record(|[x, y]| if x < y { x * x } else { y }, [1.0, 2.0]).unwrap();
    let sparse = f.sparse_hessian().unwrap();
    let mut numbers = sparse.evaluator();
    assert!(matches!(numbers.values(&[2.0, 1.0]), Err(Error::BranchChanged { .. })));
    assert!(matches!(numbers.values(&[2.0]), Err(Error::Length { expected: 2, got: 1, .. })));
    let mut out = [7.0; 2];
    assert!(matches!(
        numbers.values_into(&[1.0, 2.0], &mut out),
        Err(Error::Length { expected: 1, got: 2, .. })
    ));
    assert_eq!(out, [7.0; 2]);
    let two = Function::record(|[x]| [x, x], [1.0]).unwrap();
    assert!(matches!(two.sparse_hessian(), Err(Error::Length { expected: 1, got: 2, .. })));
    assert!(matches!(two.hessian_pattern(), Err(Error::Length { .. })));
}

#[test]
fn plans_are_shared_between_threads() {
    let f = Function::record(|x: &[Var]| lists::dot(x, x), &[1.0; 300][..]).unwrap();
    let sparse = &f.sparse_hessian().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || assert_eq!(sparse.evaluator().values(&[0.1; 300]).unwrap(), [2.0; 300]));
        }
    });
}
