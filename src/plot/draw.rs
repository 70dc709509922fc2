//! Drawing by the crate kuva, which only this file, `frame` and `marks` know.
//!
//! Kuva arranges axes, labels and legends, and writes the elements. Numbers reach it finite and of moderate size, and texts
//! clean. Its document is taken apart for three reasons: it numbers its clip paths through the life of the process, so that
//! equal plots would differ; it cannot be scaled; and one document has several panels here.

use super::axis::Axis;
use super::frame::{WIDTH, frame};
use super::marks::{Places, primitives};
use super::panel::Panel;
use super::text::{DOLLAR, shown};
use super::theme::{Paint, Theme, dark_rules};
use kuva::backend::svg::SvgBackend;
use kuva::plot::LinePlot;
use kuva::render::layout::ComputedLayout;
use kuva::render::render::{Primitive, render_multiple};
use std::fmt::Write;

const TITLE_HEIGHT: f64 = 34.0;

/// The class of the document, so that its style sheet does not reach others on the same page.
const CLASS: &str = "tapegrad-plot";

/// The panels below each other, as an SVG document.
pub(super) fn draw(title: Option<&str>, theme: Theme, panels: &[Panel]) -> String {
    let is_dark = theme == Theme::Dark;
    let [paper, ink] = [Paint::Paper, Paint::Ink].map(|paint| paint.hex(is_dark));
    let mut top = if title.is_some() { TITLE_HEIGHT } else { 0.0 };
    let mut content =
        format!("<rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n<g fill=\"{ink}\">\n");
    if let Some(title) = title {
        let (x, text) = (WIDTH / 2.0, shown(title, 60));
        let _ = writeln!(
            content,
            "<text x=\"{x}\" y=\"25\" font-size=\"17\" text-anchor=\"middle\">{text}</text>"
        );
    }
    // One margin for all, so that equal positions are below each other.
    let frames = panels.iter().map(|panel| ComputedLayout::from_layout(&frame(panel, is_dark)));
    let left = frames.map(|frame| frame.margin_left).fold(0.0, f64::max);
    for panel in panels {
        let (height, elements) = elements(panel, left, is_dark);
        let _ = writeln!(content, "<g transform=\"translate(0,{top})\">{elements}</g>");
        top += height;
    }
    let style = match theme {
        Theme::Auto => format!("<style>{}</style>\n", dark_rules(CLASS, &content)),
        Theme::Light | Theme::Dark => String::new(),
    };
    let title = title.map_or(String::new(), |title| format!("<title>{}</title>\n", shown(title, usize::MAX)));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{CLASS}\" viewBox=\"0 0 {WIDTH} {top}\" width=\"{WIDTH}\" \
         height=\"{top}\" font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" role=\"img\">\n\
         {title}{style}{content}</g>\n</svg>"
    )
}

/// The height of a panel, and its elements.
fn elements(panel: &Panel, left: f64, is_dark: bool) -> (f64, String) {
    let frame = frame(panel, is_dark);
    // Room for half of the last label.
    let right = ComputedLayout::from_layout(&frame).margin_right + 4.0;
    let frame = frame.with_force_margins(left, right);
    let computed = ComputedLayout::from_layout(&frame);
    let height = computed.height;
    let places = Places::new([&panel.x, &panel.y].map(Axis::power), computed);
    // Axes are drawn only where there is a plot.
    let mut scene = render_multiple(vec![LinePlot::new().into()], frame);
    scene.elements.retain(|element| !matches!(element, Primitive::ClipStart { .. } | Primitive::ClipEnd));
    scene.defs.clear();
    scene.background_color = None;
    scene.elements.extend(panel.layers.iter().flat_map(|layer| primitives(layer, &places, is_dark)));
    let document = SvgBackend::new().render_scene(&scene);
    let inner = document.split_once("-->").map_or(&*document, |(_, rest)| rest);
    (height, inner.trim_end_matches("</svg>").replace(DOLLAR, "$"))
}
