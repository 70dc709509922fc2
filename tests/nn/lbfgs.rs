//! L-BFGS finds minima, and stops with an error where there is nothing finite to find.

use tapegrad::nn::{
    Activation, Data, Eager, Ending, Error, Failure, Lbfgs, Loss, Mlp, Objective, Recorded, Reduction, sine,
};
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
    let told = nonsense.minimize(&mut w, &mut Function(rosenbrock::<Var>));
    assert!(matches!(told, Err(Error::OutOfRange { setting: "Lbfgs::gradient_tolerance", .. })), "{told:?}");
}

/// An objective that answers anything.
struct Answers<F>(usize, F);

impl<F: FnMut(&[f64], &mut [f64]) -> Result<f64, Failure>> Objective for Answers<F> {
    fn samples(&self) -> usize {
        self.0
    }
    fn loss_and_gradient(&mut self, w: &[f64], _: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
        (self.1)(w, g)
    }
}

#[test]
fn no_samples() {
    let data = Data::new(&[[0.0; 1]; 0], &[[0.0; 1]; 0]).unwrap();
    let loss = |w: &[Var], x: &[Var], _: &[Var]| (w[0] - x[0]).powi(2);
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let mut w = [1.0];
        let objectives: [&mut dyn Objective; 2] =
            [&mut Eager::new(&data, reduction, loss), &mut Recorded::new(&data, reduction, loss)];
        for objective in objectives {
            let told = Lbfgs::default().minimize(&mut w, objective);
            assert!(matches!(told, Err(Error::NoSamples(_))), "{told:?}");
            assert_eq!(w, [1.0]);
        }
    }
}

/// The mean of nothing is no number; a sum of nothing is 0.
#[test]
fn the_loss_of_an_empty_batch() {
    let data = Data::new(&[[1.0], [2.0]], &[[0.0]; 2]).unwrap();
    let loss = |w: &[Var], x: &[Var], _: &[Var]| (w[0] - x[0]).powi(2);
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let objectives: [&mut dyn Objective; 2] =
            [&mut Eager::new(&data, reduction, loss), &mut Recorded::new(&data, reduction, loss)];
        for objective in objectives {
            let mut gradient = [7.0];
            let told = objective.loss_and_gradient(&[0.5], &[], &mut gradient);
            match reduction {
                Reduction::Sum => assert_eq!((told, gradient), (Ok(0.0), [0.0])),
                Reduction::Mean => {
                    let Failure { sample, cause } = told.unwrap_err();
                    assert!(sample.is_none() && cause.contains("no samples"), "{cause}");
                }
            }
        }
    }
}

/// An objective that says `Ok`, at the start or in a line search, with what is no number.
#[test]
fn answers_that_are_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for from in [0, 1, 2, 3] {
            for in_gradient in [false, true] {
                let mut asked = 0;
                let mut objective = Answers(1, |w: &[f64], g: &mut [f64]| {
                    asked += 1;
                    let is_bad = asked > from;
                    g[0] = if is_bad && in_gradient { bad } else { 4.0 * w[0].powi(3) };
                    Ok(if is_bad && !in_gradient { bad } else { w[0].powi(4) })
                });
                let mut w = [2.0];
                let told = Lbfgs::default().minimize(&mut w, &mut objective);
                assert!(matches!(told, Err(Error::NonFinite { .. })), "{bad} from {from}: {told:?}");
                assert_eq!(w, [2.0]);
            }
        }
    }
}

/// Nothing to find: a loss without end.
#[test]
fn a_loss_without_a_minimum() {
    let mut w = [0.0];
    let told = Lbfgs::default().minimize(&mut w, &mut Function(|w: &[Var]| -w[0]));
    let Err(error @ Error::NonFinite { .. }) = &told else { panic!("{told:?}") };
    assert!(error.to_string().contains("the loss may have no minimum"), "{error}");
    assert_eq!(w, [0.0]);
}

