//! Foreign crates over tapegrad: a variable as a number of num-traits and as a scalar of nalgebra, by way of a type that
//! wraps it, as every user can write one; and values in a format of serde that says nothing about itself.

#[cfg(test)]
mod formats;
mod num;
mod operators;
mod scalar;

pub use operators::Wrapped;
