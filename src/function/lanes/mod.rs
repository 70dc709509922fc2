//! The table in vector registers: numbers side by side in memory, and loops over them for each row.

pub(super) mod declined;
pub(super) mod elementwise;
pub(super) mod float;
mod lane;
mod math;
pub(super) mod packet;
pub(super) mod vector;