/// Why it ended, and the figures there: of (w − 3)² + 1.
#[test]
fn endings() {
    let bowl = || Function(|w: &[Var]| (w[0] - 3.0).powi(2) * 5.0 + 1.0);
    let from = |settings: Lbfgs, w: f64| {
        let mut w = [w];
        let minimum = settings.minimize(&mut w, &mut bowl()).unwrap();
        let (loss, gradient) = value_and_gradient(bowl().0, &w[..]);
        assert_eq!((minimum.loss, minimum.gradient_norm), (loss, gradient[0].abs()));
        (w[0], minimum)
    };
    let (w, minimum) = from(Lbfgs::default(), 0.0);
    assert!((w - 3.0).abs() < 1e-8 && minimum.ending == Ending::Gradient, "{minimum:?}");
    // At the minimum already.
    let (w, minimum) = from(Lbfgs::default(), 3.0);
    assert_eq!((w, minimum.iterations, minimum.ending), (3.0, 0, Ending::Gradient));
    assert_eq!(from(Lbfgs { gradient_tolerance: 0.0, ..Lbfgs::default() }, 3.0).1.ending, Ending::Gradient);
    // Where the gradient is not yet short enough, but the loss cannot get any lower.
    for nearly in [3.0 + 1e-8, 3.0 - 1e-8, 3.0 + 1e-9] {
        let (w, minimum) = from(Lbfgs { gradient_tolerance: 1e-12, ..Lbfgs::default() }, nearly);
        assert!((w - 3.0).abs() <= 1e-8, "{minimum:?}");
        assert!([Ending::Loss, Ending::Gradient].contains(&minimum.ending), "{minimum:?}");
    }
    let coarse = Lbfgs { loss_tolerance: 1e6, gradient_tolerance: 0.0, ..Lbfgs::default() };
    let minimum = coarse.minimize(&mut [-1.2, 1.0], &mut Function(rosenbrock::<Var>)).unwrap();
    assert_eq!((minimum.iterations, minimum.ending), (1, Ending::Loss));

    // With no tolerance at all, it ends where numbers do.
    for start in [[-1.2, 1.0], [0.0, 0.0], [3.0, -4.0], [1.0, 1.0 + 1e-9]] {
        let mut x = start;
        let exact =
            Lbfgs { loss_tolerance: 0.0, gradient_tolerance: 0.0, iterations: 1_000, ..Lbfgs::default() };
        let minimum = exact.minimize(&mut x, &mut Function(rosenbrock::<Var>)).unwrap();
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{x:?} {minimum:?}");
    }

    // Iterations that run out are no minimum.
    for iterations in [0, 1, 5] {
        let mut x = [-1.2, 1.0];
        let settings = Lbfgs { iterations, ..Lbfgs::default() };
        let minimum = settings.minimize(&mut x, &mut Function(rosenbrock::<Var>)).unwrap();
        assert_eq!((minimum.iterations, minimum.ending), (iterations, Ending::Iterations));
        assert!(minimum.gradient_norm > 1e-3, "{minimum:?}");
        assert!(iterations > 0 || x == [-1.2, 1.0]);
    }
}

/// Gradients that are not those of the loss: of another sign, of something else, of a loss that stays the same.
#[test]
fn no_progress() {
    type LossAndSlope = fn(f64) -> (f64, f64);
    let cases: [(&str, LossAndSlope); 4] = [
        ("another sign", |w| (w * w, -2.0 * w)),
        ("a loss that stays", |_| (7.0, 1.0)),
        ("a loss of 0 that stays", |_| (0.0, 1.0)),
        ("steps", |w| (w.ceil(), 1.0)),
    ];
    for (what, f) in cases {
        let mut w = [2.0];
        let mut objective = Answers(1, |w: &[f64], g: &mut [f64]| {
            let (loss, slope) = f(w[0]);
            g[0] = slope;
            Ok(loss)
        });
        let told = Lbfgs::default().minimize(&mut w, &mut objective);
        match what {
            // There is no end to them.
            "steps" => assert!(told.is_err() || w[0] < 1.0, "{told:?}"),
            _ => {
                let Err(error @ Error::NoProgress { .. }) = &told else { panic!("{what}: {told:?}") };
                assert!(error.to_string().contains("gradient"), "{error}");
                assert_eq!(w, [2.0]);
            }
        }
    }
}

#[test]
fn settings_that_make_no_sense() {
    let settings = [
        Lbfgs { memory: 0, ..Lbfgs::default() },
        Lbfgs { gradient_tolerance: f64::NAN, ..Lbfgs::default() },
        Lbfgs { loss_tolerance: -1.0, ..Lbfgs::default() },
        Lbfgs { loss_tolerance: f64::INFINITY, ..Lbfgs::default() },
    ];
    for settings in settings {
        let mut w = [2.0];
        let told = settings.minimize(&mut w, &mut Function(|w: &[Var]| w[0] * w[0]));
        assert!(matches!(told, Err(Error::OutOfRange { .. })), "{told:?}");
        assert_eq!(w, [2.0]);
    }
}
