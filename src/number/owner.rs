//! The owners of numbers in forward mode, by which perturbation confusion is detected.
//!
//! Tangents are derivatives with respect to the arguments of one call. Sums with tangents of another call are
//! meaningless, and the tangents do not show it. So every number carries its owner, and a number computed from
//! numbers of two calls is refused.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The call whose arguments reach a number, in Berger's code: a counter value, and the number of its bits that are 0.
/// The owner of a result is the bitwise or of the owners of its operands. The or of two different codes is no valid
/// code: its counter value has more 1 bits than one of the two, so its number of 0 bits would have to be smaller than
/// that code's, but a bitwise or is never smaller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Owner(u64);

/// The bits of a counter value.
const COUNT_BITS: u32 = 56;
/// The bits that hold a number up to `COUNT_BITS`.
const ZERO_BITS: u32 = 6;

/// The counter values that a thread has reserved and not used: `left` of them, beginning at `start`.
struct Counts {
    start: Cell<u64>,
    left: Cell<u64>,
}

impl Counts {
    /// Reserves a range that no thread has had. No function that returns is called, so that a preaccumulated block
    /// keeps its numbers in registers.
    #[inline(always)]
    fn take_range(&self) {
        const RANGE: u64 = 1 << 16;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let start = NEXT.fetch_add(RANGE, Ordering::Relaxed);
        if start >> COUNT_BITS != 0 {
            self.left.set(1);
            used_up();
        }
        self.start.set(start);
        self.left.set(RANGE - 1);
    }
}

impl Owner {
    /// No owner: a constant, which may be combined with every number.
    pub const NONE: Owner = Owner(0);

    /// No owner, although the inner number is a variable. The number is a constant if nothing is differentiated with
    /// respect to that variable, as where tangents are made by hand. Inside a call its tangents would be missing.
    pub const BARE: Owner = Owner(1 << 63);

    /// The user: a number made by hand, outside all calls. It may be combined with `BARE` numbers.
    pub const HAND: Owner = Owner(1 << 63 | 1 << 62);

    /// A new owner, unique in the process: a call of a top-level function, or a preaccumulated block.
    #[inline(always)]
    pub fn fresh() -> Owner {
        thread_local! {
            static COUNTS: Counts = const { Counts { start: Cell::new(0), left: Cell::new(1) } };
        }
        // `try_with` is always inlined, which `with` is not; without a destructor it cannot fail.
        let count = COUNTS.try_with(|counts| {
            counts.left.set(counts.left.get() - 1);
            if counts.left.get() == 0 {
                counts.take_range();
            }
            counts.start.get() + counts.left.get()
        });
        // In a block that is inlined, only the step of the counter remains.
        let count = count.unwrap_or_default();
        Owner(count << ZERO_BITS | u64::from(COUNT_BITS - count.count_ones()))
    }

    /// The owner of a number computed from numbers of both owners.
    #[inline(always)]
    pub fn with(self, other: Owner) -> Owner {
        Owner(self.0 | other.0)
    }

    /// Panics unless `result`, the owner of a number with this value that the call returned, is this call or no
    /// owner.
    #[inline(always)]
    #[track_caller]
    pub fn accept<V: fmt::Display>(self, result: Owner, value: impl Fn() -> V) {
        if result != self && result != Owner::NONE {
            result.refuse(value());
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn refuse(self, value: impl fmt::Display) -> ! {
        panic!("the function returned a number (value {value}) that {self}");
    }

    /// Panics if tangents of several owners are mixed.
    #[inline]
    #[track_caller]
    pub fn refuse_mixture(self) {
        let zeros = (self.0 & ((1 << ZERO_BITS) - 1)) as u32;
        let is_call = self.0 < 1 << 62 && (self.0 >> ZERO_BITS).count_ones() + zeros == COUNT_BITS;
        if !(is_call || [Owner::NONE, Owner::BARE, Owner::HAND].contains(&self)) {
            self.panic_for_mixture();
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn panic_for_mixture(self) -> ! {
        panic!("the tangents of different calls are mixed: a number that was used {self}");
    }
}

#[cold]
#[inline(never)]
fn used_up() -> ! {
    panic!("this process has used up all owners of numbers in forward mode");
}

/// The end of a sentence that refuses a number of this owner: why, and the remedy.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.with(Owner::HAND) == *self {
            "was made by hand, with `Dual::new`, `Dual::variable` or `Dual::variables`: its tangents would be mistaken for \
             derivatives with respect to the arguments of the call; inside `derivative`, `jvp`, `hessian` or \
             `preaccumulate` apply a rule of your own with `Dual::custom`, and use plain numbers directly or with \
             `Dual::constant`"
        } else if self.with(Owner::BARE) == *self {
            "was made by `Dual::constant` from a variable that the call differentiates with respect to, or from a result \
             of it: its tangents are missing; compute it from the arguments themselves, apply a rule of your own with \
             `Dual::custom`, or make the variable a constant with `.detach()`"
        } else {
            "depends on an argument of another `preaccumulate`, `derivative`, `jvp` or `hessian`, enclosing or earlier: \
             the derivatives of the two would be mixed up; pass it as an input of this block, make it a constant \
             with `.stop_gradient()`, or make the inner computation a Function and call it"
        })
    }
}
