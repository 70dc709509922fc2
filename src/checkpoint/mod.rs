//! Reverse sweeps over many steps in little memory: some states are kept, and the others are computed again.

pub(crate) mod binomial;
pub(crate) mod loops;
pub(crate) mod online;
