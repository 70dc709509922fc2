//! Promise: predictions for many rows are those of single rows up to rounding, from shared threads, and derivatives by the inputs
//! are right; bad rows are errors that name them.

use crate::nets::{ACTIVATIONS, pattern};
use tapegrad::nn::{Activation, Error, Mlp, Predictor};
use tapegrad::{Dual, Number};

fn network(activation: Activation) -> Mlp {
    let hidden = if activation == Activation::Softmax { Activation::Tanh } else { activation };
    let mut mlp = Mlp::builder(3).layer(5, hidden).layer(2, activation).build().unwrap();
    let count = mlp.parameters().len();
    mlp.set_parameters(&pattern(count, 1.2)).unwrap();
    mlp
}

fn rows(count: usize) -> Vec<Vec<f64>> {
    pattern(3 * count, 2.0).chunks(3).map(<[f64]>::to_vec).collect()
}

#[test]
fn many_rows_are_many_single_rows() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    for activation in ACTIVATIONS {
        let mlp = network(activation);
        let predictor = mlp.predictor().unwrap();
        assert_shared(&predictor);
        for count in [0, 1, 2, 17, 300] {
            let rows = rows(count);
            let (found, slopes) =
                (predictor.predict(&rows).unwrap(), predictor.sensitivities(&rows).unwrap());
            assert_eq!((found.len(), slopes.len()), (count, count));
            for ((row, found), slopes) in rows.iter().zip(found.iter()).zip(&slopes) {
                let expected = mlp.predict(row);
                assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-13), "{activation:?}");
                // Forward mode by hand.
                for input in 0..3 {
                    let parameters: Vec<Dual> = mlp.parameters().iter().map(|&w| Dual::constant(w)).collect();
                    let at: Vec<Dual> = (0..3)
                        .map(|k| if k == input { Dual::variable(row[k], 0) } else { Dual::constant(row[k]) })
                        .collect();
                    for (output, y) in mlp.forward(&parameters, &at).into_iter().enumerate() {
                        let (found, expected) = (slopes[output][input], y.tangent(0));
                        assert!((found - expected).abs() < 1e-12, "{activation:?}: {found}, {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn threads_share_one() {
    let predictor = network(Activation::Tanh).predictor().unwrap();
    let rows = rows(200);
    let expected = predictor.predict(&rows).unwrap();
    std::thread::scope(|scope| {
        let ask = || predictor.predict(&rows).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), expected));
    });
}

#[test]
fn bad_rows_are_named() {
    let predictor: Predictor = network(Activation::Identity).predictor().unwrap();
    let with = |row: Vec<f64>| [vec![0.0; 3], vec![1.0; 3], row];
    for (rows, expected) in [
        (with(vec![1.0, f64::NAN, 0.0]), "row 2: input 1 is NaN"),
        (with(vec![1.0]), "row 2: inputs of a sample: 1 given, 3 needed"),
        (with(vec![1e308, 1e308, 1e308]), "row 2: output"),
    ] {
        let error = predictor.predict(&rows).unwrap_err();
        assert!(
            matches!(error, Error::Row { row: 2, .. }) && error.to_string().contains(expected),
            "{error}"
        );
    }
    let mut broken = network(Activation::Identity);
    broken.parameters_mut()[1] = f64::INFINITY;
    assert!(broken.predictor().unwrap_err().to_string().contains("`layers.0.neurons.0.weights.1` is inf"));
}

/// Second derivatives by the inputs, as losses use them: recorded or not, they are those of differences of first ones.
#[test]
fn derivatives_by_inputs_work_over_any_number() {
    use tapegrad::forward::{constants, second_derivative};
    let mlp = network(Activation::Tanh);
    fn of<R: Number>(mlp: &Mlp, w: &[R], x: R) -> (R, R, R) {
        let f = |x| {
            let rest = constants(&[R::constant(0.5), R::constant(-0.25)]);
            mlp.forward(&constants(w), &[x, rest[0], rest[1]])[1]
        };
        second_derivative(f, x)
    }
    let (value, slope, curvature) = of(&mlp, mlp.parameters(), 0.3);
    assert_eq!(value, mlp.predict(&[0.3, 0.5, -0.25])[1]);
    let h = 1e-5;
    let near = |x: f64| of(&mlp, mlp.parameters(), x);
    assert!(((near(0.3 + h).0 - near(0.3 - h).0) / (2.0 * h) - slope).abs() < 1e-8);
    assert!(((near(0.3 + h).1 - near(0.3 - h).1) / (2.0 * h) - curvature).abs() < 1e-8);

    // The gradient of the curvature by the parameters: on a tape, recorded, and by differences.
    let squared = |w: &[tapegrad::Var]| of(&mlp, w, tapegrad::Var::from(0.3)).2.powi(2);
    let on_tape = tapegrad::gradient(squared, mlp.parameters());
    let recorded = tapegrad::Function::record(squared, mlp.parameters()).unwrap();
    let replayed = recorded.evaluator().gradient(mlp.parameters()).unwrap();
    for k in 0..on_tape.len() {
        let at = |shift: f64| {
            let mut w = mlp.parameters().to_vec();
            w[k] += shift;
            of(&mlp, &w, 0.3).2.powi(2)
        };
        let difference = (at(h) - at(-h)) / (2.0 * h);
        assert!((on_tape[k] - difference).abs() < 1e-6 * (1.0 + difference.abs()), "{k}");
        assert!((replayed[k] - on_tape[k]).abs() < 1e-12 * (1.0 + on_tape[k].abs()), "{k}");
    }
}
