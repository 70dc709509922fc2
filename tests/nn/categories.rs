//! Promise: an input that is an index is checked, and to a network the same as its one-hot numbers, from a recording too.

use tapegrad::Real;
use tapegrad::nn::{
    Activation, Adam, Backend, Batch, CustomNetwork, Data, Error, Forward, Init, Loss, Metric, Mlp, Model,
    Network, Parameters, Scaler, Sgd, Trainer,
};

/// Rows of a number, an index of three categories, and a number.
fn rows() -> Vec<[f64; 3]> {
    (0..8).map(|k| [k as f64 / 4.0 - 1.0, f64::from(k * 5 % 3), (k as f64).sin()]).collect()
}

fn targets() -> Vec<[f64; 1]> {
    rows().iter().map(|[x, class, y]| [x * y + [0.5, -1.0, 2.0][*class as usize]]).collect()
}

fn indexed() -> Data {
    Data::new(&rows(), &targets()).unwrap().with_categories(1, 3).unwrap()
}

fn by_hand() -> Data {
    let expand = |[x, class, y]: &[f64; 3]| {
        let is = |k: f64| f64::from(*class == k);
        [*x, is(0.0), is(1.0), is(2.0), *y]
    };
    Data::new(&rows().iter().map(expand).collect::<Vec<_>>(), &targets()).unwrap()
}

fn mlp() -> Mlp {
    Mlp::builder(5).layer(4, Activation::Tanh).layer(1, Activation::Identity).seed(3).build().unwrap()
}

#[test]
fn training_is_that_of_one_hot_numbers() {
    for backend in [Backend::Recorded, Backend::RecordedSingle, Backend::Eager] {
        for batch in [Batch::Full, Batch::Size(3), Batch::Each] {
            let fit = |data: &Data| {
                let mut mlp = mlp();
                let mut trainer = Trainer::new(Adam::new(0.02)).epochs(6).batch(batch).backend(backend);
                trainer = trainer.validation_split(0.25, 1).metric(Metric::RSquared);
                let history = trainer.fit(&mut mlp, Loss::Squared, data).unwrap();
                assert_eq!((history.backend, history.tape_because.clone()), (Some(backend), None));
                (mlp, history.epochs)
            };
            let ((found, epochs), (expected, by_hand)) = (fit(&indexed()), fit(&by_hand()));
            let tolerance = if backend == Backend::RecordedSingle { 1e-5 } else { 1e-13 };
            for (found, expected) in found.parameters().iter().zip(expected.parameters()) {
                assert!((found - expected).abs() < tolerance, "{backend:?} {batch:?}: {found} {expected}");
            }
            for (found, expected) in epochs.iter().zip(&by_hand) {
                assert!(
                    (found.validation_loss.unwrap() - expected.validation_loss.unwrap()).abs() < tolerance
                );
            }
        }
    }
}

#[test]
fn predictions_expand_them() {
    let (data, mlp) = (indexed(), mlp());
    assert_eq!((data.input_width(), data.expanded_width(), mlp.inputs()), (3, 5, 5));
    assert_eq!(data.input(1), rows()[1]);
    for sample in 0..data.len() {
        assert_eq!(*data.expanded_input(sample), *by_hand().input(sample));
        assert_eq!(data.try_expand(data.input(sample)).unwrap(), by_hand().input(sample));
    }
    assert_eq!(mlp.predict_all(&data), mlp.predict_all(&by_hand()));
    assert_eq!(Model::new(mlp.clone()).predict_all(&data), mlp.predict_all(&by_hand()));
    let losses = [indexed(), by_hand()].map(|data| mlp.loss_and_gradient(Loss::Squared, &data).unwrap().0);
    assert!((losses[0] - losses[1]).abs() < 1e-15);
    assert_eq!(indexed().select(&[3, 1]).expanded_input(1), data.expanded_input(1));
    let (first, second) = indexed().split(0.5, 2);
    assert_eq!((first.expanded_width(), second.expanded_width()), (5, 5));
}

/// A table of two numbers for each of three words; the network sees their mean, and only the rows of its words are changed.
#[test]
fn an_embedding_learns_the_rows_that_occur() {
    struct Mean;
    impl Forward for Mean {
        fn forward<R: Real>(&self, w: &[R], x: &[R]) -> Vec<R> {
            let row_sum = |k: usize| (0..6).map(|word| w[2 * (word % 3) + k] * x[word]).sum::<R>();
            vec![row_sum(0) * row_sum(1)]
        }
    }
    let mut parameters = Parameters::new(1);
    parameters.weights("table", 2, 3, Init::Uniform(1.0)).unwrap();
    let before = parameters.to_vec();
    let mut network = CustomNetwork::new("mean", parameters, [6, 1], Mean);
    let words = Data::new(&[[0.0, 0.0], [0.0, 2.0], [2.0, 2.0]], &[[1.0], [0.0], [0.5]]).unwrap();
    let words = words.with_categories(0, 3).unwrap().with_categories(1, 3).unwrap();
    let history = Trainer::new(Sgd::new(0.01)).epochs(50).fit(&mut network, Loss::Squared, &words).unwrap();
    assert_eq!(history.backend, Some(Backend::Recorded));
    let after = &network.parameters()[..];
    assert_eq!(after[2..4], before[2..4], "no sample has word 1");
    assert!((0..6).filter(|k| ![2, 3].contains(k)).all(|k| after[k] != before[k]));
    assert!(history.losses()[49] < history.losses()[0]);
}

