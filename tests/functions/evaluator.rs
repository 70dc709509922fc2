//! An evaluator gives the numbers of a function: in two forms, by every mode the same, nothing written on an error.

use crate::common;
use crate::programs::{Program, Random};
use tapegrad::{Error, Function, Var, Workspace, gradient, hessian};

#[test]
fn both_forms_are_the_same_bits() {
    let mut random = Random(5);
    let mut workspace = Workspace::new();
    for _ in 0..300 {
        let n = 1 + random.below(4);
        let program = Program::wide(&mut random, n);
        let x: Vec<f64> = (0..n).map(|_| random.uniform(-2.0, 2.0)).collect();
        let v: Vec<f64> = (0..n).map(|_| random.uniform(-1.0, 1.0)).collect();
        let f = Function::record(|x| program.outputs(x), &x).unwrap();
        let m = f.outputs();
        let u: Vec<f64> = (0..m).map(|_| random.uniform(-1.0, 1.0)).collect();
        let first = (m > 0).then(|| f.output(0).unwrap());

        let mut values = vec![7.0; m];
        f.evaluator_in(&mut workspace).values_into(&x, &mut values).unwrap();
        same(&f.evaluator().values(&x).unwrap(), &values);
        let mut jacobian = vec![7.0; m * n];
        f.evaluator_in(&mut workspace).jacobian_into(&x, &mut jacobian).unwrap();
        same(&f.evaluator().jacobian(&x).unwrap(), &jacobian);
        let (mut y, mut product) = (vec![7.0; m], vec![7.0; m]);
        f.evaluator_in(&mut workspace).jvp_into(&x, &v, &mut y, &mut product).unwrap();
        let jvp = f.evaluator().jvp(&x, &v).unwrap();
        same(&jvp.0, &y);
        same(&jvp.1, &product);
        same(&y, &values);
        let (mut y, mut product) = (vec![7.0; m], vec![7.0; n]);
        f.evaluator_in(&mut workspace).vjp_into(&x, &u, &mut y, &mut product).unwrap();
        let vjp = f.evaluator().vjp(&x, &u).unwrap();
        same(&vjp.0, &y);
        same(&vjp.1, &product);

        if let Some(f) = first {
            let mut slopes = vec![7.0; n];
            let value = f.evaluator_in(&mut workspace).value_and_gradient_into(&x, &mut slopes).unwrap();
            // A Jacobian may be computed forwards.
            close(&slopes, &jacobian[..n]);
            same(&f.evaluator().gradient(&x).unwrap(), &slopes);
            let both = f.evaluator().value_and_gradient(&x).unwrap();
            same(&both.1, &slopes);
            same(&[both.0, f.evaluator().value(&x).unwrap()], &[value; 2]);
            let mut second = vec![7.0; n * n];
            f.evaluator_in(&mut workspace).hessian_into(&x, &mut second).unwrap();
            same(&f.evaluator().hessian(&x).unwrap(), &second);
            f.evaluator_in(&mut workspace).hvp_into(&x, &v, &mut slopes).unwrap();
            same(&f.evaluator().hvp(&x, &v).unwrap(), &slopes);
        }
    }
}

#[track_caller]
fn same(a: &[f64], b: &[f64]) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| common::same(a, b)), "{a:?} {b:?}");
}

/// Many outputs of few variables: forwards. Each row against the reverse sweep of its output.
#[test]
fn tall_jacobians_are_the_gradients_of_the_outputs() {
    let mut random = Random(8);
    let (mut forwards, mut not_finite) = (0, 0);
    for round in 0..200 {
        let (n, m) = (1 + random.below(9), 1 + random.below(40));
        let programs: Vec<Program> = (0..m).map(|_| Program::random(&mut random, n, 8, false)).collect();
        let x: Vec<f64> = (0..n)
            .map(|_| match random.below(8) {
                0 if round % 2 == 0 => [0.0, -0.0, f64::INFINITY, f64::NAN][random.below(4)],
                _ => random.uniform(-2.0, 2.0),
            })
            .collect();
        let f = Function::record(|x: &[Var]| programs.iter().map(|p| p.run(x)).collect::<Vec<_>>(), &x);
        let f = f.unwrap();
        let jacobian = f.evaluator().jacobian(&x).unwrap();
        for k in 0..m {
            let weights: Vec<f64> = (0..m).map(|j| if j == k { 1.0 } else { 0.0 }).collect();
            let (row, expected) = (&jacobian[k * n..][..n], f.evaluator().vjp(&x, &weights).unwrap().1);
            if expected.iter().all(|slope| slope.is_finite()) {
                close(row, &expected);
            } else {
                // Products that overflow in one order alone are formed in that of the gradient.
                not_finite += usize::from(row.iter().any(|slope| !slope.is_finite()));
            }
        }
        forwards += usize::from(m > 3 * n.div_ceil(4));
    }
    assert!(forwards > 100 && not_finite > 50, "{forwards} {not_finite}");
}

