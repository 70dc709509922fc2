//! A recording node by node.

use crate::error::SourceLine;
use crate::number::predicate::Predicate;
use crate::table::ops::Op;
use std::fmt;
use std::panic::Location;

/// One node of a recording: an input, or an operation and its result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// The index, by which the operands of later nodes refer to it.
    pub index: usize,
    /// The name of an input, or of a custom operation.
    pub name: Option<String>,
    /// The operation.
    pub op: Op,
    /// The operands of the operation.
    pub operands: Vec<Operand>,
    /// The result.
    pub value: f64,
    /// The partial derivative with respect to each operand; `None` for a constant, and for an operand that has no
    /// part in the result (a structural zero, as for the operand that a `select` does not choose). All `None` for an
    /// operation on matrices, which has several results.
    pub partials: Vec<Option<f64>>,
    /// The derivative of the output with respect to this node; `None` without a gradient, or if the node was recorded
    /// after the output.
    pub adjoint: Option<f64>,
    /// The line that recorded it, where lines are kept.
    pub at: Option<&'static Location<'static>>,
}

impl Node {
    /// The name in expressions and messages: that of an input, if it has one, else the index: `#3`.
    #[must_use]
    pub fn label(&self) -> String {
        let name = self.name.as_deref().filter(|_| self.op == Op::Input);
        name.map_or_else(|| Operand::Node(self.index).to_string(), readable)
    }

    /// What the node computes: `x` or `input` for an input, else `mul(x, #2)`. `label` names the operands.
    pub(super) fn expression(&self, label: impl Fn(Operand) -> String) -> String {
        let name = self.name.as_deref().map_or_else(|| self.op.to_string(), readable);
        match self.op {
            Op::Input => name,
            _ => {
                let operands: Vec<_> = self.operands.iter().map(|&operand| label(operand)).collect();
                format!("{name}({})", operands.join(", "))
            }
        }
    }
}

/// A name as it stands in a text: in quotes if it is empty, could be mistaken for a node or a number, or has signs that break
/// a line or change the direction of the text.
pub(super) fn readable(name: &str) -> String {
    let is_plain = !name.is_empty()
        && !name.starts_with(['#', '"'])
        && name.parse::<f64>().is_err()
        && !name.contains(is_unprintable);
    if is_plain { name.to_owned() } else { format!("{name:?}") }
}

/// Control characters, line and paragraph separators, marks of direction, and what is no character.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fff0}'..='\u{ffff}' | '\u{feff}')
}

/// An operand of a node, of a guard, or an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    /// A constant, with its value.
    Constant(f64),
    /// The node with this index.
    Node(usize),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Constant(value) => write!(f, "{value}"),
            Operand::Node(index) => write!(f, "#{index}"),
        }
    }
}

/// A comparison that was made while recording, and its outcome: a replay is valid only where the outcome is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// Which comparison.
    pub predicate: Predicate,
    /// Its left side.
    pub left: Operand,
    /// Its right side.
    pub right: Operand,
    /// Its outcome.
    pub outcome: bool,
    /// The number of nodes recorded before it: the guard can be evaluated once these are.
    pub nodes: usize,
    /// The line that compared.
    pub at: SourceLine,
}

/// A recording node by node, in order of evaluation; `Display` is a table.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Listing {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The comparisons, in the order in which they were made.
    pub guards: Vec<Guard>,
    /// The outputs of a function; empty for a tape.
    pub outputs: Vec<Operand>,
}

impl Listing {
    /// The name of an operand: the value of a constant, the name of an input, if it has one, else the index of the
    /// node: `#3`.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    #[track_caller]
    pub fn label(&self, operand: Operand) -> String {
        match operand {
            Operand::Node(index) => self.nodes[index].label(),
            Operand::Constant(_) => operand.to_string(),
        }
    }

    /// What a node computes: its name for an input, `entry of #9` for one of several results of the operation that is node
    /// 9, else `mul(x, #2)`.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    #[track_caller]
    pub fn expression(&self, index: usize) -> String {
        let node = &self.nodes[index];
        self.expression_of(node, self.nodes[index..].iter().find(|node| node.op != Op::Entry))
    }

    /// What a node computes; `last` is the first node from there on that is no entry.
    fn expression_of(&self, node: &Node, last: Option<&Node>) -> String {
        match (node.op, last) {
            (Op::Entry, Some(last)) => format!("{} of {}", Op::Entry, last.label()),
            (Op::Entry, None) => Op::Entry.to_string(),
            _ => node.expression(|operand| self.label(operand)),
        }
    }

    /// What all nodes compute. From the last to the first, so that a matrix takes no more steps than it has entries.
    pub(super) fn expressions(&self) -> Vec<String> {
        let mut last = None;
        let backwards = self.nodes.iter().rev().map(|node| {
            last = if node.op == Op::Entry { last } else { Some(node) };
            self.expression_of(node, last)
        });
        let mut expressions: Vec<String> = backwards.collect();
        expressions.reverse();
        expressions
    }

    /// Writes the operations as straight-line code, without values: a line per operation and per guard.
    pub(crate) fn write_code(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs: Vec<_> = self.nodes.iter().filter(|node| node.op == Op::Input).map(Node::label).collect();
        writeln!(f, "fn({}) {{", inputs.join(", "))?;
        let mut guards = self.guards.iter().peekable();
        for done in 0..=self.nodes.len() {
            while let Some(guard) = guards.next_if(|guard| guard.nodes <= done) {
                let comparison = guard.predicate.phrase(self.label(guard.left), self.label(guard.right));
                let not = if guard.outcome { "" } else { "!" };
                writeln!(f, "    guard {not}({comparison}); // {}", guard.at)?;
            }
            let is_instruction = |node: &&Node| !matches!(node.op, Op::Input | Op::Entry);
            if let Some(node) = self.nodes.get(done).filter(is_instruction) {
                let results = node.index + 1 - node.op.results(node.operands.len());
                let first = if results < node.index { format!("#{results}, .. ") } else { String::new() };
                writeln!(f, "    {first}{} = {};", node.label(), self.expression(done))?;
            }
        }
        let outputs: Vec<_> = self.outputs.iter().map(|&output| self.label(output)).collect();
        write!(f, "    [{}]\n}}", outputs.join(", "))
    }
}

impl fmt::Display for Listing {
    /// A precision, as in `{:.4}`, applies to every number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| match f.precision() {
            Some(digits) => format!("{value:.digits$}"),
            None => value.to_string(),
        };
        let has_adjoints = self.nodes.iter().any(|node| node.adjoint.is_some());
        let mut table = vec![["#".to_owned(), "node".to_owned(), "value".to_owned(), "adjoint".to_owned()]];
        table.extend(self.nodes.iter().zip(self.expressions()).map(|(node, expression)| {
            let adjoint = node.adjoint.map_or(String::new(), number);
            [node.index.to_string(), expression, number(node.value), adjoint]
        }));
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        for (k, [index, node, value, adjoint]) in table.iter().enumerate() {
            if k > 0 {
                writeln!(f)?;
            }
            write!(f, "{index:>w$}  {node:<n$}  {value:>v$}", w = widths[0], n = widths[1], v = widths[2])?;
            if has_adjoints && !adjoint.is_empty() {
                write!(f, "  {adjoint:>a$}", a = widths[3])?;
            }
        }
        Ok(())
    }
}
