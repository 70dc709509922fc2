//! Promise: data that cannot be drawn are an error that says why; all others are drawn.

use crate::all::{confusion, history, mlp};
use roxmltree::Document;
use tapegrad::nn::{Activation, ConfusionMatrix, Data, History, Mlp, moons};
use tapegrad::plot::{
    Error, Plot, confusion_matrix, decision_boundary, decision_regions, fitted_curve,
    function_with_derivative, histograms, loss_curve, sparsity,
};

const NONE: &[[f64; 2]] = &[];

/// A plot that is there: well-formed, with finite numbers, within its borders.
fn drawn(plot: Result<Plot, Error>) -> String {
    let svg = plot.unwrap().to_svg();
    let document = Document::parse(&svg).unwrap();
    assert!(!["NaN", "inf", "undefined"].iter().any(|bad| svg.contains(bad)), "{svg}");
    for path in document.descendants().filter_map(|node| node.attribute("d")) {
        for number in path
            .split(|c: char| c.is_ascii_alphabetic() || [' ', ','].contains(&c))
            .filter(|number| !number.is_empty())
        {
            let number: f64 = number.parse().unwrap_or_else(|_| panic!("{number} in {path}"));
            assert!((-20.0..=800.0).contains(&number), "{number} in {path}");
        }
    }
    svg
}

fn refused(plot: Result<Plot, Error>, message: &str) {
    let error = plot.unwrap_err();
    assert!(error.to_string().contains(message), "`{error}` instead of `{message}`");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn losses() {
    refused(loss_curve(&History::default()), "the history has no epochs");
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, f64::MAX] {
        let mut history = history();
        history.epochs[2].loss = bad;
        let message = format!("number 2 of the training losses is {bad}");
        refused(loss_curve(&history), &message);
    }
    for loss in [0.0, 5e-324, 1e-300, 1e300, -1e300] {
        let mut all = history();
        all.epochs.iter_mut().for_each(|epoch| epoch.loss = loss);
        drawn(loss_curve(&all));
        all.epochs.truncate(1);
        drawn(loss_curve(&all));
        all.epochs[0].validation_loss = None;
        all.best_epoch = Some(7);
        drawn(loss_curve(&all));
        let mut mixed = history();
        mixed.epochs[1].loss = loss;
        mixed.epochs[2].validation_loss = None;
        mixed.epochs[0].metrics[0].validation = None;
        drawn(loss_curve(&mixed));
    }
}

#[test]
fn classifiers() {
    let three = Data::new(&[[1.0, 2.0, 3.0]], &[[1.0]]).unwrap();
    let two = Data::classes(&[[1.0, 2.0]], &[1], 2).unwrap();
    refused(decision_regions(|_| 0, &three, &[]), "inputs of a sample: 3 given, 2 needed");
    let wide = Mlp::builder(3).layer(1, Activation::Identity).build().unwrap();
    refused(decision_boundary(&wide, &three, &[]), "inputs of the network: 3 given, 2 needed");
    refused(decision_boundary(&mlp(), &two, &[]), "one for each output: 2 given, 1 needed");
    let empty = moons(10, 0.1, 1).select(&[]);
    refused(decision_boundary(&mlp(), &empty, &[]), "there are no samples");
    refused(decision_regions(|_| usize::MAX, &two, &[]), &format!("there is a class {}", usize::MAX));
    let far = Data::new(&[[1e301, 0.0]], &[[0.0]]).unwrap();
    refused(
        decision_regions(|_| 0, &far, &[]),
        "number 0 of the inputs is 1e301".replace("1e301", &1e301.to_string()).as_str(),
    );
    let mut overflowing = mlp();
    overflowing.parameters_mut().fill(1e308);
    refused(decision_boundary(&overflowing, &moons(10, 0.1, 1), &[]), "no prediction: output 0 is");

    // One sample, equal samples, one class, a class without samples, names that are missing.
    drawn(decision_regions(|_| 0, &two, &[]));
    let same = Data::new(&[[3.0, -3.0]; 5], &[[0.0]; 5]).unwrap();
    drawn(decision_regions(|_| 11, &same, &["only one"]));
    let ends = Data::new(&[[-1e300, 1e300], [1e300, -1e300]], &[[0.0], [1.0]]).unwrap();
    drawn(decision_regions(|[x, _]| usize::from(x > 0.0), &ends, &[]));
}

#[test]
fn confusion_matrices() {
    let data = moons(4, 0.1, 1).select(&[]);
    refused(confusion_matrix(&ConfusionMatrix::new(&[][..], &data)), "the matrix counts no samples");
    drawn(confusion_matrix(&confusion(&["a", "", "a"])));
    for classes in [13, 200, 201] {
        let inputs: Vec<[f64; 1]> = (0..classes).map(|k| [k as f64]).collect();
        let data = Data::classes(&inputs, &(0..classes).collect::<Vec<_>>(), classes).unwrap();
        let outputs: Vec<Vec<f64>> =
            (0..classes).map(|k| (0..classes).map(|c| f64::from(u8::from(c == k))).collect()).collect();
        let plot = confusion_matrix(&ConfusionMatrix::new(&outputs, &data));
        match classes {
            201 => refused(plot, "201 classes, and a plot has room for 200"),
            _ => drop(drawn(plot)),
        }
    }
}

