//! A plot, read back from its SVG: paths by colour, and the scales that the labels of its axes tell.

use roxmltree::{Document, Node};
use tapegrad::plot::Plot;

/// Colours of the light theme.
pub const INK: &str = "#222222";
pub const SERIES: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// One pair of axes.
pub struct Panel {
    /// From pixels to the numbers of the axes, as their labels tell.
    pub x: Scale,
    pub y: Scale,
    /// The paths of the marks: their fill, their stroke, and what they draw.
    pub paths: Vec<(String, String, String)>,
    pub texts: Vec<String>,
    /// Each text with the colour of the element after it: in a legend, its swatch.
    pub swatches: Vec<(String, String)>,
}

/// A line through the first and the last label of an axis.
pub struct Scale {
    pub is_log: bool,
    /// Pixels and numbers.
    pub labels: Vec<(f64, f64)>,
}

impl Scale {
    /// The number at a pixel.
    pub fn number(&self, pixel: f64) -> f64 {
        let ((p0, n0), (p1, n1)) = (self.labels[0], self.labels[self.labels.len() - 1]);
        let share = (pixel - p0) / (p1 - p0);
        match self.is_log {
            true => n0 * (n1 / n0).powf(share),
            false => n0 * (1.0 - share) + n1 * share,
        }
    }

    /// The pixel of a number.
    pub fn pixel(&self, number: f64) -> f64 {
        let ((p0, n0), (p1, n1)) = (self.labels[0], self.labels[self.labels.len() - 1]);
        let share = match self.is_log {
            true => (number / n0).ln() / (n1 / n0).ln(),
            false => (number / 2.0 - n0 / 2.0) / (n1 / 2.0 - n0 / 2.0),
        };
        p0 + share * (p1 - p0)
    }
}

/// The panels of a plot in its light theme.
pub fn panels(plot: &Plot) -> Vec<Panel> {
    let svg = plot.clone().with_theme(tapegrad::plot::Theme::Light).to_svg();
    let document = Document::parse(&svg).unwrap();
    let is_panel =
        |node: &Node<'_, '_>| node.attribute("transform").is_some_and(|t| t.starts_with("translate("));
    document.descendants().filter(is_panel).map(|group| panel(&group)).collect()
}

fn panel(group: &Node<'_, '_>) -> Panel {
    let number =
        |node: &Node<'_, '_>, name: &str| node.attribute(name).unwrap_or("0").parse::<f64>().unwrap();
    let texts: Vec<String> = group
        .descendants()
        .filter(|node| node.is_text())
        .map(|node| node.text().unwrap().to_owned())
        .collect();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let is_five = |length: f64| (length.abs() - 5.0).abs() < 0.02;
    for text in group.children().filter(|node| node.has_tag_name("text")) {
        // Before each label there is the tick that it belongs to, a line of five pixels.
        let (Some(tick), Some(label)) = (text.prev_sibling_element(), text.text()) else { continue };
        let Ok(label) = label.parse::<f64>() else { continue };
        let [x1, x2, y1, y2] = ["x1", "x2", "y1", "y2"].map(|name| number(&tick, name));
        if tick.has_tag_name("line") && x1 == x2 && is_five(y2 - y1) {
            x.push((x1, label));
        } else if tick.has_tag_name("line") && y1 == y2 && is_five(x2 - x1) {
            y.push((y1, label));
        }
    }
    let path = |node: Node<'_, '_>| {
        let of = |name: &str| node.attribute(name).unwrap_or("").to_owned();
        (of("fill"), of("stroke"), of("d"))
    };
    let swatch = |node: Node<'_, '_>| {
        let color = node.next_sibling_element()?.attribute("fill")?.to_owned();
        Some((node.text()?.to_owned(), color))
    };
    let labels = group.children().filter(|node| node.has_tag_name("text"));
    let swatches = labels.filter_map(swatch).collect();
    let has_log = |axis: usize| {
        // The label of the vertical axis is rotated.
        let is_of = |node: &Node<'_, '_>| node.attribute("transform").is_some() == (axis == 1);
        let labels = group.children().filter(|node| node.has_tag_name("text") && is_of(node));
        labels.filter_map(|node| node.text()).any(|text| text.ends_with("(log scale)"))
    };
    Panel {
        x: Scale { is_log: has_log(0), labels: x },
        y: Scale { is_log: has_log(1), labels: y },
        paths: group.descendants().filter(|node| node.has_tag_name("path")).map(path).collect(),
        texts,
        swatches,
    }
}

impl Panel {
    /// The points of all lines of a colour, in the units of the axes.
    pub fn line(&self, color: &str) -> Vec<[f64; 2]> {
        let (_, _, path) = self.paths.iter().find(|(_, stroke, _)| stroke == color).expect("a line");
        corners(path).into_iter().map(|[x, y]| [self.x.number(x), self.y.number(y)]).collect()
    }

    /// The centres of the circles of a colour, in the units of the axes.
    pub fn circles(&self, color: &str) -> Vec<[f64; 2]> {
        let is_of = |(fill, _, path): &&(String, String, String)| fill == color && path.contains('a');
        let (_, _, path) = self.paths.iter().find(is_of).expect("circles");
        let center = |circle: &str| {
            let (start, arc) = circle.split_once('a').unwrap();
            let radius: f64 = arc.split(' ').next().unwrap().parse().unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            [self.x.number(x.parse::<f64>().unwrap() + radius), self.y.number(y.parse().unwrap())]
        };
        path.split('M').skip(1).map(center).collect()
    }

    /// The rectangles of a colour in pixels: left, top, right, bottom.
    pub fn cells(&self, color: &str) -> Vec<[f64; 4]> {
        let is_of = |(fill, _, path): &&(String, String, String)| fill == color && path.contains('H');
        let Some((_, _, path)) = self.paths.iter().find(is_of) else { return Vec::new() };
        let cell = |text: &str| {
            let numbers: Vec<f64> =
                text.split(['H', 'V', 'Z', ' ']).filter_map(|number| number.parse().ok()).collect();
            let &[x0, y0, x1, y1, _] = &numbers[..] else { panic!("{text}") };
            [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]
        };
        path.split('M').skip(1).map(cell).collect()
    }
}

/// The corners of a path of straight lines.
fn corners(path: &str) -> Vec<[f64; 2]> {
    let corner = |text: &str| {
        let (x, y) = text.split_once(' ').expect("a corner");
        [x.parse().unwrap(), y.parse().unwrap()]
    };
    path.split(['M', 'L']).filter(|text| !text.is_empty()).map(corner).collect()
}
