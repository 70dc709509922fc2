//! Appending to a tape: on a fast path that only writes the row, or on the general path, which handles every case.

use super::Storage;
use crate::table::number::{Lists, Read, Reduction};
use crate::table::ops::Op;
use crate::tape::caller::Line;
use crate::tape::edge::{CONSTANT, Edge, MOST};
use crate::tape::misuse::Misuse;
use crate::tape::node::{Entry, Var, values_of};
use crate::tape::pool::ByColumns;
use crate::tape::row::Row;
use crate::tape::windows::{HIDDEN, are_recent};
use smallvec::SmallVec;

/// The largest number of entries by which room grows at once, so that prepared entries are still in the cache when they
/// are used.
const MOST_GROWTH: usize = 1 << 12;

impl Storage {
    /// Appends a node and returns its id; `None` if there is no room for it. The caller has looked up the operands in the
    /// [`windows`](Self::windows) of this tape, and nothing was recorded since. More than two operands are for tapes that keep
    /// values and operations; see [`try_push_rows`](Self::try_push_rows).
    #[inline(always)]
    pub fn try_push<const ARITY: usize>(&mut self, op: Op, value: f64, edges: [Edge; ARITY]) -> Option<u64> {
        if ARITY <= 2 {
            return self.push_row(op, value, Row::of(&edges));
        }
        let row = self.list_of(ARITY)?;
        let node = self.push_row(op, value, row)?;
        self.pool.extend(edges);
        Some(node)
    }

    /// As [`try_push`](Self::try_push), for more than two operands on a tape that keeps no values and operations.
    #[inline(always)]
    pub fn try_push_rows<const ARITY: usize>(&mut self, edges: [Edge; ARITY]) -> Option<u64> {
        // Of 32 bits, so that the sum does not overflow.
        let index = self.windows.end as u32 as usize;
        let places = self.rows.get_mut(index..index + ARITY.div_ceil(2))?;
        // From the last operands to the first, since the last row is the node.
        for (place, k) in places.iter_mut().rev().zip((0..ARITY).step_by(2)) {
            let row = Row::of(&edges[k..ARITY.min(k + 2)]);
            *place = if k + 2 < ARITY { row.continued() } else { row };
        }
        let last = index + ARITY.div_ceil(2) - 1;
        self.windows.end = last + 1;
        Some(self.windows.origin + last as u64)
    }

    /// Appends a node, if there is room, and returns its id.
    #[inline(always)]
    fn push_row(&mut self, op: Op, value: f64, row: Row) -> Option<u64> {
        let index = self.windows.end;
        let place = self.rows.get_mut(index)?;
        if self.keeps_entries {
            *self.entries.get_mut(index)? = Entry { value, op };
        }
        *place = row;
        self.windows.end += 1;
        Some(self.windows.origin + index as u64)
    }

    /// As [`try_push`](Self::try_push), for a row of the table over lists, whose partials are computed in the memory
    /// where they stay. Returns `None` also if all operands are constants. `read` is called while the tapes are borrowed,
    /// so it must not run user code.
    #[inline]
    pub fn try_push_reduction<K: Reduction, A: Copy, B: Copy>(
        &mut self,
        value: f64,
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, Var>,
    ) -> Option<u64> {
        self.push_list(K::OP, value, lists, read, || K::each_partial(lists, values_of(read), value))
    }

    /// As [`try_push_reduction`](Self::try_push_reduction), given the ids of operands and the partials.
    #[cfg(feature = "macros")]
    #[inline]
    pub fn try_push_listed(&mut self, op: Op, value: f64, nodes: &[u64], partials: &[f64]) -> Option<u64> {
        let lists = Lists { first: nodes, second: &[], last: None };
        // Of operands it reads the ids alone.
        let read = |node: u64| Var { value: 0.0, node };
        self.push_list(op, value, lists, (read, read), || partials.iter().copied())
    }

    #[inline(always)]
    fn push_list<A: Copy, B: Copy, I: Iterator<Item = f64>>(
        &mut self,
        op: Op,
        value: f64,
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, Var>,
        partials: impl FnOnce() -> I,
    ) -> Option<u64> {
        let count = lists.len();
        let (windows, start) = (self.windows(), self.pool.len());
        self.list_of(count)?;
        if count == 0 || windows.end >= self.rows.len() {
            return None;
        }
        let mut all = 0;
        let mut recent = |operand: Var| {
            let index = operand.node.wrapping_sub(windows.origin);
            all |= index;
            index as u32
        };
        let columns = ByColumns(&mut self.pool);
        let pool = &mut *columns.0;
        // List by list, which is faster than one chained iterator.
        pool.operands.extend(lists.first.iter().map(|&item| recent(read.first(item))));
        pool.operands.extend(lists.second.iter().map(|&item| recent(read.second(item))));
        pool.operands.extend(lists.last.map(|item| recent(read.first(item))));
        let are_recent = are_recent(all);
        if !are_recent {
            let (mut are_found, mut constants) = (true, 0);
            for (place, operand) in pool.operands[start..].iter_mut().zip(lists.iter(read)) {
                let (index, is_found) = windows.find_evenly(operand.node);
                are_found &= is_found;
                constants += usize::from(index == CONSTANT);
                *place = index;
            }
            if !are_found || constants == count {
                pool.truncate(start);
                return None;
            }
        }
        pool.slots.extend(partials());
        if !are_recent {
            pool.leave_out(start, CONSTANT);
        }
        drop(columns);
        self.push_row(op, value, Row::listed(start, self.pool.len() - start))
    }

