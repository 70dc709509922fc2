//! The solvers of argmin over recorded functions and closures.

use argmin::core::{CostFunction, Executor, Gradient, Hessian, Jacobian, Operator, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::NewtonCG;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use argmin_math::ArgminDot;
use tapegrad::interop::argmin::{Closure, MatrixFree};
use tapegrad::{Error, Function, Real, Var};

fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

fn recorded(n: usize) -> Function {
    Function::record(rosenbrock, vec![0.5; n]).unwrap().optimize()
}

#[track_caller]
fn at_the_minimum(x: &[f64]) {
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-5), "{x:?}");
}

#[test]
fn quasi_newton_and_trust_region() {
    // In four dimensions there is a second minimum.
    let start = vec![-1.2, 1.0];
    let found = Executor::new(recorded(2), LBFGS::new(MoreThuenteLineSearch::new(), 6))
        .configure(|state| state.param(start.clone()).max_iters(300))
        .run()
        .unwrap();
    at_the_minimum(found.state().get_best_param().unwrap());
    let found = Executor::new(recorded(2), TrustRegion::new(Steihaug::new().with_max_iters(20)))
        .configure(|state| state.param(start).max_iters(200))
        .run()
        .unwrap();
    at_the_minimum(found.state().get_best_param().unwrap());
}

/// Logistic regression: at the minimum the gradient is that by hand, 0, of Σ (p − t) x.
#[test]
fn logistic_regression() {
    let x = [0.5, 1.5, 2.0, 3.0, 3.5, 1.0, 2.5];
    let t = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0];
    let loss = |w: &[Var]| {
        x.iter().zip(t).map(|(&x, t)| (w[0] + w[1] * x).softplus() - (w[0] + w[1] * x) * t).sum::<Var>()
    };
    let f = Function::record(loss, vec![0.0, 0.0]).unwrap();
    let is_minimum = |w: &[f64]| {
        let residual = |x: f64, t: f64| 1.0 / (1.0 + (-(w[0] + w[1] * x)).exp()) - t;
        let by_hand =
            x.iter().zip(t).fold([0.0, 0.0], |[a, b], (&x, t)| [a + residual(x, t), b + residual(x, t) * x]);
        assert!(by_hand.iter().all(|slope| slope.abs() < 1e-6), "{by_hand:?}");
    };
    let found = Executor::new(f.clone(), LBFGS::new(MoreThuenteLineSearch::new(), 5))
        .configure(|state| state.param(vec![0.0, 0.0]).max_iters(100))
        .run()
        .unwrap();
    is_minimum(found.state().get_best_param().unwrap());
    let found = Executor::new(f, NewtonCG::new(MoreThuenteLineSearch::new()).with_tolerance(1e-14).unwrap())
        .configure(|state| state.param(vec![0.0, 0.0]).max_iters(200))
        .run()
        .unwrap();
    is_minimum(found.state().get_best_param().unwrap());
}

#[test]
fn the_methods_are_those_of_an_evaluator() {
    let f = recorded(3);
    let x = vec![0.3, -0.2, 0.9];
    let mut numbers = f.evaluator();
    assert_eq!(f.cost(&x).unwrap(), numbers.value(&x).unwrap());
    assert_eq!(Gradient::gradient(&f, &x).unwrap(), numbers.gradient(&x).unwrap());
    assert_eq!(Hessian::hessian(&f, &x).unwrap().concat(), numbers.hessian(&x).unwrap());
    let residuals = Function::record(|[a, b]| [a * b, a - b, b.exp()], [1.0, 1.0]).unwrap();
    assert_eq!(residuals.apply(&vec![2.0, 0.0]).unwrap(), [0.0, 2.0, 1.0]);
    assert_eq!(
        Jacobian::jacobian(&residuals, &vec![2.0, 0.0]).unwrap(),
        [[0.0, 2.0], [1.0, -1.0], [0.0, 1.0]]
    );
    // Another branch is an error that says so.
    let f = Function::record(|[x]| if x < 0.0 { -x } else { x * x }, [1.0]).unwrap();
    let error = f.cost(&vec![-1.0]).unwrap_err();
    assert!(matches!(error.downcast_ref::<Error>(), Some(Error::BranchChanged { .. })));
}

/// Distances to three places, as Huber measures them: a parabola nearby, linear beyond.
fn huber(x: &[Var]) -> Var {
    let distance = |d: Var| if d.abs() < 0.5 { d * d } else { d.abs() - 0.25 };
    [-1.0, 0.25, 2.0].into_iter().map(|place| distance(x[0] - place)).sum::<Var>() + (x[1] - x[0]).powi(2)
}

