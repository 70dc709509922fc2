//! The numbers and functions of this crate under the traits of others, a file per crate. Most are implementations alone;
//! where a trait needs a type of its own, as a problem that owns its parameters, its module is public.
//! [The guide](crate::guide::other_crates) has a section on each crate.

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
#[cfg(any(feature = "nalgebra", feature = "nalgebra-0-33"))]
mod field;
#[cfg(feature = "levenberg-marquardt")]
pub mod levenberg_marquardt;
#[cfg(feature = "num-traits")]
mod num;
#[cfg(any(feature = "argmin", feature = "levenberg-marquardt"))]
mod workspace;
