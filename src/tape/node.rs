//! A variable, and the node that it refers to.

use super::edge::Edge;
use super::row::Row;
use crate::number::point::single_point;
use crate::table::number::Read;
use crate::table::ops::Op;
use smallvec::SmallVec;
use std::ops::Range;

/// A number that may be on a tape: a value and the id of its node.
///
/// It is `Copy`, `Send` and `'static`; the tape is found through the thread. A `Var` made from a plain number is a
/// constant: it is on no tape and costs nothing. Operators, methods and comparisons are those of `f64`, and
/// comparisons are by value.
///
/// ```
/// use tapegrad::Tape;
///
/// let tape = Tape::new();
/// let [x, y] = tape.vars([0.5, 2.0]);
/// let z = (x * y + x.sin()).tanh();
/// let g = z.backward();
/// assert!(g[x] > g[y]);
/// ```
#[derive(Clone, Copy)]
pub struct Var {
    pub(crate) value: f64,
    /// The id of the node, unique in the process; 0 for a constant.
    pub(crate) node: u64,
}

single_point!([] Var);

impl Var {
    #[inline]
    pub(crate) fn constant_of(value: f64) -> Var {
        Var { value, node: 0 }
    }

    #[inline]
    pub(crate) fn is_on_a_tape(self) -> bool {
        self.node != 0
    }
}

/// As `read`, for the values of variables.
#[inline(always)]
pub(crate) fn values_of<A, B>(read: impl Read<A, B, Var>) -> impl Read<A, B, f64> {
    (move |item: A| read.first(item).value, move |item: B| read.second(item).value)
}

/// What a tape keeps of each node besides its row, if it can be looked into.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub value: f64,
    pub op: Op,
}

impl Entry {
    /// What prepared room holds, and the entries before the first node.
    pub const NONE: Entry = Entry { value: 0.0, op: Op::Input };
}

/// Bytes of a node with at most two operands, with value and operation.
pub(crate) const NODE_BYTES: usize = size_of::<Row>() + size_of::<Entry>();

/// A node of a tape that keeps values and operations.
pub(crate) struct Node {
    pub op: Op,
    pub value: f64,
    /// The operands.
    pub edges: SmallVec<[Edge; 4]>,
}

impl Node {
    /// The partial derivative with respect to this operand, if there is one.
    pub fn partial(&self, edge: Edge) -> Option<f64> {
        (edge.is_linked() && !self.op.is_compound()).then_some(edge.slot)
    }

    /// The indices of the results of the operation of which this node, at `index`, is the last.
    pub fn results(&self, index: usize) -> Range<usize> {
        index + 1 - self.op.results(self.edges.len())..index + 1
    }
}