#[test]
fn what_is_no_index_is_refused() {
    for (wrong, printed) in [(3.0, "3"), (-1.0, "-1"), (0.5, "0.5"), (1e300, "1000"), (-0.5, "-0.5")] {
        let data = Data::new(&[[0.0, 2.0], [0.0, wrong]], &[[0.0], [0.0]]).unwrap();
        let error = data.with_categories(1, 3).unwrap_err();
        assert!(matches!(error, Error::Category { sample: 1, column: 1, count: 3, .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("input 1 of sample 1 is {printed}")) && message.contains("0 to 2"),
            "{message}"
        );
    }
    assert!(matches!(indexed().try_expand(&[0.0, 3.0, 0.0]), Err(Error::Category { .. })));
    assert!(matches!(indexed().try_expand(&[0.0, f64::NAN, 0.0]), Err(Error::Category { .. })));
    assert!(matches!(indexed().try_expand(&[0.0, 1.0]), Err(Error::Length { expected: 3, found: 2, .. })));
    for (column, count) in [(3, 2), (0, 0)] {
        assert!(matches!(indexed().with_categories(column, count), Err(Error::Setting(_))));
    }
    // The smallest: one category, which is always the same; none of no samples.
    let one = Data::new(&[[0.0], [-0.0]], &[[1.0], [1.0]]).unwrap().with_categories(0, 1).unwrap();
    assert_eq!((*one.expanded_input(0) == [1.0], *one.expanded_input(1) == [1.0]), (true, true));
    let none: &[[f64; 1]] = &[];
    assert!(Data::new(none, none).unwrap().with_categories(0, 3).unwrap().is_empty());
    // A network for the numbers as given.
    let mut small = Mlp::builder(3).layer(1, Activation::Identity).build().unwrap();
    let error =
        Trainer::new(Sgd::new(0.1)).fit(&mut small, Loss::Squared, &indexed()).unwrap_err().to_string();
    assert!(error.contains("inputs of a sample: 5 given, 3 needed"), "{error}");
}

#[test]
fn scalers_leave_them_as_they_are() {
    for scaler in [Scaler::standard(&indexed()).unwrap(), Scaler::min_max(&indexed()).unwrap()] {
        let scaled = indexed().scale_inputs(&scaler);
        for sample in 0..8 {
            assert_eq!(scaled.input(sample)[1], rows()[sample][1]);
            assert_eq!(scaled.expanded_input(sample)[1..4], indexed().expanded_input(sample)[1..4]);
        }
        assert!(scaled.input(0)[0] != rows()[0][0]);
    }
    let plain = Scaler::standard(&Data::new(&rows(), &targets()).unwrap()).unwrap();
    let outcome = std::panic::catch_unwind(|| indexed().scale_inputs(&plain));
    assert!(
        outcome.unwrap_err().downcast_ref::<String>().unwrap().contains("input 1 is the index of a category")
    );
}

/// As a number and as an index it is not the same data.
#[test]
fn a_checkpoint_knows_what_is_an_index() {
    let path = crate::nets::fresh_directory("categories").join("run.json");
    let data =
        |count| Data::new(&[[0.0], [1.0]], &[[0.0], [1.0]]).unwrap().with_categories(0, count).unwrap();
    let line = |inputs| Mlp::builder(inputs).layer(1, Activation::Identity).build().unwrap();
    let plain = || Trainer::new(Sgd::new(0.1));
    plain().epochs(1).checkpoint(&path, 1).fit(&mut line(2), Loss::Squared, &data(2)).unwrap();
    plain().epochs(2).resume_from(&path).fit(&mut line(2), Loss::Squared, &data(2)).unwrap();
    let as_numbers = Data::new(&[[0.0, 1.0], [1.0, 0.0]], &[[0.0], [1.0]]).unwrap();
    let error = plain()
        .epochs(2)
        .resume_from(&path)
        .fit(&mut line(2), Loss::Squared, &as_numbers)
        .unwrap_err()
        .to_string();
    assert!(error.contains("input 0 of 2 categories"), "{error}");
}
