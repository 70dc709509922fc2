//! Many samples at once.

mod float;
mod lane;
#[allow(dead_code)]
mod math;
mod pack;
mod rows;