/// A function of several results, with a branch of its own for every point.
fn residuals(x: &[Var]) -> Vec<Var> {
    let product = if x[0] < x[1] { x[0] * x[1] } else { x[0] - x[1] };
    vec![product, x[1].exp(), Var::from(3.0)]
}

/// Each branch has its derivatives, in closed form.
#[test]
fn closures_with_branches() {
    let f = Closure::new(huber);
    for (x, cost, gradient, hessian) in [
        (vec![0.25, 0.25], 1.0 + 0.0 + 1.5, [0.0, 0.0], [[2.0 + 2.0, -2.0], [-2.0, 2.0]]),
        (vec![3.0, 3.0], 3.75 + 2.5 + 0.75, [3.0, 0.0], [[2.0, -2.0], [-2.0, 2.0]]),
        (vec![2.25, 2.0], 3.0 + 1.75 + 0.0625 + 0.0625, [3.0, -0.5], [[4.0, -2.0], [-2.0, 2.0]]),
    ] {
        assert_eq!(f.cost(&x).unwrap(), cost);
        assert_eq!(f.gradient(&x).unwrap(), gradient);
        assert_eq!(f.hessian(&x).unwrap(), hessian);
    }
    let f = Closure::new(residuals);
    for (x, values, jacobian) in [
        (vec![-2.0, 0.0], [0.0, 1.0, 3.0], [[0.0, -2.0], [0.0, 1.0], [0.0, 0.0]]),
        (vec![2.0, 0.0], [2.0, 1.0, 3.0], [[1.0, -1.0], [0.0, 1.0], [0.0, 0.0]]),
    ] {
        assert_eq!(f.apply(&x).unwrap(), values);
        assert_eq!(f.jacobian(&x).unwrap(), jacobian);
    }
    // No parameters, and no results.
    assert_eq!(Closure::new(|_| Var::from(2.0)).gradient(&vec![]).unwrap(), [0.0; 0]);
    assert_eq!(Closure::new(|_| Vec::<Var>::new()).jacobian(&vec![1.0]).unwrap(), [[0.0; 1]; 0]);
}

/// A recording refuses the path through other branches; the closure takes it. The minimum is at the middle place: the pulls of
/// the other two cancel.
#[test]
fn a_closure_is_minimised_across_branches() {
    let start = vec![5.0, -5.0];
    let recorded = Function::record(huber, &start).unwrap();
    let solver = || LBFGS::new(MoreThuenteLineSearch::new(), 5);
    // This solver makes a text of what its line search meets; others return the error.
    let stopped =
        Executor::new(recorded.clone(), solver()).configure(|state| state.param(start.clone())).run();
    let reason = stopped.unwrap().state().get_termination_reason().unwrap().to_string();
    assert!(reason.contains("turns out differently here than where the function was recorded"), "{reason}");
    let stopped = Executor::new(recorded, TrustRegion::new(Steihaug::new()))
        .configure(|state| state.param(start.clone()).max_iters(50))
        .run();
    let error = stopped.err().unwrap();
    assert!(matches!(error.downcast_ref::<Error>(), Some(Error::BranchChanged { .. })));

    let is_minimum = |x: &[f64]| assert!(x.iter().all(|x| (x - 0.25).abs() < 1e-6), "{x:?}");
    let found = Executor::new(Closure::new(huber), solver())
        .configure(|state| state.param(start.clone()).max_iters(50))
        .run()
        .unwrap();
    is_minimum(found.state().get_best_param().unwrap());
    let found = Executor::new(Closure::new(huber), TrustRegion::new(Steihaug::new()))
        .configure(|state| state.param(start).max_iters(50))
        .run()
        .unwrap();
    is_minimum(found.state().get_best_param().unwrap());
}

/// Second derivatives need a recording, and it is an error where there is none; what a gradient allows, it still allows.
#[test]
fn a_closure_that_cannot_be_recorded() {
    let f = Closure::new(|x: &[Var]| x[0] * x[0].value());
    assert_eq!(f.gradient(&vec![3.0]).unwrap(), [3.0]);
    let error = f.hessian(&vec![3.0]).unwrap_err();
    assert!(matches!(error.downcast_ref::<Error>(), Some(Error::ValueRead { .. })));
}

