//! Tables from CSV files, and their columns as numbers.

mod cells;
mod encoder;
mod feature;
mod format;
mod read;
mod summary;

pub use cells::Table;
pub use encoder::Encoder;
pub use feature::{Feature, Missing, Scaling};
pub use format::TableFormat;
