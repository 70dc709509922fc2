//! What one operation leaves on the tape, and the variable that names it.

use super::guard::Operand;
use super::pool::Pool;
use crate::table::ops::Op;

/// A number that may stand on a tape: a value and the number of its node.
///
/// It is `Copy`, `Send` and `'static`; the tape is found through the thread. A `Var` made from a plain
/// number is a constant: it stands on no tape and costs nothing. Operators, methods and comparisons are
/// those of `f64`, and comparisons are by value.
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
    /// Unique in the process; 0 is a constant.
    pub(crate) node: u64,
}

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

/// In place of an operand's index: the operand is a constant, and its value sits in the slot.
pub(crate) const CONSTANT: u32 = 0;
/// In place of an operand's index: the operand was not taken, and its index sits in the slot.
pub(crate) const UNTAKEN: u32 = 1;
/// In place of the first operand's index: the operands are edges in the pool, from the second index on,
/// as many as the bits of the first slot say.
pub(crate) const POOLED: u32 = u32::MAX;
/// The index of the first node; those before it have a meaning of their own.
pub(crate) const FIRST: usize = 2;

/// One operation: its value, and per operand a partial derivative and an index.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub value: f64,
    pub slots: [f64; 2],
    pub operands: [u32; 2],
    pub op: Op,
}

const _: () = assert!(size_of::<Node>() == 40 && size_of::<Var>() == 16);

/// An operand of a node with more than two of them.
#[derive(Clone, Copy)]
pub(crate) struct Edge {
    pub slot: f64,
    pub operand: u32,
}

impl Edge {
    /// In place of an operand that an operation does not have.
    pub const NONE: Edge = Edge { slot: 0.0, operand: CONSTANT };

    /// The edge to an operand that is a constant.
    #[inline]
    pub fn constant(value: f64) -> Edge {
        Edge { slot: value, operand: CONSTANT }
    }

    /// The edge to the operand at `index`; `is_linked`: whether the operand was taken.
    #[inline]
    pub fn new(index: u32, partial: f64, is_linked: bool) -> Edge {
        if is_linked {
            Edge { slot: partial, operand: index }
        } else {
            Edge { slot: f64::from(index), operand: UNTAKEN }
        }
    }

    /// The operand, linked or not.
    pub fn operand(self) -> Operand {
        match self.operand {
            CONSTANT => Operand::Constant(self.slot),
            UNTAKEN => Operand::Node(self.slot as usize - FIRST),
            index => Operand::Node(index as usize - FIRST),
        }
    }

    /// Whether the adjoint passes to the operand.
    #[inline]
    pub fn is_linked(self) -> bool {
        self.operand > UNTAKEN
    }
}

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
        // Of a block, constants are not known.
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
