//! Promise: the colour at a point is that of the class which is predicted there.

use crate::drawing::{Panel, SERIES, panels};
use tapegrad::nn::{Activation, Data, Mlp, Random, blobs, moons};
use tapegrad::plot::{decision_boundary, decision_regions};

/// The class whose region holds a point, by the colour that is drawn there.
fn drawn_class(panel: &Panel, [x, y]: [f64; 2]) -> usize {
    let (x, y) = (panel.x.pixel(x), panel.y.pixel(y));
    let holds = |&[left, top, right, bottom]: &[f64; 4]| left <= x && x < right && top <= y && y < bottom;
    let of_regions =
        panel.swatches.iter().filter_map(|(name, color)| Some((name.strip_prefix("predicted: ")?, color)));
    let names: Vec<&str> =
        of_regions.filter(|(_, color)| panel.cells(color).iter().any(holds)).map(|(name, _)| name).collect();
    assert_eq!(names.len(), 1, "at {x}, {y}");
    names[0].strip_prefix("class ").unwrap().parse().unwrap()
}

/// Compares the colours with a classifier at random points around the data, but for those next to a boundary.
fn agrees(panel: &Panel, data: &Data, classify: impl Fn([f64; 2]) -> usize) {
    let mut random = Random::new(3);
    let ends = |k: usize| {
        let column = || (0..data.len()).map(|sample| data.input(sample)[k]);
        (column().fold(f64::INFINITY, f64::min), column().fold(f64::NEG_INFINITY, f64::max))
    };
    let (x, y) = (ends(0), ends(1));
    let mut compared = [0; 3];
    for _ in 0..300 {
        let point =
            [x.0 + (x.1 - x.0) * random.uniform(0.0, 1.0), y.0 + (y.1 - y.0) * random.uniform(0.0, 1.0)];
        let class = classify(point);
        let (dx, dy) = ((x.1 - x.0) / 150.0, (y.1 - y.0) / 150.0);
        let near = [[dx, dy], [-dx, dy], [dx, -dy], [-dx, -dy]];
        if near.iter().all(|d| classify([point[0] + d[0], point[1] + d[1]]) == class) {
            assert_eq!(drawn_class(panel, point), class, "{point:?}");
            compared[class] += 1;
        }
    }
    assert!(compared.iter().sum::<usize>() > 250 && compared[0] > 20 && compared[1] > 20, "{compared:?}");
}

#[test]
fn one_output() {
    let data = moons(60, 0.1, 2);
    for activation in [Activation::Identity, Activation::Sigmoid, Activation::Tanh] {
        let mut mlp = Mlp::builder(2).layer(1, activation).build().unwrap();
        mlp.set_parameters(&[1.0, -2.0, 0.1]).unwrap();
        let panel = panels(&decision_boundary(&mlp, &data, &[]).unwrap()).swap_remove(0);
        agrees(&panel, &data, |[x, y]| usize::from(x - 2.0 * y + 0.1 > 0.0));
    }
}

#[test]
fn several_outputs() {
    let data = blobs(60, 3, 1.0, 2);
    let mut mlp = Mlp::builder(2).layer(3, Activation::Softmax).build().unwrap();
    let weights = [1.0, 0.5, -0.2, -1.0, 0.25, 0.3, 0.1, -1.0, 0.0];
    mlp.set_parameters(&weights).unwrap();
    let panel = panels(&decision_boundary(&mlp, &data, &[]).unwrap()).swap_remove(0);
    let by_hand = |[x, y]: [f64; 2]| {
        let scores: Vec<f64> = weights.chunks(3).map(|w| w[0] * x + w[1] * y + w[2]).collect();
        (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap()
    };
    agrees(&panel, &data, by_hand);
}

#[test]
fn a_function_of_the_point_and_data_of_any_size() {
    for scale in [1e-200, 1.0, 1e200] {
        let circle = |[x, y]: [f64; 2]| usize::from((x / scale - 0.5).powi(2) + (y / scale).powi(2) < 0.5);
        let inputs: Vec<[f64; 2]> =
            (0..40).map(f64::from).map(|k| [k.sin() * scale, k.cos() * scale]).collect();
        let classes: Vec<usize> = inputs.iter().map(|&point| circle(point)).collect();
        let data = Data::classes(&inputs, &classes, 2).unwrap();
        let panel = panels(&decision_regions(circle, &data, &[]).unwrap()).swap_remove(0);
        agrees(&panel, &data, circle);
        // The samples are there too: circles for the class 0.
        let drawn = panel.circles(SERIES[0]);
        let expected: Vec<[f64; 2]> =
            inputs.iter().zip(&classes).filter(|(_, class)| **class == 0).map(|(p, _)| *p).collect();
        assert_eq!(drawn.len(), expected.len());
        for (drawn, expected) in drawn.iter().zip(&expected) {
            assert!((0..2).all(|k| (drawn[k] - expected[k]).abs() < 0.01 * scale), "{drawn:?}, {expected:?}");
        }
    }
}

#[test]
fn the_boundary_is_drawn_where_classes_meet() {
    let data = moons(30, 0.1, 2);
    let panel = panels(&decision_regions(|[x, _]| usize::from(x > 0.3), &data, &[]).unwrap()).swap_remove(0);
    let (_, _, path) = panel.paths.iter().find(|(_, stroke, _)| stroke == crate::drawing::INK).unwrap();
    for point in path.split(['M', 'L']).filter(|text| !text.is_empty()) {
        let x = panel.x.number(point.split(' ').next().unwrap().parse().unwrap());
        assert!((x - 0.3).abs() < 0.02, "{x}");
    }
    assert_eq!(path.matches('M').count(), 179);
}

#[test]
fn twelve_classes_have_room() {
    let data = moons(10, 0.1, 3);
    let regions = |classes: usize| {
        decision_regions(move |[x, _]| if x > 0.0 { classes - 1 } else { 0 }, &data, &[]).map(|_| ())
    };
    regions(12).unwrap();
    assert!(regions(13).unwrap_err().to_string().starts_with("there is a class 12"));
}
