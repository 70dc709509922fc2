//! The memory of one tape: nodes in order, and the windows of ids that identify them.

use super::caller::Line;
use super::edge::{CONSTANT, Edge, FIRST, MOST};
use super::guard::Recording;
use super::misuse::Misuse;
use super::need::{Need, Needs};
use super::node::{Entry, Node, Var};
use super::numbers;
use super::pool::Pool;
use super::row::Row;
use super::rows::{CompoundRow, Rows};
use super::windows::{HIDDEN, Kept, Segment, Segments, Windows, index_in};
use crate::table::atomic::Atomic;
use crate::table::compound::Compound;
use crate::table::ops::Op;
use indexmap::IndexMap;
use smallvec::SmallVec;
use std::collections::TryReserveError;
use std::ops::Range;

mod push;

/// The extent of a tape: how many nodes and edges it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The index of the next node.
    pub end: usize,
    pub edges: usize,
}

impl Extent {
    pub const EMPTY: Extent = Extent { end: FIRST, edges: 0 };
}

/// What recording touches comes first; the rest is behind `cold`.
///
/// Rows and entries hold what is in use, and then prepared room: one comparison shows whether there is room.
pub(crate) struct Storage {
    /// By index.
    rows: Vec<Row>,
    pool: Pool,
    /// By index, where every row is a node; nothing if the tape keeps no values and operations.
    entries: Vec<Entry>,
    windows: Windows,
    keeps_entries: bool,
    most: usize,
    /// 0 if this is no tape.
    id: u64,
    compounds: Vec<CompoundRow>,
    pub cold: Option<Box<Cold>>,
}

/// What a new tape keeps besides partial derivatives.
pub(crate) enum Keep {
    /// Nothing: nobody looks into it.
    Nothing,
    /// The value and the operation of each node.
    Entries,
    /// That, and what a replay has to know.
    Recording(Recording),
}

/// What recording rarely touches.
pub(crate) struct Cold {
    pub segments: Segments,
    /// The windows that its ids are from.
    pub windows: SmallVec<[u64; 1]>,
    numbers_end: u64,
    /// What this tape had needed at its last rewind.
    need: Need,
    pub needs: Needs,
    /// The named variables: index and value.
    pub names: IndexMap<String, (u32, f64)>,
    /// Names of custom nodes and sources of statements, by rising index.
    pub labels: Vec<(u32, &'static str)>,
    pub lines: Vec<Option<Line>>,
    keeps_lines: bool,
    /// Reusable memory for several adjoints or tangents of each node.
    pub derivatives: Vec<f64>,
    pub recording: Option<Recording>,
    pub is_paused: bool,
}

impl Storage {
    /// No tape at all: every look-up in it fails.
    pub const NONE: Storage = Storage {
        rows: Vec::new(),
        pool: Pool::EMPTY,
        entries: Vec::new(),
        windows: Windows { end: 0, origin: HIDDEN, kept: Kept::NOTHING },
        keeps_entries: false,
        most: 0,
        id: 0,
        compounds: Vec::new(),
        cold: None,
    };

    /// An empty tape.
    pub fn new() -> Storage {
        let mut storage = Storage {
            cold: Some(Box::new(Cold {
                segments: Segments::new(),
                windows: SmallVec::new(),
                numbers_end: 0,
                need: Need::default(),
                needs: Needs::default(),
                names: IndexMap::new(),
                labels: Vec::new(),
                lines: Vec::new(),
                keeps_lines: false,
                derivatives: Vec::new(),
                recording: None,
                is_paused: false,
            })),
            rows: vec![Row::LEAF; FIRST],
            windows: Windows { end: FIRST, ..Storage::NONE.windows },
            ..Storage::NONE
        };
        storage.open_segment(numbers::take());
        storage
    }

