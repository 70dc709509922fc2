//! Reverse sweeps over many steps in little memory: some states are kept, and the others are computed again.

pub(crate) mod binomial;
#[expect(dead_code)]
pub(crate) mod online;
