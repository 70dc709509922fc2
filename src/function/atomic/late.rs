//! What is made late: once its use has been frequent enough to repay the making.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A plan takes as long to make as about this many evaluations: as it is made after as many, all of them together take at most
/// twice as long as without it.
const REPAID: usize = 100;

thread_local! {
    /// After how many uses things are made, for tests: after none, whether that pays or not.
    static AFTER: Cell<usize> = const { Cell::new(REPAID) };
}

/// Something that is made after a number of uses without it. What it gives has to be the same as without it, to the bit, so that
/// nothing shows when it is made.
#[derive(Debug)]
pub(super) struct Late<T> {
    uses: AtomicUsize,
    made: OnceLock<Option<Box<T>>>,
}

impl<T> Default for Late<T> {
    fn default() -> Self {
        Late { uses: AtomicUsize::new(0), made: OnceLock::new() }
    }
}

impl<T> Late<T> {
    /// One that is made at its first use.
    pub fn at_once() -> Self {
        Late { uses: AtomicUsize::new(REPAID), ..Late::default() }
    }

    /// For one more use: `None` as long as it has not been made, and if `make` found that it does not pay. It is made when it
    /// `may_be`, at most once.
    pub fn get(&self, may_be: impl FnOnce() -> bool, make: impl FnOnce() -> Option<T>) -> Option<&T> {
        if let Some(made) = self.made.get() {
            return made.as_deref();
        }
        if self.uses.fetch_add(1, Ordering::Relaxed) < AFTER.get() || !may_be() {
            return None;
        }
        self.made.get_or_init(|| make().map(Box::new)).as_deref()
    }
}

/// Whether everything is made at its first use, whether it pays or not.
pub(super) fn is_at_once() -> bool {
    AFTER.get() == 0
}

/// Runs code in which plans of functions that are called or repeated are made after this number of evaluations; after none,
/// also where they do not pay. For tests.
#[doc(hidden)]
pub fn with_plans_after<T>(evaluations: usize, run: impl FnOnce() -> T) -> T {
    let before = AFTER.replace(evaluations);
    let result = run();
    AFTER.set(before);
    result
}