    /// Begins a new tape in this memory.
    pub fn begin(&mut self, most: usize, keep: Keep) {
        self.most = most.saturating_add(FIRST).min(MOST);
        self.rows.truncate(self.most);
        self.keeps_entries = !matches!(keep, Keep::Nothing);
        if self.keeps_entries && self.entries.is_empty() {
            self.entries.resize(FIRST, Entry::NONE);
        }
        let recording = match keep {
            Keep::Recording(recording) => Some(recording),
            Keep::Nothing | Keep::Entries => None,
        };
        (self.cold_mut().recording, self.cold_mut().is_paused) = (recording, false);
        self.keep_lines(cfg!(debug_assertions));
        let numbers = self.numbers_left().map_or_else(numbers::take, numbers::renew);
        // An id of the window that no node has, so that two tapes without nodes differ.
        self.id = numbers.start;
        self.cold_mut().segments.clear();
        self.cold_mut().windows.clear();
        self.open_segment(numbers);
    }

    #[inline]
    pub fn cold(&self) -> &Cold {
        self.cold.as_deref().expect("a tape")
    }

    #[inline]
    pub fn cold_mut(&mut self) -> &mut Cold {
        self.cold.as_deref_mut().expect("a tape")
    }

    #[inline]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The index of `var` in this tape, paused or not; `CONSTANT` if it is a constant. Every use of a variable is
    /// checked by this function, or by [`Windows`], which finds fewer variables, at the same indices.
    pub fn find(&self, var: Var) -> Option<u32> {
        if var.node == 0 {
            return Some(CONSTANT);
        }
        index_in(&self.cold.as_ref()?.segments, self.windows.end, var.node).map(|index| index as u32)
    }

    #[inline(always)]
    pub fn windows(&self) -> Windows {
        self.windows
    }

    #[inline]
    pub fn check_room(&self, nodes: usize) -> Result<(), Misuse> {
        if self.most - self.windows.end < nodes { Err(Misuse::Full { nodes: self.len() }) } else { Ok(()) }
    }

    pub fn name_last(&mut self, name: String, value: f64) {
        let index = (self.windows.end - 1) as u32;
        self.cold_mut().names.insert(name, (index, value));
    }

    /// Names the node of this operation that was recorded last; in a paused tape a `stop_gradient` follows it.
    pub fn label_last(&mut self, op: Op, label: &'static str) {
        let entries = self.entries.get(..self.windows.end).unwrap_or_default();
        let last = entries.iter().rposition(|entry| entry.op == op);
        self.cold_mut().labels.extend(last.map(|index| (index as u32, label)));
    }

    /// The id of the node at this index.
    pub fn number_at(&self, index: usize) -> Option<u64> {
        let segments = &self.cold().segments;
        let segment = match segments.last()? {
            last if last.start <= index => last,
            _ => &segments[segments.partition_point(|segment| segment.start <= index).checked_sub(1)?],
        };
        (index < self.windows.end).then(|| segment.origin + index as u64)
    }

    /// The variable that was named.
    pub fn named(&self, name: &str) -> Option<Var> {
        let &(index, value) = self.cold().names.get(name)?;
        Some(Var { value, node: self.number_at(index as usize)? })
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        if self.keeps_entries { self.windows.end - FIRST } else { self.rows().nodes() }
    }

    /// The indices of the nodes of a tape that keeps values and operations.
    pub fn indices(&self) -> Range<usize> {
        FIRST..self.windows.end
    }

    /// The rows of all nodes, after the first entries, which are not nodes.
    pub fn rows(&self) -> Rows<'_> {
        Rows { rows: &self.rows[..self.windows.end], pool: &self.pool, compounds: &self.compounds }
    }

    /// Notes that the last row is that of an operation with several results with so many operands.
    pub fn note_compound(&mut self, op: Compound, operands: usize) {
        let last = (self.windows.end - 1) as u32;
        self.compounds.push(CompoundRow { last, operands: operands as u32, op });
    }

    /// The atomic function of which the node at this index is the last result.
    pub fn called_by(&self, index: usize) -> Option<&Atomic> {
        let Op::Atomic(_) = self.op(index) else { return None };
        match &self.rows().compound(index).op {
            Compound::Atomic(function) => Some(function),
            Compound::Matrix(_) => None,
        }
    }

    /// Whether there are [`node`](Self::node)s to look at: values and operations.
    #[inline]
    pub fn keeps_entries(&self) -> bool {
        self.keeps_entries
    }

    /// Whether the node at this index is an independent variable, as far as the tape knows.
    pub fn is_leaf(&self, index: usize) -> bool {
        self.entries.get(index).is_none_or(|entry| entry.op == Op::Input)
    }

