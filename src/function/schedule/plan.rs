//! An evaluation in runs as data: the steps, and the steps of the reverse sweep.

use crate::function::ir::graph::Guard;
use crate::function::lanes::packet::WIDTH;
use crate::table::atomic::Atomic;
use crate::table::compound::Compound;
use crate::table::ops::{Factor, Op};
use std::borrow::Cow;
use std::ops::Range;

/// Nanoseconds of an elementary function in vector registers with its derivative, for each packet, full or not.
const OF_PACKET: f64 = 16.0;

/// An index in the memory of values, or in that of adjoints.
pub(crate) type Address = u32;

/// An operand of all results of a run: numbers side by side, one for each result, or the same number for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operand {
    pub at: Address,
    pub is_same: bool,
}

/// A step of the evaluation. Its results come after everything that it reads.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// An elementwise row with this number of results.
    Map { op: Op, operands: [Operand; 3], arity: usize, to: Address, len: usize },
    /// Elementwise operations one after the other: the first has this operand and that of its link, each further one the result of
    /// the one before. They are in [`Schedule::links`].
    Chain { first: Operand, links: Range<usize>, to: Address, len: usize },
    /// Rows over lists of equal length, side by side; the operands are in [`Schedule::terms`].
    Lists { op: Op, operands: Range<usize>, to: Address, len: usize },
    /// The sum of this number of terms, or of products of two factors.
    Along { operands: [Operand; 2], factors: usize, to: Address, len: usize },
    /// Numbers from anywhere, which are in [`Schedule::indices`].
    Copy { from: Range<usize>, to: Address },
    /// Numbers side by side, or one number for all results, to another block.
    Move { from: Operand, to: Address, len: usize },
    /// One operation; its operands are in [`Schedule::indices`].
    Single { op: Op, operands: Range<usize>, to: Address },
}

/// An operation of a chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub how: Linked,
    pub operand: Operand,
}

/// What a link makes of the number before it and its operand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Linked {
    Plus,
    Minus,
    /// The operand minus the number.
    From,
    Times,
}

/// Derivatives by consecutive variables, side by side; `None` if no output depends on these variables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Derivatives {
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
pub(crate) struct Schedule {
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
    pub links: Vec<Link>,
    /// The different atomic functions that are called.
    pub atomics: Vec<Atomic>,
    pub outputs: Vec<Address>,
    /// With addresses in place of places.
    pub guards: Vec<Guard>,
    /// Values that show whether something overflowed only because it was computed in another order.
    pub watched: Vec<Watched>,
    /// In the order of their products until values are moved.
    pub trees: Vec<Tree>,
    pub reverse: Vec<ReverseStep>,
    pub contributions: Vec<Contribution>,
    pub destinations: Vec<Destination>,
    /// Where the derivatives by the variables are, one after the other.
    pub derivatives: Vec<Derivatives>,
    pub levels: usize,
}

/// Values that have to be finite, and if they are parts of a product, neither 0 nor subnormal: otherwise the order of
/// evaluation may have decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub at: Address,
    pub len: usize,
    pub is_factor: bool,
}

/// A long product that is computed as a tree of products, and its parts among the values that are [`Watched`].
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub product: Address,
    pub parts: Range<usize>,
}

/// What becomes of the numbers at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// The operand depends on no variable.
    Nothing,
    Set,
    Add,
}

/// A contribution that is the adjoint of the result times a number, and times a value if there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contribution {
    /// The adjoints.
    pub from: Operand,
    pub by: f64,
    pub value: Option<Operand>,
    pub to: Destination,
    /// For how many adjoints.
    pub len: usize,
    /// Whether the operand is the same for all results: then it gets the sum of their contributions.
    pub is_sum: bool,
}

/// Where the contributions to an operand go, in the memory of adjoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destination {
    pub at: Address,
    pub write: Write,
}

