//! Promise: what a solver asks of a nonlinear program under the names of Ipopt's TNLP is right, by dual numbers and by
//! differences, whatever the constraints; what cannot be answered is an error, after which everything else is right.

use crate::programs::Random;
use tapegrad::solvers::NonlinearProgram;
use tapegrad::{Dual, Error, Function, Real, Var, hessian, jvp, lists};

/// An objective and constraints, over any number.
trait Problem {
    const VARIABLES: usize;
    fn outputs<R: Real>(x: &[R]) -> Vec<R>;
}

/// Declares a problem: its number of variables, and a generic function that returns the objective and the constraints.
macro_rules! problem {
    ($Name:ident, $variables:literal, |$x:ident| $outputs:expr) => {
        struct $Name;
        impl Problem for $Name {
            const VARIABLES: usize = $variables;
            fn outputs<R: Real>($x: &[R]) -> Vec<R> {
                $outputs
            }
        }
    };
}

// Hock and Schittkowski, number 71.
problem!(HockSchittkowski, 4, |x| vec![
    x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2],
    x[0] * x[1] * x[2] * x[3],
    x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3],
]);
// A pendulum in 20 steps of Euler: each constraint has four variables, and the last step has a parameter-like factor.
problem!(Pendulum, 63, |x| {
    let (angle, speed, torque) = (&x[..21], &x[21..42], &x[42..]);
    let mut outputs =
        vec![lists::sum(&torque.iter().map(|&u| u * u).collect::<Vec<_>>()) * 0.05 + angle[20].cos()];
    for k in 0..20 {
        outputs.push(angle[k + 1] - angle[k] - speed[k + 1] * 0.1);
        outputs.push(speed[k + 1] - speed[k] - (torque[k] - angle[k].sin()) * 0.1);
    }
    outputs
});
// The objective interacts in all pairs, and so does one constraint.
problem!(Dense, 7, |x| vec![
    lists::log_sum_exp(x),
    lists::norm(x) - 1.0,
    x.iter().zip(&x[1..]).map(|(&a, &b)| (a * b).exp()).sum(),
]);
problem!(Unconstrained, 9, |x| vec![
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
]);
// Constants, inputs as they are, the same constraint twice, one that depends on a variable by a function whose slope is 0.
problem!(Odd, 5, |x| vec![
    x[3],
    R::constant(2.5),
    x[0],
    x[0] * x[1] + x[2].floor(),
    x[0] * x[1] + x[2].floor(),
    x[4],
    x[4] * 0.0,
]);
problem!(Linear, 3, |x| vec![x[0] * 2.0 - x[1], x[0] + x[1] + x[2] - 1.0, x[2] * 3.0]);
problem!(ConstantObjective, 2, |x| vec![R::constant(1.0), x[0] * x[1].sin()]);
problem!(NoVariables, 0, |_x| vec![R::constant(4.0), R::constant(-1.0)]);

/// What a solver gets at a point.
struct Answers {
    f: f64,
    grad_f: Vec<f64>,
    g: Vec<f64>,
    /// Row by row, zeros filled in.
    jac_g: Vec<f64>,
    /// The lower triangle, row by row, zeros filled in.
    h: Vec<f64>,
}

/// A dense matrix from its nonzeros, which stand in order, once each.
fn dense((rows, columns): (Vec<usize>, Vec<usize>), values: &[f64], width: usize, height: usize) -> Vec<f64> {
    assert_eq!((rows.len(), columns.len()), (values.len(), values.len()));
    let places: Vec<(usize, usize)> = rows.into_iter().zip(columns).collect();
    assert!(places.windows(2).all(|w| w[0] < w[1]), "in order, once each: {places:?}");
    assert!(places.iter().all(|&(row, column)| row < height && column < width));
    let mut matrix = vec![0.0; width * height];
    for ((row, column), &value) in places.into_iter().zip(values) {
        matrix[row * width + column] = value;
    }
    matrix
}

