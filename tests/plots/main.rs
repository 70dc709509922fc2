//! Promises of plots: one a file.

mod all;
mod drawing;

mod bad_data;
mod files;
mod large;
mod legible;
mod places;
mod regions;
mod runs;
mod same_bytes;
mod texts;
