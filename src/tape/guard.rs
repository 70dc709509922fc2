//! What a recording tape keeps beyond the nodes: every decision that depended on a value.

use super::storage::Line;
use crate::predicate::Predicate;
use std::fmt;

/// An operand as a node or a guard knows it.
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

/// A question that was asked while recording, and its answer: a replay is valid only where the answer is
/// the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// What was asked.
    pub predicate: Predicate,
    /// Of whom.
    pub left: Operand,
    /// In comparison with whom.
    pub right: Operand,
    /// The answer.
    pub outcome: bool,
    /// How many nodes the tape had: the guard can be checked once these are evaluated.
    pub nodes: usize,
    /// The line that asked.
    pub at: &'static std::panic::Location<'static>,
}

/// What a tape keeps that is meant for replay.
#[derive(Default)]
pub(crate) struct Recording {
    pub guards: Vec<Guard>,
    /// The first place that read a plain number out, and the number of nodes then.
    pub value_read: Option<(usize, Line)>,
    /// The first gradient that was taken, and the number of nodes then: plain numbers as well, but if
    /// nothing was recorded since, nothing depends on them.
    pub swept: Option<(usize, Line)>,
}

impl Recording {
    /// Forgets what concerns the nodes from `len` on, and all but the first `guards`.
    pub fn rewind(&mut self, len: usize, guards: usize) {
        self.guards.truncate(guards);
        self.value_read = self.value_read.filter(|(nodes, _)| *nodes <= len);
        self.swept = self.swept.filter(|(nodes, _)| *nodes <= len);
    }
}