fn ask(program: &NonlinearProgram, x: &[f64], obj_factor: f64, lambda: &[f64]) -> Result<Answers, Error> {
    let (n, m) = (program.variables(), program.constraints());
    let mut calls = program.evaluator();
    let (mut grad_f, mut g) = (vec![7.0; n], vec![7.0; m]);
    let (mut jac_g, mut h) =
        (vec![7.0; program.jac_g_structure().0.len()], vec![7.0; program.h_structure().0.len()]);
    calls.eval_h(x, obj_factor, lambda, &mut h)?;
    calls.eval_jac_g(x, &mut jac_g)?;
    calls.eval_grad_f(x, &mut grad_f)?;
    calls.eval_g(x, &mut g)?;
    let (rows, columns) = program.h_structure();
    assert!(rows.iter().zip(&columns).all(|(row, column)| column <= row), "a lower triangle");
    Ok(Answers {
        f: calls.eval_f(x)?,
        grad_f,
        g,
        jac_g: dense(program.jac_g_structure(), &jac_g, n, m),
        h: dense((rows, columns), &h, n, n),
    })
}

/// The same by dual numbers, and by second derivatives on a tape.
fn exactly<P: Problem>(x: &[f64], obj_factor: f64, lambda: &[f64]) -> Answers {
    let n = x.len();
    let values = P::outputs::<f64>(x);
    let column = |k: usize| {
        let direction: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == k))).collect();
        jvp(|x: &[Dual]| P::outputs(x), x, &direction[..]).1
    };
    let columns: Vec<Vec<f64>> = (0..n).map(column).collect();
    let row = |k: usize| columns.iter().map(move |column| column[k]);
    let second = hessian(
        |x| {
            let terms = P::outputs(x).into_iter().zip([&[obj_factor], lambda].concat());
            terms.fold(tapegrad::HessianNumber::constant(Var::from(0.0)), |sum, (y, weight)| sum + y * weight)
        },
        x,
    );
    let lower = |i: usize, j: usize| if j <= i { second[i][j] } else { 0.0 };
    Answers {
        f: values[0],
        grad_f: row(0).collect(),
        g: values[1..].to_vec(),
        jac_g: (1..values.len()).flat_map(row).collect(),
        h: (0..n).flat_map(|i| (0..n).map(move |j| lower(i, j))).collect(),
    }
}

/// The first difference, if there is one.
fn difference(ours: &Answers, exact: &Answers) -> Option<String> {
    let all = |a: &Answers| {
        let Answers { f, grad_f, g, jac_g, h } = a;
        [
            ("f", vec![*f]),
            ("grad_f", grad_f.clone()),
            ("g", g.clone()),
            ("jac_g", jac_g.clone()),
            ("h", h.clone()),
        ]
    };
    all(ours).into_iter().zip(all(exact)).find_map(|((name, a), (_, b))| {
        let is_near = |(a, b): (&f64, &f64)| a == b || (a - b).abs() <= 1e-11 * b.abs().max(1.0);
        let is_same = a.len() == b.len() && a.iter().zip(&b).all(is_near);
        (!is_same).then(|| format!("{name}: {a:?} and {b:?}"))
    })
}

/// The program of a problem, recorded at a point of its own.
fn program<P: Problem>() -> NonlinearProgram {
    let start: Vec<f64> = (0..P::VARIABLES).map(|k| 0.3 + 0.05 * k as f64).collect();
    let program = NonlinearProgram::record(|x: &[Var]| P::outputs(x), &start[..]).unwrap();
    assert_eq!(program.starting_point(), start);
    assert_eq!(program.variables(), P::VARIABLES);
    program
}

fn check<P: Problem>() {
    let program = program::<P>();
    let mut random = Random(3);
    for _ in 0..5 {
        let mut numbers = |count: usize| (0..count).map(|_| random.uniform(0.2, 1.8)).collect::<Vec<f64>>();
        let (x, lambda) = (numbers(P::VARIABLES), numbers(program.constraints()));
        for (obj_factor, lambda) in [(1.3, &lambda), (0.0, &lambda), (1.0, &vec![0.0; lambda.len()])] {
            let ours = ask(&program, &x, obj_factor, lambda).unwrap();
            let exact = exactly::<P>(&x, obj_factor, lambda);
            assert_eq!(difference(&ours, &exact), None, "{}", std::any::type_name::<P>());
        }
    }
}

#[test]
fn as_dual_numbers_say() {
    check::<HockSchittkowski>();
    check::<Pendulum>();
    check::<Dense>();
    check::<Unconstrained>();
    check::<Odd>();
    check::<Linear>();
    check::<ConstantObjective>();
    check::<NoVariables>();
}

