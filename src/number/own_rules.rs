//! How often derivatives were given by hand over recorded numbers: a recording of the values alone does not have them.

use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn note() {
    COUNT.set(COUNT.get() + 1);
}

/// How often, in this thread, so far.
pub(crate) fn count() -> u64 {
    COUNT.get()
}
