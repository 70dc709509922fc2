//! What can go wrong with a recording that is used again.

use std::panic::Location;

/// Why a recording cannot stand in for the function it was recorded from.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tape keeps no guards: it was not made with [`Tape::recording`](crate::Tape::recording).
    #[error("this tape was not recorded for replay; make it with `Tape::recording()`")]
    NotRecording,
    /// A plain number was read out of a variable; what became of it would be frozen.
    #[error(
        "a value was read out of a variable at {at}: a replay would freeze it; compute with the variable \
             itself, or use a `select`"
    )]
    ValueRead {
        /// The line that read.
        at: &'static Location<'static>,
    },
    /// Only the partials of this node are known, not how it came about.
    #[error(
        "node #{node}, recorded at {at}, has partials but no program: no replay and no second derivative \
             sees through it; write it with the table's operations instead of `custom` or `preaccumulate`"
    )]
    Opaque {
        /// The index of the node.
        node: usize,
        /// The line that recorded it.
        at: &'static Location<'static>,
    },
}
