//! The precision of evaluations in vector registers.

use super::batch::InChunks;
use super::vectorised::InRuns;

/// The precision of evaluations in vector registers: `f64` or `f32`. Points and results are `f64` either way.
pub trait Precision: InChunks + InRuns {}

impl Precision for f64 {}
impl Precision for f32 {}
