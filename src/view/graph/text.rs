//! A tree of lines, for the terminal.

use super::drawing::{Drawing, Role, Vertex};
use std::collections::VecDeque;

/// How deep lines are indented. What is deeper starts again at the margin.
const DEEPEST: usize = 24;

/// The drawing as lines: outputs first, below each vertex its operands.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut operands: Vec<Vec<usize>> = vec![Vec::new(); drawing.vertices.len()];
    let mut is_used = vec![false; drawing.vertices.len()];
    for (k, arrow) in drawing.arrows.iter().enumerate() {
        operands[arrow.to].push(k);
        is_used[arrow.from] = true;
    }
    let tree = Tree { drawing, operands };
    let mut is_shown = vec![false; drawing.vertices.len()];
    let mut out = String::new();
    let outputs = (0..is_used.len()).filter(|&vertex| drawing.vertices[vertex].is_output);
    let others = (0..is_used.len()).filter(|&vertex| !is_used[vertex]);
    let mut roots: VecDeque<usize> = outputs.chain(others).collect();
    while let Some(root) = roots.pop_front() {
        if !is_shown[root] {
            let deeper = tree.write(root, &mut is_shown, &mut out);
            deeper.into_iter().rev().for_each(|vertex| roots.push_front(vertex));
        }
    }
    for note in &drawing.notes {
        out.extend([note.as_str(), "\n"]);
    }
    out.truncate(out.trim_end().len());
    out
}

struct Tree<'a> {
    drawing: &'a Drawing,
    /// The arrows to each vertex.
    operands: Vec<Vec<usize>>,
}

/// A line to be written.
struct Line {
    vertex: usize,
    /// The arrow to the line above; none at the margin.
    arrow: Option<usize>,
    /// What stands before the lines of its operands.
    indent: String,
    /// What stands before it.
    branch: &'static str,
    depth: usize,
}

impl Tree<'_> {
    /// Writes a vertex and what is below it. Returns the vertices that are too deep.
    fn write(&self, root: usize, is_shown: &mut [bool], out: &mut String) -> Vec<usize> {
        let mut deeper = Vec::new();
        let mut lines = vec![Line { vertex: root, arrow: None, indent: String::new(), branch: "", depth: 0 }];
        while let Some(Line { vertex, arrow, indent, branch, depth }) = lines.pop() {
            let operands = &self.operands[vertex];
            let is_postponed = depth == DEEPEST && !is_shown[vertex] && !operands.is_empty();
            let state = match () {
                () if is_postponed => Some("below"),
                () if is_shown[vertex] => Some("above"),
                () => None,
            };
            out.extend([indent.as_str(), branch, &self.line(vertex, arrow, state), "\n"]);
            if is_postponed {
                deeper.push(vertex);
            }
            if state.is_some() {
                continue;
            }
            is_shown[vertex] = true;
            let indent = match branch {
                "" => indent,
                "├─ " => indent + "│  ",
                _ => indent + "   ",
            };
            for (k, &arrow) in operands.iter().enumerate().rev() {
                lines.push(Line {
                    vertex: self.drawing.arrows[arrow].from,
                    arrow: Some(arrow),
                    indent: indent.clone(),
                    branch: if k + 1 == operands.len() { "└─ " } else { "├─ " },
                    depth: depth + 1,
                });
            }
        }
        deeper
    }

    /// `#3 add(#2, x) = 15  (adjoint 1)`. `state`: where more is said, if not here.
    fn line(&self, vertex: usize, arrow: Option<usize>, state: Option<&str>) -> String {
        let vertex = &self.drawing.vertices[vertex];
        let mut line = vertex.heading();
        let mut remarks: Vec<String> = Vec::new();
        for fact in &vertex.facts {
            match fact {
                ("value", words) => line.extend([" = ", &words.marked()]),
                fact if state.is_none() => remarks.push(Vertex::line(fact)),
                _ => {}
            }
        }
        remarks.extend(state.map(str::to_owned));
        if let Some(arrow) = arrow.map(|arrow| &self.drawing.arrows[arrow]) {
            remarks.extend(arrow.repetition());
            remarks.extend(arrow.partial.as_ref().map(|words| format!("partial {}", words.marked())));
            remarks.extend(arrow.is_dashed.then(|| "no part".to_owned()));
        }
        if remarks.is_empty() || vertex.role == Role::LeftOut {
            return line;
        }
        format!("{line}  ({})", remarks.join(", "))
    }
}
