//! The language of Graphviz.

use super::drawing::{Drawing, Role, Vertex};
use std::fmt::Write;

const INPUT: &str = "#D6ECF9";
const WARNING: &str = "#D55E00";

/// The drawing as a directed graph; rows of text to the left, so that numbers stand below each other.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut out =
        String::from("digraph {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\", fontsize=11];\n");
    out.push_str("  edge [fontname=\"monospace\", fontsize=9, arrowsize=0.7];\n");
    for (k, vertex) in drawing.vertices.iter().enumerate() {
        let _ = writeln!(out, "  n{k} [label=\"{}\"{}];", lines(vertex.lines()), style(vertex));
    }
    for arrow in &drawing.arrows {
        let mut attributes: Vec<String> =
            arrow.text().iter().map(|text| format!("label=\"{}\"", escape(text))).collect();
        if arrow.is_dashed {
            attributes.push("style=dashed".to_owned());
        }
        if arrow.is_warning() {
            attributes.push(format!("color=\"{WARNING}\""));
        }
        let _ = writeln!(out, "  n{} -> n{} [{}];", arrow.from, arrow.to, attributes.join(", "));
    }
    if !drawing.notes.is_empty() {
        let notes = lines(drawing.notes.iter().cloned());
        let _ = writeln!(
            out,
            "  labelloc=b; labeljust=l; fontname=\"monospace\"; fontsize=10; label=\"{notes}\";"
        );
    }
    out.push_str("}\n");
    out
}

/// What distinguishes the roles, apart from the text.
fn style(vertex: &Vertex) -> String {
    let mut style = match vertex.role {
        Role::Input => format!(", style=\"rounded,filled\", fillcolor=\"{INPUT}\""),
        Role::Operation => String::new(),
        Role::Constant => ", style=rounded".to_owned(),
        Role::LeftOut | Role::Reference => ", shape=plaintext".to_owned(),
    };
    if vertex.is_output {
        style.push_str(", peripheries=2");
    }
    if vertex.is_warning() {
        let _ = write!(style, ", color=\"{WARNING}\", penwidth=2");
    }
    style
}

/// Lines within a quoted string, each to the left.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| escape(&line) + "\\l").collect()
}

/// A text within a quoted string: Graphviz reads escapes, and entities of HTML.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out
}
