//! levenberg-marquardt over recorded functions and batches.

use levenberg_marquardt::{
    LeastSquaresProblem, LevenbergMarquardt, TerminationReason, differentiate_numerically,
};
use nalgebra_0_34::DVector;
use tapegrad::batch::Column;
use tapegrad::interop::levenberg_marquardt::{BatchResiduals, Residuals};
use tapegrad::{Error, Function, Real, Var};

const X: [f64; 5] = [0.0, 1.0, 2.0, 3.0, 4.0];
const Y: [f64; 5] = [3.1, 1.9, 1.4, 1.2, 0.9];

fn decay<R: Real>([a, b, c]: [R; 3], x: f64, y: f64) -> R {
    a * (b * x).exp() + c - y
}

const START: [f64; 3] = [1.0, -0.5, 0.5];

fn from_function() -> Residuals {
    let residuals =
        |[a, b, c]: [Var; 3]| X.iter().zip(Y).map(|(&x, y)| decay([a, b, c], x, y)).collect::<Vec<_>>();
    Residuals::new(Function::record(residuals, START).unwrap(), &START).unwrap()
}

fn from_batch(residual: &Function) -> BatchResiduals<'static> {
    BatchResiduals::new(residual, 0..3, &START, &[Column::from(&X), Column::from(&Y)]).unwrap()
}

fn recorded() -> Function {
    Function::record(|[a, b, c, x, y]| a * (b * x).exp() + c - y, [1.0, -0.5, 0.5, 1.0, 1.0]).unwrap()
}

/// Against closed forms: the partial derivatives are exp(b x), a x exp(b x) and 1, a column each.
#[test]
fn residuals_and_jacobian() {
    let [a, b, c] = START;
    let mut columns: [Vec<f64>; 3] = Default::default();
    let mut expected = Vec::new();
    for (x, y) in X.iter().zip(Y) {
        let e = (b * x).exp();
        expected.push(a * e + c - y);
        [e, a * x * e, 1.0].into_iter().zip(&mut columns).for_each(|(slope, column)| column.push(slope));
    }
    let batch = from_batch(&recorded());
    let function = from_function();
    for (residuals, jacobian) in
        [(function.residuals(), function.jacobian()), (batch.residuals(), batch.jacobian())]
    {
        let near =
            |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
        let jacobian = jacobian.unwrap();
        assert_eq!(jacobian.shape(), (5, 3));
        assert!(near(jacobian.as_slice(), &columns.concat()), "{jacobian}");
        assert!(near(residuals.unwrap().as_slice(), &expected));
    }
    // And against the differences that the crate itself offers.
    let mut problem = from_function();
    let numeric = differentiate_numerically(&mut problem).unwrap();
    assert!((problem.jacobian().unwrap() - numeric).amax() < 1e-7);
}

/// At the minimum the gradient Jᵀr is 0, and both ways end at the same.
#[test]
fn fits() {
    let solver = LevenbergMarquardt::new();
    let recorded = recorded();
    let (function, report) = solver.minimize(from_function());
    assert!(report.termination.was_successful(), "{report:?}");
    let slope = function.jacobian().unwrap().transpose() * function.residuals().unwrap();
    assert!(slope.amax() < 1e-8, "{slope}");
    let (batch, report) = solver.minimize(from_batch(&recorded));
    assert!(report.termination.was_successful(), "{report:?}");
    assert!((function.params() - batch.params()).amax() < 1e-7);
    assert_eq!(
        (function.inputs(), batch.shared()),
        (function.params().as_slice(), batch.params().as_slice())
    );
    assert_eq!((function.outcome(), batch.outcome()), (Ok(()), Ok(())));
}

/// An input that is held keeps its number; the others are fitted: a line of regression, in closed form, once `b` is held.
#[test]
fn held_parameters() {
    let e: Vec<f64> = X.iter().map(|x| (-0.5 * x).exp()).collect();
    let mean = |numbers: &mut dyn Iterator<Item = f64>| numbers.sum::<f64>() / 5.0;
    let [mean_e, mean_y] = [mean(&mut e.iter().copied()), mean(&mut Y.into_iter())];
    let covariance = mean(&mut e.iter().zip(Y).map(|(e, y)| (e - mean_e) * (y - mean_y)));
    let a = covariance / mean(&mut e.iter().map(|e| (e - mean_e).powi(2)));
    let expected = [a, -0.5, mean_y - a * mean_e];

    let residuals = |p: [Var; 3]| X.iter().zip(Y).map(|(&x, y)| decay(p, x, y)).collect::<Vec<_>>();
    let held = Function::record(residuals, START).unwrap().with_held([1]).unwrap();
    let (function, _) = LevenbergMarquardt::new().minimize(Residuals::new(held, &START).unwrap());
    let held = recorded().with_held([1]).unwrap();
    let (batch, _) = LevenbergMarquardt::new().minimize(from_batch(&held));
    for found in [function.inputs(), batch.shared()] {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
        assert_eq!(found[1], -0.5);
    }
    assert_eq!(function.params().len(), 2);
}

