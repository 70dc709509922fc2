//! Numbers of this crate under the traits of others, a file per crate.

#[cfg(feature = "argmin")]
mod argmin;
#[cfg(any(feature = "nalgebra", feature = "nalgebra-0-33"))]
mod field;
#[cfg(feature = "num-traits")]
mod num;