#[test]
fn lists_over_epochs() {
    refused(histograms("w", &[] as &[Vec<f64>]), "there is no list of numbers, or an empty one");
    refused(histograms("w", &[vec![1.0], vec![]]), "there is no list of numbers, or an empty one");
    for bad in [f64::NAN, f64::INFINITY] {
        refused(histograms("w", &[vec![1.0, bad]]), &format!("number 1 of a list is {bad}"));
    }
    drawn(histograms("w", &[vec![0.0]]));
    drawn(histograms("w", &[vec![2.0; 3], vec![2.0; 3]]));
    drawn(histograms("w", &[vec![-1e300, 1e300], vec![5e-324, -0.0]]));
}

#[test]
fn curves() {
    refused(fitted_curve(NONE, NONE, None), "neither data nor a curve");
    for bad in [f64::NAN, f64::INFINITY, -1e301] {
        let point = [[0.0, bad]];
        refused(fitted_curve(&point, NONE, None), "number 1 of the data is");
        refused(fitted_curve(NONE, &point, None), "number 1 of the curve is");
        refused(fitted_curve(NONE, &[[0.0, 0.0]], Some((&[bad], &[1.0]))), "number 0 of the lower curve is");
        refused(fitted_curve(NONE, &[[0.0, 0.0]], Some((&[0.0], &[bad]))), "number 0 of the upper curve is");
    }
    let curve = [[0.0, 0.0], [1.0, 1.0]];
    refused(
        fitted_curve(NONE, &curve, Some((&[0.0], &[1.0, 1.0]))),
        "points of the lower curve: 1 given, 2 needed",
    );
    refused(
        fitted_curve(NONE, &curve, Some((&[0.0, 2.0], &[1.0, 1.0]))),
        "point 1 of the lower curve is 2, above",
    );
    drawn(fitted_curve(&[[1.0, 2.0]], NONE, None));
    drawn(fitted_curve(NONE, &[[1.0, 2.0]], Some((&[2.0], &[2.0]))));
    drawn(fitted_curve(&[[5.0, 5.0]; 9], &[[5.0, 5.0]; 9], None));
    drawn(fitted_curve(&[[-1e300, 1e300], [1e300, -1e300]], &[[0.0, 5e-324], [5e-324, 0.0]], None));
    drawn(fitted_curve(&[[1.0, 1.0], [1.0f64.next_up(), 1.0f64.next_down()]], NONE, None));
}

#[test]
fn functions_of_one_number() {
    refused(function_with_derivative(|x| x, 1.0..=1.0), "there is no range from 1 to 1");
    refused(function_with_derivative(|x| x, 2.0..=1.0), "there is no range from 2 to 1");
    refused(function_with_derivative(|x| x, f64::NAN..=1.0), "number 0 of the ends of the range is NaN");
    refused(function_with_derivative(|x| x, 0.0..=f64::INFINITY), "number 1 of the ends of the range is inf");
    refused(function_with_derivative(|x| x.ln(), -2.0..=-1.0), "is finite");
    drawn(function_with_derivative(|_| 3.0.into(), 0.0..=1.0));
    drawn(function_with_derivative(|x| x.sqrt(), -1.0..=1.0));
    drawn(function_with_derivative(|x| x.recip(), -1.0..=1.0));
    drawn(function_with_derivative(|x| x.exp(), -1e300..=1e300));
    drawn(function_with_derivative(|x| x * 1e-200, 0.0..=1e-100));
}

#[test]
fn patterns() {
    refused(sparsity(0, 3, &[], None), "no rows or no columns");
    refused(sparsity(3, 0, &[], None), "no rows or no columns");
    refused(sparsity(2, 2, &[(0, 0), (2, 1)], None), "the entry (2, 1) is outside a matrix of 2 × 2");
    refused(sparsity(2, 2, &[(1, 2)], None), "the entry (1, 2) is outside");
    refused(sparsity(2, 2, &[], Some(&[0])), "colours of columns: 1 given, 2 needed");
    refused(sparsity(usize::MAX, 2, &[], None), "is too large to draw");
    drawn(sparsity(1, 1, &[], None));
    drawn(sparsity(1, 1, &[(0, 0), (0, 0)], Some(&[usize::MAX])));
    drawn(sparsity(1, 100_000, &[(0, 99_999)], None));
    drawn(sparsity(1 << 50, 1, &[((1 << 50) - 1, 0)], None));
}