#[test]
fn a_mistake_would_be_seen() {
    let program = program::<HockSchittkowski>();
    let (x, lambda) = ([1.0, 1.5, 0.5, 2.0], [0.5, -2.0]);
    let ours = ask(&program, &x, 1.0, &lambda).unwrap();
    let seen = |exact: Answers| difference(&ours, &exact).unwrap_or_default();
    assert!(seen(exactly::<HockSchittkowski>(&x, 1.0, &[0.5, 2.0])).starts_with("h:"));
    assert!(seen(exactly::<HockSchittkowski>(&x, 1.0 + 1e-9, &lambda)).starts_with("h:"));
    let mut wrong = exactly::<HockSchittkowski>(&x, 1.0, &lambda);
    wrong.jac_g.swap(0, 1);
    assert!(seen(wrong).starts_with("jac_g:"));
}

/// The Hessian of the Lagrangian, against central differences of σ ∇f + Jᵀλ: they share no code with second derivatives.
#[test]
fn the_hessian_against_differences_of_gradients() {
    let program = program::<Pendulum>();
    let n = program.variables();
    let mut random = Random(8);
    let x: Vec<f64> = (0..n).map(|_| random.uniform(-1.0, 1.0)).collect();
    let lambda: Vec<f64> = (0..program.constraints()).map(|_| random.uniform(-2.0, 2.0)).collect();
    let gradient = |x: &[f64]| {
        let Answers { grad_f, jac_g, .. } = ask(&program, x, 0.7, &lambda).unwrap();
        let along = |k: usize| {
            lambda.iter().enumerate().map(|(row, weight)| weight * jac_g[row * n + k]).sum::<f64>()
        };
        (0..n).map(|k| 0.7 * grad_f[k] + along(k)).collect::<Vec<f64>>()
    };
    let h = ask(&program, &x, 0.7, &lambda).unwrap().h;
    assert!(h.iter().filter(|&&number| number != 0.0).count() >= 40);
    for k in 0..n {
        let moved = |step: f64| {
            let mut x = x.clone();
            x[k] += step;
            gradient(&x)
        };
        let (above, below) = (moved(1e-5), moved(-1e-5));
        for row in k..n {
            let difference = (above[row] - below[row]) / 2e-5;
            assert!(
                (h[row * n + k] - difference).abs() < 1e-8,
                "({row}, {k}): {} {difference}",
                h[row * n + k]
            );
        }
    }
}

/// Only nonzeros are there: a constraint of the pendulum has three or four variables, its Hessian is a diagonal.
#[test]
fn structures_are_sparse() {
    let pendulum = program::<Pendulum>();
    assert_eq!(pendulum.jac_g_structure().0.len(), 20 * 3 + 20 * 4);
    let (rows, columns) = pendulum.h_structure();
    assert_eq!(rows, columns, "a diagonal");
    assert_eq!(rows.len(), 21 + 21, "angles by the sine and the cosine, torques by their squares");

    let linear = program::<Linear>();
    assert_eq!(linear.h_structure(), (vec![], vec![]));
    linear.evaluator().eval_h(&[1.0; 3], 1.0, &[1.0; 2], &mut []).unwrap();
    let odd = program::<Odd>();
    assert_eq!(odd.jac_g_structure(), (vec![1, 2, 2, 3, 3, 4, 5], vec![0, 0, 1, 0, 1, 4, 4]));
    assert_eq!(program::<Unconstrained>().jac_g_structure(), (vec![], vec![]));
}

