//! The recording tapes of the process, by the ids of their nodes: for reads of a variable where its tape is not
//! found, in another thread or after a rewind.

use super::caller::Line;
use super::node::Var;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many recording tapes are alive: if there are none, a comparison need not look for one.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    key: u64,
    /// No other tape has these ids while this one is alive.
    numbers: Vec<Range<u64>>,
    /// The first line that read one of its variables where the tape was not found.
    read: Option<Line>,
}

fn entries() -> MutexGuard<'static, Vec<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a recording tape is alive in any thread. A thread that has received one of its variables sees the current
/// count.
#[inline]
pub(super) fn is_any_alive() -> bool {
    ALIVE.load(Ordering::Relaxed) > 0
}

/// Notes for the recording tape of `var`, if it has one, that `var` was read at `at`. It is on no tape of this
/// thread.
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

    /// The ids of the nodes from here on are in `numbers`.
    pub fn take(&self, numbers: Range<u64>) {
        self.with(|entry| match entry.numbers.last_mut() {
            // The rest of a window that is registered already.
            Some(last) if last.end == numbers.end => {}
            _ => entry.numbers.push(numbers),
        });
    }

    /// The first line that read a variable where the tape was not found.
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