    /// The operation of the node at this index of a tape that keeps values and operations.
    pub fn op(&self, index: usize) -> Op {
        self.entries[index].op
    }

    /// The node at this index of a tape that keeps values and operations.
    pub fn node(&self, index: usize) -> Node {
        let Entry { value, op } = self.entries[index];
        let mut edges: SmallVec<[Edge; 4]> = self.rows().edges(index).collect();
        match op {
            op if op.is_compound() => edges.truncate(self.rows().compound(index).operands as usize),
            _ => match op.arity() {
                Some(arity) => edges.truncate(arity),
                // In a custom node or a block, a constant cannot be distinguished from an operand that does not exist.
                None if self.rows[index].list().is_none() => edges.retain(|edge| edge.operand != CONSTANT),
                None => {}
            },
        }
        Node { op, value, edges }
    }

    pub fn keep_lines(&mut self, on: bool) {
        let on = on || self.cold().recording.is_some();
        self.cold_mut().keeps_lines = on;
        if !on {
            self.cold_mut().lines = Vec::new();
        }
        self.set_windows();
    }

    /// The line that recorded a node, where lines are kept.
    pub fn line(&self, index: usize) -> Option<Line> {
        self.cold().lines.get(index).copied().flatten()
    }

    /// Notes that plain numbers of this tape were given out, if it is a recording one.
    pub fn give_out(&mut self, at: Line) {
        let nodes = self.windows.end - FIRST;
        if let Some(recording) = &mut self.cold_mut().recording {
            recording.give_out(nodes, at);
        }
    }

    /// The current extent of the tape.
    pub fn extent(&self) -> Extent {
        Extent { end: self.windows.end, edges: self.pool.len() }
    }

    /// Discards what was recorded after `extent`; the ids of its nodes are never used again.
    pub fn rewind(&mut self, extent: Extent) {
        let end = extent.end;
        let gives_up_nodes = end < self.windows.end;
        // Before anything is discarded: if the ids run out, the tape is unchanged and its variables stay valid.
        let numbers = gives_up_nodes.then(|| self.numbers_left().map_or_else(numbers::take, numbers::renew));
        let need = self.need();
        self.windows.end = end;
        self.pool.truncate(extent.edges);
        while self.compounds.last().is_some_and(|compound| compound.last as usize >= end) {
            self.compounds.pop();
        }
        let cold = self.cold_mut();
        cold.need = need;
        cold.lines.truncate(end);
        while cold.names.last().is_some_and(|(_, named)| named.0 as usize >= end) {
            cold.names.pop();
        }
        while cold.labels.last().is_some_and(|(index, _)| *index as usize >= end) {
            cold.labels.pop();
        }
        match &mut cold.recording {
            // No variable is left: what follows is another recording, to which all numbers read before are plain
            // data.
            Some(recording) if gives_up_nodes && end == FIRST => *recording = Recording::new(),
            Some(recording) => recording.rewind(end - FIRST),
            None => {}
        }
        if let Some(numbers) = numbers {
            while cold.segments.last().is_some_and(|segment| segment.start >= end) {
                cold.segments.pop();
            }
            self.open_segment(numbers);
        }
    }

    /// What this tape has needed so far.
    fn need(&self) -> Need {
        self.need_now().or(self.cold().need)
    }

    /// What is in use.
    fn need_now(&self) -> Need {
        let nodes = self.windows.end as u32;
        let entries = if self.keeps_entries { nodes } else { 0 };
        let lines = self.cold().lines.len() as u32;
        Need { nodes, entries, edges: self.pool.len() as u32, lines }
    }

    /// What this tape has needed; the need of the next tape in this memory starts from zero.
    pub fn take_need(&mut self) -> Need {
        let need = self.need();
        self.cold_mut().need = Need::default();
        need
    }

    /// The ids of the nodes from here on are from `numbers`, of which as many are left out as there are nodes
    /// already.
    fn open_segment(&mut self, numbers: Range<u64>) {
        let segment = Segment { origin: numbers.start, start: self.windows.end };
        let cold = self.cold_mut();
        cold.segments.push(segment);
        let window = numbers::window_of(numbers.start);
        if cold.windows.last() != Some(&window) {
            cold.windows.push(window);
        }
        cold.numbers_end = numbers.end;
        if let Some(recording) = &cold.recording {
            recording.registration.take(numbers);
        }
        self.set_windows();
    }