#[test]
fn the_same_point_is_not_evaluated_again() {
    let program = program::<HockSchittkowski>();
    let mut calls = program.evaluator();
    let (mut g, mut grad_f, mut jac_g, mut h) = ([0.0; 2], [0.0; 4], [0.0; 8], [0.0; 10]);
    let mut counts = |calls: &mut tapegrad::solvers::ProgramEvaluator<'_>, x: &[f64]| {
        for _ in 0..2 {
            calls.eval_f(x).unwrap();
            calls.eval_g(x, &mut g).unwrap();
            calls.eval_grad_f(x, &mut grad_f).unwrap();
            calls.eval_jac_g(x, &mut jac_g).unwrap();
        }
        calls.eval_h(x, 1.0, &[1.0; 2], &mut h).unwrap();
        let counts = calls.evaluations();
        (counts.values, counts.first_derivatives, counts.hessians)
    };
    assert_eq!(counts(&mut calls, &[1.0, 2.0, 3.0, 4.0]), (1, 1, 1));
    assert_eq!(counts(&mut calls, &[1.0, 2.0, 3.0, 4.0]), (1, 1, 2), "multipliers may differ");
    assert_eq!(counts(&mut calls, &[1.0, 2.0, 3.0, 4.5]), (2, 2, 3));
    assert_eq!(counts(&mut calls, &[1.0, 2.0, 3.0, 4.0]), (3, 3, 4), "only the last point is kept");
    // Zeros of either sign are different points, and a NaN is the same as itself.
    assert_eq!(counts(&mut calls, &[0.0, 2.0, 3.0, 4.0]).0, 4);
    assert_eq!(counts(&mut calls, &[-0.0, 2.0, 3.0, 4.0]).0, 5);
    assert_eq!(counts(&mut calls, &[f64::NAN, 2.0, 3.0, 4.0]).0, 6);
    assert_eq!(counts(&mut calls, &[f64::NAN, 2.0, 3.0, 4.0]).0, 6);
    // A Hessian at another point moves there too.
    calls.eval_h(&[1.0; 4], 1.0, &[1.0; 2], &mut [0.0; 10]).unwrap();
    assert_eq!(calls.eval_f(&[1.0; 4]).unwrap(), 4.0);
    assert_eq!(calls.eval_f(&[f64::NAN, 2.0, 3.0, 4.0]).unwrap().to_bits(), f64::NAN.to_bits());
}

/// Derivatives bring the values with them, with the same bits.
#[test]
fn one_evaluation_gives_values_and_derivatives() {
    let program = program::<Pendulum>();
    let x: Vec<f64> = (0..63).map(|k| (0.7 * f64::from(k)).sin()).collect();
    let (mut both, mut apart) = (program.evaluator(), program.evaluator());
    both.eval_jac_g(&x, &mut vec![0.0; program.jac_g_structure().0.len()]).unwrap();
    let [mut g, mut other] = [[0.0; 40]; 2];
    both.eval_g(&x, &mut g).unwrap();
    apart.eval_g(&x, &mut other).unwrap();
    assert_eq!((both.eval_f(&x).unwrap(), g), (apart.eval_f(&x).unwrap(), other));
    let counts = |calls: &tapegrad::solvers::ProgramEvaluator<'_>| {
        (calls.evaluations().values, calls.evaluations().first_derivatives)
    };
    assert_eq!((counts(&both), counts(&apart)), ((0, 1), (1, 0)));
    // At another point they are forgotten.
    let elsewhere = vec![0.0; 63];
    assert_eq!(both.eval_f(&elsewhere).unwrap(), 1.0);
    assert_eq!(counts(&both), (1, 1));
}

/// Held inputs are parameters.
#[test]
fn parameters() {
    let f = |[x, p, y, q]: [Var; 4]| [(x - p).powi(2) + y * q, x * y * p];
    let function = Function::record(f, [1.0, 2.0, 3.0, 4.0]).unwrap().with_held([1, 3]).unwrap();
    let program = NonlinearProgram::new(&function).unwrap();
    assert_eq!((program.variables(), program.parameters(), program.constraints()), (2, 2, 1));
    assert_eq!(program.starting_point(), [1.0, 3.0]);
    let (mut calls, x) = (program.evaluator(), [5.0, 6.0]);
    assert_eq!(calls.eval_f(&x).unwrap(), 9.0 + 24.0);
    let (mut grad_f, mut jac_g) = ([0.0; 2], [0.0; 2]);
    calls.eval_grad_f(&x, &mut grad_f).unwrap();
    assert_eq!(grad_f, [6.0, 4.0]);
    // Other parameters, the same point: nothing of before is left.
    calls.set_parameters(&[3.0, -1.0]).unwrap();
    assert_eq!(calls.eval_f(&x).unwrap(), 4.0 - 6.0);
    calls.eval_grad_f(&x, &mut grad_f).unwrap();
    calls.eval_jac_g(&x, &mut jac_g).unwrap();
    assert_eq!((grad_f, jac_g), ([4.0, -1.0], [18.0, 15.0]));
    let mut h = [0.0; 2];
    calls.eval_h(&x, 1.0, &[10.0], &mut h).unwrap();
    assert_eq!((program.h_structure(), h), ((vec![0, 1], vec![0, 0]), [2.0, 30.0]));
    assert!(matches!(
        calls.set_parameters(&[1.0]),
        Err(Error::Length { what: "parameters", expected: 2, got: 1 })
    ));
    assert_eq!(calls.eval_f(&x).unwrap(), -2.0);
}

