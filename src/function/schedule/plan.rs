//! An evaluation in runs as data: the steps, and the steps of the reverse sweep.

use crate::function::ir::graph::Guard;
use crate::table::ops::Op;
use std::borrow::Cow;
use std::ops::Range;

/// An index in the memory of values, or in that of adjoints.
pub(in crate::function) type Address = u32;

/// An operand of all results of a run: numbers side by side, one for each result, or the same number for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) struct Operand {
    pub at: Address,
    pub is_same: bool,
}

/// A step of the evaluation. Its results come after everything that it reads.
#[derive(Debug, Clone)]
pub(in crate::function) enum Step {
    /// An elementwise row with this number of results.
    Map { op: Op, operands: [Operand; 3], arity: usize, to: Address, len: usize },
    /// Rows over lists of equal length, side by side; the operands are in [`Schedule::terms`].
    Lists { op: Op, operands: Range<usize>, to: Address, len: usize },
    /// The sum of this number of terms, or of products of two factors.
    Along { operands: [Operand; 2], factors: usize, to: Address, len: usize },
    /// Numbers from anywhere, which are in [`Schedule::indices`].
    Copy { from: Range<usize>, to: Address },
    /// One operation; its operands are in [`Schedule::indices`].
    Single { op: Op, operands: Range<usize>, to: Address },
}

/// Derivatives by consecutive variables, side by side; `None` if no output depends on these variables.
#[derive(Debug, Clone, Copy)]
pub(in crate::function) struct Derivatives {
    pub at: Option<Address>,
    pub len: usize,
}

/// Which bits the values of a [`Vectorised`](crate::vectorised::Vectorised) function have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Exactness {
    /// Elementary functions by vector kernels, within 2 units in the last place; long sums and products in parts.
    #[default]
    Rounded,
    /// The bits of the [`Function`](crate::Function): elementary functions one by one, sums from left to right. Slower
    /// where these take most of the time.
    Exact,
}

/// An evaluation in runs.
#[derive(Debug, Clone, Default)]
pub(in crate::function) struct Schedule {
    /// The length of the memory of values.
    pub values: usize,
    /// The length of the memory of adjoints.
    pub adjoints: usize,
    /// Where constants are.
    pub constants: Vec<(Address, f64)>,
    /// Where the inputs begin; they are contiguous.
    pub inputs: Address,
    pub steps: Vec<Step>,
    pub terms: Vec<Operand>,
    pub indices: Vec<Address>,
    pub outputs: Vec<Address>,
    /// With addresses in place of places.
    pub guards: Vec<Guard>,
    pub reverse: Vec<ReverseStep>,
    pub destinations: Vec<Destination>,
    /// Where the derivatives by the variables are, one after the other.
    pub derivatives: Vec<Derivatives>,
    pub levels: usize,
}

/// What becomes of the numbers at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) enum Write {
    /// The operand depends on no variable.
    Nothing,
    Set,
    Add,
}

/// Where the contributions to an operand go, in the memory of adjoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) struct Destination {
    pub at: Address,
    pub write: Write,
    /// How many numbers may be written from there on, at least as many as contributions.
    pub room: u32,
}

/// A step of the reverse sweep.
#[derive(Debug, Clone)]
pub(in crate::function) enum ReverseStep {
    /// Makes these adjoints 0.
    Zero(Range<usize>),
    /// Adds the weight of an output to its adjoint.
    Seed { output: usize, at: Address },
    /// From the adjoints at `from` through the step with this number; destinations are in
    /// [`Schedule::destinations`], one per operand.
    Through { step: usize, from: Address, to: Range<usize> },
}

impl Schedule {
    /// The operands of a step. Those of a copy and of a single operation are single numbers.
    pub fn operands<'s>(&'s self, step: &'s Step) -> Cow<'s, [Operand]> {
        match step {
            Step::Map { operands, arity, .. } => Cow::Borrowed(&operands[..*arity]),
            Step::Along { operands, factors, .. } => Cow::Borrowed(&operands[..*factors]),
            Step::Lists { operands, .. } => Cow::Borrowed(&self.terms[operands.clone()]),
            Step::Copy { from: operands, .. } | Step::Single { operands, .. } => {
                let operands = self.indices[operands.clone()].iter();
                operands.map(|&at| Operand { at, is_same: true }).collect()
            }
        }
    }

    /// An estimate of the time of a value and a gradient, in nanoseconds.
    pub fn cost(&self) -> f64 {
        let (mut elements, mut copied) = (0, 0);
        for step in &self.steps {
            match step {
                Step::Map { len, .. } | Step::Along { len, .. } => elements += len,
                Step::Lists { operands, len, .. } => elements += operands.len() * len,
                Step::Copy { from, .. } => copied += from.len(),
                Step::Single { operands, .. } => copied += operands.len(),
            }
        }
        let steps = self.steps.len() + self.reverse.len();
        let memory = self.values + self.adjoints;
        4.0 * steps as f64 + 3.0 * copied as f64 + 0.15 * elements as f64 + 0.1 * memory as f64
    }

    /// How many loops an evaluation consists of.
    pub fn runs(&self) -> usize {
        self.steps.iter().filter(|step| !matches!(step, Step::Copy { .. })).count()
    }

    /// How many operands are copied because they are not side by side.
    pub fn copied(&self) -> usize {
        self.steps.iter().map(|step| if let Step::Copy { from, .. } = step { from.len() } else { 0 }).sum()
    }

    /// Bytes of the schedule itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.steps[..])
            + size_of_val(&self.terms[..])
            + size_of_val(&self.indices[..])
            + size_of_val(&self.reverse[..])
            + size_of_val(&self.destinations[..])
            + size_of_val(&self.constants[..])
    }
}

impl Step {
    /// The addresses of its results.
    pub fn results(&self) -> Range<usize> {
        let (to, len) = match self {
            Step::Map { to, len, .. } | Step::Lists { to, len, .. } => (*to, *len),
            Step::Along { to, .. } => (*to, 1),
            Step::Copy { from, to } => (*to, from.len()),
            Step::Single { op, operands, to } => (*to, op.results(operands.len())),
        };
        to as usize..to as usize + len
    }

    /// How many numbers of an operand it reads that are side by side.
    pub fn len(&self) -> usize {
        match self {
            Step::Map { len, .. } | Step::Lists { len, .. } | Step::Along { len, .. } => *len,
            Step::Copy { .. } | Step::Single { .. } => 1,
        }
    }

    /// Whether the contribution to this operand is the adjoint of the results, as for a term of a sum.
    pub fn passes_on(&self, operand: usize) -> bool {
        match self {
            Step::Map { op, .. } => op.passes_on(operand),
            Step::Lists { op, .. } => *op == Op::TERMS,
            Step::Along { .. } | Step::Copy { .. } | Step::Single { .. } => false,
        }
    }
}

impl Operand {
    /// The address for the result with this number.
    pub fn element(self, number: usize) -> usize {
        self.at as usize + if self.is_same { 0 } else { number }
    }

    /// The addresses for this number of results.
    pub(super) fn range(self, len: usize) -> Range<usize> {
        self.at as usize..self.at as usize + if self.is_same { 1 } else { len }
    }
}
