//! The table of primitives, and what its rows are written over: plain numbers, their special functions, and the trait
//! that every kind of number implements.

pub(crate) mod atomic;
pub(crate) mod base;
pub(crate) mod compound;
pub(crate) mod formulas;
pub(crate) mod hooks;
pub(crate) mod lists;
pub(crate) mod matrix;
pub(crate) mod number;
pub(crate) mod ops;
pub(crate) mod rules;
pub(crate) mod special;
pub(crate) mod zeros;
