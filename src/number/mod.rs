//! The numbers of users' code: the trait of real numbers, forward mode, masks, and the shapes of points.

pub(crate) mod dual;
pub(crate) mod mask;
pub(crate) mod operators;
pub(crate) mod own_rules;
pub(crate) mod owner;
pub(crate) mod point;
pub(crate) mod predicate;
pub(crate) mod real;
#[cfg(feature = "macros")]
pub(crate) mod statement;
