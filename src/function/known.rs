//! What is known of a function beyond its graph: computed when it is first needed, then kept.

use super::gradients::Rows;
use super::mode::DerivativePlan;
use super::sparse::Compressed;
use std::sync::OnceLock;

/// Facts for derivatives; `F` is the function.
#[derive(Debug)]
pub(super) struct Known<F> {
    pub rows: Once<Rows>,
    pub jacobian: Once<DerivativePlan>,
    pub hessian: Once<DerivativePlan>,
    /// `None`: it takes too many colours, or there is no gradient.
    pub compressed: Once<Option<Compressed>>,
    pub compressed_hessian: Once<Option<Compressed>>,
    pub gradient: Once<Option<F>>,
}

impl<F> Default for Known<F> {
    fn default() -> Self {
        Known {
            rows: Once::default(),
            jacobian: Once::default(),
            hessian: Once::default(),
            compressed: Once::default(),
            compressed_hessian: Once::default(),
            gradient: Once::default(),
        }
    }
}

/// A copy of a function may be changed, so it knows nothing.
impl<F> Clone for Known<F> {
    fn clone(&self) -> Self {
        Known::default()
    }
}

/// A fact that threads may share, in a box, since most functions are never asked.
#[derive(Debug)]
pub(super) struct Once<T>(OnceLock<Box<T>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once(OnceLock::new())
    }
}

impl<T> Once<T> {
    pub fn get(&self, compute: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(|| Box::new(compute()))
    }
}
