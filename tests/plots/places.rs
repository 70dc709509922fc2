//! Promise: what is drawn is where the labels of the axes say, for numbers of any size.

use crate::drawing::{SERIES, panels};
use tapegrad::plot::{fitted_curve, function_with_derivative, histograms, loss_curve, sparsity};

/// Half a pixel of an axis of some 250 pixels.
const PART: f64 = 0.002;

#[test]
fn data_and_curves_are_where_the_labels_say() {
    let shape = [[-1.0, 0.25], [0.5, 1.75], [1.0, -1.0], [3.0, 0.125]];
    for scale in [1e-290, 1e-100, 1e-20, 1e-9, 1e-3, 1.0, 1e4, 1e9, 1e20, 1e100, 1e290] {
        for (scale_x, scale_y) in [(scale, 1.0), (1.0, scale), (scale, scale)] {
            let data = shape.map(|[x, y]| [x * scale_x, y * scale_y]);
            let panel = &panels(&fitted_curve(&data, &data, None).unwrap())[0];
            assert!(panel.x.labels.len() >= 3 && panel.y.labels.len() >= 3, "{scale:e}");
            for found in [panel.circles(SERIES[1]), panel.line(SERIES[0])] {
                assert_eq!(found.len(), 4);
                for (found, expected) in found.iter().zip(&data) {
                    assert!(
                        (found[0] - expected[0]).abs() < 4.0 * scale_x * PART,
                        "{scale:e}: {found:?}, {expected:?}"
                    );
                    assert!(
                        (found[1] - expected[1]).abs() < 3.0 * scale_y * PART,
                        "{scale:e}: {found:?}, {expected:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn small_differences_of_large_numbers_are_to_scale() {
    for offset in [1.0, -1e6, 1e-30, 1e250] {
        let y = |k: u32| offset * (1.0 + 1e-8 * f64::from(k));
        let curve: Vec<[f64; 2]> = (0..5).map(|k| [f64::from(k), y(k)]).collect();
        let panel = &panels(&fitted_curve(&[], &curve, None).unwrap())[0];
        // The labels have nine digits, so the pixels are compared with each other.
        let pixels: Vec<f64> = panel.line(SERIES[0]).iter().map(|point| panel.y.pixel(point[1])).collect();
        let steps: Vec<f64> = pixels.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
        assert!(
            steps.iter().all(|step| (step / steps[0] - 1.0).abs() < 0.01 && *step > 20.0),
            "{offset}: {steps:?}"
        );
    }
}

#[test]
fn losses_are_on_a_logarithmic_scale_as_far_down_as_they_go() {
    for (first, factor) in
        [(1.0, 0.1), (1e-5, 1e-3), (1e-100, 1e-9), (3.0, 0.9), (1e130, 0.5), (1e138, 1e-92)]
    {
        let mut history = crate::all::history();
        history.epochs.truncate(4);
        history.best_epoch = None;
        for (k, epoch) in history.epochs.iter_mut().enumerate() {
            epoch.loss = first * f64::powi(factor, k as i32);
            epoch.validation_loss = Some(2.0 * epoch.loss);
        }
        let panel = &panels(&loss_curve(&history).unwrap())[0];
        assert!(panel.y.is_log && panel.y.labels.len() >= 2, "{first}: {:?}", panel.y.labels);
        let decades = 3.0 * -f64::log10(factor) + 0.5;
        for (color, times) in [(SERIES[0], 1.0), (SERIES[1], 2.0)] {
            for (k, [x, y]) in panel.line(color).into_iter().enumerate() {
                let expected = times * history.epochs[k].loss;
                assert!((x - k as f64).abs() < 0.01);
                assert!((y / expected).log10().abs() < decades * PART, "{first}, {k}: {y}, {expected}");
            }
        }
    }
}

#[test]
fn losses_that_are_not_all_positive_are_on_a_linear_scale() {
    for loss in [0.0, -1.0, -1e100, 1e-200] {
        let mut history = crate::all::history();
        history.epochs[1].loss = loss;
        let panel = &panels(&loss_curve(&history).unwrap())[0];
        assert!(!panel.y.is_log && !panel.texts.iter().any(|text| text.contains("log")));
        let found = panel.line(SERIES[0])[1][1];
        assert!((found - loss).abs() <= PART * (2.0 + loss.abs()), "{found}, {loss}");
    }
}

#[test]
fn the_best_epoch_is_marked() {
    let history = crate::all::history();
    let best = history.best_epoch.unwrap();
    let panels = panels(&loss_curve(&history).unwrap());
    assert_eq!(panels.len(), 2, "a metric has its own axes");
    for panel in &panels {
        let line = panel.line(crate::drawing::INK);
        assert!(line.iter().all(|point| (point[0] - best as f64).abs() < 0.02), "{line:?}, {best}");
    }
    let loss = history.epochs[best].validation_loss.unwrap();
    assert!(
        panels[0].texts.contains(&format!("best epoch {best}, validation {loss:.4}")),
        "{:?}",
        panels[0].texts
    );
    for (found, epoch) in panels[1].line(SERIES[2]).iter().zip(&history.epochs) {
        assert!((found[1] - epoch.metric("R²").unwrap()).abs() < 0.02, "{found:?}");
    }
}

#[test]
fn a_function_stands_above_its_derivative() {
    let panels = panels(&function_with_derivative(|x| x.powi(3) - x, -1.5..=1.5).unwrap());
    for (panel, color, expected) in
        [(&panels[0], 0, (|x| x * x * x - x) as fn(f64) -> f64), (&panels[1], 1, |x| 3.0 * x * x - 1.0)]
    {
        let line = panel.line(SERIES[color]);
        assert_eq!(line.len(), 601);
        for [x, y] in line {
            assert!((y - expected(x)).abs() < 8.0 * PART, "{x}, {y}");
        }
    }
    // A gap at the pole, and lines on both sides.
    let panels = crate::drawing::panels(&function_with_derivative(|x| x.recip(), -1.0..=1.0).unwrap());
    let (_, _, path) = panels[0].paths.iter().find(|(_, stroke, _)| stroke == SERIES[0]).unwrap();
    assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 598));
}

#[test]
fn a_histogram_holds_every_number() {
    let lists = [vec![0.0, 0.0, 0.0, 10.0], vec![2.0, 4.0, 6.0, 8.0], vec![-1.0; 4]];
    let panel = &panels(&histograms("w", &lists).unwrap())[0];
    let cells: Vec<[f64; 4]> = panel.paths.iter().flat_map(|(fill, _, _)| panel.cells(fill)).collect();
    for (epoch, list) in lists.iter().enumerate() {
        for &number in list {
            let (x, y) = (panel.x.pixel(epoch as f64), panel.y.pixel(number));
            let holds = |&&[left, top, right, bottom]: &&[f64; 4]| {
                left - 0.1 <= x && x <= right + 0.1 && top - 0.1 <= y && y <= bottom + 0.1
            };
            assert!(cells.iter().any(|cell| holds(&cell)), "{number} of epoch {epoch}");
        }
    }
    let lines = panel.line(SERIES[1]);
    let medians: Vec<f64> = lines.iter().map(|point| (point[1] * 10.0).round() / 10.0).collect();
    assert_eq!(medians, [0.0, 6.0, -1.0]);
}

#[test]
fn entries_of_a_pattern_are_at_their_row_and_column() {
    let entries = [(0, 0), (3, 1), (1, 4), (3, 4)];
    let colors = [5, 0, 1, 2, 3];
    let panel = &panels(&sparsity(4, 5, &entries, Some(&colors)).unwrap())[0];
    for (row, column) in entries {
        let cells = panel.cells(SERIES[colors[column] % 6]);
        // Rows are counted downwards, and their labels too.
        let (x, y) = (panel.x.pixel(column as f64), panel.y.pixel(row as f64));
        let holds = |&[left, top, right, bottom]: &[f64; 4]| left < x && x < right && top < y && y < bottom;
        assert_eq!(cells.iter().filter(|cell| holds(cell)).count(), 1, "{row}, {column}: {cells:?}, {x} {y}");
    }
    assert!(
        panel.y.labels.windows(2).all(|w| (w[0].1 < w[1].1) == (w[0].0 < w[1].0)),
        "{:?}",
        panel.y.labels
    );
}

#[test]
fn epochs_without_a_number_leave_a_gap() {
    let mut history = crate::all::history();
    history.best_epoch = None;
    for (k, epoch) in history.epochs.iter_mut().enumerate() {
        epoch.validation_loss = (k != 2).then_some(1.0 + k as f64);
    }
    assert!(history.epochs.len() > 4);
    let panel = &panels(&loss_curve(&history).unwrap())[0];
    let (.., path) = panel.paths.iter().find(|(_, stroke, _)| stroke == SERIES[1]).unwrap();
    assert_eq!(path.matches('M').count(), 2, "{path}");
}

/// The shade is the square root of the share: a ninth of the fullest bin has a third of 16 steps, rounded up.
#[test]
fn a_single_number_of_a_histogram_shows() {
    let panel =
        &panels(&histograms("w", &[[0.0; 9].into_iter().chain([1.0]).collect::<Vec<f64>>()]).unwrap())[0];
    // Of the blue #0072b2, and of white the rest.
    assert_eq!(panel.cells("#0072b2").len(), 1);
    assert_eq!(panel.cells("#9fcae2").len(), 1);
}

#[test]
fn equal_epochs_are_below_each_other() {
    let mut history = crate::all::history();
    for (k, epoch) in history.epochs.iter_mut().enumerate() {
        // Labels of different width.
        (epoch.loss, epoch.validation_loss) = (1.0 + k as f64, None);
        epoch.metrics[0].validation = Some(0.12345 + 1e-7 * k as f64);
    }
    let panels = panels(&loss_curve(&history).unwrap());
    let [above, below] = [&panels[0], &panels[1]].map(|panel| panel.x.pixel(2.0));
    assert!((above - below).abs() < 0.5, "{above}, {below}");
}
