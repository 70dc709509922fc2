//! A picture is well-formed, stands alone, tells its vertices apart without colours, and its text fits.

use crate::operands::listings;
use crate::xml::{self, Element};
use tapegrad::{Function, Tape, Var};

/// How wide a text is in a font whose characters are 0.61 as wide as high, the widest of common fonts of fixed width;
/// wide signs take two characters.
fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c < '\u{1100}' || c == '…' { 0.61 } else { 1.22 } * size).sum()
}

/// The group of each vertex.
fn groups(svg: &Element) -> Vec<&Element> {
    svg.children.iter().filter(|element| element.name == "g").collect()
}

#[test]
fn text_fits_and_boxes_are_apart() {
    for listing in listings(40) {
        let text = listing.graph().with_partials(true).to_svg();
        let svg = xml::read(&text);
        let [w, h] = ["width", "height"].map(|side| svg.number(side));
        assert_eq!(svg.attributes["viewBox"], format!("0 0 {w} {h}"));
        let mut boxes = Vec::new();
        for group in groups(&svg) {
            let rect = group.children.iter().rfind(|e| e.name == "rect");
            for line in group.children.iter().filter(|e| e.name == "text") {
                let [x, y] = [line.number("x"), line.number("y")];
                let right = x + width(&line.whole_text(), 13.0);
                assert!(x >= 0.0 && right <= w && y - 11.0 >= 0.0 && y + 3.0 <= h, "{text}");
                if let Some(rect) = rect {
                    let [left, top] = [rect.number("x"), rect.number("y")];
                    assert!(left < x && right < left + rect.number("width"), "{}", line.whole_text());
                    assert!(top < y - 10.0 && y + 3.0 < top + rect.number("height"), "{}", line.whole_text());
                }
            }
            let outer = group.children.iter().find(|e| e.name == "rect");
            boxes.extend(outer.map(|e| ["x", "y", "width", "height"].map(|side| e.number(side))));
        }
        for (k, a) in boxes.iter().enumerate() {
            for b in &boxes[..k] {
                let apart = |d: usize| a[d] + a[d + 2] <= b[d] + 0.2 || b[d] + b[d + 2] <= a[d] + 0.2;
                assert!(apart(0) || apart(1), "{a:?} {b:?}");
            }
        }
    }
}

#[test]
fn alone_and_described() {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 3.0), tape.named("y", 4.0));
    let z = x * y + x;
    let text = tape.listing_with(&z.backward()).graph().to_svg();
    let svg = xml::read(&text);
    assert_eq!(svg.attributes["role"], "img");
    assert!(!svg.attributes.contains_key("style"), "converters take the height `auto` for 0");
    assert_eq!(svg.children[0].name, "title");
    assert_eq!(svg.children[0].text, "Graph of #3 add(#2, x)");
    assert!(svg.children[1].name == "desc" && svg.children[1].text.contains("#1 y, value 4, adjoint 3"));
    // It may stand in a page beside others: no ids, and no rule for anything else.
    assert!(
        !text.contains(" id=")
            && !text.contains("href")
            && !text.contains("url(")
            && !text.contains("@import")
    );
    let style = &svg.children[2].text;
    assert!(style.contains("prefers-color-scheme: dark"));
    let rules = style.lines().filter(|line| line.contains('{') && !line.starts_with('@'));
    assert!(rules.clone().count() > 10 && { rules }.all(|rule| rule.trim().starts_with(".tapegrad-graph ")));
}

#[test]
fn shapes_tell_the_roles() {
    let tape = Tape::new();
    let x = tape.named("x", 3.0);
    let z = x * 2.0 + 1.0;
    let svg = xml::read(&tape.listing_with(&z.backward()).graph().to_svg());
    let of = |index: usize| {
        let rects: Vec<&Element> = groups(&svg)[index].children.iter().filter(|e| e.name == "rect").collect();
        (rects.len(), rects[0].number("rx") > 0.0)
    };
    assert_eq!([of(0), of(1), of(2)], [(1, true), (1, false), (2, false)]);
}

#[test]
fn what_is_not_finite_is_marked() {
    let tape = Tape::new();
    let x = tape.named("x", 0.0);
    let z = x.sqrt() * 0.0;
    let graph = tape.listing_with(&z.backward());
    let svg = xml::read(&graph.graph().with_partials(true).to_svg());
    let marked: Vec<String> =
        groups(&svg).iter().filter(|g| g.has_class("warning")).map(|g| g.whole_text()).collect();
    assert_eq!(marked.len(), 1);
    assert!(marked[0].contains("adjoint ⚠ NaN"), "{marked:?}");
    assert!(svg.whole_text().contains("⚠ inf"), "the partial is not finite");
}

/// Arrows go from left to right, or from top to bottom in a deep graph; long ones give way to references.
#[test]
fn arrows_go_one_way() {
    let code = |[x]: [Var; 1]| (0..30).fold(x, |y, _| (y * x).sin());
    let listing = Function::record(code, [0.5]).unwrap().evaluator().listing(&[0.5]).unwrap();
    let svg = xml::read(&listing.graph().at_most(100).to_svg());
    let references = groups(&svg).iter().filter(|group| group.has_class("reference")).count();
    assert!(references > 20, "{references}");
    let paths: Vec<&Element> = svg.all().into_iter().filter(|e| e.has_class("arrow")).collect();
    assert_eq!(paths.len(), 90);
    for path in paths {
        let numbers: Vec<f64> =
            path.attributes["d"].split(['M', 'C', ' ']).filter_map(|n| n.parse().ok()).collect();
        assert!(numbers[1] < numbers[numbers.len() - 1], "downwards: {numbers:?}");
    }
    let listing = Tape::new().listing();
    assert!(xml::read(&listing.graph().to_svg()).number("width") > 0.0);
}

#[test]
fn a_picture_of_a_large_graph() {
    let tape = Tape::new();
    let x = tape.vars([0.5; 20]);
    let mut v = x.to_vec();
    for k in 0..2_000_usize {
        let (a, b) = (v[k * 7919 % v.len()], v[k * 104_729 % v.len()]);
        v.push(if k % 2 == 0 { a * b } else { (a + b).sin() });
    }
    let y = v[v.len() - 40..].iter().copied().sum::<Var>();
    let text = tape.listing_with(&y.backward()).graph().folded(false).at_most(usize::MAX).to_svg();
    let svg = xml::read(&text);
    let count = groups(&svg).iter().filter(|g| g.has_class("operation") || g.has_class("input")).count();
    assert_eq!(count, 400, "the most that a picture has");
    assert!(svg.whole_text().contains("further nodes"));
}
