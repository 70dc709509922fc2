//! Recordings as plain data: what a [`Tape`](crate::Tape) or a [`Function`](crate::Function) consists of, node by
//! node.
//!
//! A [`Listing`] is a snapshot, plain data to print, to draw or to analyse: every node with its operation, operands, name,
//! value, partial derivatives, adjoint and source line, and the guards between them. [`Tape::listing`](crate::Tape::listing)
//! and [`Evaluator::listing`](crate::Evaluator::listing) make one.
//!
//! ```
//! use tapegrad::Function;
//!
//! let f = Function::record(|[x, y]| x * y + x, [1.0, 2.0])?.with_names(["x", "y"])?;
//! let listing = f.evaluator().listing(&[3.0, 4.0])?;
//! assert_eq!(listing.nodes[2].partials, [Some(4.0), Some(3.0)]);
//! println!("{listing}");
//! # assert_eq!(listing.to_string(), "#  node        value  adjoint\n0  x               3        5\n1  y               4        3\n2  mul(x, y)      12        1\n3  add(#2, x)     15        1");
//! # Ok::<(), tapegrad::Error>(())
//! ```
//! ```text
//! #  node        value  adjoint
//! 0  x               3        5
//! 1  y               4        3
//! 2  mul(x, y)      12        1
//! 3  add(#2, x)     15        1
//! ```
//!
//! [`Listing::graph`] draws it, as a tree of lines, in DOT, Mermaid or SVG.

mod graph;
mod listing;
mod markup;
mod non_finite;
mod notebook;
mod statistics;

pub use crate::error::SourceLine;
pub use crate::number::predicate::Predicate;
pub use graph::Graph;
pub use listing::{Guard, Listing, Node, Operand};
#[cfg(feature = "view")]
pub(crate) use markup::escape;
pub use non_finite::{Fault, NonFinite};
#[cfg(feature = "view")]
pub(crate) use notebook::show as show_in_notebook;
pub(crate) use statistics::count_by_name;
pub use statistics::{FunctionStatistics, TapeStatistics};
