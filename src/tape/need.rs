//! How much memory recent tapes have needed.

/// How many tapes count as recent.
pub(super) const RECENT: usize = 16;

/// How much of its memory a tape has used.
#[derive(Clone, Copy, Default)]
pub(crate) struct Need {
    /// Nodes, including the entries before the first one.
    pub nodes: u32,
    /// Of these, how many with value and operation.
    pub entries: u32,
    pub edges: u32,
    pub lines: u32,
}

impl Need {
    /// The larger of two needs, entry by entry.
    #[inline]
    pub fn or(self, other: Need) -> Need {
        Need {
            nodes: self.nodes.max(other.nodes),
            entries: self.entries.max(other.entries),
            edges: self.edges.max(other.edges),
            lines: self.lines.max(other.lines),
        }
    }
}

/// What the last tapes in one memory have needed.
#[derive(Default)]
pub(crate) struct Needs {
    recent: [Need; RECENT],
    tapes: usize,
}

impl Needs {
    pub fn push(&mut self, need: Need) {
        self.recent[self.tapes % RECENT] = need;
        self.tapes += 1;
    }

    pub fn most(&self) -> Need {
        self.recent.into_iter().fold(Need::default(), Need::or)
    }
}
