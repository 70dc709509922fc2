//! Numbers of this crate under the traits of other crates, and results in their types, a module per crate. What each opens
//! is told in [the guide](crate::guide::other_crates).

/// Methods of a foreign trait with one or two operands that the table has under the same name.
#[cfg(feature = "num-traits")]
macro_rules! from_table {
    (unary $($name:ident)*) => { $(
        #[track_caller]
        fn $name(self) -> Self {
            Self::$name(self)
        }
    )* };
    (binary $($name:ident)*) => { $(
        #[track_caller]
        fn $name(self, other: Self) -> Self {
            Self::$name(self, other)
        }
    )* };
}

#[cfg(feature = "argmin")]
pub mod argmin;
#[cfg(any(feature = "ndarray", feature = "ndarray-0-16"))]
mod arrays;
#[cfg(feature = "faer")]
pub mod faer;
#[cfg(any(feature = "nalgebra", feature = "nalgebra-0-33"))]
mod field;
#[cfg(feature = "levenberg-marquardt")]
pub mod levenberg_marquardt;
#[cfg(feature = "nalgebra")]
pub(crate) mod matrix;
#[cfg(feature = "num-traits")]
mod num;
#[cfg(any(feature = "faer", feature = "ndarray", feature = "ndarray-0-16"))]
mod rows;
#[cfg(any(feature = "argmin", feature = "levenberg-marquardt"))]
mod workspace;

#[cfg(feature = "ndarray")]
pub use arrays::ndarray;
#[cfg(feature = "ndarray-0-16")]
pub use arrays::ndarray_0_16;
