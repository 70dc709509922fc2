//! The solvers of argmin over recorded functions.

use argmin::core::{CostFunction, Executor, Gradient, Hessian, Jacobian, Operator, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::NewtonCG;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use tapegrad::{Error, Function, Real};

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
    let loss = |w: &[tapegrad::Var]| {
        x.iter()
            .zip(t)
            .map(|(&x, t)| (w[0] + w[1] * x).softplus() - (w[0] + w[1] * x) * t)
            .sum::<tapegrad::Var>()
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