/// A step of the reverse sweep.
#[derive(Debug, Clone)]
pub(crate) enum ReverseStep {
    /// Makes these adjoints 0.
    Zero(Range<usize>),
    /// The weight of an output, to its adjoint.
    Seed { output: usize, to: Destination },
    /// From adjoints to operands in which the results are linear: these of [`Schedule::contributions`].
    Linear(Range<usize>),
    /// Given the adjoint of a product, nothing is written: whether the adjoints of the parts of this tree are sound.
    Watch { tree: usize, adjoint: Address },
    /// From adjoints side by side, one to each destination; all are written, or all are added.
    Scatter { from: Address, to: Range<usize>, write: Write },
    /// From adjoints through the step with this number; destinations are in [`Schedule::destinations`], one per operand.
    Through { step: usize, from: Operand, to: Range<usize> },
}

impl Schedule {
    /// The operands of a step. Those of a copy and of a single operation are single numbers.
    pub fn operands<'s>(&'s self, step: &'s Step) -> Cow<'s, [Operand]> {
        match step {
            Step::Map { operands, arity, .. } => Cow::Borrowed(&operands[..*arity]),
            Step::Chain { first, links, .. } => {
                let operands = self.links[links.clone()].iter().map(|link| link.operand);
                std::iter::once(*first).chain(operands).collect()
            }
            Step::Along { operands, factors, .. } => Cow::Borrowed(&operands[..*factors]),
            Step::Move { from, .. } => Cow::Borrowed(std::slice::from_ref(from)),
            Step::Lists { operands, .. } => Cow::Borrowed(&self.terms[operands.clone()]),
            Step::Copy { from: operands, .. } | Step::Single { operands, .. } => {
                let operands = self.indices[operands.clone()].iter();
                operands.map(|&at| Operand { at, is_same: true }).collect()
            }
        }
    }

    /// An operation with several results, if it is one.
    pub fn compound(&self, op: Op) -> Option<Compound> {
        Compound::of(op, &self.atomics)
    }

    /// An estimate of the time of a value and a gradient, in nanoseconds.
    pub fn cost(&self) -> f64 {
        let (mut elements, mut copied, mut packets) = (0, 0, 0);
        for step in &self.steps {
            match step {
                Step::Map { op, len, .. } if !op.is_operator() && !op.is_piecewise() && *op != Op::SQUARE => {
                    elements += len;
                    packets += len.div_ceil(WIDTH);
                }
                Step::Map { len, .. } | Step::Along { len, .. } | Step::Move { len, .. } => elements += len,
                // What is in registers is neither written nor read.
                Step::Chain { links, len, .. } => elements += len * (links.len() + 1) / 2,
                Step::Lists { operands, len, .. } => elements += operands.len() * len,
                Step::Copy { from, .. } => copied += from.len(),
                Step::Single { operands, .. } => copied += operands.len(),
            }
        }
        let steps = self.steps.len() + self.reverse.len();
        let memory = self.values + self.adjoints;
        let of_elements = 0.15 * elements as f64 + OF_PACKET * packets as f64;
        4.0 * steps as f64 + 3.0 * copied as f64 + of_elements + 0.1 * memory as f64
    }

    /// How many loops an evaluation consists of.
    pub fn runs(&self) -> usize {
        self.lengths().count()
    }

    /// How many numbers each loop that computes values goes through: results, or terms of lists.
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().filter_map(|step| match step {
            Step::Map { len, .. } | Step::Chain { len, .. } | Step::Along { len, .. } => Some(*len),
            Step::Lists { operands, len, .. } => Some(operands.len() * len),
            Step::Single { .. } => Some(1),
            Step::Copy { .. } | Step::Move { .. } => None,
        })
    }

    /// How many operands are copied because they are not side by side.
    pub fn copied(&self) -> usize {
        let copied = self.steps.iter().map(|step| match step {
            Step::Copy { from, .. } => from.len(),
            Step::Move { len, .. } => *len,
            _ => 0,
        });
        copied.sum()
    }

    /// Bytes of the schedule itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.steps[..])
            + size_of_val(&self.terms[..])
            + size_of_val(&self.indices[..])
            + size_of_val(&self.links[..])
            + size_of_val(&self.reverse[..])
            + size_of_val(&self.contributions[..])
            + size_of_val(&self.destinations[..])
            + size_of_val(&self.constants[..])
    }
}

