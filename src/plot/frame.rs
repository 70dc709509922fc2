//! What is around the marks of a panel: axes with labels, and a legend below them.

use super::axis::{Axis, Scale, divided};
use super::panel::{Layer, Marks, Panel};
use super::text::clean;
use super::theme::Paint;
use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::render::layout::{ComputedLayout, Layout, TickFormat};
use kuva::render::theme::Theme as Colors;
use std::sync::Arc;

/// The width of a plot in pixels.
pub(super) const WIDTH: f64 = 600.0;

/// The width of a character of a name beside an axis.
const CHARACTER: f64 = 7.5;

/// The frame of a panel, which is higher by the height of the legend.
pub(super) fn frame(panel: &Panel, is_dark: bool) -> Layout {
    let axes = axes(panel, is_dark);
    let entries: Vec<LegendEntry> = panel.layers.iter().filter_map(|layer| entry(layer, is_dark)).collect();
    if entries.is_empty() {
        return axes;
    }
    let bottom = |layout: &Layout| ComputedLayout::from_layout(layout).margin_bottom;
    let bottom_of_axes = bottom(&axes);
    let layout = axes
        .with_legend_entries(entries)
        .with_legend_position(LegendPosition::OutsideBottomColumns)
        .with_legend_box(false);
    let height = panel.height + bottom(&layout) - bottom_of_axes;
    layout.with_height(height)
}

fn axes(panel: &Panel, is_dark: bool) -> Layout {
    let [x, y] = [&panel.x, &panel.y].map(|axis| {
        let power = axis.power();
        (divided(axis.low, power), divided(axis.high, power))
    });
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
    // Whole numbers are not halved, as the drawing crate would do.
    let whole_step =
        |(low, high): (f64, f64)| [1.0, 2.0, 5.0].into_iter().find(|step| high - low < 10.0 * step);
    match &panel.x.scale {
        Scale::Linear => {}
        Scale::Log => layout = layout.with_log_x(),
        Scale::Whole | Scale::Down => {
            if let Some(step) = whole_step(x) {
                layout = layout.with_x_tick_step(step);
            }
        }
        Scale::Names(names) => {
            let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
            if longest * CHARACTER * names.len() as f64 > WIDTH * 0.75 {
                layout = layout.with_x_tick_rotate(-35.0);
            }
            layout = layout.with_x_categories(cut(names));
        }
    }
    match &panel.y.scale {
        Scale::Linear => layout,
        Scale::Log => layout.with_log_y(),
        Scale::Whole | Scale::Down => match whole_step(y) {
            Some(step) => layout.with_y_tick_step(step),
            None => layout,
        },
        Scale::Names(names) => layout.with_y_categories(cut(names)),
    }
}

fn cut(names: &[String]) -> Vec<String> {
    names.iter().map(|name| clean(name, 20)).collect()
}

/// What the legend says of a layer.
fn entry(layer: &Layer, is_dark: bool) -> Option<LegendEntry> {
    let (shape, dash) = match &layer.marks {
        Marks::Lines(_, dash) => (LegendShape::Line, dash.pattern()),
        Marks::Points(_, shape) => (LegendShape::Marker(shape.marker()), None),
        Marks::Band { .. } | Marks::Cells(_) | Marks::Texts(..) => (LegendShape::Rect, None),
    };
    let label = clean(layer.name.as_ref()?, 48);
    Some(LegendEntry { label, color: layer.paint.hex(is_dark), shape, dasharray: dash })
}
