//! Modes of differentiation, and what a matrix of derivatives takes by one of them.

use std::fmt;

/// How many directions an evaluation over dual numbers has, for a matrix of derivatives.
pub(super) const DIRECTIONS: usize = 4;

/// How a matrix of derivatives is computed.
///
/// All modes give the same numbers up to rounding: they multiply the same partials in another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Whichever of the others takes least, by an estimate from the shape of the graph.
    #[default]
    Auto,
    /// By columns: an evaluation over dual numbers for every four variables. For a Hessian each is followed by a reverse
    /// sweep ("forward over reverse").
    Forward,
    /// By rows: a reverse sweep for each output, over what it depends on. For a Hessian these are sweeps of its gradient,
    /// which is recorded as a function once ("reverse over reverse").
    Reverse,
    /// Compressed: as `Forward`, in one direction for each colour of the sparsity pattern (see
    /// [`Pattern`](crate::sparse::Pattern)). A matrix that takes more than 1024 colours is computed by `Reverse`.
    Sparse,
}

/// What a Jacobian or Hessian takes, from [`Function::jacobian_plan`](crate::Function::jacobian_plan) or
/// [`Function::hessian_plan`](crate::Function::hessian_plan).
///
/// Its `Display` is short: `reverse, 12 sweeps`; `forward, 2 chunks of 4`; `sparse, 5 colours`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct DerivativePlan {
    /// The mode, which is not `Auto`.
    pub mode: Mode,
    /// How many directions or reverse sweeps there are: variables, outputs or colours.
    pub count: usize,
    /// How many operations are evaluated or swept in all, over numbers or dual numbers.
    pub operations: usize,
    /// An estimate of the time, in nanoseconds, from rates of one machine: to compare plans, not to predict.
    pub nanoseconds: f64,
}

impl fmt::Display for DerivativePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural =
            |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        match self.mode {
            Mode::Forward => {
                write!(f, "forward, {} of {DIRECTIONS}", plural(self.count.div_ceil(DIRECTIONS), "chunk"))
            }
            Mode::Sparse => write!(f, "sparse, {}", plural(self.count, "colour")),
            Mode::Reverse | Mode::Auto => write!(f, "reverse, {}", plural(self.count, "sweep")),
        }
    }
}