impl Step {
    /// The addresses of its results.
    #[inline]
    pub fn results(&self) -> Range<usize> {
        let (to, len) = match self {
            Step::Map { to, len, .. }
            | Step::Chain { to, len, .. }
            | Step::Lists { to, len, .. }
            | Step::Move { to, len, .. } => (*to, *len),
            Step::Along { to, .. } => (*to, 1),
            Step::Copy { from, to } => (*to, from.len()),
            Step::Single { op, operands, to } => (*to, op.results(operands.len())),
        };
        to as usize..to as usize + len
    }

    /// How many numbers of an operand it reads that are side by side.
    pub fn len(&self) -> usize {
        match self {
            Step::Map { len, .. }
            | Step::Chain { len, .. }
            | Step::Lists { len, .. }
            | Step::Along { len, .. }
            | Step::Move { len, .. } => *len,
            Step::Copy { .. } | Step::Single { .. } => 1,
        }
    }

    /// The contribution to this operand, where it is a multiple of the adjoint: for rows that are linear in the operand, and
    /// for some others.
    pub(super) fn multiple(&self, operands: &[Operand], own: usize) -> Option<Multiple> {
        let of =
            |other: Option<usize>| Multiple { by: 1.0, value: other.map(|other| operands[other]), other };
        let (op, results) = match self {
            Step::Move { .. } => return Some(of(None)),
            Step::Along { factors, .. } => return Some(of((*factors == 2).then(|| 1 - own))),
            Step::Map { op, to, .. } | Step::Lists { op, to, .. } => (op, *to),
            Step::Copy { .. } | Step::Single { .. } | Step::Chain { .. } => return None,
        };
        if *op == Op::TERMS {
            return Some(of(None));
        }
        if op.as_sum_of_products(operands).is_some() {
            let pairs = operands.len() / 2;
            let is_factor = own < 2 * pairs;
            return Some(of(is_factor.then(|| (own + pairs) % (2 * pairs))));
        }
        let multiple = op.multiple(own)?;
        let by = multiple.by;
        match multiple.of {
            None => Some(Multiple { by, ..of(None) }),
            Some(Factor::Operand(other)) => Some(Multiple { by, ..of(Some(other)) }),
            Some(Factor::Result) => {
                let y = Operand { at: results, is_same: false };
                Some(Multiple { by, value: Some(y), other: None })
            }
        }
    }
}

impl Contribution {
    /// The adjoints that it reads.
    pub(super) fn reads(&self) -> Range<usize> {
        self.from.range(self.len)
    }

    /// The adjoints that it writes.
    pub(super) fn writes(&self) -> Range<usize> {
        let to = self.to.at as usize;
        to..to + if self.is_sum { 1 } else { self.len }
    }
}

/// A number times a value, if there is one; `other`: the operand that is the value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Multiple {
    pub by: f64,
    pub value: Option<Operand>,
    pub other: Option<usize>,
}

impl Operand {
    /// The address for the result with this number.
    pub fn element(self, number: usize) -> usize {
        self.at as usize + if self.is_same { 0 } else { number }
    }

    /// From the result with this number on.
    pub(super) fn after(self, number: usize) -> Operand {
        Operand { at: self.element(number) as Address, ..self }
    }

    /// The addresses for this number of results.
    pub(super) fn range(self, len: usize) -> Range<usize> {
        self.at as usize..self.at as usize + if self.is_same { 1 } else { len }
    }
}
