//! Reverse sweeps over many steps in little memory: some states are kept, and the others are computed again.

pub(crate) mod binomial;
pub(crate) mod loops;
pub(crate) mod online;

/// How many states of this width, each with the number of its step, fit into so many bytes.
pub(crate) fn states_within(bytes: usize, width: usize) -> usize {
    bytes / (size_of::<f64>() * width + size_of::<usize>())
}
