//! The ids of nodes (*numbers* in the code), unique in the process.
//!
//! A tape owns a window of ids. An id that it has used is never used again, by any tape of any thread; unused ids are
//! returned when it ends. A rewind to `k` nodes uses up `k` ids as well. So the id of a variable identifies its tape
//! and node forever. There are 2⁶³ ids; when they run out, recording is refused.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A window is given out while it has at least this many ids left, as many as a tape has indices.
pub(super) const LEAST: u64 = 1 << 32;
const WINDOW: u64 = 2 * LEAST;
/// No node has this id or a larger one.
pub(super) const END: u64 = 1 << 63;

static NEXT: AtomicU64 = AtomicU64::new(WINDOW);
static RETURNED: Mutex<Vec<Range<u64>>> = Mutex::new(Vec::new());

/// A window of at least 2³² unused ids.
pub(super) fn take() -> Range<u64> {
    if let Some(window) = RETURNED.lock().unwrap_or_else(PoisonError::into_inner).pop() {
        return window;
    }
    fresh()
}

/// As [`take`], with ids that are all larger than those given out before.
fn fresh() -> Range<u64> {
    let start = NEXT
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| (next < END).then_some(next + WINDOW))
        .expect("this process has used up all ids of nodes");
    start..start + WINDOW
}

/// The unused rest of a window, or a new window if the rest is too small. So the ids of a tape increase.
pub(super) fn renew(left: Range<u64>) -> Range<u64> {
    if left.end - left.start < LEAST { fresh() } else { left }
}

/// The window of an id. All ids in use of a window belong to one live tape.
pub(super) fn window_of(number: u64) -> u64 {
    number / WINDOW
}

/// Keeps the unused ids of a thread that ends for other threads.
pub(super) fn give_back(left: Range<u64>) {
    if left.end - left.start >= LEAST {
        RETURNED.lock().unwrap_or_else(PoisonError::into_inner).push(left);
    }
}
