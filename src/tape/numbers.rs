//! Numbers for nodes, unique in the process.
//!
//! A tape owns a window of numbers. What it has used is never used again, by any tape of any thread;
//! what it has not used goes back when it ends. A rewind to `k` nodes uses up `k` numbers as well. So a variable's number says for ever whose it is, and
//! there are 2⁶³ of them; when they run out, recording is refused.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A window is given out while it has at least this many numbers: as many as a tape has indices.
const LEAST: u64 = 1 << 32;
const WINDOW: u64 = 2 * LEAST;
/// No node has this number or a larger one.
pub(super) const END: u64 = 1 << 63;

static NEXT: AtomicU64 = AtomicU64::new(WINDOW);
static RETURNED: Mutex<Vec<Range<u64>>> = Mutex::new(Vec::new());

/// A window of at least 2³² numbers that nobody has used.
pub(super) fn take() -> Range<u64> {
    if let Some(window) = RETURNED.lock().unwrap_or_else(PoisonError::into_inner).pop() {
        return window;
    }
    fresh()
}

/// As [`take`], of which every number is larger than those that were given out before.
fn fresh() -> Range<u64> {
    let start = NEXT
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| (next < END).then_some(next + WINDOW))
        .expect("this process has used up all numbers for nodes");
    start..start + WINDOW
}

/// The window without what was used, or a new one where too little is left. So the numbers of a tape rise.
pub(super) fn renew(left: Range<u64>) -> Range<u64> {
    if left.end - left.start < LEAST { fresh() } else { left }
}

/// Which window a number is of. A tape that lives has all that is in use of its windows.
pub(super) fn window_of(number: u64) -> u64 {
    number / WINDOW
}

/// Takes back what a thread that ends has not used.
pub(super) fn give_back(left: Range<u64>) {
    if left.end - left.start >= LEAST {
        RETURNED.lock().unwrap_or_else(PoisonError::into_inner).push(left);
    }
}
