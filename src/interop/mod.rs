//! Numbers of this crate under the traits of others, a file per crate.

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
mod argmin;
#[cfg(any(feature = "nalgebra", feature = "nalgebra-0-33"))]
mod field;
#[cfg(feature = "nalgebra")]
pub(crate) mod matrix;
#[cfg(feature = "num-traits")]
mod num;