/// Infinite partials, zeros in front of them, and operands that are not selected, among rows that are computed forwards.
#[test]
fn tall_jacobians_know_which_paths_there_are() {
    let rows = |[x, y]: [Var; 2]| {
        let root = (x * 0.0).sqrt();
        let mut rows = vec![
            root * 0.0 + y,
            root.max(y + 1e9),
            y.max(root - 1e9),
            (x * 1e200) * 1e200 * y,
            x.floor() * y,
        ];
        rows.extend((0..10).map(|k| x * y.powi(k)));
        rows
    };
    let at = [2.0, 0.5];
    let f = Function::record(rows, at).unwrap();
    let jacobian = f.evaluator().jacobian(&at).unwrap();
    for (k, row) in jacobian.chunks(2).enumerate() {
        same(row, &gradient(|x: [Var; 2]| rows(x)[k], at));
    }
    let constant = Function::record(|_: [Var; 2]| vec![Var::from(1.0); 9], at).unwrap();
    same(&constant.evaluator().jacobian(&at).unwrap(), &[0.0; 18]);
    let itself = Function::record(|[x]: [Var; 1]| vec![x; 5], [1.0]).unwrap();
    same(&itself.evaluator().jacobian(&[3.0]).unwrap(), &[1.0; 5]);
    let none = Function::record(|_: [Var; 0]| vec![Var::from(1.0); 5], [0.0; 0]).unwrap();
    assert!(none.evaluator().jacobian(&[]).unwrap().is_empty());
}

/// Outputs that depend on little of a large function, between others that depend on much, on one input, or on nothing: each
/// row against the gradient of its output alone.
#[test]
fn rows_of_a_large_function_know_what_they_depend_on() {
    let mut random = Random(9);
    let n = 60;
    let program = Program::random(&mut random, 3, 12, false);
    let outputs = |x: &[Var]| -> Vec<Var> {
        let mut y: Vec<Var> = x.windows(3).map(|w| program.run(w)).collect();
        let sum = y.iter().map(|y| y.sin()).sum::<Var>();
        y.insert(0, sum);
        y.insert(30, sum * x[3]);
        let root = (x[5] - x[5]).sqrt();
        y.extend([
            x[7],
            Var::from(2.0),
            y[4],
            root * 0.0 + x[8],
            root.max(x[9] + 9.0),
            x[0].floor() * x[1],
            y[4] * y[5],
        ]);
        y
    };
    let mut workspace = Workspace::new();
    for round in 0..20 {
        let x: Vec<f64> = (0..n)
            .map(|_| match random.below(30) {
                0 if round % 2 == 0 => [0.0, f64::INFINITY, 1e200][random.below(3)],
                _ => random.uniform(-2.0, 2.0),
            })
            .collect();
        let f = Function::record(|x: &[Var]| outputs(x), &x).unwrap();
        assert!(f.statistics().operations > 600);
        let jacobian = {
            let mut out = vec![7.0; f.outputs() * n];
            f.evaluator_in(&mut workspace).jacobian_into(&x, &mut out).unwrap();
            out
        };
        let symbolic = f.jacobian().unwrap().evaluator().values(&x).unwrap();
        for k in 0..f.outputs() {
            let expected = f.output(k).unwrap().evaluator().gradient(&x).unwrap();
            close(&jacobian[k * n..][..n], &expected);
            close(&symbolic[k * n..][..n], &expected);
        }
    }
}

/// Products against the Jacobian, the functions of the same names, and the functions at top level.
#[test]
fn products_are_those_of_the_matrices() {
    let mut random = Random(6);
    for _ in 0..300 {
        let n = 1 + random.below(4);
        let program = Program::random(&mut random, n, 8, false);
        let x: Vec<f64> = (0..n).map(|_| random.uniform(-2.0, 2.0)).collect();
        let v: Vec<f64> = (0..n).map(|_| random.uniform(0.5, 1.0)).collect();
        let f = Function::record(|x: &[tapegrad::Var]| [program.run(x), x[0] * x[0]], &x).unwrap();
        let [first, second] = [0, 1].map(|k| f.output(k).unwrap());
        let j = [first.evaluator().gradient(&x).unwrap(), second.evaluator().gradient(&x).unwrap()];
        close(&j[0], &gradient(|x| program.run(x), &x));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();

        let (y, jv) = f.evaluator().jvp(&x, &v).unwrap();
        close(&jv, &[dot(&j[0], &v), dot(&j[1], &v)]);
        let symbolic = f.jvp().unwrap().evaluator().values(&[&x[..], &v].concat()).unwrap();
        close(&symbolic, &[y.clone(), jv].concat());
        let (value, uj) = f.evaluator().vjp(&x, &[2.0, -3.0]).unwrap();
        let expected: Vec<f64> = (0..n).map(|k| 2.0 * j[0][k] - 3.0 * j[1][k]).collect();
        close(&uj, &expected);
        let symbolic = f.vjp().unwrap().evaluator().values(&[&x[..], &[2.0, -3.0]].concat()).unwrap();
        close(&symbolic, &[value, uj].concat());
        let hv = first.evaluator().hvp(&x, &v).unwrap();
        let rows = hessian(|x| program.run(x), &x);
        close(&hv, &rows.iter().map(|row| dot(row, &v)).collect::<Vec<_>>());
    }
}

