//! What a recording tape keeps beyond the nodes: every decision that depended on a value.

use super::caller::Line;
use super::recordings::Registration;
use crate::number::predicate::Predicate;
use crate::view::{self, Operand};

/// A question that was asked while recording, and its answer: a replay is valid only where the answer is
/// the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Guard {
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

impl Guard {
    pub fn view(&self) -> view::Guard {
        let &Guard { predicate, left, right, outcome, nodes, at } = self;
        view::Guard { predicate, left, right, outcome, nodes, at: at.into() }
    }
}

/// What a tape keeps that is meant for replay.
pub(crate) struct Recording {
    pub guards: Vec<Guard>,
    /// The first place that read a plain number out.
    value_read: Option<Line>,
    given_out: Option<GivenOut>,
    /// Where it is found by those who do not find the tape.
    pub registration: Registration,
}

/// The first place that gave plain numbers out by the way: a gradient, a listing, the arguments of a block. If nothing
/// was recorded since, nothing depends on them.
#[derive(Clone, Copy)]
struct GivenOut {
    at: Line,
    /// How many nodes and guards there were then.
    nodes: usize,
    guards: usize,
    /// Whether what comes of it need not be on the tape.
    counts: bool,
}

impl Recording {
    pub fn new() -> Recording {
        Recording { guards: Vec::new(), value_read: None, given_out: None, registration: Registration::new() }
    }

    /// Notes that a plain number was read out.
    pub fn note_read(&mut self, at: Line) {
        self.value_read.get_or_insert(at);
    }

    /// Notes that plain numbers were given out when there were so many nodes.
    pub fn give_out(&mut self, nodes: usize, at: Line) {
        let guards = self.guards.len();
        self.given_out.get_or_insert(GivenOut { at, nodes, guards, counts: false });
    }

    /// From now on, what was given out counts as read.
    pub fn count_given_out(&mut self) {
        if let Some(given_out) = &mut self.given_out {
            given_out.counts = true;
        }
    }

    /// The first place that read a plain number out.
    pub fn value_read(&self) -> Option<Line> {
        self.value_read.or_else(|| self.registration.read())
    }

    /// The first place that gave plain numbers out which what was recorded since may depend on, in a tape of so many
    /// nodes; `is_further`: whether something else may.
    pub fn given_out(&self, nodes: usize, is_further: bool) -> Option<Line> {
        let is_used = |given: &GivenOut| {
            given.counts || is_further || nodes > given.nodes || self.guards.len() != given.guards
        };
        self.given_out.filter(is_used).map(|given| given.at)
    }

    /// Keeps what concerns the nodes below `len`, and what may have been made of the others: plain numbers that were
    /// read, and decisions. Of a guard that can no longer be asked, the answer is a number that was read.
    pub fn rewind(&mut self, len: usize) {
        if let Some(given) = &mut self.given_out {
            given.counts |= self.guards.len() > given.guards;
            given.nodes = given.nodes.min(len);
        }
        // Guards stand in the order of the tape.
        let first = self.guards.partition_point(|guard| guard.nodes <= len);
        let is_there = |operand: Operand| !matches!(operand, Operand::Node(index) if index >= len);
        for guard in self.guards.split_off(first) {
            if is_there(guard.left) && is_there(guard.right) {
                self.guards.push(Guard { nodes: len, ..guard });
            } else {
                self.note_read(guard.at);
            }
        }
    }
}
