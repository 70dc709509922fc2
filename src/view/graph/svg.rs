//! Pictures.

use super::curve::{Curve, Point};
use super::drawing::{Arrow, Drawing, Role, Vertex};
use super::layout::{Connection, Size, layout};
use super::references::levels;
use crate::view::markup::escape;
use std::fmt::Write;

/// The height of a line of text, and the width of a character in a font of fixed width and size 13.
const LINE: f64 = 18.0;
const CHARACTER: f64 = 7.9;
/// Between the text and the border.
const PADDING: f64 = 9.0;
/// A picture with more levels than this is laid out from top to bottom, as a page is read.
const MOST_LEVELS: usize = 10;
/// Around the picture.
const MARGIN: f64 = 14.0;

/// Colours of Okabe and Ito, which people with any kind of colour vision tell apart, and tints of them; dark ones for
/// readers who prefer these. The selectors name the picture, since it may stand within a page. The rule for a narrow page is
/// one for media: converters to PNG pass over those, and CairoSVG would take the height `auto` for 0.
const STYLE: &str = "
.tapegrad-graph { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.tapegrad-graph text { fill: #000000; }
.tapegrad-graph .back { fill: #ffffff; }
.tapegrad-graph .box { fill: #ffffff; stroke: #000000; stroke-width: 1.2; }
.tapegrad-graph .input .box { fill: #d6ecf9; stroke: #0072b2; }
.tapegrad-graph .reference .box { fill: none; stroke: #555555; stroke-dasharray: 3 3; }
.tapegrad-graph .output .box { fill: #fdf0d0; }
.tapegrad-graph .warning .box { stroke: #d55e00; stroke-width: 3; }
.tapegrad-graph .title { font-weight: bold; }
.tapegrad-graph .quiet { fill: #555555; }
.tapegrad-graph .arrow { fill: none; stroke: #555555; stroke-width: 1.2; }
.tapegrad-graph .head { fill: #555555; }
.tapegrad-graph .dashed { stroke-dasharray: 5 4; }
.tapegrad-graph .label { font-size: 11px; text-anchor: middle; }
@media all {
  .tapegrad-graph { max-width: 100%; height: auto; }
}
@media (prefers-color-scheme: dark) {
  .tapegrad-graph text { fill: #ffffff; }
  .tapegrad-graph .back { fill: #16181c; }
  .tapegrad-graph .box { fill: #24272d; stroke: #e0e0e0; }
  .tapegrad-graph .input .box { fill: #0b3a57; stroke: #56b4e9; }
  .tapegrad-graph .reference .box { fill: none; stroke: #bbbbbb; }
  .tapegrad-graph .output .box { fill: #4a3500; }
  .tapegrad-graph .warning .box { stroke: #e69f00; }
  .tapegrad-graph .quiet { fill: #bbbbbb; }
  .tapegrad-graph .arrow { stroke: #bbbbbb; }
  .tapegrad-graph .head { fill: #bbbbbb; }
}
";

/// The drawing as a picture of its own.
pub(super) fn write(drawing: &Drawing) -> String {
    let sizes: Vec<Size> = drawing.vertices.iter().map(size).collect();
    let arrows = drawing.arrows.iter().map(|arrow| Connection {
        from: arrow.from,
        to: arrow.to,
        label: arrow.text().map_or([0.0; 2], |text| label_size(&text)),
    });
    let arrows: Vec<Connection> = arrows.collect();
    let is_tall = levels(drawing).into_iter().max() > Some(MOST_LEVELS);
    let layout = layout(&sizes, &arrows, MARGIN, is_tall);
    let notes = drawing.notes.iter().map(|note| width(note) + 2.0 * MARGIN);
    let total_width = notes.fold(layout.size[0].max(2.0 * MARGIN), f64::max).ceil();
    let total_height = (layout.size[1].max(MARGIN) + drawing.notes.len() as f64 * LINE).ceil() + MARGIN / 2.0;

    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tapegrad-graph\" role=\"img\" \
         viewBox=\"0 0 {total_width} {total_height}\" width=\"{total_width}\" height=\"{total_height}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"back\" width=\"100%\" height=\"100%\"/>",
        escape(&title(drawing)),
        escape(&description(drawing)),
    );
    for (arrow, (curve, _)) in drawing.arrows.iter().zip(&layout.arrows) {
        write_arrow(&mut out, arrow, curve);
    }
    for ((vertex, &size), &centre) in drawing.vertices.iter().zip(&sizes).zip(&layout.vertices) {
        write_vertex(&mut out, vertex, size, centre);
    }
    for (arrow, &(_, centre)) in drawing.arrows.iter().zip(&layout.arrows) {
        write_label(&mut out, arrow, centre);
    }
    for (k, note) in drawing.notes.iter().enumerate() {
        let y = layout.size[1].max(MARGIN) + (k as f64 + 0.6) * LINE;
        let _ = writeln!(out, "<text class=\"quiet\" x=\"{MARGIN}\" y=\"{y:.1}\">{}</text>", escape(note));
    }
    out.push_str("</svg>\n");
    out
}

/// What a screen reader says first.
fn title(drawing: &Drawing) -> String {
    let outputs: Vec<String> =
        drawing.vertices.iter().filter(|vertex| vertex.is_output).map(Vertex::heading).collect();
    match outputs.as_slice() {
        [] => "Graph of a recording".to_owned(),
        [output] => format!("Graph of {output}"),
        [first, ..] => format!("Graph of {first} and {} further outputs", outputs.len() - 1),
    }
}

/// The graph in words, the last vertices first.
fn description(drawing: &Drawing) -> String {
    const MOST: usize = 40;
    let vertices = drawing.vertices.iter().rev().take(MOST);
    let lines = vertices.map(|vertex| vertex.lines().collect::<Vec<_>>().join(", "));
    lines.chain(drawing.notes.iter().cloned()).collect::<Vec<_>>().join("; ")
}

/// How wide a text is. Signs beyond those of Europe count twice, which most are.
fn width(text: &str) -> f64 {
    text.chars()
        .map(|c| if c < '\u{1100}' || matches!(c, '…' | '‐'..='‧') { CHARACTER } else { 2.0 * CHARACTER })
        .sum()
}

fn size(vertex: &Vertex) -> Size {
    let widest = vertex.lines().map(|line| width(&line)).fold(0.0, f64::max);
    let border = if vertex.is_output { 8.0 } else { 0.0 };
    [widest + 2.0 * PADDING + border, vertex.lines().count() as f64 * LINE + PADDING + border]
}

fn write_vertex(out: &mut String, vertex: &Vertex, [width, height]: Size, [x, y]: Point) {
    let role = match vertex.role {
        Role::Input => "input",
        Role::Operation => "operation",
        Role::Constant => "constant",
        Role::LeftOut => "left-out",
        Role::Reference => "reference",
    };
    let output = if vertex.is_output { " output" } else { "" };
    let warning = if vertex.is_warning() { " warning" } else { "" };
    let _ = writeln!(out, "<g class=\"{role}{output}{warning}\">");
    let round = if matches!(vertex.role, Role::Input | Role::Reference) { 14.0 } else { 0.0 };
    let mut rectangle = |inset: f64| {
        let [left, top] = [x - width / 2.0 + inset, y - height / 2.0 + inset];
        let [w, h] = [width - 2.0 * inset, height - 2.0 * inset];
        let rx = (round - inset).max(0.0);
        let _ = writeln!(
            out,
            "<rect class=\"box\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"{rx}\"/>"
        );
    };
    if vertex.role != Role::LeftOut {
        rectangle(0.0);
        if vertex.is_output {
            rectangle(4.0);
        }
    }
    let inset = PADDING + if vertex.is_output { 4.0 } else { 0.0 };
    let left = x - width / 2.0 + inset;
    let mut baseline = y - height / 2.0 + inset - PADDING / 2.0 + 13.0;
    let index = if vertex.index.is_empty() { String::new() } else { format!("{} ", vertex.index) };
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{baseline:.1}\" xml:space=\"preserve\"><tspan class=\"quiet\">{index}</tspan>\
         <tspan class=\"title\">{}</tspan>{}</text>",
        escape(&vertex.title),
        escape(&vertex.repetition()),
    );
    for fact in &vertex.facts {
        baseline += LINE;
        let _ =
            writeln!(out, "<text x=\"{left:.1}\" y=\"{baseline:.1}\">{}</text>", escape(&Vertex::line(fact)));
    }
    out.push_str("</g>\n");
}

fn write_arrow(out: &mut String, arrow: &Arrow, curve: &Curve) {
    let point = |[x, y]: Point| format!("{x:.1} {y:.1}");
    let points = |points: [Point; 3]| points.map(point).join(" ");
    let way: Vec<String> = curve.pieces.iter().map(|&piece| format!("C{}", points(piece))).collect();
    let dashed = if arrow.is_dashed { " dashed" } else { "" };
    let (start, way, head) = (point(curve.start), way.join(" "), points(curve.head));
    let _ = writeln!(
        out,
        "<path class=\"arrow{dashed}\" d=\"M{start} {way}\"/><path class=\"head\" d=\"M{head} Z\"/>"
    );
}

fn label_size(text: &str) -> Size {
    [width(text) * 11.0 / 13.0 + 6.0, 14.0]
}

fn write_label(out: &mut String, arrow: &Arrow, [x, y]: Point) {
    let Some(text) = arrow.text() else { return };
    let [width, height] = label_size(&text);
    let [left, top] = [x - width / 2.0, y - height / 2.0];
    let _ = writeln!(
        out,
        "<rect class=\"back\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\"/>\
         <text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
        y + 4.0,
        escape(&text),
    );
}
