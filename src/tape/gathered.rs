//! The operands of a sum of statements, until it is a node: nothing is appended to the tape while the user's code makes the
//! terms.

use super::node::Var;
use std::cell::Cell;

/// How many operands are gathered in arrays, before they go to lists: as many as most sums have. To append to an array is to
/// write, without a question of memory.
pub(super) const AT_ONCE: usize = 128;

/// Longer lists are not kept for the next sum.
const MOST_KEPT: usize = 1 << 16;

thread_local! {
    /// The memory of the last sum, which need not be filled with zeros again.
    static SPARE: Cell<Option<Box<Gathered>>> = const { Cell::new(None) };
}

/// The operands that are not constants, one after the other.
pub(super) struct Gathered {
    pub nodes: Column<u64>,
    pub values: Column<f64>,
    /// The partials by them.
    pub partials: Column<f64>,
    /// The places of those that have no part in the result, in order.
    pub unreached: Vec<usize>,
}

/// Numbers of which the last ones are in an array, and those before in a list.
pub(super) struct Column<T> {
    last: [T; AT_ONCE],
    before: Vec<T>,
}

impl<T: Copy> Column<T> {
    fn of(filler: T) -> Self {
        Column { last: [filler; AT_ONCE], before: Vec::new() }
    }

    /// Everything, which is either in the array or in the list. `count`: how many are in the array.
    #[inline(always)]
    pub fn all(&self, count: usize) -> &[T] {
        if self.before.is_empty() { &self.last[..count] } else { &self.before }
    }
}

impl Gathered {
    /// Nothing.
    #[inline(always)]
    pub fn take() -> Box<Self> {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_else(Self::new)
    }

    #[cold]
    #[inline(never)]
    fn new() -> Box<Self> {
        let [values, partials] = [Column::of(0.0), Column::of(0.0)];
        Box::new(Gathered { nodes: Column::of(0), values, partials, unreached: Vec::new() })
    }

    /// Whether some operands are in lists.
    #[inline(always)]
    pub fn is_long(&self) -> bool {
        !self.nodes.before.is_empty()
    }

    /// Keeps the memory for the next sum.
    #[inline(always)]
    pub fn give_back(mut self: Box<Self>) {
        if self.is_long() || !self.unreached.is_empty() {
            self.clear();
        }
        // A thread that ends has no next one.
        let _ = SPARE.try_with(|spare| spare.set(Some(self)));
    }

    #[inline(never)]
    fn clear(&mut self) {
        if self.nodes.before.len() > MOST_KEPT {
            *self = *Self::new();
        }
        self.nodes.before.clear();
        self.values.before.clear();
        self.partials.before.clear();
        self.unreached.clear();
    }

    /// Empties the arrays.
    #[inline(never)]
    pub fn move_to_lists(&mut self, count: &mut usize) {
        self.nodes.before.extend_from_slice(&self.nodes.last[..*count]);
        self.values.before.extend_from_slice(&self.values.last[..*count]);
        self.partials.before.extend_from_slice(&self.partials.last[..*count]);
        *count = 0;
    }

    /// Appends operands, none of which is a constant, for which there is room in the arrays.
    #[inline(always)]
    pub fn push<const N: usize>(
        &mut self,
        count: &mut usize,
        operands: [Var; N],
        partials: [f64; N],
        are_reached: [bool; N],
    ) {
        for k in 0..N {
            if !are_reached[k] {
                self.unreached.push(self.nodes.before.len() + *count + k);
            }
        }
        let here = *count..*count + N;
        self.nodes.last[here.clone()].copy_from_slice(&operands.map(|operand| operand.node));
        self.values.last[here.clone()].copy_from_slice(&operands.map(|operand| operand.value));
        self.partials.last[here].copy_from_slice(&partials);
        *count += N;
    }
}
