//! Promise: of very many data, a plot of moderate size is made soon; no peak of a line is lost, and what is left out is said.

use crate::drawing::{SERIES, panels};
use std::time::Instant;
use tapegrad::nn::Data;
use tapegrad::plot::{decision_regions, fitted_curve, histograms, loss_curve, sparsity};

const MANY: usize = 1_000_000;

#[test]
fn a_million_data() {
    let start = Instant::now();
    let y = |k: usize| if k == 123_456 { 7.0 } else { (k as f64 / 1e5).sin() };
    let points: Vec<[f64; 2]> = (0..MANY).map(|k| [k as f64, y(k)]).collect();
    let band: Vec<f64> = points.iter().map(|point| point[1]).collect();
    let plot = fitted_curve(&points, &points, Some((&band, &band))).unwrap();
    let svg = plot.to_svg();
    assert!(svg.len() < 400_000, "{}", svg.len());
    assert!(svg.contains("data (2000 of 1000000 drawn)"));
    let line = panels(&plot)[0].line(SERIES[0]);
    assert!(line.iter().any(|point| (point[1] - 7.0).abs() < 0.02), "the peak is there");
    assert!(line.windows(2).all(|w| w[0][0] <= w[1][0] + 1.0), "in their order");
    assert!((line[0][0]).abs() < 2e3 && (line[line.len() - 1][0] - 1e6).abs() < 2e3);

    let inputs: Vec<[f64; 2]> = (0..MANY / 4).map(|k| [(k as f64).sin(), (k as f64 * 0.7).cos()]).collect();
    let targets: Vec<[f64; 1]> = (0..MANY / 4).map(|k| [(k % 2) as f64]).collect();
    let data = Data::new(&inputs, &targets).unwrap();
    let svg = decision_regions(|[x, _]| usize::from(x > 0.0), &data, &["a", "b"]).unwrap().to_svg();
    assert!(svg.len() < 400_000 && svg.contains("of 125000 drawn)"), "{}", svg.len());
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn many_epochs() {
    let mut history = crate::all::history();
    let first = history.epochs[0].clone();
    history.epochs = (0..MANY / 5)
        .map(|k| {
            let mut epoch = first.clone();
            (epoch.epoch, epoch.loss) = (k, if k == 54_321 { 1e6 } else { 1.0 / (1.0 + k as f64) });
            epoch
        })
        .collect();
    let plot = loss_curve(&history).unwrap();
    assert!(plot.to_svg().len() < 300_000);
    assert!(panels(&plot)[0].line(SERIES[0]).iter().any(|point| point[1] > 9e5));
    assert_eq!(history.chart().lines().count(), 16);

    let lists: Vec<Vec<f64>> =
        (0..3000).map(|k| (0..300).map(|i| ((k * i) as f64).sin()).collect()).collect();
    assert!(histograms("w", &lists).unwrap().to_svg().len() < 600_000);
}

#[test]
fn large_patterns_have_cells_for_several_entries() {
    let size = MANY;
    let diagonal: Vec<(usize, usize)> = (0..size).map(|k| (k, k)).collect();
    let colors = vec![3; size];
    let plot = sparsity(size, size, &diagonal, Some(&colors)).unwrap();
    assert!(plot.to_svg().len() < 60_000);
    let panel = &panels(&plot)[0];
    assert!(panel.texts.contains(&"row (a cell is 4167 × 4167)".to_owned()), "{:?}", panel.texts);
    assert_eq!(panel.cells(SERIES[3]).len(), 240);
    // Several colours in a cell are drawn as none of them.
    let plot = sparsity(size, size, &[(0, 0), (0, 1)], Some(&(0..size).collect::<Vec<_>>())).unwrap();
    assert_eq!(panels(&plot)[0].cells(crate::drawing::INK).len(), 1);
}
