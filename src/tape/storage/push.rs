//! Appending to a tape: on a fast path that only writes the node, or on the general path, which handles every case.

use super::Storage;
use crate::table::number::{Lists, Read, Reduction};
use crate::table::ops::Op;
use crate::tape::caller::Line;
use crate::tape::edge::{CONSTANT, Edge, MOST};
use crate::tape::misuse::Misuse;
use crate::tape::node::{Node, Var, values_of};
use crate::tape::pool::ByColumns;
use crate::tape::windows::{HIDDEN, Windows};

/// The largest number of nodes by which the room grows at once, so that prepared entries are still in the cache when
/// they are used.
const MOST_GROWTH: usize = 1 << 12;

impl Storage {
    /// Appends a node and returns its id; `None` if more has to be done than writing the node. Its operands have to
    /// be constants, or recorded since the last rewind or before the first one.
    #[inline(always)]
    pub fn try_push(
        &mut self,
        op: Op,
        value: f64,
        operands: [Var; 2],
        partials: [f64; 2],
        are_linked: [bool; 2],
    ) -> Option<u64> {
        let first = self.windows.edge(operands[0], partials[0], are_linked[0])?;
        let second = self.windows.edge(operands[1], partials[1], are_linked[1])?;
        self.push_node(Node::new(op, value, [first, second]))
    }

    /// Appends a node, if there is room, and returns its id.
    #[inline(always)]
    fn push_node(&mut self, node: Node) -> Option<u64> {
        let Windows { end, origin, .. } = &mut self.windows;
        *self.room.get_mut(*end)? = node;
        let number = *origin + *end as u64;
        *end += 1;
        Some(number)
    }

    /// As [`try_push`](Self::try_push), for more than two operands, given as slots and indices. The caller
    /// has looked them up in the [`windows`](Self::windows) of this tape, and nothing was recorded since, so they are
    /// valid.
    #[inline(always)]
    pub fn try_push_block<const ARITY: usize>(
        &mut self,
        op: Op,
        value: f64,
        slots: [f64; ARITY],
        indices: [u32; ARITY],
    ) -> Option<u64> {
        let start = self.pool.len();
        if start + ARITY >= MOST {
            return None;
        }
        let number = self.push_node(Node::pooled(op, value, start as u32, ARITY))?;
        self.pool.slots.extend_from_slice(&slots);
        self.pool.operands.extend_from_slice(&indices);
        Some(number)
    }

    /// As [`try_push`](Self::try_push), for a row over lists, whose partials are computed in the memory where
    /// they stay. Returns `None` also if all operands are constants. `read` is called while the tapes are borrowed,
    /// so it must not run user code.
    #[inline]
    pub fn try_push_reduction<K: Reduction, A: Copy, B: Copy>(
        &mut self,
        value: f64,
        lists: Lists<'_, A, B>,
        read: impl Read<A, B, Var>,
    ) -> Option<u64> {
        let count = lists.len();
        let (windows, start) = (self.windows(), self.pool.len());
        if count == 0 || windows.end >= self.room.len() || start + count >= MOST {
            return None;
        }
        // Sign bits instead of comparisons, since one instruction handles several: ids are below 2⁶³.
        let (last, mut strays) = (windows.end as i64 - 1, 0);
        let mut recent = |operand: Var| {
            let index = operand.node.wrapping_sub(windows.origin) as i64;
            strays |= index | last.wrapping_sub(index);
            index as u32
        };
        let columns = ByColumns(&mut self.pool);
        let pool = &mut *columns.0;
        // List by list, which is faster than one chained iterator.
        pool.operands.extend(lists.first.iter().map(|&item| recent(read.first(item))));
        pool.operands.extend(lists.second.iter().map(|&item| recent(read.second(item))));
        pool.operands.extend(lists.last.map(|item| recent(read.first(item))));
        let are_recent = strays >= 0;
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
        pool.slots.extend(K::each_partial(lists, values_of(read), value));
        if !are_recent {
            pool.leave_out(start, CONSTANT);
        }
        drop(columns);
        self.push_node(Node::pooled(K::OP, value, start as u32, self.pool.len() - start))
    }

    /// Appends a node; `None` if the tape is full.
    pub fn push(&mut self, node: Node, line: Line) -> Option<Var> {
        let index = self.windows.end;
        if index >= self.most {
            return None;
        }
        if index == self.room.len() {
            self.make_room();
        }
        self.room[index] = node;
        self.windows.end += 1;
        if self.cold().keeps_lines {
            self.push_line(index, line);
        }
        self.var_at(index)
    }

    /// Prepares room for more nodes where there is no room left and the limit allows it, in reserved memory before
    /// that grows.
    fn make_room(&mut self) {
        let (len, reserved) = (self.room.len(), self.room.capacity());
        let end = if reserved > len { reserved.min(self.most) } else { self.most };
        self.room.resize(end.min(len + len.clamp(32, MOST_GROWTH)), Node::leaf(0.0));
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
        let edge = |tape: &Storage, (k, (&operand, &partial)): (usize, (&Var, &f64))| match tape
            .find(operand)
            .expect("a variable of this tape")
        {
            CONSTANT => Edge::constant(operand.value),
            index => Edge::new(index, partial, is_linked(k)),
        };
        let mut operands = operands.iter().zip(partials).enumerate();
        let pushed = if Node::holds(op, operands.len()) {
            let edges = [(); 2].map(|()| operands.next().map_or(Edge::NONE, |operand| edge(self, operand)));
            self.push(Node::new(op, value, edges), line)
        } else {
            let start = self.pool.len();
            // The constants of a list are only needed to compute the value again.
            let skips_constants = op.skips_constants() && self.cold().recording.is_none();
            for operand in operands.filter(|(_, (operand, _))| operand.is_on_a_tape() || !skips_constants) {
                let edge = edge(self, operand);
                self.pool.push(edge);
            }
            let fits = self.pool.len() < MOST;
            let node = Node::pooled(op, value, start as u32, self.pool.len() - start);
            let pushed = if fits { self.push(node, line) } else { None };
            if pushed.is_none() {
                self.pool.truncate(start);
            }
            pushed
        };
        pushed.ok_or(Misuse::Full { nodes: self.len() })
    }

    /// As [`try_push`](Self::try_push), for a new independent variable.
    #[inline]
    pub fn try_push_leaf(&mut self, value: f64) -> Option<u64> {
        if self.windows.origin == HIDDEN { None } else { self.push_node(Node::leaf(value)) }
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
        let var = self.push(Node::leaf(value), line).expect("room for a variable");
        if is_paused {
            self.pause(true);
        }
        var
    }
}
