//! Random programs: expressions over the whole table that run on any number and print as Rust code.

use super::{Verdict, check_gradient_by_hand};
use crate::mask::lt;
use crate::ops::{Op, Primitive, primitives, reductions};
use crate::real::Real;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::Union;
use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::LazyLock;

/// What [`arbitrary_expression`] draws from.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpressionOptions {
    /// How many variables there are.
    pub inputs: usize,
    /// The interval that every variable is going to be in.
    pub range: Range<f64>,
    /// At most so many steps, of which those remain that the result depends on.
    pub steps: usize,
    /// Rows with kinks and jumps: `abs`, `max`, `floor`.
    pub piecewise: bool,
    /// Operations over lists: `sum`, `dot`, `log_sum_exp`.
    pub reductions: bool,
    /// Comparisons with `select`.
    pub selects: bool,
    /// Real branches, `if a < b`.
    pub branches: bool,
}

impl Default for ExpressionOptions {
    /// Three variables in −2..2, 12 steps, and everything but real branches.
    fn default() -> Self {
        ExpressionOptions {
            inputs: 3,
            range: -2.0..2.0,
            steps: 12,
            piecewise: true,
            reductions: true,
            selects: true,
            branches: false,
        }
    }
}

/// A program of operations of the table, that share their results as they please.
///
/// It runs on every number, and `Display` is a Rust function that does the same. Operands are squashed into
/// the interval on which an operation is tested, so that every operation is inside its domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    inputs: usize,
    /// The last is the result.
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
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

/// An earlier result, or a variable: these come first in the count.
#[derive(Debug, Clone, PartialEq)]
struct Operand {
    from: usize,
    /// The interval to squash it into.
    into: Option<Range<f64>>,
}

/// Operands of reductions, to keep their results, and results of results, in bounds.
const LIST_RANGE: Range<f64> = -2.0..2.0;

/// The rows whose partials are the derivatives of their values. The one that cuts a derivative off is none; the
/// differences say so, and nobody has to name it.
static ROWS: LazyLock<Vec<&'static Primitive>> = LazyLock::new(|| {
    let is_derivative = |row: &&Primitive| {
        let x: Vec<f64> = row.domain.iter().map(|on| 0.37 * on.start + 0.63 * on.end).collect();
        let value = |x: &[f64]| row.op.value(x).unwrap_or(f64::NAN);
        let partials = row.op.partials(&x, value(&x)).unwrap_or_default();
        let report = check_gradient_by_hand(value, &partials, &x);
        report.entries.iter().all(|entry| entry.verdict != Verdict::Mismatch)
    };
    primitives().filter(|row| !row.op.is_piecewise() || is_derivative(row)).collect()
});

impl Expression {
    /// The value at `x`.
    ///
    /// # Panics
    /// If `x` is not as long as the expression has variables.
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

    /// Whether it has a real branch.
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