#[track_caller]
fn close(a: &[f64], b: &[f64]) {
    let scale = a.iter().chain(b).fold(1.0, |most: f64, x| most.max(x.abs()));
    let near = |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= 1e-9 * scale || a.is_nan() && b.is_nan();
    assert!(a.len() == b.len() && a.iter().zip(b).all(near), "{a:?} {b:?}");
}

#[test]
fn an_error_writes_nothing() {
    let f = Function::record(|[x, y]| if x < y { [x * y, x] } else { [y, x] }, [1.0, 2.0]).unwrap();
    let single = f.output(0).unwrap();
    for x in [&[2.0, 1.0][..], &[1.0], &[1.0, 2.0, 3.0]] {
        let (mut a, mut b) = ([7.0; 4], [7.0; 4]);
        let mut numbers = f.evaluator();
        let mut of_single = single.evaluator();
        let told = [
            numbers.values_into(x, &mut a[..2]),
            numbers.jacobian_into(x, &mut a),
            numbers.jvp_into(x, &[1.0, 1.0], &mut a[..2], &mut b[..2]),
            numbers.vjp_into(x, &[1.0, 1.0], &mut a[..2], &mut b[..2]),
            of_single.value_and_gradient_into(x, &mut a[..2]).map(|_| ()),
            of_single.hvp_into(x, &[1.0, 1.0], &mut a[..2]),
            of_single.hessian_into(x, &mut a),
        ];
        for outcome in told {
            match x.len() {
                2 => assert!(matches!(outcome, Err(Error::BranchChanged { left: 2.0, right: 1.0, .. }))),
                n => assert!(matches!(outcome, Err(Error::Length { what: "inputs", got, .. }) if got == n)),
            }
        }
        assert_eq!((a, b), ([7.0; 4], [7.0; 4]));
    }
    // Lengths of everything else.
    let x = [1.0, 2.0];
    let mut numbers = f.evaluator();
    let (mut two, mut one) = ([7.0; 2], [7.0; 1]);
    let lengths = [
        numbers.values_into(&x, &mut one),
        numbers.jacobian_into(&x, &mut two),
        numbers.jvp_into(&x, &[1.0], &mut two, &mut [7.0; 2]),
        numbers.jvp_into(&x, &[1.0, 1.0], &mut one, &mut two),
        numbers.jvp_into(&x, &[1.0, 1.0], &mut two, &mut one),
        numbers.vjp_into(&x, &[1.0], &mut two, &mut [7.0; 2]),
        numbers.vjp_into(&x, &[1.0, 1.0], &mut one, &mut two),
        numbers.vjp_into(&x, &[1.0, 1.0], &mut two, &mut one),
        numbers.value(&x).map(|_| ()),
        numbers.gradient(&x).map(|_| ()),
        numbers.hessian(&x).map(|_| ()),
        numbers.hvp(&x, &[1.0, 1.0]).map(|_| ()),
        single.evaluator().hvp(&x, &[1.0]).map(|_| ()),
        single.evaluator().hvp_into(&x, &[1.0, 1.0], &mut one),
    ];
    assert!(lengths.iter().all(|outcome| matches!(outcome, Err(Error::Length { .. }))), "{lengths:?}");
    assert_eq!((two, one), ([7.0; 2], [7.0; 1]));
}

/// Held inputs have no column, and no entry in a direction.
#[test]
fn held_inputs_are_any_set() {
    let f = Function::record(|[a, x, b, y]| a * x * x + b * y * x, [1.0; 4]).unwrap();
    let f = f.with_held([2, 0, 0]).unwrap();
    let at = [2.0, 3.0, 5.0, 7.0];
    let mut numbers = f.evaluator();
    assert_eq!(numbers.gradient(&at).unwrap(), [2.0 * 2.0 * 3.0 + 5.0 * 7.0, 5.0 * 3.0]);
    assert_eq!(numbers.hessian(&at).unwrap(), [4.0, 5.0, 5.0, 0.0]);
    assert_eq!(numbers.jvp(&at, &[1.0, 0.0]).unwrap(), (vec![123.0], vec![47.0]));
    assert_eq!(numbers.vjp(&at, &[2.0]).unwrap(), (vec![123.0], vec![94.0, 30.0]));
    assert!(matches!(f.with_held([4]), Err(Error::Length { expected: 4, got: 5, .. })));
}

#[test]
fn threads_share_a_function() {
    let f = Function::record(|[x]| x.exp() * x, [1.0]).unwrap();
    std::thread::scope(|scope| {
        for k in 0..4 {
            let f = &f;
            scope.spawn(move || {
                let mut numbers = f.evaluator();
                for i in 0..100 {
                    let x = f64::from(k * 100 + i) / 100.0;
                    assert_eq!(numbers.value(&[x]).unwrap(), x.exp() * x);
                }
            });
        }
    });
}
