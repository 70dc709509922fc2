//! Mermaid flowcharts.

use super::drawing::{Drawing, Role, Vertex};
use std::fmt::Write;

/// The drawing as a flowchart from left to right.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut out = String::from("flowchart LR\n");
    for (k, vertex) in drawing.vertices.iter().enumerate() {
        let [open, close] = match (vertex.role, vertex.is_output) {
            (_, true) => ["[[", "]]"],
            (Role::Input, _) => ["([", "])"],
            (Role::Operation | Role::Constant, _) => ["[", "]"],
            (Role::LeftOut | Role::Reference, _) => ["(", ")"],
        };
        let lines: Vec<String> = vertex.lines().map(|line| escape(&line)).collect();
        let _ = writeln!(out, "  n{k}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for arrow in &drawing.arrows {
        let line = if arrow.is_dashed { "-.->" } else { "-->" };
        let label = arrow.text().map_or(String::new(), |text| format!("|\"{}\"|", escape(&text)));
        let _ = writeln!(out, "  n{} {line}{label} n{}", arrow.from, arrow.to);
    }
    for (k, note) in drawing.notes.iter().enumerate() {
        let _ = writeln!(out, "  note{k}(\"{}\")\n  class note{k} note", escape(note));
    }
    // Text in black on light colours is legible in light and in dark pages.
    out.push_str("  classDef input fill:#D6ECF9,stroke:#0072B2,color:#000\n");
    out.push_str("  classDef note fill:none,stroke:none\n");
    out.push_str("  classDef warning stroke:#D55E00,stroke-width:3px\n");
    let mut class = |name: &str, belongs: &dyn Fn(&Vertex) -> bool| {
        for (k, _) in drawing.vertices.iter().enumerate().filter(|(_, vertex)| belongs(vertex)) {
            let _ = writeln!(out, "  class n{k} {name}");
        }
    };
    class("input", &|vertex| vertex.role == Role::Input);
    class("note", &|vertex| vertex.role == Role::LeftOut);
    class("warning", &Vertex::is_warning);
    out
}

/// A text within quotes. Mermaid finds entities, tags, comments and Markdown there, so all but plain signs are written by
/// their codes.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '(' | ')' | '=' | '…' | '×' | '·' | '⚠')
        {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    out
}
