//! What a recording tape keeps besides the nodes: every decision that depended on a value.

use super::caller::Line;
use super::recordings::Registration;
use crate::number::predicate::Predicate;
use crate::view::{self, Operand};

/// A comparison that was made while recording, and its outcome: a replay is valid only where the outcome is the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Guard {
    /// The comparison.
    pub predicate: Predicate,
    /// Its left side.
    pub left: Operand,
    /// Its right side.
    pub right: Operand,
    /// Its outcome.
    pub outcome: bool,
    /// How many nodes the tape had: the guard can be checked once these are evaluated.
    pub nodes: usize,
    /// The line that compared.
    pub at: &'static std::panic::Location<'static>,
}

impl Guard {
    pub fn view(&self) -> view::Guard {
        let &Guard { predicate, left, right, outcome, nodes, at } = self;
        view::Guard { predicate, left, right, outcome, nodes, at: at.into() }
    }
}

/// What a tape keeps for replays.
pub(crate) struct Recording {
    pub guards: Vec<Guard>,
    /// The first line that read a plain number out of a variable.
    value_read: Option<Line>,
    given_out: Option<GivenOut>,
    /// The entry by which a read finds this recording where it cannot find the tape.
    pub registration: Registration,
}

/// The first line that gave plain numbers out indirectly: in a gradient, a listing, or the arguments of a
/// preaccumulated block. If nothing was recorded since, nothing depends on them.
#[derive(Clone, Copy)]
struct GivenOut {
    at: Line,
    /// The number of nodes at that time.
    nodes: usize,
    /// The number of guards at that time.
    guards: usize,
    /// Whether something that is not on the tape may depend on them.
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

    /// Notes that plain numbers were given out when there were `nodes` nodes.
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

    /// The first line that read a plain number out of a variable.
    pub fn value_read(&self) -> Option<Line> {
        self.value_read.or_else(|| self.registration.read())
    }

    /// The first line that gave plain numbers out on which something recorded since may depend, in a tape of `nodes`
    /// nodes; `is_further`: whether something else may depend on them.
    pub fn given_out(&self, nodes: usize, is_further: bool) -> Option<Line> {
        let is_used = |given: &GivenOut| {
            given.counts || is_further || nodes > given.nodes || self.guards.len() != given.guards
        };
        self.given_out.filter(is_used).map(|given| given.at)
    }

    /// Keeps what concerns the nodes below `len`, and what may have followed from the others: reads and decisions. A
    /// guard whose operands are discarded counts as a read.
    pub fn rewind(&mut self, len: usize) {
        if let Some(given) = &mut self.given_out {
            given.counts |= self.guards.len() > given.guards;
            given.nodes = given.nodes.min(len);
        }
        // Guards are in the order of the tape.
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
