//! Marks as elements of the drawing crate: one path for each layer.

use super::axis::divided;
use super::panel::{Dash, Layer, Marks, Point, Shape};
use super::text::clean;
use super::theme::Paint;
use kuva::plot::scatter::MarkerShape;
use kuva::render::color::Color;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{PathData, Primitive, TextAnchor};
use std::fmt::Write;

/// Where numbers are drawn.
pub(super) struct Places {
    /// The powers of ten by which the numbers of both axes are divided.
    powers: [i32; 2],
    computed: ComputedLayout,
}

impl Places {
    pub fn new(powers: [i32; 2], computed: ComputedLayout) -> Places {
        Places { powers, computed }
    }

    /// A point in pixels.
    fn pixel(&self, [x, y]: Point) -> (f64, f64) {
        let [x, y] = [(x, self.powers[0]), (y, self.powers[1])].map(|(number, power)| divided(number, power));
        (self.computed.map_x(x), self.computed.map_y(y))
    }
}

/// The elements of a layer.
pub(super) fn primitives(layer: &Layer, places: &Places, is_dark: bool) -> Vec<Primitive> {
    let color: Color = layer.paint.hex(is_dark).into();
    let paper = || Paint::Paper.hex(is_dark).into();
    match &layer.marks {
        Marks::Lines(lines, dash) => {
            let path = lines.iter().map(|line| line_path(line, places)).collect();
            grouped("stroke-linejoin=\"round\"", stroked(path, color, 2.0, *dash))
        }
        Marks::Points(points, shape) => {
            // Outlines of very many markers would be all that is seen.
            let (size, outline) = if points.len() > 400 { (2.2, None) } else { (4.5, Some(paper())) };
            let path = points.iter().map(|&point| shape.path(places.pixel(point), size)).collect();
            vec![filled(path, color, outline)]
        }
        Marks::Band { lower, upper } => {
            let outline: Vec<Point> = upper.iter().chain(lower.iter().rev()).copied().collect();
            vec![filled(line_path(&outline, places) + "Z", color, None)]
        }
        Marks::Cells(cells) => {
            let path = cells.iter().map(|&[first, last]| {
                let ((x0, y0), (x1, y1)) = (places.pixel(first), places.pixel(last));
                format!("M{x0:.2} {y0:.2}H{x1:.2}V{y1:.2}H{x0:.2}Z")
            });
            grouped("shape-rendering=\"crispEdges\"", filled(path.collect(), color, None))
        }
        Marks::Texts(texts, room) => fitted_texts(texts, *room, places, &color),
    }
}

fn line_path(line: &[Point], places: &Places) -> String {
    let mut path = String::new();
    for (k, &point) in line.iter().enumerate() {
        let (x, y) = places.pixel(point);
        let _ = write!(path, "{}{x:.2} {y:.2}", if k == 0 { 'M' } else { 'L' });
    }
    if line.len() == 1 {
        // The only point is a short line.
        path += "m-3 0h6";
    }
    path
}

fn filled(path: String, color: Color, outline: Option<Color>) -> Primitive {
    Primitive::Path(Box::new(PathData {
        d: path,
        fill: Some(color),
        stroke_width: if outline.is_some() { 0.8 } else { 0.0 },
        stroke: outline.unwrap_or(Color::None),
        opacity: None,
        stroke_dasharray: None,
    }))
}

fn stroked(path: String, color: Color, width: f64, dash: Dash) -> Primitive {
    Primitive::Path(Box::new(PathData {
        d: path,
        fill: None,
        stroke: color,
        stroke_width: width,
        opacity: None,
        stroke_dasharray: dash.pattern(),
    }))
}

fn grouped(attributes: &str, element: Primitive) -> Vec<Primitive> {
    let attributes = Some(attributes.to_owned());
    vec![
        Primitive::GroupStart { transform: None, title: None, extra_attrs: attributes },
        element,
        Primitive::GroupEnd,
    ]
}

fn fitted_texts(texts: &[(Point, String)], room: Point, places: &Places, color: &Color) -> Vec<Primitive> {
    let ((left, top), (right, bottom)) = (places.pixel([0.0, 0.0]), places.pixel(room));
    let longest = texts.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
    // A character is about 0.65 times as wide as high.
    let size = f64::min((right - left).abs() / (0.65 * longest as f64 + 0.5), (bottom - top).abs() * 0.7);
    if size < 8.0 {
        return Vec::new();
    }
    let size = size.min(15.0) as u32;
    let text = |(at, text): &(Point, String)| {
        let (x, y) = places.pixel(*at);
        Primitive::Text {
            x,
            y: y + f64::from(size) * 0.36,
            content: clean(text, 20),
            size,
            anchor: TextAnchor::Middle,
            rotate: None,
            bold: false,
            color: Some(color.clone()),
        }
    };
    texts.iter().map(text).collect()
}

impl Dash {
    /// The lengths of dashes and gaps.
    pub fn pattern(self) -> Option<String> {
        match self {
            Dash::Solid => None,
            Dash::Dashed => Some("5 3".to_owned()),
            Dash::Dotted => Some("2 3".to_owned()),
        }
    }
}

impl Shape {
    /// The shape in the legend.
    pub fn marker(self) -> MarkerShape {
        const MARKERS: [MarkerShape; 5] = [
            MarkerShape::Circle,
            MarkerShape::Triangle,
            MarkerShape::Square,
            MarkerShape::Diamond,
            MarkerShape::TriangleDown,
        ];
        MARKERS[self.0 % MARKERS.len()]
    }

    fn path(self, (x, y): (f64, f64), size: f64) -> String {
        let corners: &[Point] = match self.marker() {
            MarkerShape::Triangle => &[[0.0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
            MarkerShape::Square => &[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
            MarkerShape::Diamond => &[[0.0, -1.3], [1.1, 0.0], [0.0, 1.3], [-1.1, 0.0]],
            MarkerShape::TriangleDown => &[[0.0, 1.2], [1.1, -0.8], [-1.1, -0.8]],
            _ => {
                let (left, width) = (x - size, 2.0 * size);
                return format!(
                    "M{left:.2} {y:.2}a{size} {size} 0 1 0 {width} 0a{size} {size} 0 1 0 -{width} 0Z"
                );
            }
        };
        let corner = |(k, [dx, dy]): (usize, &Point)| {
            format!("{}{:.2} {:.2}", if k == 0 { 'M' } else { 'L' }, x + dx * size, y + dy * size)
        };
        corners.iter().enumerate().map(corner).collect::<String>() + "Z"
    }
}
