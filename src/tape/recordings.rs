//! The recording tapes of the process, by the numbers of their nodes: for whoever reads a variable where its tape
//! cannot be found, in another thread or after a rewind.

use super::caller::Line;
use super::node::Var;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many there are, so that a comparison need not look any further.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    key: u64,
    /// No other tape has these numbers while this one lives.
    numbers: Vec<Range<u64>>,
    /// The first line that read one of its variables from where the tape was not found.
    read: Option<Line>,
}

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a recording tape is alive in any thread. Whoever got hold of one of its variables sees that it is.
#[inline]
pub(super) fn is_any_alive() -> bool {
    ALIVE.load(Ordering::Relaxed) > 0
}

/// Notes that `var`, which stands on no tape of this thread, was read at `at`: for the recording tape that it is of,
/// if it is of one.
pub(super) fn note_read(var: Var, at: Line) {
    if !var.is_on_a_tape() {
        return;
    }
    let is_its = |entry: &&mut Entry| entry.numbers.iter().any(|numbers| numbers.contains(&var.node));
    if let Some(entry) = entries().iter_mut().find(is_its) {
        entry.read.get_or_insert(at);
    }
}

/// The entry of one tape; dropped with its recording.
pub(crate) struct Registration {
    key: u64,
}

impl Registration {
    pub fn new() -> Registration {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        entries().push(Entry { key, numbers: Vec::new(), read: None });
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Registration { key }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Entry) -> T) -> T {
        let mut entries = entries();
        f(entries.iter_mut().find(|entry| entry.key == self.key).expect("it is registered"))
    }

    /// The nodes from here on take their numbers from `numbers`.
    pub fn take(&self, numbers: Range<u64>) {
        self.with(|entry| match entry.numbers.last_mut() {
            // The rest of a window that is there.
            Some(last) if last.end == numbers.end => {}
            _ => entry.numbers.push(numbers),
        });
    }

    /// The line that read a variable from where the tape was not found.
    pub fn read(&self) -> Option<Line> {
        self.with(|entry| entry.read)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        entries().retain(|entry| entry.key != self.key);
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}
