//! Misuse that the types cannot exclude, with messages that name the remedy.

use super::edge::{FIRST, MOST};
use super::node::{NODE_BYTES, Var};
use std::fmt;

/// Why an operation on variables is refused.
pub(crate) enum Misuse {
    /// The variable is on no tape of this thread.
    Stale { value: f64 },
    /// The variables are on two tapes.
    Mixed { descriptions: Box<[String; 2]>, recording: bool },
    /// No index of a node, or of an edge, is left.
    Full { nodes: usize },
    /// There is no memory for this number of nodes, or a tape cannot hold them.
    NoMemory { nodes: usize },
    /// The thread has ended its tapes.
    ThreadEnded,
}

impl Misuse {
    pub fn stale(var: Var) -> Misuse {
        Misuse::Stale { value: var.value }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misuse::Stale { value } => write!(
                f,
                "a variable (value {value}) that stands on no tape of this thread: its tape was dropped, \
                 cleared or rewound past it, or lives in another thread; keep the tape alive as long as its \
                 variables, make variables anew with `tape.var(..)` after `clear()` or `rewind()`, and use \
                 them in the thread of their tape"
            ),
            Misuse::Mixed { descriptions, recording } => {
                let [first, second] = &**descriptions;
                write!(f, "variables of two tapes: {first} and {second}; ")?;
                f.write_str(if *recording {
                    "record both on one tape, or make the inner computation a Function and call it"
                } else {
                    "record both on one tape, make one a constant with `.detach()`, or make the inner \
                     computation a Function and call it"
                })
            }
            Misuse::Full { nodes } => write!(
                f,
                "the tape is full: it holds {nodes} nodes and has room for no more; `clear()` or \
                 `rewind()` it between evaluations, or split the computation over several tapes"
            ),
            Misuse::NoMemory { nodes } => write!(
                f,
                "there is no memory for a tape of {nodes} nodes: each takes {} bytes, and a tape holds at most {}; \
                 reserve fewer, since a tape grows as needed",
                NODE_BYTES,
                MOST - FIRST
            ),
            Misuse::ThreadEnded => f.write_str(
                "this thread is ending and its tapes are gone; finish with its variables before that",
            ),
        }
    }
}
