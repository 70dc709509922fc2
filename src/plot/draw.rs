//! Drawing by the crate kuva, which only this file and `marks` know.
//!
//! Kuva arranges axes, labels and legends, and writes the elements. Numbers reach it finite and of moderate size, and texts
//! clean. Its document is taken apart for three reasons: it numbers its clip paths through the life of the process, so that
//! equal plots would differ; it cannot be scaled; and one document has several panels here.

use super::axis::{Axis, Scale, divided};
use super::marks::{Places, primitives};
use super::panel::{Layer, Marks, Panel};
use super::text::{DOLLAR, clean, shown};
use super::theme::{Paint, Theme, dark_rules};
use kuva::backend::svg::SvgBackend;
use kuva::plot::LinePlot;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::render::{Primitive, render_multiple};
use kuva::render::theme::Theme as Colors;
use std::fmt::Write;
use std::sync::Arc;

/// The width of a plot in pixels.
pub(super) const WIDTH: f64 = 600.0;

const TITLE_HEIGHT: f64 = 34.0;

/// The class of the document, so that its style sheet does not reach others on the same page.
const CLASS: &str = "tapegrad-plot";

/// The panels below each other, as an SVG document.
pub(super) fn draw(title: Option<&str>, theme: Theme, panels: &[Panel]) -> String {
    let is_dark = theme == Theme::Dark;
    let [paper, ink] = [Paint::Paper, Paint::Ink].map(|paint| paint.hex(is_dark));
    let mut top = if title.is_some() { TITLE_HEIGHT } else { 0.0 };
    let mut content = format!("<rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n");
    if let Some(title) = title {
        let (x, text) = (WIDTH / 2.0, shown(title, 60));
        let _ = writeln!(
            content,
            "<text x=\"{x}\" y=\"25\" font-size=\"17\" text-anchor=\"middle\">{text}</text>"
        );
    }
    for panel in panels {
        let _ = writeln!(content, "<g transform=\"translate(0,{top})\">{}</g>", elements(panel, is_dark));
        top += panel.height;
    }
    let style = match theme {
        Theme::Auto => {
            let root = format!(".{CLASS}{{fill:{ink}}}");
            let drawing = format!("fill=\"{ink}\"{content}");
            format!("<style>{root}{}</style>\n", dark_rules(CLASS, &drawing))
        }
        Theme::Light | Theme::Dark => String::new(),
    };
    let title = title.map_or(String::new(), |title| format!("<title>{}</title>\n", shown(title, usize::MAX)));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{CLASS}\" viewBox=\"0 0 {WIDTH} {top}\" width=\"{WIDTH}\" \
         height=\"{top}\" fill=\"{ink}\" font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\" role=\"img\">\n\
         {title}{style}{content}</svg>"
    )
}

/// The elements of a panel.
fn elements(panel: &Panel, is_dark: bool) -> String {
    let powers = [&panel.x, &panel.y].map(Axis::power);
    let layout = layout(panel, powers, is_dark);
    let places = Places::new(powers, ComputedLayout::from_layout(&layout));
    // Axes are drawn only where there is a plot.
    let mut scene = render_multiple(vec![LinePlot::new().into()], layout);
    scene.elements.retain(|element| !matches!(element, Primitive::ClipStart { .. } | Primitive::ClipEnd));
    scene.defs.clear();
    scene.background_color = None;
    scene.elements.extend(panel.layers.iter().flat_map(|layer| primitives(layer, &places, is_dark)));
    let document = SvgBackend::new().render_scene(&scene);
    let inner = document.split_once("-->").map_or(&*document, |(_, rest)| rest);
    inner.trim_end_matches("</svg>").replace(DOLLAR, "$")
}

fn layout(panel: &Panel, powers: [i32; 2], is_dark: bool) -> Layout {
    let [x, y] = [(&panel.x, powers[0]), (&panel.y, powers[1])]
        .map(|(axis, power)| (divided(axis.low, power), divided(axis.high, power)));
    let ticks = |axis: &Axis| {
        let axis = axis.clone();
        TickFormat::Custom(Arc::new(move |number| axis.text_at(number)))
    };
    let label = |axis: &Axis| {
        let scale = if axis.scale == Scale::Log { " (log scale)" } else { "" };
        clean(&axis.label, 50) + scale
    };
    let [paper, ink, grid] = [Paint::Paper, Paint::Ink, Paint::Grid].map(|paint| paint.hex(is_dark));
    let colors = Colors {
        background: paper.clone(),
        axis_color: ink.clone(),
        grid_color: grid.clone(),
        tick_color: ink.clone(),
        text_color: ink.clone(),
        legend_bg: paper,
        legend_border: grid,
        ..Colors::light()
    };
    let mut layout = Layout::new(x, y)
        .with_width(WIDTH)
        .with_height(panel.height)
        .with_x_label(label(&panel.x))
        .with_y_label(label(&panel.y))
        .with_x_tick_format(ticks(&panel.x))
        .with_y_tick_format(ticks(&panel.y))
        .with_x_axis_min(x.0)
        .with_x_axis_max(x.1)
        .with_y_axis_min(y.0)
        .with_y_axis_max(y.1)
        .with_label_size(14)
        .with_tick_size(12)
        .with_body_size(12)
        .with_theme(colors);
    match &panel.x.scale {
        Scale::Log => layout = layout.with_log_x(),
        Scale::Whole | Scale::Down if x.1 - x.0 < 10.0 => layout = layout.with_x_tick_step(1.0),
        Scale::Names(names) => {
            layout = layout.with_x_categories(names.iter().map(|name| clean(name, 12)).collect());
        }
        Scale::Whole | Scale::Down | Scale::Linear => {}
    }
    match &panel.y.scale {
        Scale::Log => layout = layout.with_log_y(),
        Scale::Whole | Scale::Down if y.1 - y.0 < 10.0 => layout = layout.with_y_tick_step(1.0),
        Scale::Names(names) => {
            layout = layout.with_y_categories(names.iter().map(|name| clean(name, 20)).collect());
        }
        Scale::Whole | Scale::Down | Scale::Linear => {}
    }
    let entries: Vec<LegendEntry> = panel.layers.iter().filter_map(|layer| entry(layer, is_dark)).collect();
    if entries.is_empty() {
        return layout;
    }
    layout
        .with_legend_entries(entries)
        .with_legend_position(LegendPosition::OutsideBottomColumns)
        .with_legend_box(false)
}

/// What the legend says of a layer.
fn entry(layer: &Layer, is_dark: bool) -> Option<LegendEntry> {
    let (shape, dash) = match &layer.marks {
        Marks::Lines(_, dash) => (LegendShape::Line, dash.pattern()),
        Marks::Points(_, shape) => (LegendShape::Marker(shape.marker()), None),
        Marks::Band { .. } | Marks::Cells(_) | Marks::Texts(..) => (LegendShape::Rect, None),
    };
    let label = clean(layer.name.as_ref()?, 40);
    Some(LegendEntry { label, color: layer.paint.hex(is_dark), shape, dasharray: dash })
}
