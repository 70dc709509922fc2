//! The regions of the plane that a classifier assigns to each class.

use super::axis::Axis;
use super::error::{Error, expect_drawable};
use super::panel::{Dash, Layer, Marks, Panel, Point, Shape, class_name};
use super::picture::Plot;
use super::theme::Paint;
use super::thin::{name_of_part, thinned_markers};
use crate::nn::{Data, Mlp, target_class};
use std::collections::BTreeMap;

/// The most classes of a plot: colours and markers together tell as many apart.
const CLASSES: usize = 12;

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
        super::error::expect_length("inputs of the network", 2, mlp.inputs())?;
        super::error::expect_length(
            "targets of a sample, one for each output",
            mlp.outputs(),
            data.target_width(),
        )?;
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
    super::error::expect_length("inputs of a sample", 2, data.input_width())?;
    expect_drawable("the inputs", data.inputs())?;
    let column = |k: usize| data.inputs().iter().skip(k).step_by(2).copied();
    let (x, y) = (Axis::around("input 0", column(0)), Axis::around("input 1", column(1)));
    let grid = Grid { x: &x, y: &y };
    let mut predicted = Vec::with_capacity(COLUMNS * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            predicted.push(classify(grid.center(column, row))?);
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
    if largest >= CLASSES {
        return Err(Error::Unfit(format!(
            "there is a class {largest}, and a plot has room for {CLASSES} classes, counted from 0: join some of them"
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
    Ok(Plot::new(vec![Panel { x, y, layers, height: 480.0 }]))
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

    fn corner(&self, column: usize, row: usize) -> Point {
        self.at(column as f64, row as f64)
    }

    fn center(&self, column: usize, row: usize) -> Point {
        self.at(column as f64 + 0.5, row as f64 + 0.5)
    }

    /// The cells of each class; equal ones side by side are one rectangle.
    fn cells(&self, classes: &[usize]) -> BTreeMap<usize, Vec<[Point; 2]>> {
        let mut cells: BTreeMap<usize, Vec<[Point; 2]>> = BTreeMap::new();
        for (row, classes) in classes.chunks(COLUMNS).enumerate() {
            let mut column = 0;
            for run in classes.chunk_by(|a, b| a == b) {
                let corners = [self.corner(column, row), self.corner(column + run.len(), row + 1)];
                cells.entry(run[0]).or_default().push(corners);
                column += run.len();
            }
        }
        cells
    }

    /// Where neighbours have different classes, in straight lines.
    fn edges(&self, classes: &[usize]) -> Vec<Vec<Point>> {
        let differ = |a: usize, b: usize| classes[a] != classes[b];
        let mut edges = Vec::new();
        for column in 1..COLUMNS {
            let is_edge = |row: usize| differ(row * COLUMNS + column, row * COLUMNS + column - 1);
            edges.extend(
                stretches(ROWS, is_edge).map(|(a, b)| vec![self.corner(column, a), self.corner(column, b)]),
            );
        }
        for row in 1..ROWS {
            let is_edge = |column: usize| differ(row * COLUMNS + column, (row - 1) * COLUMNS + column);
            edges.extend(
                stretches(COLUMNS, is_edge).map(|(a, b)| vec![self.corner(a, row), self.corner(b, row)]),
            );
        }
        edges
    }
}

/// The longest stretches of numbers below `end` that all satisfy a condition, each from the first number to behind the last.
fn stretches(end: usize, is_in: impl Fn(usize) -> bool) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = (next..end).find(|&k| is_in(k))?;
        next = (first..end).find(|&k| !is_in(k)).unwrap_or(end);
        Some((first, next))
    })
}