    /// A row whose operands are the next ones of the pool, if a tape can hold so many.
    #[inline(always)]
    pub fn list_of(&self, count: usize) -> Option<Row> {
        let start = self.pool.len();
        (start + count < MOST).then(|| Row::listed(start, count))
    }

    /// Prepares room for another node, if the limit allows it.
    fn make_room(&mut self) -> Option<()> {
        let end = self.windows.end + 1;
        if end > self.most {
            return None;
        }
        if self.rows.len() < end {
            grow(&mut self.rows, end, self.most, Row::LEAF);
        }
        if self.keeps_entries && self.entries.len() < end {
            grow(&mut self.entries, end, self.most, Entry::NONE);
        }
        Some(())
    }

    /// Appends a node with these edges; `None` if the tape is full.
    pub fn push(&mut self, op: Op, value: f64, edges: &[Edge], line: Line) -> Option<Var> {
        self.make_room()?;
        let index = self.windows.end;
        // The operands of a list or a matrix are in the pool, however few they are.
        if op.is_reduction() || op.is_compound() || edges.len() > 2 {
            let row = self.list_of(edges.len())?;
            self.push_row(op, value, row)?;
            edges.iter().for_each(|&edge| self.pool.push(edge));
        } else {
            self.push_row(op, value, Row::of(edges))?;
        }
        if self.cold().keeps_lines {
            self.push_line(index, line);
        }
        Some(Var { value, node: self.number_at(index)? })
    }

    #[cold]
    #[inline(never)]
    fn push_line(&mut self, index: usize, line: Line) {
        let lines = &mut self.cold_mut().lines;
        lines.resize(index, None);
        lines.push(Some(line));
    }

    /// Appends a node with any number of operands, which are constants or of this tape. The tape must not be paused.
    pub fn append(
        &mut self,
        op: Op,
        value: f64,
        operands: &[Var],
        partials: &[f64],
        is_linked: &dyn Fn(usize) -> bool,
        line: Line,
    ) -> Result<Var, Misuse> {
        // The constants of a list are only needed to compute the value again.
        let keeps_constants =
            self.keeps_entries && (!op.skips_constants() || self.cold().recording.is_some());
        let mut edges: SmallVec<[Edge; 8]> = SmallVec::new();
        for (k, (&operand, &partial)) in operands.iter().zip(partials).enumerate() {
            match self.find(operand).expect("a variable of this tape") {
                CONSTANT if keeps_constants => edges.push(Edge::constant(operand.value)),
                CONSTANT => {}
                index if is_linked(k) || self.keeps_entries => {
                    edges.push(Edge::new(index, partial, is_linked(k)))
                }
                _ => {}
            }
        }
        self.push(op, value, &edges, line).ok_or_else(|| Misuse::Full { nodes: self.len() })
    }

    /// As [`try_push`](Self::try_push), for a new independent variable.
    #[inline]
    pub fn try_push_leaf(&mut self, value: f64) -> Option<u64> {
        if self.windows.origin == HIDDEN { None } else { self.push_row(Op::Input, value, Row::LEAF) }
    }

    /// As [`try_push_leaf`](Self::try_push_leaf), for so many variables on a tape that keeps no values and operations; the id of
    /// the first.
    #[inline]
    pub fn try_push_leaves(&mut self, count: usize) -> Option<u64> {
        let index = self.windows.end;
        if self.windows.origin == HIDDEN || self.keeps_entries {
            return None;
        }
        self.rows.get_mut(index..index.checked_add(count)?)?.fill(Row::LEAF);
        self.windows.end += count;
        Some(self.windows.origin + index as u64)
    }

    /// A new independent variable, for which there is room.
    #[inline]
    pub fn push_leaf(&mut self, value: f64, line: Line) -> Var {
        match self.try_push_leaf(value) {
            None => self.push_leaf_checked(value, line),
            Some(node) => Var { value, node },
        }
    }

    #[inline(never)]
    fn push_leaf_checked(&mut self, value: f64, line: Line) -> Var {
        let is_paused = self.cold().is_paused;
        if is_paused {
            self.pause(false);
        }
        let var = self.push(Op::Input, value, &[], line).expect("room for a variable");
        if is_paused {
            self.pause(true);
        }
        var
    }
}

/// Prepares room in a column, at least up to `end` and at most up to `most`, in reserved memory before that grows.
fn grow<T: Clone>(column: &mut Vec<T>, end: usize, most: usize, filler: T) {
    let (len, reserved) = (column.len(), column.capacity());
    let limit = if reserved >= end { reserved.min(most) } else { most };
    column.resize(limit.min(len + len.clamp(32, MOST_GROWTH)).max(end), filler);
}
