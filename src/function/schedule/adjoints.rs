//! Adjoints that are multiples of others: they are known without being computed.

use super::plan::{Address, Contribution, Destination, Multiple, Operand};

/// The adjoints of a block: numbers in memory, times a number, and times values if there are any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adjoints {
    pub from: Operand,
    pub by: f64,
    pub value: Option<Operand>,
}

impl Adjoints {
    /// Numbers in memory.
    pub fn plain(from: Operand) -> Adjoints {
        Adjoints { from, by: 1.0, value: None }
    }

    /// Whether they are just numbers in memory.
    pub fn are_plain(self) -> bool {
        self.by == 1.0 && self.value.is_none()
    }

    /// Whether all are the same number.
    pub fn are_same(self) -> bool {
        self.from.is_same && self.value.is_none_or(|value| value.is_same)
    }

    /// The first of them, for all operands of a sum.
    pub fn of_one(self) -> Adjoints {
        let one = |operand: Operand| Operand { is_same: true, ..operand };
        Adjoints { from: one(self.from), value: self.value.map(one), ..self }
    }

    /// Those from another address on, which may be just before the first one.
    pub fn moved(self, first: Address, to: Address) -> Adjoints {
        let moved = |operand: Operand| match operand.is_same {
            true => operand,
            false => Operand { at: operand.at + to - first, ..operand },
        };
        Adjoints { from: moved(self.from), value: self.value.map(moved), ..self }
    }

    /// A multiple of them, if that is a number and one value at most, and loses no digits that the product in turn keeps.
    pub fn times(self, multiple: &Multiple) -> Option<Adjoints> {
        let (by, value) = (self.by * multiple.by, self.value.or(multiple.value));
        let is_one = self.value.is_none() || multiple.value.is_none();
        (is_one && is_safe(by, value.is_some())).then_some(Adjoints { by, value, ..self })
    }

    /// This number of them, written or added to adjoints.
    pub fn contribution(self, len: usize, to: Destination, is_sum: bool) -> Contribution {
        let Adjoints { from, by, value } = self;
        Contribution { from, by, value, to, len, is_sum }
    }
}

/// Whether products with this number in another order neither overflow nor lose digits, but for adjoints and values near the
/// ends of the range. What is multiplied by a value too has to be nearer to 1, since the product of adjoint and value may be
/// small.
pub(super) fn is_safe(by: f64, with_value: bool) -> bool {
    let most = if with_value { 1e6 } else { 1e100 };
    let sizes = 1.0 / most..=most;
    sizes.contains(&by) || sizes.contains(&-by)
}
