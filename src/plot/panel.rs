//! What a plot consists of, as plain data in the units of its axes.

use super::axis::Axis;
use super::text::cut;
use super::theme::Paint;

/// A point in the units of the axes.
pub(super) type Point = [f64; 2];

/// A pair of axes with what is drawn between them. Everything drawn is within the ranges of the axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Panel {
    pub x: Axis,
    pub y: Axis,
    /// From the back to the front.
    pub layers: Vec<Layer>,
    /// The height in pixels, without the legend.
    pub height: f64,
}

/// Marks of one kind, with the name that the legend has for them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub name: Option<String>,
    pub paint: Paint,
    pub marks: Marks,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Marks {
    /// Points joined by lines; the next list starts afresh.
    Lines(Vec<Vec<Point>>, Dash),
    /// A marker at each point.
    Points(Vec<Point>, Shape),
    /// The area between two lines.
    Band { lower: Vec<Point>, upper: Vec<Point> },
    /// Rectangles from one corner to the opposite one.
    Cells(Vec<[Point; 2]>),
    /// Texts around their positions, in rectangles of this width and height. They are left out if they do not fit.
    Texts(Vec<(Point, String)>, Point),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// The shape of a marker: one for each number, and then from the first again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(pub usize);

impl Layer {
    pub fn new(paint: Paint, marks: Marks) -> Layer {
        Layer { name: None, paint, marks }
    }

    /// With an entry in the legend.
    pub fn named(self, name: impl Into<String>) -> Layer {
        Layer { name: Some(name.into()), ..self }
    }
}

/// The name of a class: the given one, cut to leave room for others, or its number.
pub(super) fn class_name(names: &[&str], class: usize) -> String {
    names.get(class).map_or_else(|| format!("class {class}"), |name| cut(name, 20))
}
