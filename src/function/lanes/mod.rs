//! Recorded functions over blocks of samples.

#[allow(dead_code)]
mod math;
