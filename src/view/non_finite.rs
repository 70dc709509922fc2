//! The first number that is not finite.

use super::listing::{Node, Operand, readable};
use indexmap::IndexMap;
use std::fmt;

/// The first node of a tape with a number that is not finite; `Display` says what it is and where.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NonFinite {
    /// The node.
    pub node: Node,
    /// Whether its value or a partial is at fault.
    pub fault: Fault,
    /// The names of inputs, by index.
    names: IndexMap<usize, String>,
}

impl NonFinite {
    pub(crate) fn new(node: Node, fault: Fault, names: IndexMap<usize, String>) -> Self {
        NonFinite { node, fault, names }
    }
}

/// Which number of a node is not finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The value.
    Value,
    /// The partial derivative with respect to one operand; the value is finite.
    Partial {
        /// Which operand, counted from 0.
        operand: usize,
        /// The derivative.
        partial: f64,
    },
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |operand: Operand| match operand {
            Operand::Node(index) => {
                self.names.get(&index).map_or_else(|| operand.to_string(), |name| readable(name))
            }
            Operand::Constant(_) => operand.to_string(),
        };
        let Node { index, value, operands, .. } = &self.node;
        let node = self.node.expression(label);
        match self.fault {
            Fault::Value => write!(f, "the value of #{index} {node} is {value}")?,
            Fault::Partial { operand, partial } => {
                let by = label(operands[operand]);
                write!(f, "the partial derivative of #{index} {node} by {by} is {partial}")?;
            }
        }
        match self.node.at {
            Some(at) => write!(f, ", recorded at {at}"),
            None => f.write_str("; `Tape::keep_lines(true)` gives the line"),
        }
    }
}
