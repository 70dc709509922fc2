//! Evaluation through `&self`, as the traits of solvers ask for it.

use crate::error::Error;
use crate::function::{Evaluator, Function, Workspace};
use std::cell::RefCell;

thread_local! {
    /// One memory per thread for all functions, so that no function needs a lock. No code of a user runs while it is
    /// borrowed.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// Calls `with` with an evaluator in the memory of the thread.
pub(super) fn evaluate<T>(
    f: &Function,
    with: impl FnOnce(&mut Evaluator<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    WORKSPACE.with_borrow_mut(|workspace| with(&mut f.evaluator_in(workspace)))
}
