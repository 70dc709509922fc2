//! The regions of the plane that a classifier assigns to each class.

use super::axis::Axis;
use super::error::{Error, expect_drawable, expect_length};
use super::panel::{Dash, Layer, Marks, Panel, Point, Shape, class_name};
use super::picture::Plot;
use super::theme::{Paint, REGIONS};
use super::thin::{name_of_part, thinned_markers};
use crate::nn::{Data, Mlp, target_class};
use std::collections::BTreeMap;

/// How many cells there are in each direction.
const COLUMNS: usize = 240;
const ROWS: usize = 180;

/// The class that a network with two inputs predicts at each point of the plane, and the samples. With several outputs, the
/// class is that of the largest; a single output means class 1 above its boundary: see
/// [`Mlp::classify`](crate::nn::Mlp::classify). `names` are those of the classes, or empty.
///
/// The plane is that around the samples, in 240 × 180 cells, each predicted at its centre. Of more than 2,000 samples, some
/// are drawn, evenly chosen, as the legend says.
///
/// ```
/// use tapegrad::nn::{Activation, Mlp, moons};
/// use tapegrad::plot::decision_boundary;
///
/// let mlp = Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
/// let plot = decision_boundary(&mlp, &moons(50, 0.1, 1), &["upper", "lower"])?;
/// assert!(plot.to_svg().contains(">predicted: upper<"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without samples; [`Error::Length`] unless there are two inputs, and a target for each output;
/// [`Error::Unfit`] for more than 12 classes; [`Error::Number`] for samples beyond ±1e300; [`Error::Network`] if an output is
/// not finite.
pub fn decision_boundary(mlp: &Mlp, data: &Data, names: &[&str]) -> Result<Plot, Error> {
    if !data.is_empty() {
        expect_length("inputs of the network", 2, mlp.inputs())?;
        expect_length("targets of a sample, one for each output", mlp.outputs(), data.target_width())?;
    }
    regions(|point| Ok(mlp.try_classify(&point)?), data, names)
}

/// As [`decision_boundary`], for any function of a point that gives a class, counted from 0.
///
/// ```
/// use tapegrad::nn::xor;
/// use tapegrad::plot::decision_regions;
///
/// let plot = decision_regions(|[x, y]| usize::from((x > 0.5) != (y > 0.5)), &xor(), &[])?;
/// assert!(plot.to_svg().contains(">predicted: class 1<"));
/// # Ok::<(), tapegrad::plot::Error>(())
/// ```
///
/// # Errors
/// As [`decision_boundary`].
pub fn decision_regions(
    classify: impl Fn([f64; 2]) -> usize,
    data: &Data,
    names: &[&str],
) -> Result<Plot, Error> {
    regions(|point| Ok(classify(point)), data, names)
}

fn regions(
    classify: impl Fn(Point) -> Result<usize, Error>,
    data: &Data,
    names: &[&str],
) -> Result<Plot, Error> {
    if data.is_empty() {
        return Err(Error::Empty("there are no samples"));
    }
    if data.has_missing() {
        return Err(Error::Unfit("targets are missing, so samples have no class: leave them out".to_owned()));
    }
    expect_length("inputs of a sample", 2, data.input_width())?;
    expect_drawable("the inputs", data.inputs())?;
    let column = |k: usize| data.inputs().iter().skip(k).step_by(2).copied();
    let (x, y) = (Axis::around("input 0", column(0)), Axis::around("input 1", column(1)));
    let grid = Grid { x: &x, y: &y };
    let mut predicted = Vec::with_capacity(COLUMNS * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            predicted.push(classify(grid.at(column as f64 + 0.5, row as f64 + 0.5))?);
        }
    }

    let mut samples: BTreeMap<usize, (Vec<Point>, usize)> = BTreeMap::new();
    let mut drawn = thinned_markers(data.len()).peekable();
    for sample in 0..data.len() {
        let (points, all) = samples.entry(target_class(data.target(sample))).or_default();
        *all += 1;
        if drawn.next_if_eq(&sample).is_some() {
            let input = data.input(sample);
            points.push([input[0], input[1]]);
        }
    }
    let cells = grid.cells(&predicted);
    let largest = cells.keys().chain(samples.keys()).max().copied().unwrap_or(0);
    if largest >= REGIONS {
        return Err(Error::Unfit(format!(
            "there is a class {largest}, and a plot has room for {REGIONS} classes, counted from 0: join some of them"
        )));
    }

    let of_samples = samples.into_iter().map(|(class, (points, all))| {
        let name = name_of_part(&class_name(names, class), points.len(), all);
        Layer::new(Paint::Series(class), Marks::Points(points, Shape(class))).named(name)
    });
    let of_cells = cells.into_iter().map(|(class, cells)| {
        let name = format!("predicted: {}", class_name(names, class));
        Layer::new(Paint::Region(class), Marks::Cells(cells)).named(name)
    });
    let edges = Layer::new(Paint::Ink, Marks::Lines(grid.edges(&predicted), Dash::Solid));
    let layers = of_cells.chain([edges]).chain(of_samples).collect();
    Ok(Plot::new(vec![Panel { x, y, layers, height: 440.0 }]))
}

/// Cells between the ends of two axes, counted from the lower left.
struct Grid<'a> {
    x: &'a Axis,
    y: &'a Axis,
}

impl Grid<'_> {
    /// The point at a column and a row, which may lie between whole numbers.
    fn at(&self, column: f64, row: f64) -> Point {
        let between = |axis: &Axis, share: f64| axis.low * (1.0 - share) + axis.high * share;
        [between(self.x, column / COLUMNS as f64), between(self.y, row / ROWS as f64)]
    }

    /// The cells of each class; equal ones side by side are one rectangle.
    fn cells(&self, classes: &[usize]) -> BTreeMap<usize, Vec<[Point; 2]>> {
        let mut cells: BTreeMap<usize, Vec<[Point; 2]>> = BTreeMap::new();
        for (row, classes) in classes.chunks(COLUMNS).enumerate() {
            let mut column = 0;
            for run in classes.chunk_by(|a, b| a == b) {
                let corners = [
                    self.at(column as f64, row as f64),
                    self.at((column + run.len()) as f64, row as f64 + 1.0),
                ];
                cells.entry(run[0]).or_default().push(corners);
                column += run.len();
            }
        }
        cells
    }

    /// Lines between neighbours of different classes. They pass half way between the centres of the cells, so that a slanting
    /// boundary has no steps.
    fn edges(&self, classes: &[usize]) -> Vec<Vec<Point>> {
        let mut edges = Vec::new();
        for (column, row) in (1..ROWS).flat_map(|row| (1..COLUMNS).map(move |column| (column, row))) {
            // The four cells around a corner, and from there to the middle of each side on which two cells differ.
            let class = |left: usize, below: usize| classes[(row - below) * COLUMNS + column - left];
            let (x, y) = (column as f64, row as f64);
            let sides = [
                (class(1, 1) != class(1, 0), [x - 0.5, y]),
                (class(0, 1) != class(0, 0), [x + 0.5, y]),
                (class(1, 1) != class(0, 1), [x, y - 0.5]),
                (class(1, 0) != class(0, 0), [x, y + 0.5]),
            ];
            let middle = |&(differ, [x, y]): &(bool, Point)| differ.then(|| self.at(x, y));
            match &sides.iter().filter_map(middle).collect::<Vec<Point>>()[..] {
                &[first, last] => edges.push(vec![first, last]),
                several => edges.extend(several.iter().map(|&side| vec![self.at(x, y), side])),
            }
        }
        edges
    }
}