/// Where a branch changes there is no answer; before and behind it everything is as if nothing had been asked.
#[test]
fn a_changed_branch_is_an_error_and_leaves_no_trace() {
    let f = |[x, y]: [Var; 2]| (if x < 1.0 { x * x } else { x }, [x * y, y * y]);
    let program = NonlinearProgram::record(f, [0.5, 1.0]).unwrap();
    let (good, bad) = ([0.25, 3.0], [2.0, 3.0]);
    let mut calls = program.evaluator();
    let mut buffer = [7.0; 3];
    for _ in 0..2 {
        assert_eq!(calls.eval_f(&good).unwrap(), 0.0625);
        let told = calls.eval_f(&bad).unwrap_err();
        let Error::BranchChanged { left, ref at, .. } = told else { panic!("{told}") };
        assert!(left == 2.0 && at.file().ends_with("nonlinear_programs.rs"), "{told}");
        // And again, since an error is not kept as a result.
        assert_eq!(calls.eval_g(&bad, &mut buffer[..2]).unwrap_err(), told);
        assert_eq!(calls.eval_grad_f(&bad, &mut buffer[..2]).unwrap_err(), told);
        assert_eq!(calls.eval_jac_g(&bad, &mut buffer).unwrap_err(), told);
        assert_eq!(calls.eval_h(&bad, 1.0, &[1.0; 2], &mut buffer).unwrap_err(), told);
        assert_eq!(buffer, [7.0; 3], "nothing is written");
    }
    let mut jac_g = [0.0; 3];
    calls.eval_jac_g(&good, &mut jac_g).unwrap();
    assert_eq!(jac_g, [3.0, 0.25, 6.0]);
}

#[test]
fn wrong_lengths_and_bounds() {
    let program = program::<HockSchittkowski>();
    let mut calls = program.evaluator();
    let mut out = [7.0; 12];
    let told = |outcome: Result<(), Error>| match outcome {
        Err(Error::Length { what, expected, got }) => (what, expected, got),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(calls.eval_f(&[1.0; 3]).map(drop)), ("variables", 4, 3));
    assert_eq!(told(calls.eval_grad_f(&[1.0; 4], &mut out[..3])), ("derivatives", 4, 3));
    assert_eq!(told(calls.eval_g(&[1.0; 4], &mut out[..3])), ("constraints", 2, 3));
    assert_eq!(told(calls.eval_jac_g(&[1.0; 4], &mut out[..7])), ("nonzeros", 8, 7));
    assert_eq!(told(calls.eval_h(&[1.0; 4], 1.0, &[1.0; 2], &mut out[..9])), ("nonzeros", 10, 9));
    assert_eq!(told(calls.eval_h(&[1.0; 4], 1.0, &[1.0; 3], &mut out[..10])), ("multipliers", 2, 3));
    assert_eq!(out, [7.0; 12]);

    let none = Function::record(|_: &[Var]| Vec::<Var>::new(), &[1.0][..]).unwrap();
    assert_eq!(told(NonlinearProgram::new(&none).map(drop)), ("outputs or more", 1, 0));
    assert_eq!(told(program.clone().with_x_bounds(&[0.0; 3], &[1.0; 4]).map(drop)), ("lower bounds", 4, 3));
    assert_eq!(told(program.clone().with_g_bounds(&[0.0; 2], &[1.0; 4]).map(drop)), ("upper bounds", 2, 4));
    let error = program.clone().with_x_bounds(&[0.0; 4], &[1.0, 1.0, -1.0, 1.0]).unwrap_err();
    assert_eq!(error, Error::Bounds { what: "variable", index: 2, lower: 0.0, upper: -1.0 });
    assert!(error.to_string().starts_with("the bounds of variable 2 are 0 and -1"), "{error}");
    let error = program.clone().with_g_bounds(&[0.0, f64::NAN], &[1.0; 2]).unwrap_err();
    assert!(matches!(error, Error::Bounds { what: "constraint", index: 1, .. }));

    assert_eq!(program.g_bounds().lower(), program.g_bounds().upper(), "equations, until told otherwise");
    assert_eq!(program.x_bounds().upper(), [f64::INFINITY; 4]);
    let bounded =
        program.with_x_bounds(&[f64::NEG_INFINITY, 0.0, 1.0, -0.0], &[0.0, 0.0, f64::INFINITY, 0.0]).unwrap();
    assert_eq!(bounded.x_bounds().lower()[1], bounded.x_bounds().upper()[1], "a fixed variable");
}

