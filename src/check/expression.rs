//! Expressions over the whole table as data: they run on any number and print as Rust code.

use crate::number::mask::lt;
use crate::number::real::Real;
use crate::table::ops::Op;
use std::fmt::{self, Write};
use std::ops::Range;

/// A program of operations of the table, in which results may be used several times.
///
/// It runs on every number, and `Display` is a Rust function that does the same. Operands are squashed into
/// the interval on which an operation is tested, so that every operation is inside its domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    pub(super) inputs: usize,
    /// The last is the result.
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Constant(f64),
    Apply {
        op: Op,
        operands: Vec<Operand>,
    },
    /// `lt(left, right).select(yes, no)`, or the same as a branch.
    Choose {
        branch: bool,
        left: usize,
        right: usize,
        yes: usize,
        no: usize,
    },
}

/// An earlier result or a variable. Variables come first in the numbering.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub from: usize,
    /// The interval to squash it into.
    pub into: Option<Range<f64>>,
}

impl Expression {
    /// The value at `x`.
    ///
    /// # Panics
    /// If the length of `x` is not the number of variables.
    #[track_caller]
    pub fn evaluate<R: Real>(&self, x: &[R]) -> R {
        assert_eq!(x.len(), self.inputs, "the expression has {} variables", self.inputs);
        let mut values = x.to_vec();
        for step in &self.steps {
            let value = match step {
                Step::Constant(constant) => R::constant(*constant),
                Step::Apply { op, operands } => {
                    let operands: Vec<R> = operands.iter().map(|operand| operand.read(&values)).collect();
                    op.value(&operands).expect("a row of the table")
                }
                &Step::Choose { branch: false, left, right, yes, no } => {
                    lt(values[left], values[right]).select(values[yes], values[no])
                }
                &Step::Choose { branch: true, left, right, yes, no } => {
                    if values[left] < values[right] {
                        values[yes]
                    } else {
                        values[no]
                    }
                }
            };
            values.push(value);
        }
        values[values.len() - 1]
    }

    /// How many variables it has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many operations one evaluation takes; an operation over a list counts once per item.
    #[must_use]
    pub fn operations(&self) -> usize {
        let of = |step: &Step| match step {
            Step::Constant(_) => 0,
            Step::Apply { operands, op } => {
                let squashes = operands.iter().filter(|operand| operand.into.is_some()).count();
                3 * squashes + if op.is_reduction() { operands.len() } else { 1 }
            }
            Step::Choose { .. } => 2,
        };
        self.steps.iter().map(of).sum()
    }

    /// Whether it has a branch, `if a < b`.
    #[must_use]
    pub fn has_branches(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Choose { branch: true, .. }))
    }

    /// The operations of the table that it consists of, in order.
    pub fn ops(&self) -> impl Iterator<Item = Op> {
        self.steps.iter().filter_map(|step| match step {
            Step::Apply { op, .. } => Some(*op),
            _ => None,
        })
    }

    /// The same expression without the steps that the result does not depend on.
    pub(super) fn pruned(mut self) -> Expression {
        let mut is_used = vec![false; self.inputs + self.steps.len()];
        *is_used.last_mut().expect("a step") = true;
        for (k, step) in self.steps.iter_mut().enumerate().rev() {
            if is_used[self.inputs + k] {
                step.for_each_source(|source| is_used[*source] = true);
            }
        }
        is_used[..self.inputs].fill(true);
        let mut kept = 0;
        let renumbered: Vec<usize> = is_used
            .iter()
            .map(|used| {
                kept += usize::from(*used);
                kept.saturating_sub(1)
            })
            .collect();
        let mut index = self.inputs;
        self.steps.retain_mut(|step| {
            step.for_each_source(|source| *source = renumbered[*source]);
            index += 1;
            is_used[index - 1]
        });
        self
    }
}

impl Step {
    pub(super) fn for_each_source(&mut self, mut f: impl FnMut(&mut usize)) {
        match self {
            Step::Constant(_) => {}
            Step::Apply { operands, .. } => operands.iter_mut().for_each(|operand| f(&mut operand.from)),
            Step::Choose { left, right, yes, no, .. } => [left, right, yes, no].into_iter().for_each(f),
        }
    }
}

impl Operand {
    fn read<R: Real>(&self, values: &[R]) -> R {
        let value = values[self.from];
        match self.squash() {
            Some([0.0, radius]) => value.sin() * radius,
            Some([center, radius]) => value.sin() * radius + center,
            None => value,
        }
    }

    fn squash(&self) -> Option<[f64; 2]> {
        self.into.as_ref().map(|into| [(into.start + into.end) / 2.0, (into.end - into.start) / 2.0])
    }
}

/// A Rust function that computes the expression.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |index: usize| match index.checked_sub(self.inputs) {
            Some(step) => format!("v{step}"),
            None => format!("x[{index}]"),
        };
        let read = |operand: &Operand| match operand.squash() {
            Some([0.0, radius]) => format!("{}.sin() * {radius:?}", name(operand.from)),
            Some([center, radius]) => format!("{}.sin() * {radius:?} + {center:?}", name(operand.from)),
            None => name(operand.from),
        };
        writeln!(f, "pub fn expression<R: Real>(x: &[R]) -> R {{")?;
        for (k, step) in self.steps.iter().enumerate() {
            write!(f, "    let v{k} = ")?;
            match step {
                Step::Constant(constant) => write!(f, "R::constant({constant:?})")?,
                Step::Apply { op, operands } => {
                    let operands: Vec<String> = operands.iter().map(read).collect();
                    f.write_str(&call(*op, &operands))?;
                }
                Step::Choose { branch, left, right, yes, no } => {
                    let [left, right, yes, no] = [left, right, yes, no].map(|&index| name(index));
                    if *branch {
                        write!(f, "if {left} < {right} {{ {yes} }} else {{ {no} }}")?;
                    } else {
                        write!(f, "lt({left}, {right}).select({yes}, {no})")?;
                    }
                }
            }
            writeln!(f, ";")?;
        }
        write!(f, "    {}\n}}", name(self.inputs + self.steps.len() - 1))
    }
}

/// A row as a method call, a reduction as a call of its function.
fn call(op: Op, operands: &[String]) -> String {
    if let Some([lists, single]) = op.lists() {
        let (listed, last) = operands.split_at(operands.len() - single);
        let mut arguments: Vec<String> = listed
            .chunks((listed.len() / lists).max(1))
            .map(|list| format!("&[{}]", list.join(", ")))
            .collect();
        arguments.extend(last.iter().cloned());
        return format!("{}({})", op.name(), arguments.join(", "));
    }
    let receiver = if operands[0].contains(' ') { format!("({})", operands[0]) } else { operands[0].clone() };
    let mut call = format!("{receiver}.{}(", op.name());
    call.push_str(&operands[1..].join(", "));
    // The integer of a family, as in `powi[3]`.
    if let Some(integer) = op.to_string().strip_prefix(op.name()).filter(|rest| !rest.is_empty()) {
        let _ = write!(call, "{}", integer.trim_matches(['[', ']']));
    }
    call.push(')');
    call
}
