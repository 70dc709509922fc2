//! A confusion matrix as a table of shades.

use super::axis::Axis;
use super::error::Error;
use super::panel::{Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::Paint;
use crate::nn::ConfusionMatrix;
use std::collections::BTreeMap;

/// The darkest shade on which text is legible.
const DARKEST: u8 = 9;

/// The most classes of a plot.
const CLASSES: usize = 200;

/// How often samples of each class were predicted as each class. The shade is the share of the row: of the samples of that
/// class. Counts are written where there is room, zeros are not.
///
/// ```
/// use tapegrad::nn::{ConfusionMatrix, Data};
///
/// let data = Data::classes(&[[0.0], [1.0], [2.0]], &[0, 1, 1], 2)?;
/// let matrix = ConfusionMatrix::new(&[vec![2.0, 1.0], vec![0.0, 1.0], vec![0.3, 0.2]], &data);
/// let plot = tapegrad::plot::confusion_matrix(&matrix.with_names(&["cat", "dog"]))?;
/// assert!(plot.to_svg().contains(">cat<"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if nothing was counted, [`Error::Unfit`] for more than 200 classes.
pub fn confusion_matrix(matrix: &ConfusionMatrix) -> Result<Plot, Error> {
    let names = matrix.names();
    let classes = names.len();
    if classes > CLASSES {
        return Err(Error::Unfit(format!("there are {classes} classes, and a plot has room for {CLASSES}")));
    }
    // More names would stand on each other. The first class is at the top.
    let is_named = classes <= 12;
    let [first_x, first_y] = if is_named { [1.0, classes as f64] } else { [0.0, 0.0] };
    let mut cells: BTreeMap<Paint, Vec<[Point; 2]>> = BTreeMap::new();
    let mut counts = Vec::new();
    for truth in 0..classes {
        let all: usize = (0..classes).map(|predicted| matrix.count(truth, predicted)).sum();
        for predicted in 0..classes {
            let count = matrix.count(truth, predicted);
            if count == 0 {
                continue;
            }
            let [x, y] = [first_x + predicted as f64, first_y - truth as f64];
            let share = count as f64 / all as f64;
            let shade = 2 + (share * f64::from(DARKEST - 2)).round() as u8;
            cells.entry(Paint::Shade(shade)).or_default().push([[x - 0.5, y - 0.5], [x + 0.5, y + 0.5]]);
            counts.push(([x, y], count.to_string()));
        }
    }
    if counts.is_empty() {
        return Err(Error::Empty("the matrix counts no samples"));
    }
    let mut layers: Vec<Layer> =
        cells.into_iter().map(|(paint, cells)| Layer::new(paint, Marks::Cells(cells))).collect();
    layers.push(Layer::new(Paint::Ink, Marks::Texts(counts, [1.0, 1.0])));

    let (x, y) = match is_named {
        true => {
            let from_below = names.iter().rev().cloned().collect();
            (Axis::names("predicted class", names.to_vec()), Axis::names("true class", from_below))
        }
        false => (Axis::cells("predicted class", classes), Axis::cells_down("true class", classes)),
    };
    Ok(Plot::new(vec![Panel { x, y, layers, height: 500.0 }]))
}
