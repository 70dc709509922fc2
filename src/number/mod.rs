//! Numbers that users write for and with: real numbers, forward mode, masks, points.

pub(crate) mod dual;
pub(crate) mod lists;
pub(crate) mod mask;
pub(crate) mod operators;
pub(crate) mod owner;
pub(crate) mod point;
pub(crate) mod predicate;
pub(crate) mod real;
