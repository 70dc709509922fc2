//! Promise: a plot is read without its colours, and its texts stand out from their background.

use crate::all::plots_with;
use roxmltree::Document;
use std::collections::HashSet;
use tapegrad::plot::{Theme, decision_regions, loss_curve, sparsity};

/// The relative luminance of a colour, as WCAG defines it.
fn luminance(color: &str) -> f64 {
    let channel = |k: usize| {
        let share = f64::from(u8::from_str_radix(&color[k..k + 2], 16).unwrap()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn axes_and_labels_stand_out() {
    for (name, plot) in plots_with("a") {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = plot.clone().with_theme(theme).to_svg();
            let document = Document::parse(&svg).unwrap();
            let paper = document.descendants().find(|node| node.has_tag_name("rect")).unwrap();
            let ink = paper.next_sibling_element().unwrap();
            let [paper, ink] = [paper, ink].map(|node| node.attribute("fill").unwrap());
            assert!(contrast(paper, ink) > 12.0, "{name}");
            // Of a line or a marker, 3 is the least that WCAG allows; the orange on white stays below.
            for path in document.descendants().filter(|node| node.has_tag_name("path")) {
                let color = path.attribute("stroke").filter(|color| color.starts_with('#'));
                assert!(
                    color.is_none_or(|color| color == paper || contrast(paper, color) > 3.0),
                    "{name}: {color:?}"
                );
            }
            for text in document.descendants().filter(|node| node.has_tag_name("text")) {
                assert!(text.attribute("font-size").unwrap().parse::<f64>().unwrap() >= 8.0, "{name}");
            }
        }
    }
}

#[test]
fn counts_stand_out_from_every_shade() {
    for theme in [Theme::Light, Theme::Dark] {
        let data: Vec<[f64; 1]> = (0..90).map(|k| [f64::from(k)]).collect();
        let classes: Vec<usize> = (0..90).map(|k| k / 10).collect();
        let data = tapegrad::nn::Data::classes(&data, &classes, 9).unwrap();
        // Of the class k, k samples are predicted as the class 0: shares of every size.
        let outputs: Vec<Vec<f64>> = (0..90)
            .map(|k| {
                let class = if k % 10 < k / 10 { 0 } else { k / 10 };
                (0..9).map(|c| f64::from(u8::from(c == class))).collect()
            })
            .collect();
        let matrix = tapegrad::nn::ConfusionMatrix::new(&outputs, &data);
        let svg = tapegrad::plot::confusion_matrix(&matrix).unwrap().with_theme(theme).to_svg();
        let document = Document::parse(&svg).unwrap();
        let is_count =
            |node: &roxmltree::Node<'_, '_>| node.has_tag_name("text") && node.attribute("fill").is_some();
        let ink = document.descendants().find(is_count).unwrap().attribute("fill").unwrap();
        let shades: HashSet<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name("path"))
            .map(|node| node.attribute("fill").unwrap())
            .collect();
        assert!(shades.len() > 6, "{shades:?}");
        assert!(shades.iter().all(|shade| contrast(ink, shade) > 4.0), "{shades:?}");
    }
}

#[test]
fn lines_differ_in_dashes_and_samples_in_markers() {
    let svg = loss_curve(&crate::all::history()).unwrap().to_svg();
    let document = Document::parse(&svg).unwrap();
    let is_line =
        |node: &roxmltree::Node<'_, '_>| node.has_tag_name("path") && node.attribute("fill") == Some("none");
    let upper =
        document.descendants().find(|node| node.attribute("transform") == Some("translate(0,0)")).unwrap();
    let lines = upper.descendants().filter(is_line);
    let dashes: Vec<Option<&str>> = lines.map(|node| node.attribute("stroke-dasharray")).collect();
    assert_eq!(dashes.len(), 3);
    assert_eq!(dashes.iter().collect::<HashSet<_>>().len(), 3, "{dashes:?}");

    let points: Vec<[f64; 2]> = (0..12).map(|k| [f64::from(k), 0.0]).collect();
    let data = tapegrad::nn::Data::classes(&points, &(0..12).collect::<Vec<_>>(), 12).unwrap();
    let panel = &crate::drawing::panels(&decision_regions(|_| 0, &data, &[]).unwrap())[0];
    // The outline of a marker, from its first corner on.
    let outline = |path: &str| -> String {
        let numbers = path.split_once('L').map_or("round", |(_, rest)| rest);
        let corners: Vec<f64> =
            numbers.split(['L', 'Z', ' ']).filter_map(|number| number.parse().ok()).collect();
        corners.windows(3).map(|w| format!("{:.1} ", w[2] - w[0])).collect()
    };
    let white = |(_, stroke, _): &&(String, String, String)| stroke == "#ffffff";
    let looks: HashSet<(&str, String)> =
        panel.paths.iter().filter(white).map(|(fill, _, path)| (&**fill, outline(path))).collect();
    assert_eq!(looks.len(), 12, "twelve classes, each with a look of its own");

    let classify = |[x, _]: [f64; 2]| (x.round().max(0.0) as usize).min(11);
    let panel = &crate::drawing::panels(&decision_regions(classify, &data, &[]).unwrap())[0];
    let regions = panel.swatches.iter().filter(|(name, _)| name.starts_with("predicted: "));
    assert_eq!(regions.map(|(_, color)| color).collect::<HashSet<_>>().len(), 12);
}

#[test]
fn colours_of_columns_are_written_where_there_is_room() {
    let texts = |size: usize| {
        let diagonal: Vec<(usize, usize)> = (0..size).map(|k| (k, k)).collect();
        let colors: Vec<usize> = (0..size).map(|k| 70 + k % 3).collect();
        let panel =
            crate::drawing::panels(&sparsity(size, size, &diagonal, Some(&colors)).unwrap()).swap_remove(0);
        panel.texts.iter().filter(|text| ["70", "71", "72"].contains(&&***text)).count()
    };
    assert_eq!(texts(20), 20);
    assert!(texts(200) <= 3);
}

#[test]
fn colours_of_columns_stand_out_from_their_cells() {
    let diagonal: Vec<(usize, usize)> = (0..6).map(|k| (k, k)).collect();
    let plot = sparsity(6, 6, &diagonal, Some(&[0, 1, 2, 3, 4, 5])).unwrap();
    for theme in [Theme::Light, Theme::Dark] {
        let svg = plot.clone().with_theme(theme).to_svg();
        let document = Document::parse(&svg).unwrap();
        let paths = document.descendants().filter(|node| node.has_tag_name("path"));
        let cells: Vec<&str> = paths.map(|node| node.attribute("fill").unwrap()).collect();
        let texts = document.descendants().filter(|node| node.has_tag_name("text"));
        let numbers: Vec<&str> = texts.filter_map(|node| node.attribute("fill")).collect();
        assert_eq!((cells.len(), numbers.len()), (6, 6));
        for (cell, number) in cells.iter().zip(&numbers) {
            assert!(contrast(cell, number) > 3.3, "{number} on {cell}: {}", contrast(cell, number));
        }
    }
}

#[test]
fn regions_of_neighbouring_classes_differ_in_brightness() {
    let data = tapegrad::nn::moons(20, 0.1, 3);
    let plot = decision_regions(|[x, _]| ((x + 1.5) * 1.7).clamp(0.0, 5.0) as usize, &data, &[]).unwrap();
    let panel = &crate::drawing::panels(&plot)[0];
    let color = |class: usize| {
        let name = format!("predicted: class {class}");
        panel.swatches.iter().find(|(found, _)| *found == name).map(|(_, color)| color.as_str()).unwrap()
    };
    for class in 0..5 {
        let contrast = contrast(color(class), color(class + 1));
        assert!(contrast > 1.05, "{class}: {contrast}");
    }
}
