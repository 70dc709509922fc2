//! L-BFGS finds minima, and stops with an error where there is nothing finite to find.
#![cfg(feature = "lbfgs")]

use tapegrad::nn::{Activation, Data, Eager, Error, Failure, Lbfgs, Loss, Mlp, Objective, Reduction, sine};
use tapegrad::{Real, Var, value_and_gradient};

/// A function of the parameters alone, as an objective.
struct Function<F>(F);

impl<F: Fn(&[Var]) -> Var> Objective for Function<F> {
    fn samples(&self) -> usize {
        1
    }
    fn loss_and_gradient(&mut self, w: &[f64], _: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
        let (loss, gradient) = value_and_gradient(&self.0, w);
        g.copy_from_slice(&gradient);
        if loss.is_finite() { Ok(loss) } else { Err(Failure { sample: None, cause: format!("{loss}") }) }
    }
}

fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

#[test]
fn the_valley_of_rosenbrock() {
    let mut x = [-1.2, 1.0, -0.5, 2.0, 0.0, 1.0];
    let minimum = Lbfgs::default().minimize(&mut x, &mut Function(rosenbrock::<Var>)).unwrap();
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{x:?}");
    assert!(minimum.loss < 1e-12 && minimum.iterations < 100, "{minimum:?}");
}

#[test]
fn a_network() {
    let data = sine(40, 0.0, 0);
    let mut mlp =
        Mlp::builder(1).layer(6, Activation::Tanh).layer(1, Activation::Identity).seed(3).build().unwrap();
    let net = mlp.clone();
    let loss = |w: &[Var], x: &[Var], t: &[Var]| Loss::MeanSquared.of(&net.forward(w, x), t);
    let minimum = Lbfgs::default()
        .minimize(mlp.parameters_mut(), &mut Eager::new(&data, Reduction::Mean, loss))
        .unwrap();
    assert!(minimum.loss < 1e-4, "{minimum:?}");
}

#[test]
fn what_is_not_finite_leaves_the_parameters() {
    let data = Data::new(&[[1.0]], &[[0.0]]).unwrap();
    let loss = |w: &[Var], _: &[Var], _: &[Var]| w[0].ln();
    let mut w = [-1.0];
    let error = Lbfgs::default().minimize(&mut w, &mut Eager::new(&data, Reduction::Mean, loss)).unwrap_err();
    assert!(matches!(&error, Error::NonFinite { sample: Some(0), .. }), "{error}");
    assert_eq!(w, [-1.0]);
    let nonsense = Lbfgs { gradient_tolerance: -1.0, ..Lbfgs::default() };
    assert!(matches!(nonsense.minimize(&mut w, &mut Function(rosenbrock::<Var>)), Err(Error::Setting(_))));
}
