//! Whose a number in forward mode is.
//!
//! Tangents are derivatives by the arguments of one call. Added to those of another they mean nothing, and nothing in
//! them says so; hence every number names its owner, and what is made of numbers of two calls is refused.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The call whose arguments reach a number, as a code of Berger's: a count, and how many of its bits are 0. The owner of
/// a result is that of its operands by `|`. Of two codes that differ that is neither of them nor any other: it has more
/// bits in the count than one of them, so its second part would have to be smaller than theirs, and is not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Owner(u64);

/// How many bits a count has.
const COUNT_BITS: u32 = 56;
/// How many bits hold a number up to that.
const ZERO_BITS: u32 = 6;

/// The counts that a thread has taken for itself and not used: so many after the start.
struct Counts {
    start: Cell<u64>,
    left: Cell<u64>,
}

impl Counts {
    /// Takes a range that no thread has had. No function is called that comes back, so that a block keeps its numbers in
    /// registers.
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
    /// Nobody's: a constant, which may meet all.
    pub const NONE: Owner = Owner(0);

    /// Nobody's, though the number inside is a variable: a constant if nothing differentiates by that variable, as
    /// where tangents are made by hand. In a call something does, and the tangents are missing.
    pub const BARE: Owner = Owner(1 << 63);

    /// The user's: made by hand, outside of all calls. It may meet the bare ones.
    pub const HAND: Owner = Owner(1 << 63 | 1 << 62);

    /// A call of a top-level function, or a preaccumulated block. No other of this process has the same.
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
        // Of a block that is inlined only the step of the count is left.
        let count = count.unwrap_or_default();
        Owner(count << ZERO_BITS | u64::from(COUNT_BITS - count.count_ones()))
    }

    /// The owner of what is computed from numbers of both.
    #[inline(always)]
    pub fn with(self, other: Owner) -> Owner {
        Owner(self.0 | other.0)
    }

    /// Panics unless what this call returned, with this value, is its own or a constant.
    #[inline(always)]
    #[track_caller]
    pub fn accept(self, result: Owner, value: impl Fn() -> f64) {
        if result != self && result != Owner::NONE {
            result.refuse(value());
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn refuse(self, value: f64) -> ! {
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

/// What a number of this owner is, where it must not be, and the cure.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.with(Owner::HAND) == *self {
            "was made by hand, with `Dual::new`, `Dual::variable` or `Dual::variables`: its tangents would be taken for \
             derivatives by the arguments of the call; inside of `derivative`, `jvp`, `hessian` or `preaccumulate` \
             apply a rule of your own with `Dual::custom`, and take plain numbers as they are or with `Dual::constant`"
        } else if self.with(Owner::BARE) == *self {
            "was made by `Dual::constant` of a variable that the call differentiates by, or of what was computed from \
             it: its tangents are missing; compute it from the arguments themselves, apply a rule of your own with \
             `Dual::custom`, or take the variable as a constant with `.detach()`"
        } else {
            "depends on an argument of another `preaccumulate`, `derivative`, `jvp` or `hessian`, around it or before \
             it: the derivatives of the two would be mixed up; pass it as an input of this block, take it as a constant \
             with `.stop_gradient()`, or make the inner computation a Function and call it"
        })
    }
}