/// Objective and constraints may be recorded apart.
#[test]
fn of_two_functions() {
    let objective =
        Function::record(|[x, y, p]| (x * y).exp() + p, [0.5; 3]).unwrap().with_held([2]).unwrap();
    let constraints = |[x, y, p]: [Var; 3]| if p < 1.0 { [(x * y).exp() * p, y] } else { [x, y] };
    let constraints = Function::record(constraints, [0.25; 3]).unwrap();
    assert_eq!(NonlinearProgram::of(&objective, &constraints).unwrap_err(), Error::Held { input: 2 });
    let constraints = constraints.with_held([2]).unwrap();
    let program = NonlinearProgram::of(&objective, &constraints).unwrap();
    let (mut calls, mut g) = (program.evaluator(), [0.0; 2]);
    assert_eq!(calls.eval_f(&[0.0, 3.0]).unwrap(), 1.5);
    calls.eval_g(&[0.0, 3.0], &mut g).unwrap();
    assert_eq!(g, [0.5, 3.0]);
    // The guard is that of the second function, with its line.
    calls.set_parameters(&[2.0]).unwrap();
    let told = calls.eval_f(&[0.0, 3.0]).unwrap_err();
    assert_eq!(told, constraints.evaluator().values(&[0.0, 3.0, 2.0]).unwrap_err());

    let two = Function::record(|[x, y, p]| [x, y, p], [0.5; 3]).unwrap();
    assert!(matches!(
        NonlinearProgram::of(&two, &two),
        Err(Error::Length { what: "outputs", expected: 1, got: 3 })
    ));
    let short = Function::record(|[x]| x, [0.5]).unwrap();
    let told = NonlinearProgram::of(&short, &constraints).unwrap_err();
    assert!(matches!(told, Error::Length { what: "inputs of both functions", expected: 1, got: 3 }));
    let elsewhere = Function::record(|[x, y, p]| x + y * p, [0.5, 0.5, 3.0]).unwrap().with_held([2]).unwrap();
    assert!(matches!(NonlinearProgram::of(&elsewhere, &constraints), Err(Error::BranchChanged { .. })));
}

/// Numbers that are not finite are results, and touch what depends on them alone.
#[test]
fn nasty_numbers() {
    let f = |[x, y, z]: [Var; 3]| (x.ln() + y, [y * z, x.sqrt(), z]);
    let program = NonlinearProgram::record(f, [1.0; 3]).unwrap();
    let at = |x: f64| ask(&program, &[x, 2.0, 3.0], 1.0, &[1.0, 1.0, 1.0]).unwrap();
    let outside = at(-1.0);
    assert!(outside.f.is_nan() && outside.g[1].is_nan());
    assert_eq!((outside.g[0], outside.g[2]), (6.0, 3.0));
    assert_eq!(outside.jac_g[..3], [0.0, 3.0, 2.0]);
    let edge = at(0.0);
    assert_eq!((edge.f, edge.grad_f[0], edge.jac_g[3]), (f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY));
    assert_eq!(edge.h[7], 1.0, "y and z interact in the first constraint");
    assert!(!edge.h[0].is_finite());
    let tiny = at(5e-324);
    assert_eq!(tiny.f, 5e-324f64.ln() + 2.0);
    let far = at(f64::INFINITY);
    assert_eq!((far.f, far.grad_f[0], far.g[1]), (f64::INFINITY, 0.0, f64::INFINITY));
}