/// The parameters need not come first, and a sample may have several residuals: sample after sample.
#[test]
fn any_set_of_inputs_is_shared() {
    let f = Function::record(|[x, a, y, b]| [a * x - y, b * x * x + a], [1.0; 4]).unwrap();
    let (x, y) = ([1.0, 2.0], [5.0, 7.0]);
    let data = [Column::from(&x), Column::from(&y)];
    let problem = BatchResiduals::new(&f, [3, 1], &[10.0, 100.0], &data).unwrap();
    assert_eq!(problem.residuals().unwrap().as_slice(), [5.0, 110.0, 13.0, 410.0]);
    let jacobian = problem.jacobian().unwrap();
    assert_eq!(jacobian.as_slice(), [1.0, 1.0, 2.0, 1.0, 0.0, 1.0, 0.0, 4.0]);
}

/// The solver says no more than that the problem gave up; the problem says why.
#[test]
fn no_error_is_lost() {
    // From 3 the first step ends below 0, where |x| has another branch.
    let f = Function::record(|[x]| [if x < 0.0 { -x } else { x } - 1.0 + x * x, x + 5.0], [3.0]).unwrap();
    let (problem, report) = LevenbergMarquardt::new().minimize(Residuals::new(f, &[3.0]).unwrap());
    assert_eq!(report.termination, TerminationReason::User("residuals"));
    assert!(matches!(problem.outcome(), Err(Error::BranchChanged { .. })));
    assert!(problem.inputs()[0] < 0.0, "where it happened");

    let f = Function::record(|[a, x]| if a * x < 10.0 { a * x - 1.0 } else { a }, [1.0, 1.0]).unwrap();
    let x = [1.0, 20.0, 3.0];
    let problem = BatchResiduals::new(&f, 0..1, &[1.0], &[Column::from(&x)]).unwrap();
    let (mut problem, report) = LevenbergMarquardt::new().minimize(problem);
    assert_eq!(report.termination, TerminationReason::User("residuals"));
    let Err(Error::BranchesChanged { samples, .. }) = problem.outcome() else { panic!("20 is not below 10") };
    assert_eq!(samples, [1]);
    assert!(problem.jacobian().is_none() && problem.outcome().is_err());
    // Where the recording holds, there is no error any more.
    problem.set_params(&DVector::from_element(1, 0.1));
    assert!(problem.residuals().is_some());
    assert_eq!(problem.outcome(), Ok(()));
}

#[test]
fn wrong_numbers_are_named() {
    let length = |error: Error, text: &str| assert!(error.to_string().starts_with(text), "{error}");
    let f = recorded();
    length(Residuals::new(f.clone(), &START).unwrap_err(), "expected 5 inputs, got 3");
    let data = [Column::from(&X), Column::from(&Y)];
    let error = |shared, start: &[f64], data: &[Column<'static>]| {
        BatchResiduals::new(&f, shared, start, data).unwrap_err()
    };
    length(error(0..3, &[1.0], &data), "expected 3 shared inputs, got 1");
    length(error(0..3, &START, &data[..1]), "expected 2 columns, got 1");
    length(error(3..6, &START, &data), "expected 5 inputs, got 6");
    length(error(0..3, &START, &[data[0], Column::from(&[1.0])]), "expected 5 samples in each column, got 1");
}

#[test]
fn nothing_to_fit() {
    let minimize = |f: Function, start: &[f64]| {
        LevenbergMarquardt::new().minimize(Residuals::new(f, start).unwrap()).1.termination
    };
    let none = Function::record(|[x]: [Var; 1]| [x; 0], [1.0]).unwrap();
    assert_eq!(minimize(none.clone(), &[1.0]), TerminationReason::NoResiduals);
    let problem = Residuals::new(none, &[1.0]).unwrap();
    assert_eq!(problem.jacobian().unwrap().shape(), (0, 1));
    let held = Function::record(|[x]| [x * x], [1.0]).unwrap().with_held([0]).unwrap();
    assert_eq!(minimize(held, &[1.0]), TerminationReason::NoParameters);
    let nobody: [f64; 0] = [];
    let data = [Column::from(&nobody), Column::from(&nobody)];
    let problem = BatchResiduals::new(&recorded(), 0..3, &START, &data).unwrap();
    assert_eq!(problem.jacobian().unwrap().shape(), (0, 3));
    assert_eq!(problem.residuals(), Some(DVector::zeros(0)));
}
