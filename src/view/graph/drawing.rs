//! What is drawn, in words, whatever the format: vertices, arrows and notes.

use super::words::{Words, grouped};

/// A graph to be drawn.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    /// In order of evaluation; after them what stands for operands that are left out.
    pub vertices: Vec<Vertex>,
    /// From operands to results; those to one vertex in the order of its operands.
    pub arrows: Vec<Arrow>,
    /// Sentences about the whole.
    pub notes: Vec<String>,
}

/// What a vertex stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Operation,
    /// An output that is a constant.
    Constant,
    /// Operands that are left out.
    LeftOut,
    /// A vertex that is drawn elsewhere.
    #[cfg_attr(not(feature = "view"), expect(dead_code))]
    Reference,
}

/// One thing that is drawn.
#[derive(Debug)]
pub(super) struct Vertex {
    pub role: Role,
    pub is_output: bool,
    /// The index of the node, `#3`, or a range; empty for what is no node.
    pub index: String,
    /// What the node computes: `add(#2, x)`.
    pub title: String,
    /// How many things of this form it stands for.
    pub count: usize,
    /// What is known of it, by name: its value, its adjoint.
    pub facts: Vec<(&'static str, Words)>,
}

/// An operand of a vertex, or several.
#[derive(Debug)]
pub(super) struct Arrow {
    pub from: usize,
    pub to: usize,
    /// How many operands of each result it stands for.
    pub count: usize,
    /// Their partials, if they are asked for and known.
    pub partial: Option<Words>,
    /// Whether the operand has no part in the result: a structural zero.
    pub is_dashed: bool,
}

impl Vertex {
    /// The first line: `#3 add(#2, x)`, with `× 100` if it stands for a hundred.
    pub fn heading(&self) -> String {
        let space = if self.index.is_empty() || self.title.is_empty() { "" } else { " " };
        format!("{}{space}{}{}", self.index, self.title, self.repetition())
    }

    /// ` × 100`, or nothing.
    pub fn repetition(&self) -> String {
        if self.count > 1 { format!(" × {}", grouped(self.count)) } else { String::new() }
    }

    /// Whether a number of it is not finite.
    pub fn is_warning(&self) -> bool {
        self.facts.iter().any(|(_, words)| words.is_warning)
    }

    /// The line of a fact: `value 3`.
    pub fn line((name, words): &(&'static str, Words)) -> String {
        if words.text.is_empty() { (*name).to_owned() } else { format!("{name} {}", words.marked()) }
    }

    /// All lines.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.heading()).chain(self.facts.iter().map(Vertex::line))
    }
}

impl Arrow {
    /// `× 3`, if it stands for several operands of each result.
    pub fn repetition(&self) -> Option<String> {
        (self.count > 1).then(|| format!("× {}", grouped(self.count)))
    }

    /// What is written beside it: `0.5`, or `× 3: 0.5`.
    pub fn text(&self) -> Option<String> {
        let partial = self.partial.as_ref().map(Words::marked);
        let parts: Vec<String> = self.repetition().into_iter().chain(partial).collect();
        (!parts.is_empty()).then(|| parts.join(": "))
    }

    /// Whether a partial is not finite.
    pub fn is_warning(&self) -> bool {
        self.partial.as_ref().is_some_and(|partial| partial.is_warning)
    }
}