    /// The same without what the result does not depend on.
    fn pruned(mut self) -> Expression {
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
    fn for_each_source(&mut self, mut f: impl FnMut(&mut usize)) {
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
    // The parameter of a family, as in `powi[3]`.
    if let Some(parameter) = op.to_string().strip_prefix(op.name()).filter(|rest| !rest.is_empty()) {
        let _ = write!(call, "{}", parameter.trim_matches(['[', ']']));
    }
    call.push(')');
    call
}

/// Random programs over the whole table: shared results, constants, operations over lists, every operation
/// inside its domain. A failing one shrinks to few and simple steps, and prints as Rust code.
///
/// ```
/// use proptest::prelude::*;
/// use tapegrad::check::{arbitrary_expression, in_box};
/// use tapegrad::{Dual, gradient};
///
/// proptest! {
///     # #![proptest_config(ProptestConfig { failure_persistence: None, cases: 16, ..Default::default() })]
///     fn reverse_is_forward(
///         f in arbitrary_expression(Default::default()),
///         x in [-2.0..2.0, -2.0..2.0, -2.0..2.0],
///     ) {
///         let reverse = gradient(|x| f.evaluate(&x), x);
///         let forward = f.evaluate(&Dual::variables(x)).tangents();
///         for k in 0..3 {
///             prop_assert!((reverse[k] - forward[k]).abs() <= 1e-9 * (1.0 + forward[k].abs()), "{}", f);
///         }
///     }
/// }
/// reverse_is_forward();
/// ```
///
/// # Panics
/// If `options` ask for no variable.
pub fn arbitrary_expression(options: ExpressionOptions) -> impl Strategy<Value = Expression> + Clone {
    assert!(options.inputs > 0, "an expression needs a variable");
    let draws = proptest::collection::vec(draw(&options), 1..=options.steps.max(1));
    draws.prop_map(move |draws| assemble(&options, &draws))
}

/// A step before it is known what comes before it.
#[derive(Debug, Clone)]
enum Draw {
    Constant(f64),
    Row(Index, Vec<Index>),
    List(Index, Vec<Index>),
    Choose(bool, Vec<Index>),
}

fn draw(options: &ExpressionOptions) -> impl Strategy<Value = Draw> + Clone + use<> {
    let operands = |count| proptest::collection::vec(any::<Index>(), count);
    let constant = (-32..=32).prop_map(|eighths| Draw::Constant(f64::from(eighths) / 8.0));
    let row = (any::<Index>(), operands(3..=3)).prop_map(|(row, operands)| Draw::Row(row, operands));
    let list = (any::<Index>(), operands(1..=7)).prop_map(|(row, operands)| Draw::List(row, operands));
    let choose = |branch| operands(4..=4).prop_map(move |operands| Draw::Choose(branch, operands)).boxed();
    // Simple ones first: failing programs shrink towards them.
    let mut draws = vec![(2, constant.boxed()), (10, row.boxed())];
    draws.extend(options.reductions.then(|| (2, list.boxed())));
    draws.extend(options.selects.then(|| (1, choose(false))));
    draws.extend(options.branches.then(|| (1, choose(true))));
    Union::new_weighted(draws)
}

fn assemble(options: &ExpressionOptions, draws: &[Draw]) -> Expression {
    let rows: Vec<&Primitive> =
        ROWS.iter().copied().filter(|row| options.piecewise || !row.op.is_piecewise()).collect();
    let lists: Vec<Op> = reductions().collect();
    let mut steps: Vec<Step> = Vec::new();
    for draw in draws {
        let available = options.inputs + steps.len();
        let operand = |index: &Index, into: &Range<f64>| {
            let from = index.index(available);
            let is_inside = match from.checked_sub(options.inputs).map(|step| &steps[step]) {
                None => into.start <= options.range.start && options.range.end <= into.end,
                Some(Step::Constant(constant)) => into.contains(constant),
                Some(_) => false,
            };
            Operand { from, into: (!is_inside).then(|| into.clone()) }
        };
        let step = match draw {
            Draw::Constant(constant) => Step::Constant(*constant),
            Draw::Row(row, indices) => {
                let row = rows[row.index(rows.len())];
                let operands = indices.iter().zip(row.domain).map(|(index, on)| operand(index, on)).collect();
                Step::Apply { op: row.op, operands }
            }
            Draw::List(row, indices) => {
                let op = lists[row.index(lists.len())];
                let [lists, single] = op.lists().expect("a reduction");
                let count = indices.len().saturating_sub(single) / lists * lists + single;
                let indices = indices.iter().cycle().take(count.max(lists + single));
                let operands = indices.map(|index| operand(index, &LIST_RANGE)).collect();
                Step::Apply { op, operands }
            }
            Draw::Choose(branch, indices) => {
                let [left, right, yes, no] = [0, 1, 2, 3].map(|k| indices[k].index(available));
                Step::Choose { branch: *branch, left, right, yes, no }
            }
        };
        steps.push(step);
    }
    Expression { inputs: options.inputs, steps }.pruned()
}
