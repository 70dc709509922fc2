//! What one operation stores on the tape, and the variable that refers to it.

use super::edge::{CONSTANT, Edge};
use super::pool::Pool;
use crate::number::point::single_point;
use crate::table::number::Read;
use crate::table::ops::Op;

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

/// Instead of the first operand's index: the operands are edges in the pool. The second index is the start, and the
/// bits of the first slot are the count.
pub(crate) const POOLED: u32 = u32::MAX;
/// One operation: its value, and per operand a partial derivative and an index.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub value: f64,
    pub slots: [f64; 2],
    pub operands: [u32; 2],
    pub op: Op,
}

// Less where `f64` is aligned to 4 bytes.
const _: () = assert!(size_of::<Node>() <= 40 && size_of::<Var>() == 16);

impl Node {
    #[inline]
    pub fn new(op: Op, value: f64, edges: [Edge; 2]) -> Node {
        Node {
            value,
            slots: [edges[0].slot, edges[1].slot],
            operands: [edges[0].operand, edges[1].operand],
            op,
        }
    }

    /// Whether a node of this operation stores this number of operands itself: at most two. The operands of a list
    /// are always in the pool.
    #[inline]
    pub fn holds(op: Op, operands: usize) -> bool {
        operands <= 2 && !op.is_reduction()
    }

    /// A node without operands.
    pub fn leaf(value: f64) -> Node {
        Node { value, slots: [0.0; 2], operands: [CONSTANT; 2], op: Op::Input }
    }

    pub fn pooled(op: Op, value: f64, start: u32, count: usize) -> Node {
        Node { value, slots: [f64::from_bits(count as u64), 0.0], operands: [POOLED, start], op }
    }

    #[inline]
    pub fn is_pooled(&self) -> bool {
        self.operands[0] == POOLED
    }

    /// The edges of this node, wherever they are.
    pub fn edges<'a>(&self, pool: &'a Pool) -> impl Iterator<Item = Edge> + use<'a> {
        // In a custom node or a block, a constant cannot be distinguished from an operand that does not exist.
        let (pooled, inline, has_constants) = match self.op.arity() {
            _ if self.is_pooled() => (self.pool_range(), 0, true),
            Some(arity) => (0..0, arity, true),
            None => (0..0, 2, false),
        };
        let inline = [0, 1].into_iter().take(inline);
        let Node { slots, operands, .. } = *self;
        let inline = inline.map(move |k| Edge { slot: slots[k], operand: operands[k] });
        pool.edges(pooled).chain(inline.filter(move |edge| has_constants || edge.operand != CONSTANT))
    }

    #[inline]
    pub fn pool_range(&self) -> std::ops::Range<usize> {
        let start = self.operands[1] as usize;
        start..start + self.slots[0].to_bits() as usize
    }
}
