//! Foreign crates over tapegrad: what is written against their traits alone has derivatives in every mode; and values in a
//! format of serde that says nothing about itself.
#![cfg(test)]

mod float;
mod formats;
mod least_squares;
mod matrices;
mod minimisers;
mod nist;
mod scalars;