/// Threads share a problem without a lock.
#[test]
fn problems_are_shared_by_threads() {
    let (closure, matrix_free, recorded) = (Closure::new(huber), MatrixFree::new(recorded(2)), recorded(2));
    let at = |k: i32| vec![0.5 * f64::from(k), -0.25 * f64::from(k)];
    let all = |x: &Vec<f64>| {
        let hessian = Hessian::hessian(&matrix_free, x).unwrap().dot(x);
        (closure.gradient(x).unwrap(), Gradient::gradient(&recorded, x).unwrap(), hessian)
    };
    let alone: Vec<_> = (0..8).map(|k| all(&at(k))).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|k| scope.spawn(move || all(&at(k)))).collect();
        for (thread, alone) in threads.into_iter().zip(alone) {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

/// Products with the Hessian are those of its matrix, and solvers that need no more take the same steps.
#[test]
fn without_a_matrix() {
    let (n, f) = (7, recorded(7));
    let free = MatrixFree::new(f.clone());
    let x: Vec<f64> = (0..n).map(|k| 0.4 - 0.1 * k as f64).collect();
    let v: Vec<f64> = (0..n).map(|k| 1.0 + k as f64).collect();
    let matrix = Hessian::hessian(&f, &x).unwrap();
    let product = free.hessian(&x).unwrap().dot(&v);
    for (row, product) in matrix.iter().zip(&product) {
        let expected: f64 = row.iter().zip(&v).map(|(a, b)| a * b).sum();
        assert!((expected - product).abs() < 1e-9 * expected.abs().max(1.0));
    }
    assert_eq!(free.cost(&x).unwrap(), f.cost(&x).unwrap());
    assert_eq!(free.gradient(&x).unwrap(), Gradient::gradient(&f, &x).unwrap());

    // The errors come with the Hessian, where there is room for them, and not with a product.
    let branches = MatrixFree::new(Function::record(|[x]| if x < 0.0 { -x } else { x * x }, [1.0]).unwrap());
    let error = branches.hessian(&vec![-1.0]).unwrap_err();
    assert!(matches!(error.downcast_ref::<Error>(), Some(Error::BranchChanged { .. })));
}

/// 100 dimensions, by methods that never see a matrix.
#[test]
fn many_variables() {
    let start = vec![0.5; 100];
    // Why the function is scaled, the example `minimise` says.
    let scaled = Function::record(|x: &[Var]| rosenbrock(x) * 1e8, &start).unwrap();
    let solver = NewtonCG::new(MoreThuenteLineSearch::new()).with_tolerance(1e-8).unwrap();
    let found = Executor::new(MatrixFree::new(scaled), solver)
        .configure(|state| state.param(start.clone()).max_iters(100))
        .run()
        .unwrap();
    at_the_minimum(found.state().get_best_param().unwrap());
    assert!(found.state().get_iter() < 50, "second derivatives make few steps");
    let found =
        Executor::new(MatrixFree::new(recorded(100)), TrustRegion::new(Steihaug::new().with_max_iters(100)))
            .configure(|state| state.param(start).max_iters(40))
            .run()
            .unwrap();
    at_the_minimum(found.state().get_best_param().unwrap());
}

#[test]
#[should_panic(expected = "expected 2 directions, got 1")]
fn a_product_with_a_vector_of_another_length() {
    let _ = MatrixFree::new(recorded(2)).hessian(&vec![1.0, 1.0]).unwrap().dot(&vec![1.0]);
}

/// Fisher's versicolor and virginica: the weights in 50 digits, of `tests/data/logistic.py`.
#[test]
fn published_weights() {
    let fixture = include_str!("../../data/logistic.csv");
    let expected: Vec<f64> = fixture.lines().map(|line| line.parse().unwrap()).collect();
    let rows: Vec<Vec<f64>> = include_str!("../../../examples/data/iris.csv")
        .lines()
        .map(|line| line.split(',').map(|number| number.parse().unwrap()).collect())
        .filter(|row: &Vec<f64>| row[4] > 0.0)
        .collect();
    let loss = |w: &[Var]| {
        let logit = |row: &[f64]| w[0] + w[1..].iter().zip(row).map(|(&w, &x)| w * x).sum::<Var>();
        rows.iter().map(|row| logit(row).softplus() - logit(row) * (row[4] - 1.0)).sum::<Var>()
    };
    let f = MatrixFree::new(Function::record(loss, &[0.0; 5][..]).unwrap());
    let found = Executor::new(f, TrustRegion::new(Steihaug::new().with_max_iters(20)))
        .configure(|state| state.param(vec![0.0; 5]).max_iters(40))
        .run()
        .unwrap();
    let found = found.state().get_best_param().unwrap();
    assert!(found.iter().zip(&expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-7), "{found:?} {expected:?}");
    // What R prints for the same model.
    let printed = [-42.638, -2.465, -6.681, 9.429, 18.286];
    assert!(found.iter().zip(printed).all(|(a, b)| (a - b).abs() < 5e-4));
}
