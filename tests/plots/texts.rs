//! Promise: texts are shown as they are, whatever they contain, and the document stays well-formed.

use crate::all::plots_with;
use roxmltree::Document;
use tapegrad::plot::Theme;

const HOSTILE: [&str; 14] = [
    "</svg>",
    "<script>alert(1)</script>",
    "\"><g onload='x'>",
    "a & b &amp; c",
    "]]><!-- -->",
    "-->",
    "\u{0}\u{1b}[31m\u{7f}\u{85}",
    "\u{fffe}\u{ffff}\u{e000}",
    "two\nlines\tand\ra tab",
    "$x_1$ costs $5, \\$ and \\alpha",
    "",
    "\u{202e}left \u{1f600} e\u{301}",
    "${fill}{}{{0}}%s",
    "fill=\"#222222\"",
];

#[test]
fn hostile_texts_do_not_leave_their_place() {
    for text in HOSTILE {
        for (name, plot) in plots_with(text) {
            for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
                let svg = plot.clone().with_theme(theme).to_svg();
                let document =
                    Document::parse(&svg).unwrap_or_else(|error| panic!("{name}, {text:?}: {error}"));
                let known =
                    ["svg", "title", "style", "g", "rect", "line", "circle", "path", "polygon", "text"];
                for node in document.descendants().filter(|node| node.is_element()) {
                    assert!(known.contains(&node.tag_name().name()), "{name}, {text:?}: {node:?}");
                    assert!(node.attributes().all(|attribute| !attribute.name().starts_with("on")), "{name}");
                }
            }
        }
    }
}

#[test]
fn texts_are_shown_as_they_are() {
    let shown = |text: &str| {
        let (_, plot) = plots_with(text).swap_remove(1);
        let svg = plot.to_svg();
        let document = Document::parse(&svg).unwrap();
        let texts: Vec<String> = document
            .descendants()
            .filter(|node| node.is_text())
            .map(|node| node.text().unwrap().to_owned())
            .collect();
        texts
    };
    for text in ["</svg>", "a & b", "$x_1$, \\$, \\alpha $", "\"quoted\" 'twice'", "µ ≤ 3 · x²"] {
        let texts = shown(text);
        // The title, drawn and as the name of the document; both axes; the samples of both classes.
        assert_eq!(texts.iter().filter(|shown| *shown == text).count(), 6, "{text}: {texts:?}");
        let predicted = format!("predicted: {text}");
        assert!(texts.contains(&predicted), "{text}: {texts:?}");
    }
    assert!(shown("a\u{0}b\nc").contains(&"a\u{fffd}b c".to_owned()));
}

#[test]
fn long_texts_are_cut_with_a_mark_and_whole_in_the_name() {
    let long = "m".repeat(100_000);
    for (name, plot) in plots_with(&long) {
        let svg = plot.to_svg();
        let document = Document::parse(&svg).unwrap();
        assert!(svg.len() < 600_000, "{name}: {}", svg.len());
        let named = document.descendants().find(|node| node.has_tag_name("title")).unwrap();
        assert_eq!(named.text(), Some(&*long), "{name}");
        let drawn = document.descendants().filter(|node| node.has_tag_name("text"));
        let longest = drawn.filter_map(|node| node.text()).max_by_key(|text| text.len()).unwrap();
        assert!(
            longest.contains('…') && longest.trim_end_matches(" (log scale)").chars().count() <= 60,
            "{name}: {longest}"
        );
    }
}
