//! Names are text in every format, whatever is in them.

use crate::xml;
use tapegrad::view::Listing;
use tapegrad::{Function, Tape};

/// Names that end a string, a tag, a statement or a line somewhere, or hide text. Each is short enough to be shown in full.
const HOSTILE: [&str; 26] = [
    "</svg>",
    "<script>alert(1)",
    "]]>",
    "<!--",
    "&amp;",
    "&#60;",
    "&lt",
    "a\"b",
    "\"];",
    "a\\",
    "\\N\\G\\l",
    "{a|b}",
    "end",
    "%% note",
    "#quot;",
    "#35;",
    "|x|",
    "`x`",
    "style a:#f",
    "click n0",
    "subgraph",
    "--> n1",
    "'",
    "🦀",
    "жük",
    ";",
];

/// Names with what must not come through as it is.
const INVISIBLE: [&str; 9] = [
    "a\nb",
    "\r",
    "\0",
    "\u{1b}[31m",
    "\u{202e}gro",
    "\u{2066}x",
    "\u{2028}",
    "\u{ffff}",
    "EVCXR_END_CONTENT\nx",
];

fn listing(names: &[&str]) -> Listing {
    let f =
        Function::record(|x| x.iter().map(|x| x.sin()).sum::<tapegrad::Var>(), &vec![1.0; names.len()][..]);
    let f = f.unwrap().with_names(names.iter().copied()).unwrap();
    f.evaluator().listing(&vec![1.0; names.len()]).unwrap()
}

/// The labels in a text in DOT, as Graphviz reads them.
pub fn labels_of_dot(dot: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = dot;
    while let Some((_, after)) = rest.split_once("[label=\"") {
        let mut label = String::new();
        let mut chars = after.chars();
        loop {
            match chars.next().expect("the string ends") {
                '"' => break,
                '\\' => match chars.next().unwrap() {
                    'l' | 'n' => label.push('\n'),
                    c @ ('"' | '\\') => label.push(c),
                    c => panic!("an escape \\{c}"),
                },
                '\n' => panic!("a line ends in a string"),
                c => label.push(c),
            }
        }
        labels.push(xml::decode(&label));
        rest = chars.as_str();
    }
    labels
}

/// The labels in a text of Mermaid, as it reads them.
fn labels_of_mermaid(mermaid: &str) -> Vec<String> {
    let vertices = mermaid.lines().filter(|line| line.trim_start().starts_with('n') && !line.contains("-->"));
    let label = |line: &str| {
        let (_, rest) = line.split_once('"').unwrap();
        let (label, _) = rest.split_once('"').unwrap();
        let mut parts = label.split('#');
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (code, rest) = part.split_once(';').unwrap();
            text.push(char::from_u32(code.parse().unwrap()).unwrap());
            text.push_str(rest);
        }
        text
    };
    vertices.map(label).collect()
}

#[test]
fn names_come_back_as_they_are() {
    let listing = listing(&HOSTILE);
    let graph = listing.graph().folded(false).at_most(1_000);
    let svg = xml::read(&graph.to_svg());
    let in_svg: Vec<String> = svg.all().iter().filter(|e| e.name == "text").map(|e| e.whole_text()).collect();
    let in_dot = labels_of_dot(&graph.to_dot());
    let in_mermaid = labels_of_mermaid(&graph.to_mermaid());
    let tree = graph.to_string();
    for (index, name) in HOSTILE.iter().enumerate() {
        // A name that starts like one in quotes, or like a node, is in quotes.
        let heading = if name.starts_with(['"', '#']) {
            format!("#{index} {name:?}")
        } else {
            format!("#{index} {name}")
        };
        assert!(in_svg.contains(&heading), "{heading} in the picture");
        assert_eq!(in_dot[index].lines().next().unwrap(), heading);
        assert_eq!(in_mermaid[index].split("<br/>").next().unwrap(), heading);
        assert!(tree.contains(&format!("{heading} = 1")), "{heading} in the tree");
    }
}

#[test]
fn nothing_invisible_comes_through() {
    let listing = listing(&INVISIBLE);
    let graph = listing.graph().folded(false);
    xml::read(&graph.to_svg());
    for text in [graph.to_svg(), graph.to_dot(), graph.to_mermaid(), graph.to_string()] {
        let is_odd =
            |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{2028}\u{ffff}".contains(c);
        assert!(!text.contains(is_odd), "{text:?}");
        assert!(!text.lines().any(|line| line == "EVCXR_END_CONTENT"));
    }
    // The quotes of Rust say what is there.
    assert!(graph.to_string().contains(r#""\u{202e}gro""#) && graph.to_string().contains(r#""a\nb""#));
}

#[test]
fn names_of_operations_too() {
    let tape = Tape::new();
    let x = tape.named("x", 1.0);
    let y = tape.custom("</text>\"];\n", [x], |[x]| (x, [1.0]));
    let listing = tape.listing_with(&y.backward());
    let svg = xml::read(&listing.graph().to_svg());
    assert!(svg.whole_text().contains(r#""</text>\"];\n"(x)"#), "{}", svg.whole_text());
    assert!(labels_of_dot(&listing.graph().to_dot())[1].contains(r#""</text>\"];\n"(x)"#));
}

#[test]
fn long_names_are_shortened() {
    let long = "long".repeat(1_000);
    let listing = listing(&[&long]);
    for text in [listing.graph().to_svg(), listing.graph().to_dot(), listing.graph().to_mermaid()] {
        assert!(text.len() < 10_000 && text.contains("longlonglonglonglonglon…"));
    }
}