    /// Sets where the fast path finds operands. It finds none if the tape is paused or keeps lines: so every
    /// operation takes the general path.
    fn set_windows(&mut self) {
        let cold = self.cold();
        (self.windows.origin, self.windows.kept) = match cold.segments[..] {
            _ if cold.is_paused || cold.keeps_lines => (HIDDEN, Kept::NOTHING),
            [first, second, .., last] => (last.origin, Kept { origin: first.origin, end: second.start }),
            [first, last] => (last.origin, Kept { origin: first.origin, end: last.start }),
            [only] => (only.origin, Kept::NOTHING),
            [] => (HIDDEN, Kept::NOTHING),
        };
    }

    /// Pauses or resumes recording. In a paused tape every operation takes the general path, which sees the pause.
    pub fn pause(&mut self, on: bool) {
        self.cold_mut().is_paused = on;
        self.set_windows();
    }

    /// The ids that this memory has not used.
    pub fn numbers_left(&self) -> Option<Range<u64>> {
        let cold = self.cold.as_ref()?;
        let last = cold.segments.last()?;
        Some(last.origin + self.windows.end as u64..cold.numbers_end)
    }

    /// Bytes reserved for nodes, edges, lines and derivatives.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.pool.bytes()
            + self.cold.as_ref().map_or(0, |cold| {
                cold.lines.capacity() * size_of::<Option<Line>>()
                    + cold.derivatives.capacity() * size_of::<f64>()
            })
    }

    /// Bytes in use for nodes and edges.
    pub fn bytes_in_use(&self) -> usize {
        let entry = if self.keeps_entries { size_of::<Entry>() } else { 0 };
        (self.windows.end - FIRST) * (size_of::<Row>() + entry) + self.pool.len() * Pool::EDGE_BYTES
    }

    /// Bytes for what was needed.
    pub fn bytes_for(need: Need) -> usize {
        need.nodes as usize * size_of::<Row>()
            + need.entries as usize * size_of::<Entry>()
            + need.edges as usize * Pool::EDGE_BYTES
            + need.lines as usize * size_of::<Option<Line>>()
    }

    /// Releases memory that is not in use.
    pub fn shrink(&mut self) {
        self.cold_mut().derivatives = Vec::new();
        self.shrink_to(Need::default());
    }

    /// Releases memory that is neither in use nor needed in future.
    pub fn shrink_to(&mut self, need: Need) {
        let need = need.or(Need { lines: 0, ..self.need_now() });
        shrink(&mut self.rows, need.nodes);
        shrink(&mut self.entries, need.entries);
        self.pool.shrink_to(need.edges as usize);
        self.cold_mut().lines.shrink_to(need.lines as usize);
    }

    /// Reserves memory for this number of further nodes, with at most two operands each. It is not written to yet.
    pub fn reserve(&mut self, nodes: usize) -> Result<(), Misuse> {
        let end = self.windows.end.checked_add(nodes).filter(|&end| end <= self.most);
        let end = end.ok_or(Misuse::NoMemory { nodes })?;
        let entries = if self.keeps_entries { end } else { 0 };
        let is_there = reserve(&mut self.rows, end).and_then(|()| reserve(&mut self.entries, entries));
        is_there.map_err(|_| Misuse::NoMemory { nodes })
    }

    /// Ends this storage for good: the memory goes to the system, and unused ids go to other threads.
    pub fn end(self) {
        if let Some(left) = self.numbers_left() {
            numbers::give_back(left);
        }
    }
}

/// Releases what a column has beyond this length.
fn shrink<T>(column: &mut Vec<T>, len: u32) {
    column.truncate(len as usize);
    column.shrink_to(len as usize);
}

/// Reserves memory for a column of this length.
fn reserve<T>(column: &mut Vec<T>, len: usize) -> Result<(), TryReserveError> {
    column.try_reserve_exact(len.saturating_sub(column.len()))
}

#[cfg(test)]
mod tests;
